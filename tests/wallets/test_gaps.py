"""What a wallet program does not show: payments behind a run of unpaid addresses."""

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chainwatch.models import Transfer
from organizations.models import Organization
from tests.wallets.accounts import ABANDON_EVM
from wallets.deposits import Gap, gap
from wallets.models import DepositAddress, Wallet

MakeWallet = Callable[..., Wallet]
NOW = timezone.now()


def issued(wallet: Wallet, indexes: Iterable[int]) -> None:
    """Rows as if these indexes had been issued for the wallet, without deriving anything."""
    DepositAddress.objects.bulk_create(
        DepositAddress(
            organization_id=wallet.organization_id, environment=wallet.environment, wallet=wallet,
            extended_key=wallet.extended_key, index=index, chain=wallet.chain,
            address=f"0x{index:040x}",
        )
        for index in indexes
    )  # fmt: skip


def paid(wallet: Wallet, indexes: Iterable[int], **fields: Any) -> None:
    """A standing transfer to each of these."""
    scope = "" if wallet.environment == "live" else wallet.organization_id
    Transfer.objects.bulk_create(
        Transfer(
            **{
                "chain": wallet.chain, "scope": scope, "tx_hash": f"0x{index}", "ordinal": 0,
                "log_index": 0, "contract": "0xc", "from_address": "0xf",
                "to_address": f"0x{index:040x}", "amount_atomic": 5, "block_number": 1,
                "block_hash": "0xb", "block_time": NOW, "node": "test", "seen_at": NOW, **fields,
            }
        )
        for index in indexes
    )  # fmt: skip


@pytest.fixture
def wallet(acme: Organization, make_wallet: MakeWallet) -> Wallet:
    return make_wallet(acme, "live", address=None, xpub=ABANDON_EVM)


def gap_of(wallet: Wallet) -> Gap:
    found = gap(wallet)
    assert found is not None
    return found


def test_a_single_address_has_none(acme: Organization, make_wallet: MakeWallet) -> None:
    assert gap(make_wallet(acme)) is None


def test_before_anything_is_issued_nothing_is_missing(wallet: Wallet) -> None:
    assert gap(wallet) == Gap(issued=0, paid=0, highest_paid=None, unpaid_before=0, unpaid_now=0)
    assert not gap_of(wallet).is_beyond_usual


def test_runs_are_counted_before_and_after_what_was_paid(wallet: Wallet) -> None:
    issued(wallet, range(12))
    paid(wallet, [2, 3, 8])

    assert gap(wallet) == Gap(issued=12, paid=3, highest_paid=8, unpaid_before=4, unpaid_now=3)


@pytest.mark.parametrize(
    ("number", "paid_indexes", "limit", "is_beyond"),
    [
        # Nothing paid so far: the last of the issued ones must still be found.
        (20, [], 20, False),
        (21, [], 21, True),
        # A program with limit 20 finds index 19 (19 unpaid before it), and not index 20.
        (20, [19], 20, False),
        (21, [20], 21, True),
        (60, [0, 20, 40, 59], 20, False),
        (60, [0, 21, 40, 59], 21, True),
        (100, [0, 99], 99, True),
        (70, [0, 15, 30, 45], 24, True),
        (70, [*range(50)], 20, False),
    ],
)
def test_the_limit_that_is_needed_shows_the_last_of_all(
    wallet: Wallet, number: int, paid_indexes: list[int], limit: int, is_beyond: bool
) -> None:
    issued(wallet, range(number))
    paid(wallet, paid_indexes)

    found = gap_of(wallet)

    assert max(found.limit_needed, 20) == limit
    assert found.is_beyond_usual is is_beyond


def test_what_was_issued_elsewhere_before_the_first_index_counts_as_paid(
    acme: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, "live", address=None, xpub=ABANDON_EVM, first_index=1000)
    issued(wallet, range(1000, 1010))
    assert gap(wallet) == Gap(issued=10, paid=0, highest_paid=None, unpaid_before=0, unpaid_now=10)

    paid(wallet, [1004])

    assert gap(wallet) == Gap(issued=10, paid=1, highest_paid=1004, unpaid_before=4, unpaid_now=5)


def test_an_index_of_another_chain_is_unpaid_on_this_one(
    acme: Organization, make_wallet: MakeWallet, wallet: Wallet
) -> None:
    """A wallet program looks at each chain by itself."""
    other = make_wallet(acme, "live", address=None, chain="arbitrum", xpub=ABANDON_EVM)
    issued(wallet, [0, 30])
    issued(other, range(1, 30))
    paid(wallet, [0, 30])
    paid(other, range(1, 30))

    assert gap(wallet) == Gap(issued=2, paid=2, highest_paid=30, unpaid_before=29, unpaid_now=0)
    assert gap_of(other).unpaid_before == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"amount_atomic": 0},
        {"orphaned_at": NOW},
        {"chain": "arbitrum"},
        {"scope": "org_other"},
    ],
)
def test_what_is_no_standing_payment_of_this_chain_does_not_count(
    wallet: Wallet, fields: dict[str, str | int | datetime]
) -> None:
    issued(wallet, range(3))

    paid(wallet, [1], **fields)

    assert gap_of(wallet).paid == 0


def test_an_address_paid_twice_is_one(wallet: Wallet) -> None:
    issued(wallet, range(3))
    paid(wallet, [1])
    paid(wallet, [1], tx_hash="0xagain")

    assert gap_of(wallet).paid == 1


@pytest.mark.parametrize("seed", range(12))
def test_gaps_are_those_that_counting_by_hand_finds(
    acme: Organization, make_wallet: MakeWallet, seed: int
) -> None:
    chosen = random.Random(seed)
    first = chosen.choice([0, 0, 7, 500])
    wallet = make_wallet(acme, "live", address=None, xpub=ABANDON_EVM, first_index=first)
    indexes = [i for i in range(first, first + chosen.randint(1, 90)) if chosen.random() < 0.9]
    paid_indexes = {i for i in indexes if chosen.random() < chosen.choice([0.02, 0.2, 0.8])}
    issued(wallet, indexes)
    paid(wallet, paid_indexes)

    longest = run = 0
    for index in range(first, max(indexes, default=first - 1) + 1):
        if index in paid_indexes:
            longest, run = max(longest, run), 0
        else:
            run += 1

    found = gap_of(wallet)
    assert (found.issued, found.paid) == (len(indexes), len(paid_indexes))
    assert (found.unpaid_before, found.unpaid_now) == (longest, run)
    assert found.highest_paid == max(paid_indexes, default=None)
    # The least limit with which a program that looks for each in turn finds every one of them,
    # and the last one issued, were it paid now.
    shown = {
        limit
        for limit in range(1, 100)
        if _found_with(limit, first, paid_indexes | {max(indexes, default=first)})
        and _found_with(limit, first, paid_indexes)
    }
    assert found.limit_needed == min(shown) or not indexes


def test_it_takes_one_query(wallet: Wallet) -> None:
    issued(wallet, range(50))
    key = wallet.extended_key

    with CaptureQueriesContext(connection) as queries:
        gap(wallet)

    assert key is not None and len(queries) == 1


def _found_with(limit: int, first: int, paid_indexes: set[int]) -> bool:
    """Whether a program with this gap limit finds all of these (BIP-44, "Address gap limit")."""
    index, unpaid, found = first, 0, set()
    while unpaid < limit:
        if index in paid_indexes:
            found.add(index)
            unpaid = 0
        else:
            unpaid += 1
        index += 1
    return found == paid_indexes
