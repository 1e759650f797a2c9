"""Closed periods: what they froze, what is found later, and two people who close at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import Forbidden, InvalidRequest
from events.models import Event
from organizations.models import Organization, User
from payouts.models import Settlement
from reconciliation import periods, services
from reconciliation.models import Period, PeriodEntry
from tests.payouts.test_races import at_once
from tests.reconciliation.rows import a_payout, a_settlement, put_in

AsPerson = Callable[..., Caller]
JANUARY, FEBRUARY, MARCH = (datetime(2025, month, 1, tzinfo=UTC) for month in (1, 2, 3))


def mined(organization: Organization, at: datetime, **fields: object) -> Settlement:
    payout = a_payout(organization, "settled")
    settlement = a_settlement(organization, payout, block_time=at, **fields)
    put_in([payout], [settlement])
    return settlement


def booked(period: Period) -> list[tuple[str, int, int, int]]:
    return [
        (row["verdict"], row["count"], row["late"], int(row["actual_atomic"]))
        for row in period.figures
    ]


def test_it_freezes_what_moved_before_it_ended(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    mined(acme, FEBRUARY - timedelta(seconds=1))
    mined(acme, FEBRUARY)

    period = periods.close(as_person(ada, acme), FEBRUARY)

    assert booked(period) == [("matched", 1, 0, 500_000_000)]
    assert periods.digest_of(period) == period.digest
    told = Event.objects.get(type="period.closed")
    assert (told.resource_id, told.payload["data"]["digest"]) == (period.id, period.digest)


def test_what_is_found_later_is_the_next_ones(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    caller = as_person(ada, acme)
    first = periods.close(caller, FEBRUARY)
    mined(acme, JANUARY)

    second = periods.close(caller, MARCH)

    assert (first.figures, booked(second)) == ([], [("matched", 1, 1, 500_000_000)])
    assert (second.previous, second.since) == (first, FEBRUARY)


def test_what_leaves_the_chain_later_is_taken_back_in_the_next(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    caller, settlement = as_person(ada, acme), mined(acme, JANUARY)
    first = periods.close(caller, FEBRUARY)
    Settlement.objects.filter(pk=settlement.pk).update(reversed_at=timezone.now())

    second = periods.close(caller, MARCH, "Known.")

    assert booked(first) == [("matched", 1, 0, 500_000_000)]
    assert booked(second) == [("reversed", 1, 1, -500_000_000)]


def test_a_resolution_moves_no_money_twice(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    caller = as_person(ada, acme)
    settlement = mined(acme, JANUARY, amount_atomic=499_000_000, discrepancies=["amount"])
    periods.close(caller, FEBRUARY, "We ask them.")
    services.resolve(caller, settlement.id, "accepted_fee", "A fee.")

    second = periods.close(caller, MARCH)

    assert booked(second) == [("matched", 1, 1, 0)]
    assert periods.close(caller, MARCH + timedelta(days=1)).figures == []


def test_open_work_needs_a_reason(acme: Organization, as_person: AsPerson, ada: User) -> None:
    caller = as_person(ada, acme)
    mined(acme, JANUARY, amount_atomic=499_000_000, discrepancies=["amount"])

    with pytest.raises(InvalidRequest) as refusal:
        periods.close(caller, FEBRUARY, "  ")
    assert refusal.value.code == "period_has_open_work"
    assert not PeriodEntry.objects.exists()

    assert periods.close(caller, FEBRUARY, "We ask them.").open_count == 1


def test_it_begins_where_the_last_ended_and_ends_in_the_past(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    caller = as_person(ada, acme)
    periods.close(caller, FEBRUARY)
    for until in (JANUARY, FEBRUARY, timezone.now() + timedelta(minutes=1)):
        with pytest.raises(InvalidRequest) as refusal:
            periods.close(caller, until)
        assert refusal.value.code == "period_not_next"


def test_only_an_admin_closes(acme: Organization, as_person: AsPerson, otto: User) -> None:
    with pytest.raises(Forbidden):
        periods.close(as_person(otto, acme), FEBRUARY)


def test_it_never_changes(acme: Organization, as_person: AsPerson, ada: User) -> None:
    mined(acme, JANUARY)
    periods.close(as_person(ada, acme), FEBRUARY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Period.objects.update(reason="Other.")
    with pytest.raises(IntegrityError), transaction.atomic():
        PeriodEntry.objects.update(actual_atomic=1)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_does(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    caller = as_person(ada, acme)
    mined(acme, JANUARY)
    for day in range(10):
        until = FEBRUARY + timedelta(days=day)

        answers = at_once([partial(periods.close, caller, until)] * 3)

        assert sorted(answers) == ["done", "period_not_next", "period_not_next"]
    assert PeriodEntry.objects.count() == 1
