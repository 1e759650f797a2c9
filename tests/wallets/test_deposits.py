"""Addresses that customers are told to pay to: issued once, followed, and rested."""

from collections.abc import Callable
from typing import Any

import bip32.bip32
import pytest
from bip32 import BIP32DerivationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.errors import InvalidRequest
from chainwatch.models import Cursor, WatchedAddress
from organizations.models import Organization
from tests.wallets.accounts import ABANDON_EVM, ABANDON_TRON, JUNK_EVM
from wallets import deposits, services
from wallets.models import DepositAddress, ExtendedKey, Wallet

MakeApi = Callable[..., Any]
MakeWallet = Callable[..., Wallet]
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
# Of ABANDON_EVM, see accounts.ADDRESSES.
FIRST = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
SECOND = "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0"


@pytest.fixture
def make_key_wallet(make_wallet: MakeWallet) -> MakeWallet:
    """A wallet on an extended key: of the sandbox, on Base."""

    def make(organization: Organization, environment: str = "sandbox", **fields: Any) -> Wallet:
        return make_wallet(
            organization, environment, **{"xpub": ABANDON_EVM, **fields}, address=None
        )

    return make


def issue(wallet: Wallet) -> DepositAddress:
    with transaction.atomic():
        return deposits.issue(wallet, at=timezone.now())


def rest(*rows: DepositAddress) -> None:
    deposits.rest([row.pk for row in rows], at=timezone.now())


def watched(address: str, scope: str = "", chain: str = "base") -> bool:
    row = WatchedAddress.objects.filter(chain=chain, scope=scope, address=address).first()
    return row is not None and row.is_incoming


# --- Fresh addresses ------------------------------------------------------------------------------


def test_every_checkout_gets_the_next_address(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    wallet = make_key_wallet(acme)

    first, second = issue(wallet), issue(wallet)

    assert (first.index, first.address) == (0, FIRST)
    assert (second.index, second.address) == (1, SECOND)
    assert second.wallet == wallet and second.extended_key == wallet.extended_key
    assert (second.organization, second.environment, second.chain) == (acme, "sandbox", "base")
    assert ExtendedKey.objects.get().next_index == 2


def test_a_first_index_is_where_issuing_begins(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    wallet = make_key_wallet(acme, chain="tron", xpub=ABANDON_TRON, first_index=2)

    assert issue(wallet).address == "TYJPRrdB5APNeRs4R7fYZSwW3TcrTKw2gx"


def test_chains_of_one_key_take_indexes_in_turn(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    on_base, on_arbitrum = (make_key_wallet(acme, chain=chain) for chain in ("base", "arbitrum"))

    issued = [issue(wallet) for wallet in (on_base, on_arbitrum, on_base)]

    assert [(row.chain, row.index) for row in issued] == [("base", 0), ("arbitrum", 1), ("base", 2)]


@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_a_fresh_address_is_followed_and_holds_up_no_scan(
    acme: Organization, make_key_wallet: MakeWallet, environment: str
) -> None:
    wallet = make_key_wallet(acme, environment)
    scope = "" if environment == "live" else acme.id
    Cursor.objects.create(chain="base", scope=scope, next_block=100, version=7)

    row = issue(wallet)

    assert watched(row.address, scope)
    assert row.rests_since is None
    assert WatchedAddress.objects.get().is_outgoing is False
    assert Cursor.objects.get().version == 7


def test_an_address_belongs_to_the_transaction_of_its_checkout(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    wallet = make_key_wallet(acme)

    def interrupted() -> None:
        with transaction.atomic():
            deposits.issue(wallet, at=timezone.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()

    assert not DepositAddress.objects.exists() and not WatchedAddress.objects.exists()
    assert (issue(wallet).index, issue(wallet).index) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_issued(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    wallet = make_key_wallet(acme)

    with pytest.raises(AssertionError):
        deposits.issue(wallet, at=timezone.now())

    assert ExtendedKey.objects.get().next_index == 0


def test_an_index_without_a_key_is_passed_over(
    acme: Organization, make_key_wallet: MakeWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BIP-32 has none at one index in 2^127: nobody can show one, so the library is made to."""
    wallet = make_key_wallet(acme, xpub=JUNK_EVM, first_index=5)
    derive = bip32.bip32._derive_public_child

    def without_5_and_6(point: bytes, code: bytes, index: int) -> tuple[bytes, bytes]:
        if index in (5, 6):
            raise BIP32DerivationError("Invalid public key")
        child: tuple[bytes, bytes] = derive(point, code, index)
        return child

    monkeypatch.setattr(bip32.bip32, "_derive_public_child", without_5_and_6)

    assert [issue(wallet).index for _ in range(2)] == [7, 8]


def test_the_last_address_is_issued_and_none_after_it(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    wallet = make_key_wallet(acme, first_index=2**31 - 1)

    assert issue(wallet).address == "0x8848bfC75a28756B521b09afDC120BdDddC7d7c9"
    for _ in range(2):
        with pytest.raises(InvalidRequest) as refusal:
            issue(wallet)
        assert refusal.value.code == "extended_key_used_up"

    assert ExtendedKey.objects.get().next_index == 2**31
    assert DepositAddress.objects.count() == 1


def test_the_database_gives_no_index_twice_and_none_beyond(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    row = issue(make_key_wallet(acme))

    for change in ({"next_index": 2**31 + 1}, {"next_index": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ExtendedKey.objects.update(**change)
    row.pk, row.address = "dep_other", SECOND
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


# --- An address that is a wallet too --------------------------------------------------------------


def test_an_address_that_is_a_wallet_already_is_not_issued(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet, make_key_wallet: MakeWallet
) -> None:
    """The treasury is often the first address of the account: what moves there is no payment."""
    make_wallet(acme, address=FIRST, is_source=True)
    make_wallet(acme, chain="arbitrum", address=SECOND)
    make_wallet(zenith, address=SECOND)
    make_wallet(acme, "live", address=SECOND)

    wallet = make_key_wallet(acme)

    assert [issue(wallet).index for _ in range(2)] == [1, 2]


def test_an_address_that_was_issued_is_no_wallet_of_its_own(
    acme: Organization, zenith: Organization, api: MakeApi, make_key_wallet: MakeWallet
) -> None:
    issue(make_key_wallet(acme))
    body = {"chain": "base", "address": FIRST, "is_source": True}

    answer = api(acme).post("/v1/wallets", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "wallet_already_registered"
    assert "issued this address to a customer" in answer.json()["error"]["message"]
    assert not WatchedAddress.objects.filter(is_outgoing=True).exists()
    for client in (api(acme, "live"), api(zenith)):
        assert client.post("/v1/wallets", body).status_code == 201
    assert api(acme).post("/v1/wallets", {**body, "chain": "arbitrum"}).status_code == 201


def test_a_wallet_registered_while_its_address_was_issued_is_refused_a_checkout(
    acme: Organization, make_wallet: MakeWallet, make_key_wallet: MakeWallet
) -> None:
    """Neither saw the other in time; the constraint does."""
    single = make_wallet(acme)
    row = issue(make_key_wallet(acme))
    Wallet.objects.filter(pk=single.pk).update(address=row.address)
    single.refresh_from_db()

    with pytest.raises(InvalidRequest) as refusal:
        issue(single)

    assert refusal.value.code == "wallet_already_registered"
    assert DepositAddress.objects.get() == row


# --- One address for all --------------------------------------------------------------------------


def test_a_single_address_is_issued_again_and_again(
    acme: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme)

    first, again = issue(wallet), issue(wallet)

    assert first == again
    assert (first.address, first.index, first.extended_key) == (EVM, None, None)
    assert DepositAddress.objects.get().wallet == wallet
    assert watched(EVM, acme.id)


def test_a_shared_address_is_looked_for_anew_once_and_not_for_each_checkout(
    acme: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, "live")

    for _ in range(3):
        issue(wallet)

    assert Cursor.objects.get(chain="base", scope="").version == 1


def test_two_organizations_may_be_paid_to_one_address(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet
) -> None:
    ours, theirs = (issue(make_wallet(each, "live")) for each in (acme, zenith))

    assert ours != theirs and ours.address == theirs.address


# --- Rest -----------------------------------------------------------------------------------------


def test_what_rests_is_followed_live_no_longer(
    acme: Organization, make_key_wallet: MakeWallet
) -> None:
    wallet = make_key_wallet(acme, "live")
    first, second = issue(wallet), issue(wallet)

    rest(first)

    first.refresh_from_db()
    assert first.rests_since is not None
    assert not watched(first.address) and watched(second.address)
    assert WatchedAddress.objects.get(address=first.address).rests_since == first.rests_since


def test_a_repetition_changes_nothing(acme: Organization, make_key_wallet: MakeWallet) -> None:
    row = issue(make_key_wallet(acme, "live"))
    rest(row)
    row.refresh_from_db()

    rest(row)

    assert DepositAddress.objects.get().rests_since == row.rests_since


def test_many_of_several_chains_and_places_rest_at_once(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet, make_key_wallet: MakeWallet
) -> None:
    rows = [
        issue(make_key_wallet(acme, "live")),
        issue(make_key_wallet(acme)),
        issue(make_wallet(zenith)),
        issue(make_wallet(zenith, "live", chain="arbitrum")),
    ]

    rest(*rows)

    assert not WatchedAddress.objects.filter(is_incoming=True).exists()
    assert not DepositAddress.objects.filter(rests_since=None).exists()
    deposits.rest([], at=timezone.now())


def test_a_shared_address_that_rested_is_followed_again_with_its_next_checkout(
    acme: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, "live")
    rest(issue(wallet))
    assert not watched(EVM)

    row = issue(wallet)

    assert row.rests_since is None and DepositAddress.objects.get().rests_since is None
    assert watched(EVM)


def test_an_address_rests_only_once_nobody_needs_it_any_more(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet
) -> None:
    ours, theirs = (issue(make_wallet(each, "live")) for each in (acme, zenith))

    rest(ours)
    assert watched(EVM)

    rest(theirs)
    assert not watched(EVM)


def test_two_that_end_together_end_it(
    acme: Organization, zenith: Organization, make_wallet: MakeWallet
) -> None:
    rest(*(issue(make_wallet(each, "live")) for each in (acme, zenith)))

    assert not watched(EVM)


def test_a_source_that_rests_as_an_address_of_customers_is_watched_for_what_it_sends(
    acme: Organization, make_wallet: MakeWallet
) -> None:
    row = issue(make_wallet(acme, "live", is_source=True))

    rest(row)

    kept = WatchedAddress.objects.get()
    assert (kept.is_outgoing, kept.is_incoming) == (True, False)
    assert services.source_addresses(acme.id, "live", "base") == {EVM}
