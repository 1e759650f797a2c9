from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from organizations.models import Organization
from tests.wallets.accounts import ABANDON_EVM, account
from wallets import deposits, services
from wallets.models import Wallet

MakeApi = Callable[..., Any]
MakeWallet = Callable[..., Wallet]
OTHER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
TRON = "TLyqzVGLV1srkB7dToTAEqgDSfPtXRJZYH"


def test_one_wallet_is_read(acme: Organization, api: MakeApi, make_wallet: MakeWallet) -> None:
    wallet = make_wallet(acme)

    answer = api(acme).get(f"/v1/wallets/{wallet.id}")

    assert answer.status_code == 200
    assert answer.json()["wallet_id"] == wallet.id
    assert answer.json()["address"] == "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.mark.parametrize("wallet_id", ["wal_missing", "po_1", "%00", "%F0%9F%92%A9", "a" * 2000])
def test_what_is_not_there_is_not_found(acme: Organization, api: MakeApi, wallet_id: str) -> None:
    answer = api(acme).get(f"/v1/wallets/{wallet_id}")

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found"


def test_a_stranger_and_the_other_environment_find_nothing(
    acme: Organization, zenith: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme)

    for client in (api(zenith), api(acme, "live")):
        assert client.get(f"/v1/wallets/{wallet.id}").status_code == 404
        assert client.get("/v1/wallets").json()["data"] == []


def test_wallets_are_listed_newest_first_page_by_page(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    first = make_wallet(acme)
    second = make_wallet(acme, address=OTHER)
    third = make_wallet(acme, chain="tron", address=TRON)

    page = api(acme).get("/v1/wallets", {"limit": 2}).json()
    rest = api(acme).get("/v1/wallets", {"limit": 2, "cursor": page["next_cursor"]}).json()

    assert [row["wallet_id"] for row in page["data"]] == [third.id, second.id]
    assert page["has_more"] is True
    assert [row["wallet_id"] for row in rest["data"]] == [first.id]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)


def test_a_key_without_the_scope_reads_nothing(acme: Organization, api: MakeApi) -> None:
    answer = api(acme, "sandbox", ["payouts:read"]).get("/v1/wallets")

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "insufficient_scope"


def test_source_addresses_are_those_of_one_chain_and_place(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet
) -> None:
    make_wallet(acme, is_source=True)
    make_wallet(acme, address=OTHER)
    make_wallet(acme, chain="tron", address=TRON, is_source=True)
    make_wallet(acme, "live", address=OTHER, is_source=True)
    make_wallet(zenith, address=OTHER, is_source=True)

    sources = services.source_addresses(acme.id, "sandbox", "base")

    assert sources == {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}
    assert services.source_addresses(acme.id, "sandbox", "arbitrum") == frozenset()


def test_own_addresses_are_all_with_their_chain(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet
) -> None:
    make_wallet(acme)
    make_wallet(acme, chain="tron", address=TRON, is_source=True)
    make_wallet(zenith, address=OTHER)

    assert services.own_addresses(acme.id, "sandbox") == {
        ("base", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        ("tron", TRON),
    }


def test_an_address_that_looks_like_an_own_one_is_found(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet
) -> None:
    make_wallet(acme)
    make_wallet(zenith, address=OTHER)

    def lookalikes(address: str) -> list[str]:
        return services.lookalikes(acme.id, "sandbox", address)

    assert lookalikes("0x5AAE11111111111111111111111111111111EaeD") == [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    ]
    assert lookalikes("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed") == []
    assert lookalikes("0xfB69111111111111111111111111111111115d35") == []


def test_own_addresses_have_those_issued_to_customers_that_are_asked_for(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, address=None, xpub=ABANDON_EVM)
    with transaction.atomic():
        first, second = (deposits.issue(wallet, at=timezone.now()).address for _ in range(2))

    def own(organization: Organization, *among: str) -> frozenset[tuple[str, str]]:
        return services.own_addresses(organization.id, "sandbox", among=among)

    assert own(acme) == frozenset()
    assert own(acme, first, OTHER) == {("base", first)}
    assert own(acme, first, second) == {("base", first), ("base", second)}
    assert own(zenith, first) == frozenset()


def test_a_list_of_extended_keys_asks_no_more_often_than_one_of_addresses(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    client = api(acme)
    make_wallet(acme)
    client.get("/v1/wallets")
    with CaptureQueriesContext(connection) as of_an_address:
        client.get("/v1/wallets")
    for number in range(5):
        make_wallet(acme, address=None, xpub=account(number))

    with CaptureQueriesContext(connection) as of_keys:
        listed = client.get("/v1/wallets").json()["data"]

    assert len(listed) == 6
    assert len(of_keys) == len(of_an_address)
