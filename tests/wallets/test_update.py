from collections.abc import Callable
from typing import Any

import pytest

from events.models import Event
from organizations.models import Organization
from tests.wallets.accounts import ABANDON_EVM
from wallets.models import Wallet

MakeApi = Callable[..., Any]
MakeWallet = Callable[..., Wallet]
EventsOf = Callable[[Wallet], list[str]]
SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def test_name_and_use_change(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet, events_of: EventsOf
) -> None:
    wallet = make_wallet(acme)

    answer = api(acme).patch(f"/v1/wallets/{wallet.id}", {"name": "Payroll", "is_source": True})

    assert answer.status_code == 200
    assert answer.json()["name"] == "Payroll"
    assert answer.json()["is_source"] is True
    assert answer.json()["address"] == wallet.address
    wallet.refresh_from_db()
    assert (wallet.name, wallet.is_source) == ("Payroll", True)
    assert events_of(wallet) == ["wallet.created", "wallet.updated"]
    event = Event.objects.get(type="wallet.updated")
    assert answer.json().items() <= event.payload["data"].items()


@pytest.mark.parametrize("body", [{}, {"name": "Treasury"}, {"is_source": False}, {"other": 1}])
def test_what_changes_nothing_is_no_event(
    acme: Organization,
    api: MakeApi,
    make_wallet: MakeWallet,
    events_of: EventsOf,
    body: dict[str, object],
) -> None:
    wallet = make_wallet(acme)

    answer = api(acme).patch(f"/v1/wallets/{wallet.id}", body)

    assert answer.status_code == 200
    assert answer.json()["wallet_id"] == wallet.id
    assert events_of(wallet) == ["wallet.created"]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"address": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}, "field_immutable", "address"),
        ({"chain": "tron"}, "field_immutable", "chain"),
        ({"xpub": "xpub…"}, "field_immutable", "xpub"),
        ({"first_index": 7}, "field_immutable", "first_index"),
        ({"next_index": 0}, "field_immutable", "next_index"),
        ({"environment": "live", "name": "x"}, "field_immutable", "environment"),
        ({"name": None}, "invalid_field_value", "name"),
        ({"name": 1}, "invalid_field_value", "name"),
        ({"is_source": "true"}, "invalid_field_value", "is_source"),
        ({"name": SEED}, "private_key_refused", "name"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_changes(
    acme: Organization,
    api: MakeApi,
    make_wallet: MakeWallet,
    events_of: EventsOf,
    body: dict[str, object],
    code: str,
    param: str,
) -> None:
    wallet = make_wallet(acme)

    answer = api(acme).patch(f"/v1/wallets/{wallet.id}", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["param"] == param
    assert "sausage" not in answer.content.decode()
    wallet.refresh_from_db()
    assert wallet.name == "Treasury"
    assert events_of(wallet) == ["wallet.created"]


def test_a_stranger_and_the_other_environment_find_nothing(
    acme: Organization, zenith: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme)
    missing = api(acme).patch("/v1/wallets/wal_missing", {"name": "x"})

    for client in (api(zenith), api(acme, "live")):
        answer = client.patch(f"/v1/wallets/{wallet.id}", {"name": "Taken over"})
        assert answer.status_code == missing.status_code == 404
        assert answer.json()["error"]["code"] == missing.json()["error"]["code"]
        assert answer.json()["error"]["code"] == "wallet_not_found"

    wallet.refresh_from_db()
    assert wallet.name == "Treasury"


def test_a_key_that_may_only_read_is_refused(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme)

    answer = api(acme, "sandbox", ["wallets:read"]).patch(f"/v1/wallets/{wallet.id}", {"name": "x"})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "insufficient_scope"


def test_an_extended_key_is_renamed(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet, events_of: EventsOf
) -> None:
    wallet = make_wallet(acme, address=None, xpub=ABANDON_EVM)

    answer = api(acme).patch(f"/v1/wallets/{wallet.id}", {"name": "Shop", "is_source": False})

    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["xpub"]) == ("Shop", ABANDON_EVM)
    assert events_of(wallet) == ["wallet.created", "wallet.updated"]


def test_nothing_is_paid_from_an_extended_key(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet, events_of: EventsOf
) -> None:
    wallet = make_wallet(acme, address=None, xpub=ABANDON_EVM)

    answer = api(acme).patch(f"/v1/wallets/{wallet.id}", {"name": "x", "is_source": True})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_field_value"
    assert answer.json()["error"]["param"] == "is_source"
    wallet.refresh_from_db()
    assert (wallet.name, wallet.is_source) == ("Treasury", False)
    assert events_of(wallet) == ["wallet.created"]
