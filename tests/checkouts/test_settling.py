"""Checkouts move on by what is recorded: the row, its events, what is held, and who is alarmed."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from billing.callers import Caller
from checkouts import services, settling, tasks
from checkouts.models import AskedAmount, Checkout, Payment
from events.models import Event
from tests.checkouts.making import a_draft, a_method, a_shared_method, reload
from tests.checkouts.paying import (
    a_hash,
    a_pass,
    assert_replays,
    counts,
    finalized,
    followed,
    headed,
    log,
    made_final,
    mined,
    orphaned,
    paid,
    payment_at,
    payments_of,
    told,
)

A_SECOND = timedelta(seconds=1)
PAID = ["payment_detected", "confirming", "completed"]


@pytest.fixture
def checkout(in_live: Caller) -> Checkout:
    """49.99 USDC on Base, at an address of its own."""
    a_method(in_live)
    return services.create(in_live, a_draft())


@pytest.fixture
def shared(in_live: Caller) -> Checkout:
    """49.99 USDC on Base, at an address that checkouts share."""
    a_shared_method(in_live)
    return services.create(in_live, a_draft())


def confirmed(checkout: Checkout, amount: int | None = None) -> str:
    """Paid in block 1000 and final, eleven blocks below the head; the hash."""
    tx_hash = paid(checkout, amount, is_final=True)
    headed(1_011)
    a_pass()
    assert reload(checkout).status == "confirmed"
    return tx_hash


def test_it_goes_from_state_to_state_as_its_block_goes_deeper(checkout: Checkout) -> None:
    headed(1_000)
    tx_hash = paid(checkout, block=1_000)
    a_pass()
    seen = reload(checkout)

    headed(1_001)
    second = counts(a_pass())
    headed(1_010)
    eleventh = counts(a_pass())
    headed(1_011)
    not_final = counts(a_pass())
    made_final(tx_hash)
    twelfth = counts(a_pass())

    assert (seen.status, seen.confirming_at) == ("detected", None)
    assert (second, eleventh, not_final, twelfth) == (
        {"confirming": 1}, {}, {}, {"confirmed": 1},
    )  # fmt: skip
    checkout = reload(checkout)
    assert (checkout.tx_hash, checkout.block_number, checkout.confirmations) == (
        tx_hash, 1_000, 12,
    )  # fmt: skip
    assert checkout.detected_at and checkout.confirming_at and checkout.confirmed_at
    assert told(checkout.id) == PAID
    assert_replays(checkout)


def test_one_whose_method_wants_more_than_its_network_is_looked_at_as_the_head_moves(
    in_live: Caller,
) -> None:
    method = a_method(in_live, required_confirmations=30)
    checkout = services.create(in_live, a_draft(payment_method_id=method.id))
    tx_hash = paid(checkout, is_final=True)
    headed(1_011)
    a_pass()
    finalized(tx_hash)
    a_pass()
    early = reload(checkout).status

    headed(1_028)
    assert counts(a_pass()) == {}
    headed(1_029)
    assert counts(a_pass()) == {"confirmed": 1}

    assert early == "confirming"
    assert reload(checkout).confirmations == 30


def test_parts_count_together_and_the_last_that_is_needed_must_be_deep(checkout: Checkout) -> None:
    first = paid(checkout, 20_000_000, block=1_000)
    headed(1_004)
    a_pass()
    waiting = reload(checkout)
    second = paid(checkout, 29_990_000, block=1_004)
    a_pass()
    seen = reload(checkout)
    made_final(first, second)
    headed(1_014)
    assert counts(a_pass()) == {"confirming": 1}
    headed(1_015)
    assert counts(a_pass()) == {"confirmed": 1}

    assert (waiting.status, int(waiting.amount_received_atomic)) == ("pending", 20_000_000)
    assert (seen.status, seen.tx_hash, seen.block_number) == ("detected", first, 1_004)
    assert reload(checkout).confirmations == 12
    assert told(checkout.id) == PAID


def test_a_tolerance_lets_a_little_less_pay(in_live: Caller) -> None:
    method = a_method(in_live, tolerance_usd=Decimal("0.01"), min_amount_usd=Decimal(1))
    exactly, less = (
        services.create(in_live, a_draft(payment_method_id=method.id)) for _ in range(2)
    )

    paid(exactly, 49_980_000)
    paid(less, 49_979_999)
    a_pass()

    assert [reload(each).status for each in (exactly, less)] == ["detected", "pending"]


def test_too_much_is_told_once_when_it_is_confirmed(checkout: Checkout) -> None:
    confirmed(checkout, 50_000_000)

    assert told(checkout.id) == [*PAID, "overpaid"]
    assert reload(checkout).overpaid_at is not None
    more = paid(checkout, 1_000_000, block=1_005, is_final=True)
    a_pass()
    assert told(checkout.id) == [*PAID, "overpaid"]
    assert reload(checkout).amount_received_atomic == 51_000_000
    assert payment_at(more).kind == "on_time"
    assert_replays(checkout)


def test_a_second_payment_in_time_makes_it_overpaid_when_that_is_final(checkout: Checkout) -> None:
    confirmed(checkout)
    second = paid(checkout, block=1_005)
    a_pass()
    early = told(checkout.id)

    made_final(second)
    a_pass()

    assert (early, told(checkout.id)) == (PAID, [*PAID, "overpaid"])
    assert reload(checkout).amount_received_atomic == 99_980_000


def test_the_same_amount_twice_on_a_shared_address_is_too_much(shared: Checkout) -> None:
    confirmed(shared)
    paid(shared, block=1_001, is_final=True)
    a_pass()

    assert told(shared.id) == [*PAID, "overpaid"]


def test_what_comes_too_late_after_it_is_confirmed_is_late(checkout: Checkout) -> None:
    confirmed(checkout)
    paid(checkout, block=1_200, block_time=checkout.deadline + A_SECOND, is_final=True)

    a_pass()

    assert told(checkout.id) == [*PAID, "late_payment"]
    assert reload(checkout).amount_received_atomic == 49_990_000


@pytest.mark.parametrize("end", ["cancel", "fail"])
def test_what_comes_after_it_was_called_off_is_late(
    checkout: Checkout, in_live: Caller, end: str
) -> None:
    if end == "cancel":
        services.cancel(in_live, checkout.id)
    else:
        services.fail(in_live, checkout.id, "out of stock")
    known = reload(checkout)

    tx_hash = paid(checkout, is_final=True)
    headed(1_100)
    followed(checkout.deadline + A_SECOND)
    a_pass()

    assert payment_at(tx_hash).kind == "late"
    assert payment_at(tx_hash).needs_a_person
    assert told(checkout.id)[1:] == ["late_payment"]
    (event,) = Event.objects.filter(type="checkout.late_payment")
    assert event.payload["data"]["payment"]["payment_id"] == payment_at(tx_hash).id
    now = reload(checkout)
    assert (now.status, now.expired_at, now.failed_at) == (
        known.status, known.expired_at, known.failed_at,
    )  # fmt: skip
    assert now.amount_received_atomic == 0
    assert_replays(checkout)


def test_one_that_left_its_block_and_is_back_after_it_was_canceled_is_late(
    checkout: Checkout, in_live: Caller
) -> None:
    tx_hash = paid(checkout)
    a_pass()
    orphaned(tx_hash)
    a_pass()
    services.cancel(in_live, checkout.id)

    mined(tx_hash, log(checkout), block=1_002)
    a_pass()

    assert payment_at(tx_hash).kind == "late"
    assert told(checkout.id) == ["payment_detected", "reorged", "expired", "late_payment"]
    assert reload(checkout).canceled_at is not None


def test_money_in_time_that_shows_up_after_it_expired_detects_it_after_all(
    shared: Checkout,
) -> None:
    followed(shared.deadline + A_SECOND)
    a_pass()
    expired = reload(shared)
    held = AskedAmount.objects.get(checkout=shared).free_at

    tx_hash = paid(shared, block_time=shared.deadline, is_final=True)
    a_pass()
    open_again = AskedAmount.objects.get(checkout=shared).free_at
    headed(1_011)
    a_pass()

    assert (expired.status, expired.expired_at is None) == ("expired", False)
    assert held is not None and open_again is None
    shared = reload(shared)
    assert (shared.status, shared.tx_hash, shared.expired_at) == ("confirmed", tx_hash, None)
    assert told(shared.id) == ["expired", *PAID]
    assert_replays(shared)


def test_a_part_that_shows_up_after_it_expired_is_told_as_too_little(checkout: Checkout) -> None:
    followed(checkout.deadline + A_SECOND)
    a_pass()

    paid(checkout, 1, block_time=checkout.deadline)
    a_pass()
    paid(checkout, 1, block_time=checkout.deadline, block=1_001)
    a_pass()

    assert told(checkout.id) == ["expired", "underpaid"]
    assert reload(checkout).amount_received_atomic == 2
    assert_replays(checkout)


def test_an_amount_is_held_until_a_week_after_it_is_confirmed(shared: Checkout) -> None:
    assert AskedAmount.objects.get(checkout=shared).free_at is None

    confirmed(shared)

    free_at = AskedAmount.objects.get(checkout=shared).free_at
    confirmed_at = reload(shared).confirmed_at
    assert free_at is not None and confirmed_at is not None
    assert free_at == confirmed_at + timedelta(days=7)


@pytest.mark.parametrize("depth", ["detected", "confirming"])
def test_before_it_is_confirmed_a_lost_block_takes_it_back(checkout: Checkout, depth: str) -> None:
    headed(1_000 if depth == "detected" else 1_005)
    tx_hash = paid(checkout)
    a_pass()
    assert reload(checkout).status == depth

    orphaned(tx_hash)
    a_pass()
    gone = reload(checkout)
    mined(tx_hash, log(checkout), block=1_004, is_final=True)
    headed(1_015)
    a_pass()

    assert (gone.status, gone.tx_hash, gone.detected_at, gone.confirming_at) == (
        "pending", None, None, None,
    )  # fmt: skip
    before = ["payment_detected", "confirming"][: 1 + (depth == "confirming")]
    assert told(checkout.id) == [*before, "reorged", *PAID]
    assert_replays(checkout)


def test_after_it_is_confirmed_a_lost_block_is_an_alarm_and_its_return_heals_it(
    checkout: Checkout, caplog: pytest.LogCaptureFixture
) -> None:
    tx_hash = confirmed(checkout)
    known = reload(checkout)
    caplog.clear()

    orphaned(tx_hash)
    a_pass()
    gone, alarms = reload(checkout), [r for r in caplog.records if r.levelno == logging.ERROR]
    again = counts(a_pass())
    mined(tx_hash, log(checkout), block=1_005)
    a_pass()
    young = reload(checkout)
    made_final(tx_hash)
    a_pass()
    back = reload(checkout)

    assert (gone.status, gone.reversed_at is None, gone.confirmed_at) == (
        "confirmed", False, known.confirmed_at,
    )  # fmt: skip
    assert (int(gone.amount_received_atomic), again) == (0, {})
    assert [record.getMessage().split()[0] for record in alarms] == ["checkout.reversed"]
    assert (young.reversed_at, int(young.amount_received_atomic)) == (gone.reversed_at, 49_990_000)
    assert (back.status, back.reversed_at) == ("confirmed", None)
    assert back.restored_at is not None
    assert told(checkout.id) == [*PAID, "reversed", "restored"]
    assert_replays(checkout)


def test_what_was_paid_too_much_is_missed_as_well_once_it_was_final(checkout: Checkout) -> None:
    confirmed(checkout)
    second = paid(checkout, block=1_003, is_final=True)
    a_pass()
    never_final = paid(checkout, block=1_004)
    a_pass()

    orphaned(never_final)
    assert counts(a_pass()) == {}
    orphaned(second)
    assert counts(a_pass()) == {"reversed": 1}
    mined(second, log(checkout), block=1_006, is_final=True)
    assert counts(a_pass()) == {"restored": 1}

    assert told(checkout.id) == [*PAID, "overpaid", "reversed", "restored"]


def test_final_money_that_is_mined_again_too_late_is_late_and_the_alarm_stays(
    checkout: Checkout,
) -> None:
    tx_hash = confirmed(checkout)

    late = checkout.deadline + A_SECOND
    mined(tx_hash, log(checkout), block=1_900, block_time=late, is_final=True)
    a_pass()

    assert told(checkout.id) == [*PAID, "reversed", "late_payment"]
    assert payments_of(checkout) == [("late", 49_990_000, True)]
    assert reload(checkout).reversed_at is not None


def break_for(checkout: Checkout) -> None:
    """This checkout cannot be written any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.id = '{checkout.id}' THEN RAISE EXCEPTION 'refused'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse_one BEFORE UPDATE ON checkouts_checkout
                FOR EACH ROW EXECUTE FUNCTION refuse_one();
            """
        )


def test_one_that_cannot_be_written_stops_no_other_and_is_raised(in_live: Caller) -> None:
    a_method(in_live)
    checkouts = [services.create(in_live, a_draft()) for _ in range(4)]
    for checkout in checkouts[:2]:
        paid(checkout)
    headed(1_000)
    a_pass()
    break_for(checkouts[1])
    headed(1_001)
    followed(checkouts[3].deadline + A_SECOND)

    with pytest.raises(DatabaseError, match="refused"):
        settling.settle()

    assert [reload(each).status for each in checkouts] == [
        "confirming", "detected", "expired", "expired",
    ]  # fmt: skip


def test_the_job_of_every_second_goes_on_where_a_payment_cannot_be_recorded(
    in_live: Caller,
) -> None:
    a_method(in_live)
    bad, old = (services.create(in_live, a_draft()) for _ in range(2))
    break_for(bad)
    paid(bad)
    followed(old.deadline + A_SECOND)

    with pytest.raises(DatabaseError, match="refused"):
        tasks.payments()

    # What was paid in time and cannot be recorded is not taken for unpaid either.
    assert [reload(each).status for each in (bad, old)] == ["pending", "expired"]
    assert told(bad.id) == []


def test_the_events_of_one_pass_are_told_in_the_order_in_which_they_happened(
    checkout: Checkout,
) -> None:
    """The watcher slept: what was paid, how deep it is, what came too late, all at once."""
    late = checkout.deadline + A_SECOND
    paid(checkout, 60_000_000, is_final=True)
    paid(checkout, block=1_900, block_time=late, is_final=True)
    paid(checkout, token="USDT", block=1_901, block_time=late, is_final=True)
    headed(2_000)

    a_pass()

    assert told(checkout.id) == [*PAID, "overpaid", "late_payment", "wrong_token"]
    statuses = [
        event.payload["data"]["status"]
        for event in Event.objects.filter(resource_id=checkout.id).order_by("created_at", "id")
    ]
    assert statuses == [
        "pending", "detected", "confirming", "confirmed", "confirmed", "confirmed", "confirmed",
    ]  # fmt: skip
    assert Payment.objects.count() == 3
    assert timezone.now() >= Event.objects.latest("created_at").created_at


def test_an_event_holds_the_newest_hundred_payments_however_many_came(checkout: Checkout) -> None:
    """Else whoever sends dust to an address fills the database with its square."""
    mined(a_hash(), *[log(checkout, 1) for _ in range(130)])
    paid(checkout, block=1_001)

    a_pass()

    event = Event.objects.get(type="checkout.payment_detected")
    amounts = [each["amount_atomic"] for each in event.payload["data"]["payments"]]
    assert amounts == ["1"] * 99 + ["49990000"]
    assert event.payload["data"]["amount_received_atomic"] == "49990130"
