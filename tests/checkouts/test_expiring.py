"""Time is over when the chain was followed past it, and not before; then addresses rest."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.callers import Caller
from chainwatch import services as chainwatch
from chainwatch.models import Cursor, WatchedAddress, WatchedTransaction
from checkouts import resting, services, settling, tasks
from checkouts.models import AskedAmount, Checkout
from events.models import Event
from organizations.models import Organization
from payouts.simulation import advance_blocks
from tests.checkouts.making import (
    TREASURY,
    a_draft,
    a_method,
    a_shared_method,
    a_wallet,
    an_xpub,
    at_once,
    caller_of,
    reload,
)
from tests.checkouts.paying import (
    a_hash,
    a_pass,
    assert_replays,
    counts,
    followed,
    made_final,
    orphaned,
    paid,
    told,
)
from wallets.models import DepositAddress

A_SECOND = timedelta(seconds=1)


@pytest.fixture
def checkout(in_live: Caller) -> Checkout:
    """49.99 USDC on Base, at an address of its own."""
    a_method(in_live)
    return services.create(in_live, a_draft())


def test_it_expires_when_its_chain_was_followed_past_its_deadline(checkout: Checkout) -> None:
    followed(checkout.deadline)
    at_the_deadline = counts(a_pass())
    followed(checkout.deadline + A_SECOND)
    after = counts(a_pass())

    assert (at_the_deadline, after) == ({}, {"expired": 1})
    assert told(checkout.id) == ["expired"]
    checkout = reload(checkout)
    assert checkout.expired_at is not None
    assert (checkout.canceled_at, checkout.underpaid_at) == (None, None)
    assert counts(a_pass()) == {}
    assert_replays(checkout)


def test_while_its_chain_stands_still_it_does_not_expire(checkout: Checkout) -> None:
    assert chainwatch.followed_until("base") is None
    assert counts(a_pass()) == {}
    followed(checkout.deadline - timedelta(minutes=5))
    # Another chain goes on.
    followed(checkout.deadline + timedelta(days=1), chain="arbitrum")

    assert counts(a_pass()) == {}
    assert reload(checkout).status == "pending"


def test_too_little_by_then_is_told_with_what_came(checkout: Checkout) -> None:
    paid(checkout, 49_989_999)
    a_pass()
    followed(checkout.deadline + A_SECOND)

    assert counts(a_pass()) == {"expired": 1, "underpaid": 1}

    assert told(checkout.id) == ["expired", "underpaid"]
    event = Event.objects.get(type="checkout.underpaid")
    assert event.payload["data"]["amount_received_atomic"] == "49989999"
    assert event.payload["data"]["status"] == "expired"
    assert reload(checkout).underpaid_at is not None


def test_an_amount_is_held_until_a_week_after_it_expired(in_live: Caller) -> None:
    a_shared_method(in_live)
    checkout = services.create(in_live, a_draft())
    followed(checkout.deadline + A_SECOND)

    a_pass()

    free_at, expired_at = (
        AskedAmount.objects.get(checkout=checkout).free_at,
        reload(checkout).expired_at,
    )
    assert free_at is not None and expired_at is not None
    assert free_at == expired_at + timedelta(days=7)


def test_what_was_found_in_time_and_is_not_recorded_yet_keeps_it(checkout: Checkout) -> None:
    """The scan wrote it between the recording and the end of its time: nobody expires it."""
    paid(checkout, block_time=checkout.deadline)
    followed(checkout.deadline + A_SECOND)

    assert counts(settling.settle()) == {}
    assert reload(checkout).status == "pending"
    assert counts(a_pass()) == {"recorded": 1, "detected": 1}


def a_discovery(checkout: Checkout, **changes: Any) -> WatchedTransaction:
    """A scan found this hash, and no node has told more of it yet."""
    at = timezone.now()
    values = {
        "chain": checkout.chain,
        "scope": checkout.scope,
        "tx_hash": a_hash(),
        "watched_at": at,
        "watch_until": at + timedelta(hours=1),
        "found_at": at,
        "changed_at": at,
        **changes,
    }
    return WatchedTransaction.objects.create(**values)


@pytest.mark.parametrize(
    ("changes", "is_waited_for"),
    [
        ({}, True),
        # It was seen, and left its block.
        ({"orphaned_at": timezone.now()}, False),
        # Every node denies it.
        ({"absent_block_time": timezone.now()}, False),
        # Nobody asks for it any more.
        ({"watch_until": timezone.now() - timedelta(minutes=1)}, False),
        # A payout's own hash, which somebody named: it is in no block up to there.
        ({"found_at": None}, False),
        ({"chain": "arbitrum"}, False),
        ({"scope": "org_1"}, False),
    ],
)
def test_what_a_scan_found_and_no_node_told_yet_is_waited_for(
    checkout: Checkout, changes: dict[str, Any], is_waited_for: bool
) -> None:
    a_discovery(checkout, **changes)
    followed(checkout.deadline + A_SECOND)

    a_pass()

    assert reload(checkout).status == ("pending" if is_waited_for else "expired")


@pytest.mark.parametrize("is_final", [True, False])
def test_what_is_on_its_way_when_time_is_over_goes_on(checkout: Checkout, is_final: bool) -> None:
    tx_hash = paid(checkout, block_time=checkout.deadline, is_final=is_final)
    followed(checkout.deadline + timedelta(days=1))
    a_pass()
    made_final(tx_hash)

    assert counts(a_pass()) in ({}, {"confirming": 1})
    assert reload(checkout).status == "confirming"


def test_one_that_loses_its_block_after_its_time_expires_at_once(checkout: Checkout) -> None:
    tx_hash = paid(checkout)
    a_pass()
    followed(checkout.deadline + A_SECOND)
    orphaned(tx_hash)

    assert counts(a_pass()) == {"reorged": 1, "expired": 1}
    assert told(checkout.id) == ["payment_detected", "reorged", "expired"]


def test_one_that_loses_its_block_waits_for_what_else_was_found_in_time(
    checkout: Checkout, in_live: Caller
) -> None:
    services.create(in_live, a_draft())  # whose time is read in the same moment
    lost = paid(checkout)
    a_pass()
    found = paid(checkout, block=1_001)
    long_ago = timezone.now() - timedelta(hours=1)
    WatchedTransaction.objects.filter(tx_hash=found).update(changed_at=long_ago)
    orphaned(lost)
    followed(checkout.deadline + timedelta(hours=1))

    tasks.payments()
    waiting = told(checkout.id)
    tasks.catch_up_payments()

    assert waiting == ["payment_detected", "reorged"]
    assert told(checkout.id) == [*waiting, "payment_detected"]


def test_in_the_sandbox_it_expires_by_the_time_of_its_own_chain(
    sandboxed: Caller, zenith: Organization
) -> None:
    before = services.create(sandboxed, a_draft())
    advance_blocks(sandboxed, "base", 1_700)
    after = services.create(sandboxed, a_draft())
    theirs = services.create(caller_of(zenith), a_draft())
    elsewhere = services.create(sandboxed, a_draft(chain="tron"))

    advance_blocks(sandboxed, "base", 110)
    tasks.payments()
    first = [reload(each).status for each in (before, after, theirs, elsewhere)]
    advance_blocks(sandboxed, "base", 1_700)
    tasks.payments()

    assert first == ["expired", "pending", "pending", "pending"]
    assert [reload(each).status for each in (before, after, theirs, elsewhere)] == [
        "expired", "expired", "pending", "pending",
    ]  # fmt: skip


# --- addresses rest -----------------------------------------------------------------------------


def closed(checkout: Checkout, at: datetime) -> Checkout:
    """As if it and its address had been made long before, and it had expired then."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        made_at = at - timedelta(minutes=30)
        Checkout.objects.filter(id=checkout.id).update(expired_at=at, created_at=made_at)
        DepositAddress.objects.filter(id=checkout.deposit_address_id).update(created_at=made_at)
        cursor.execute("set local session_replication_role = origin")
    return reload(checkout)


def expired(caller: Caller, days: float, **changes: Any) -> Checkout:
    """One that expired so many days ago."""
    checkout = services.create(caller, a_draft(**changes))
    services.cancel(caller, checkout.id)
    return closed(checkout, timezone.now() - timedelta(days=days))


def rests(checkout: Checkout) -> bool:
    return DepositAddress.objects.get(id=checkout.deposit_address_id).rests_since is not None


def is_live(checkout: Checkout) -> bool:
    return WatchedAddress.objects.get(chain=checkout.chain, address=checkout.address).is_incoming


def test_an_address_rests_seven_days_after_its_checkout_closed(in_live: Caller) -> None:
    a_method(in_live)
    old, young = expired(in_live, 7.01), expired(in_live, 6.99)
    pending = services.create(in_live, a_draft())
    followed(timezone.now())

    assert tasks.rest_addresses() == {"rested": 1}
    assert tasks.rest_addresses() == {"rested": 0}

    assert [rests(each) for each in (old, young, pending)] == [True, False, False]
    assert [is_live(each) for each in (old, young, pending)] == [False, True, True]


@pytest.mark.parametrize("other_days", [None, 6, 8])
def test_a_shared_address_rests_when_all_of_its_checkouts_are_long_closed(
    in_live: Caller, other_days: int | None
) -> None:
    """None: the other one is open."""
    a_shared_method(in_live)
    other = services.create(in_live, a_draft(amount_usd=Decimal(7)))
    old = expired(in_live, 8)
    if other_days is not None:
        services.cancel(in_live, other.id)
        closed(other, timezone.now() - timedelta(days=other_days))

    resting.rest(at=timezone.now())

    assert rests(old) is (other_days == 8)


def test_a_new_checkout_wakes_a_shared_address(in_live: Caller) -> None:
    a_shared_method(in_live)
    old = expired(in_live, 8)
    resting.rest(at=timezone.now())
    assert rests(old)

    services.create(in_live, a_draft())

    assert not rests(old) and is_live(old)
    resting.rest(at=timezone.now())
    assert not rests(old)


def test_money_that_reaches_a_resting_address_is_a_late_payment(in_live: Caller) -> None:
    a_method(in_live)
    old = expired(in_live, 8)
    resting.rest(at=timezone.now())

    paid(old)
    a_pass()

    assert told(old.id)[-1] == "late_payment"


def test_an_address_that_never_had_a_checkout_rests_too(in_live: Caller) -> None:
    """Such as one that was registered and never used, or whose only checkout was rolled back."""
    a_method(in_live)
    wallet = a_wallet(in_live, "arbitrum", xpub=an_xpub())
    address = DepositAddress.objects.create(
        organization_id=wallet.organization_id, environment="live", wallet=wallet,
        extended_key=wallet.extended_key, index=77, chain="arbitrum", address=TREASURY,
        created_at=timezone.now() - timedelta(days=8),
    )  # fmt: skip

    assert resting.rest(at=timezone.now()) == 1
    address.refresh_from_db()
    assert address.rests_since is not None


@pytest.mark.django_db(transaction=True)
def test_of_a_rest_and_a_new_checkout_at_once_the_address_stays_followed(in_live: Caller) -> None:
    """Threads. Whoever comes second sees the other: no open checkout's address rests."""
    a_shared_method(in_live)
    Cursor.objects.get_or_create(chain="base", scope="")
    for number in range(15):
        old = expired(in_live, 8, amount_usd=Decimal(10 + number))
        acts: list[Callable[[], object]] = [
            lambda: resting.rest(at=timezone.now()),
            lambda: services.create(in_live, a_draft(amount_usd=Decimal(900))).id,
        ]

        _, made = at_once(acts)

        assert Checkout.objects.get(id=made).status == "pending"
        assert not rests(old) and is_live(old)
        services.cancel(in_live, made)
        closed(Checkout.objects.get(id=made), timezone.now() - timedelta(days=8))
