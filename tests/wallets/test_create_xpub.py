"""Wallets on an extended key: one key, one counter, one owner."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from billing.errors import InvalidRequest
from events.models import Event
from organizations.models import Organization
from organizations.services import create_organization
from tests.wallets.accounts import ABANDON_EVM, ABANDON_TRON, JUNK_EVM, account
from tests.wallets.test_extended_keys import SECRETS
from wallets import services
from wallets.extended_keys import address_at
from wallets.models import ExtendedKey, Wallet
from wallets.services import NewWallet

EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
MakeApi = Callable[..., Any]


def of(organization: Organization, environment: Environment = Environment.LIVE) -> Caller:
    return Caller(organization.id, environment, "usr_otto", "Otto", ALL_SCOPES)


def at_once(acts: Sequence[Callable[[], object]]) -> list[str]:
    """Run each in a thread of its own; the codes of the refusals, or "done", sorted."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        start.wait(30)
        try:
            act()
        except InvalidRequest as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(run, acts))


def test_an_extended_key_is_registered(acme: Organization, api: MakeApi) -> None:
    body = {"chain": "base", "xpub": f" {ABANDON_EVM}\n", "name": "Shop", "first_index": 41}

    answer = api(acme).post("/v1/wallets", body)

    assert answer.status_code == 201
    wallet = Wallet.objects.get()
    told = answer.json()
    assert told == {
        "wallet_id": wallet.id,
        "org_id": acme.id,
        "chain": "base",
        "name": "Shop",
        "address": None,
        "xpub": ABANDON_EVM,
        "derivation": "/0/i",
        "first_index": 41,
        "next_index": 41,
        "is_source": False,
        "source_since": None,
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
    }
    event = Event.objects.get(resource_id=wallet.id)
    assert event.type == "wallet.created"
    assert told.items() <= event.payload["data"].items()
    assert api(acme).get(f"/v1/wallets/{wallet.id}").json() == told
    assert api(acme).get("/v1/wallets").json()["data"] == [told]


@pytest.mark.parametrize(
    "body",
    [
        {"xpub": ABANDON_TRON, "chain": "tron"},
        {"xpub": ABANDON_EVM, "address": None, "first_index": None, "is_source": False},
    ],
)
def test_only_chain_and_key_are_needed(
    acme: Organization, api: MakeApi, body: dict[str, object]
) -> None:
    answer = api(acme, "live").post("/v1/wallets", {"chain": "base", **body})

    assert answer.status_code == 201
    assert (answer.json()["first_index"], answer.json()["next_index"]) == (0, 0)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"xpub": None}, "missing_required_field", "address"),
        ({"xpub": None, "address": None}, "missing_required_field", "address"),
        ({"xpub": 7}, "invalid_field_value", "xpub"),
        ({"xpub": ""}, "invalid_field_value", "xpub"),
        ({"xpub": " "}, "invalid_xpub", "xpub"),
        ({"xpub": ABANDON_EVM * 10}, "invalid_field_value", "xpub"),
        ({"xpub": ABANDON_EVM[:-1]}, "invalid_xpub", "xpub"),
        ({"xpub": account(1, "m/44'/60'")}, "invalid_xpub", "xpub"),
        ({"xpub": account(1, "m/44'/60'/0'/0")}, "invalid_xpub", "xpub"),
        ({"xpub": account(1, "m/44'/60'/0")}, "invalid_xpub", "xpub"),
        ({"xpub": EVM}, "invalid_xpub", "xpub"),
        ({"xpub": ABANDON_EVM, "address": EVM}, "invalid_field_value", "xpub"),
        ({"xpub": ABANDON_EVM, "is_source": True}, "invalid_field_value", "is_source"),
        ({"xpub": ABANDON_EVM, "first_index": -1}, "invalid_field_value", "first_index"),
        ({"xpub": ABANDON_EVM, "first_index": 2**31}, "invalid_field_value", "first_index"),
        ({"xpub": ABANDON_EVM, "first_index": "7"}, "invalid_field_value", "first_index"),
        ({"xpub": ABANDON_EVM, "first_index": True}, "invalid_field_value", "first_index"),
        ({"xpub": ABANDON_EVM, "first_index": 10**400}, "invalid_field_value", "first_index"),
        ({"xpub": ABANDON_EVM, "chain": "solana"}, "invalid_chain", "chain"),
    ],
)
def test_what_is_wrong_is_refused(
    acme: Organization, api: MakeApi, body: dict[str, object], code: str, param: str
) -> None:
    answer = api(acme, "live").post("/v1/wallets", {"chain": "base", **body})

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, param)
    assert not Wallet.objects.exists() and not ExtendedKey.objects.exists()
    assert not Event.objects.filter(type="wallet.created").exists()


def test_private_material_is_refused_and_appears_nowhere(
    acme: Organization, api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for secret in SECRETS:
        answer = api(acme, "live").post("/v1/wallets", {"chain": "base", "xpub": secret})

        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "private_key_refused"
        for part in {secret[8:16], secret[-8:]}:
            assert part not in answer.content.decode()
            assert part not in caplog.text

    assert not ExtendedKey.objects.exists()


def test_an_extended_key_is_never_logged(
    acme: Organization, api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    api(acme).post("/v1/wallets", {"chain": "base", "xpub": ABANDON_EVM})

    assert "wallet created" in caplog.text
    assert ABANDON_EVM[:24] not in caplog.text


@pytest.mark.parametrize("first_index", [-1, 2**31])
def test_a_service_refuses_an_impossible_index_too(acme: Organization, first_index: int) -> None:
    draft = NewWallet("base", xpub=ABANDON_EVM, first_index=first_index)

    with pytest.raises(InvalidRequest) as refusal:
        services.create(of(acme), draft)

    assert refusal.value.param == "first_index"


def test_wallets_on_several_chains_share_one_counter(acme: Organization, api: MakeApi) -> None:
    for chain in ("base", "arbitrum", "tron"):
        answer = api(acme).post("/v1/wallets", {"chain": chain, "xpub": ABANDON_EVM})
        assert answer.status_code == 201

    assert ExtendedKey.objects.count() == 1
    assert Wallet.objects.values("extended_key").distinct().count() == 1


@pytest.mark.parametrize(("again", "next_index"), [(0, 10), (7, 10), (10, 10), (25, 25)])
def test_a_first_index_given_again_moves_the_counter_up_and_never_back(
    acme: Organization, api: MakeApi, again: int, next_index: int
) -> None:
    api(acme).post("/v1/wallets", {"chain": "base", "xpub": ABANDON_EVM, "first_index": 10})

    answer = api(acme).post(
        "/v1/wallets", {"chain": "arbitrum", "xpub": ABANDON_EVM, "first_index": again}
    )

    assert (answer.json()["first_index"], answer.json()["next_index"]) == (10, next_index)
    assert ExtendedKey.objects.get().next_index == next_index


def test_the_same_key_twice_on_a_chain_is_refused_and_moves_nothing(
    acme: Organization, api: MakeApi
) -> None:
    body = {"chain": "base", "xpub": ABANDON_EVM}
    api(acme).post("/v1/wallets", body)

    answer = api(acme).post("/v1/wallets", {**body, "first_index": 99})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "wallet_already_registered"
    assert answer.json()["error"]["param"] == "xpub"
    assert ExtendedKey.objects.get().next_index == 0
    assert Event.objects.filter(type="wallet.created").count() == 1


def test_a_key_belongs_to_one_organization_and_the_other_learns_nothing_of_it(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    api(acme).post("/v1/wallets", {"chain": "base", "xpub": ABANDON_EVM})

    answer = api(zenith).post("/v1/wallets", {"chain": "tron", "xpub": ABANDON_EVM})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "extended_key_taken"
    assert answer.json()["error"]["param"] == "xpub"
    for told in (acme.id, acme.name, Wallet.objects.get().id, ExtendedKey.objects.get().id):
        assert told not in answer.content.decode()
    assert not Wallet.objects.filter(organization=zenith).exists()


def test_live_and_sandbox_have_counters_of_their_own(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    for client in (api(acme), api(zenith, "live")):
        assert client.post("/v1/wallets", {"chain": "base", "xpub": JUNK_EVM}).status_code == 201

    assert ExtendedKey.objects.count() == 2


def test_the_same_idempotency_key_registers_once(acme: Organization, api: MakeApi) -> None:
    body = {"chain": "base", "xpub": ABANDON_EVM, "first_index": 3}

    first = api(acme).post("/v1/wallets", body, idempotency_key="once")
    again = api(acme).post("/v1/wallets", body, idempotency_key="once")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


@pytest.mark.django_db(transaction=True)
def test_of_many_equal_registrations_one_is_kept() -> None:
    caller = of(create_organization("Acme"))
    draft = NewWallet("base", xpub=ABANDON_EVM)

    told = at_once([partial(services.create, caller, draft)] * 8)

    assert told == ["done"] + ["wallet_already_registered"] * 7
    assert (Wallet.objects.count(), ExtendedKey.objects.count()) == (1, 1)
    assert Event.objects.filter(type="wallet.created").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_organizations_at_once_one_has_the_key() -> None:
    callers = [of(create_organization(name)) for name in ("Acme", "Zenith")]
    for number in range(10):
        xpub = account(number)

        told = at_once(
            [
                partial(services.create, caller, NewWallet(chain, xpub=xpub))
                for caller in callers
                for chain in ("base", "arbitrum")
            ]
        )

        assert told == ["done", "done", "extended_key_taken", "extended_key_taken"]
        key = ExtendedKey.objects.get(xpub=xpub)
        owners = Wallet.objects.filter(extended_key=key).values_list("organization_id", flat=True)
        assert list(owners) == [key.organization_id] * 2


@pytest.mark.django_db(transaction=True)
def test_registrations_on_all_chains_at_once_share_one_counter_at_its_highest() -> None:
    caller = of(create_organization("Acme"))
    firsts = {"base": 5, "arbitrum": 90, "tron": 40}
    for number in range(12):
        xpub = account(number)

        told = at_once(
            [
                partial(services.create, caller, NewWallet(chain, xpub=xpub, first_index=first))
                for chain, first in firsts.items()
            ]
        )

        assert told == ["done"] * 3
        assert ExtendedKey.objects.get(xpub=xpub).next_index == 90


# --- The sandbox's own ----------------------------------------------------------------------------


def test_the_sandbox_has_a_wallet_that_nobody_holds_the_keys_of(
    acme: Organization, zenith: Organization
) -> None:
    wallet = services.sandbox_wallet(acme.id, "base")

    assert (wallet.name, wallet.environment, wallet.chain) == ("Sandbox", "sandbox", "base")
    assert wallet.extended_key is not None
    assert services.sandbox_wallet(acme.id, "base") == wallet
    on_tron = services.sandbox_wallet(acme.id, "tron")
    assert on_tron != wallet and on_tron.extended_key == wallet.extended_key
    others = services.sandbox_wallet(zenith.id, "base").extended_key
    assert others is not None
    assert address_at(others, 0, "base") != address_at(wallet.extended_key, 0, "base")
    assert not Wallet.objects.filter(environment="live").exists()
    assert Event.objects.filter(type="wallet.created").count() == 3


def test_a_renamed_sandbox_wallet_is_found_again(acme: Organization, api: MakeApi) -> None:
    wallet = services.sandbox_wallet(acme.id, "base")

    api(acme).patch(f"/v1/wallets/{wallet.id}", {"name": "Play money"})

    assert services.sandbox_wallet(acme.id, "base") == wallet


@pytest.mark.django_db(transaction=True)
def test_the_sandboxes_wallet_is_made_once_by_many_at_once() -> None:
    acme = create_organization("Acme")

    told = at_once([partial(services.sandbox_wallet, acme.id, c) for c in ("base", "tron") * 8])

    assert told == ["done"] * 16
    assert (Wallet.objects.count(), ExtendedKey.objects.count()) == (2, 1)
    assert Event.objects.filter(type="wallet.created").count() == 2
