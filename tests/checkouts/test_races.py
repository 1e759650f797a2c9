"""Payments recorded while others act on the same rows. Real threads; `SOAK=1` runs 300 of each."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.callers import Caller
from chainwatch.models import WatchedTransaction
from checkouts import recording, resting, services, settling, simulation, tasks
from checkouts.models import AskedAmount, Checkout, Payment
from checkouts.settling import resolve
from events.models import Event
from organizations.models import Organization
from tests.checkouts.making import a_draft, a_method, a_shared_method, at_once, caller_of, reload
from tests.checkouts.paying import (
    a_hash,
    a_pass,
    assert_replays,
    counts,
    followed,
    headed,
    log,
    mined,
    paid,
    payment_at,
    payments_of,
    told,
)

ROUNDS = 300 if os.environ.get("SOAK") else 8
A_SECOND = timedelta(seconds=1)
PAID = ["payment_detected", "confirming", "completed"]

pytestmark = pytest.mark.django_db(transaction=True)

Acts = list[Callable[[], object]]


@pytest.fixture(autouse=True)
def _nobody_deadlocks(transactional_db: None) -> Iterator[None]:
    """Two that wait for each other would be heard of by nobody: the one that lost tries again."""
    before = deadlocks()
    yield
    assert deadlocks() == before


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select deadlocks from pg_stat_database where datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count)


def did(answers: list[Any]) -> list[Any]:
    """`done` for whatever was returned, or the refusal's code."""
    return [answer if isinstance(answer, str) else "done" for answer in answers]


def test_recorders_at_once_record_and_tell_everything_once(in_live: Caller) -> None:
    a_method(in_live)
    shared = a_shared_method(in_live)
    headed(1_011)
    for number in range(ROUNDS):
        own = [services.create(in_live, a_draft()) for _ in range(3)]
        named = services.create(
            in_live, a_draft(payment_method_id=shared.id, amount_usd=Decimal(10 + number))
        )
        tx_hash = mined(
            a_hash(), *map(log, own), log(named), log(own[0], token="USDT"), is_final=True
        )

        acts: Acts = [a_pass, a_pass, recording.catch_up, a_pass]
        assert did(at_once(acts)) == ["done"] * 4

        assert Payment.objects.filter(tx_hash=tx_hash).count() == 5
        for checkout in (*own[1:], named):
            assert told(checkout.id) == PAID
        assert Counter(told(own[0].id)) == Counter([*PAID, "wrong_token"])
        for checkout in (*own, named):
            assert_replays(checkout)


def test_recorders_at_once_tell_once_of_what_names_nobody(in_live: Caller) -> None:
    """No checkout's lock lets them judge one after the other: the constraint does."""
    a_shared_method(in_live)
    checkout = services.create(in_live, a_draft())
    for number in range(ROUNDS * 2):
        tx_hash = mined(a_hash(), log(checkout, 5), log(checkout, 6 + number))

        assert did(at_once([recording.record] * 4)) == ["done"] * 4

        assert Payment.objects.filter(tx_hash=tx_hash).count() == 2
        told_of = Event.objects.filter(type="payment.unassigned").values_list("resource_id")
        assert sorted(told_of) == sorted(Payment.objects.values_list("id"))


@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("end", ["cancel", "fail"])
def test_of_a_payment_and_calling_it_off_at_once_exactly_one_wins(
    in_live: Caller, end: str, is_shared: bool
) -> None:
    a_shared_method(in_live) if is_shared else a_method(in_live)
    won: Counter[str] = Counter()
    for number in range(ROUNDS):
        checkout = services.create(in_live, a_draft(amount_usd=Decimal(10 + number)))
        tx_hash = paid(checkout)
        call_off: Callable[[], object] = (
            partial(services.cancel, in_live, checkout.id)
            if end == "cancel"
            else partial(services.fail, in_live, checkout.id, "no stock")
        )

        ended, recorded = did(at_once([call_off, a_pass]))

        a_pass()
        won[ended] += 1
        assert recorded == "done"
        stored, kind = reload(checkout), payment_at(tx_hash).kind
        if ended == "done":
            assert (stored.status, kind) == ("expired" if end == "cancel" else "failed", "late")
            closing = "expired" if end == "cancel" else "failed"
            assert told(checkout.id) == [closing, "late_payment"]
        else:
            assert (ended, stored.status, kind) == ("checkout_not_pending", "detected", "on_time")
            assert told(checkout.id) == ["payment_detected"]
        if is_shared:
            held = AskedAmount.objects.get(checkout=checkout).free_at is None
            assert held is (stored.status == "detected")
        assert_replays(checkout)
    assert won.keys() <= {"done", "checkout_not_pending"}


def test_of_its_time_and_a_cancel_at_once_it_expires_once(in_live: Caller) -> None:
    a_method(in_live)
    for _ in range(ROUNDS):
        checkout = services.create(in_live, a_draft())
        followed(checkout.deadline + A_SECOND)

        acts: Acts = [a_pass, partial(services.cancel, in_live, checkout.id), settling.settle]
        answers = did(at_once(acts))

        stored = reload(checkout)
        assert answers[::2] == ["done", "done"]
        assert answers[1] in ("done", "checkout_not_pending")
        assert (stored.canceled_at is not None) is (answers[1] == "done")
        assert told(checkout.id) == ["expired"]
        # The next one would expire at once.
        followed(timezone.now() - timedelta(hours=1))


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_payment_in_time_always_wins_against_the_end_of_its_time(
    in_live: Caller, is_shared: bool
) -> None:
    """The scan writes both at once: the payment in the last block, and that it came past that."""
    a_shared_method(in_live) if is_shared else a_method(in_live)
    for number in range(ROUNDS * 3):
        checkout = services.create(in_live, a_draft(amount_usd=Decimal(10 + number)))
        unpaid = services.create(in_live, a_draft(amount_usd=Decimal(2_000 + number)))

        def scan(checkout: Checkout = checkout, unpaid: Checkout = unpaid) -> None:
            with transaction.atomic():
                paid(checkout, block_time=checkout.deadline)
                followed(unpaid.deadline + A_SECOND)

        answers = did(at_once([scan, a_pass, settling.settle, a_pass]))

        a_pass()
        assert answers == ["done"] * 4
        assert told(checkout.id) == ["payment_detected"]
        assert told(unpaid.id) == ["expired"]
        followed(timezone.now() - timedelta(hours=1))


def test_a_payment_in_time_that_is_told_later_than_it_is_found_wins_too(in_live: Caller) -> None:
    """The scan found its hash, and its receipt comes in the pass after."""
    a_method(in_live)
    for _ in range(ROUNDS):
        checkout, tx_hash, at = services.create(in_live, a_draft()), a_hash(), timezone.now()
        WatchedTransaction.objects.create(
            chain="base", tx_hash=tx_hash, watched_at=at, watch_until=at + timedelta(hours=1),
            found_at=at, changed_at=at,
        )  # fmt: skip
        followed(checkout.deadline + A_SECOND)

        def told_at_last(checkout: Checkout = checkout, tx_hash: str = tx_hash) -> None:
            a_pass()
            mined(tx_hash, log(checkout), block_time=checkout.deadline)

        assert did(at_once([a_pass, told_at_last, settling.settle])) == ["done"] * 3

        a_pass()
        assert told(checkout.id) == ["payment_detected"]
        followed(timezone.now() - timedelta(hours=1))


def test_of_two_resolutions_at_once_one_is_kept(in_live: Caller) -> None:
    a_method(in_live)
    for _ in range(ROUNDS):
        checkout = services.create(in_live, a_draft())
        tx_hash = paid(checkout, token="USDT")
        a_pass()
        payment = payment_at(tx_hash)
        acts: Acts = [
            partial(resolve, in_live, payment.id, "refunded", "sent back"),
            partial(resolve, in_live, payment.id, "accepted", "as good as USDC"),
        ]

        answers = did(at_once(acts))

        assert sorted(answers) == ["done", "payment_not_open"]
        winner = ["refunded", "accepted"][answers.index("done")]
        assert payment_at(tx_hash).resolution == winner
        assert told(payment.id) == ["payment.resolved"]


def test_a_resolution_and_another_block_at_once_are_both_kept(in_live: Caller) -> None:
    a_method(in_live)
    for number in range(ROUNDS * 4):
        checkout = services.create(in_live, a_draft())
        late = checkout.deadline + A_SECOND
        tx_hash = paid(checkout, block_time=late)
        a_pass()
        payment = payment_at(tx_hash)
        mined(tx_hash, log(checkout), block=2_000 + number, block_time=late)

        refund = partial(resolve, in_live, payment.id, "refunded", "sent back")
        assert did(at_once([refund, a_pass, a_pass])) == ["done"] * 3

        payment = payment_at(tx_hash)
        assert (payment.resolution, payment.block_number) == ("refunded", 2_000 + number)
        assert told(checkout.id) == ["late_payment"]


def test_two_organizations_with_one_address_are_judged_apart(
    in_live: Caller, zenith: Organization
) -> None:
    stranger = caller_of(zenith, "live")
    for caller in (in_live, stranger):
        a_shared_method(caller)
    for number in range(ROUNDS):
        amount = Decimal(10 + number)
        mine = services.create(in_live, a_draft(amount_usd=amount))
        theirs = services.create(stranger, a_draft(amount_usd=amount))
        paid(mine)

        acts: Acts = [a_pass, a_pass, partial(services.cancel, stranger, theirs.id)]
        answers = did(at_once(acts))

        assert answers[:2] == ["done", "done"]
        assert reload(mine).status == "detected"
        kind = "late" if answers[2] == "done" else "on_time"
        assert payments_of(theirs) == [(kind, mine.amount_atomic, True)]


def test_a_block_that_goes_and_comes_under_many_recorders_is_told_once(in_live: Caller) -> None:
    a_method(in_live)
    checkout = services.create(in_live, a_draft())
    tx_hash = paid(checkout, block=1_000)
    for number in range(ROUNDS):
        assert did(at_once([a_pass, a_pass, recording.record])) == ["done"] * 3
        mined(tx_hash, log(checkout), block=1_001 + number)

    a_pass()
    assert told(checkout.id) == ["payment_detected", *["reorged", "payment_detected"] * ROUNDS]
    assert Payment.objects.count() == 1
    assert_replays(checkout)


def test_checkouts_are_made_on_an_address_while_others_are_paid_there(in_live: Caller) -> None:
    """Amounts are taken, let go and given back under each other's eyes, and nobody deadlocks."""
    a_shared_method(in_live)
    headed(1_011)
    for number in range(ROUNDS):
        open_ = [services.create(in_live, a_draft()) for _ in range(3)]
        mined(a_hash(), *map(log, open_), log(open_[0], 3 + number), is_final=True)
        over = services.create(in_live, a_draft(amount_usd=Decimal(7)))
        # What was closed long ago is given back by whoever makes the next one.
        AskedAmount.objects.filter(free_at__isnull=False).update(free_at=timezone.now())
        acts: Acts = [
            a_pass,
            partial(services.create, in_live, a_draft()),
            a_pass,
            partial(services.create, in_live, a_draft()),
            partial(services.cancel, in_live, over.id),
            lambda: resting.rest(at=timezone.now() + timedelta(days=8)),
        ]

        assert did(at_once(acts)) == ["done"] * 6

        for checkout in open_:
            assert told(checkout.id) == PAID
        for checkout in Checkout.objects.filter(status="pending"):
            services.cancel(in_live, checkout.id)


def test_simulations_at_once_and_the_beat_beside_them_end_as_alone(sandboxed: Caller) -> None:
    a_method(sandboxed)
    for _ in range(max(3, ROUNDS // 10)):
        outcomes = ["pay", "two_parts", "reorg", "overpaid"]
        drafts = [a_draft(expires_in_seconds=86_400) for _ in outcomes]
        checkouts = [services.create(sandboxed, draft) for draft in drafts]
        acts: Acts = [
            *(
                partial(simulation.simulate, sandboxed, checkout.id, outcome)
                for checkout, outcome in zip(checkouts, outcomes, strict=True)
            ),
            tasks.payments,
            tasks.catch_up_payments,
        ]

        assert did(at_once(acts)) == ["done"] * 6

        assert [reload(each).status for each in checkouts] == ["confirmed"] * 4
        for checkout in checkouts:
            assert_replays(checkout)
    assert counts(a_pass()) == {}
    assert Event.objects.filter(type="checkout.reversed").count() == 0
