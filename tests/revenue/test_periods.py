"""Periods of any zone: without a gap, without a moment in two, and their sums are the ledger."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.chains import Environment
from organizations.models import Organization
from revenue import services
from revenue.accounting import Period
from revenue.models import RevenueEvent
from revenue.periods import Every, Span, one, spans
from revenue.types import RevenueType
from tests.conftest import Api
from tests.revenue.lines import TAKES_BACK, put

ZONES = st.sampled_from(sorted(available_timezones()))
# Where midnight is skipped, comes twice, or a whole day is left out; offsets of minutes, seconds.
ODD = st.sampled_from(
    [
        "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo", "Asia/Beirut",
        "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Monrovia", "Atlantic/Azores",
        "Pacific/Kwajalein", "America/Asuncion", "Antarctica/Troll", "Europe/Dublin",
    ]
)  # fmt: skip
MOMENTS = st.timedeltas(timedelta(days=1), timedelta(days=24_800)).map(
    lambda since: datetime(1970, 1, 1, tzinfo=UTC) + since
)
LINES = st.lists(
    st.tuples(st.sampled_from(RevenueType), st.integers(1, 10**15), MOMENTS), max_size=12
)


@given(ODD | ZONES, st.sampled_from(Every), MOMENTS, st.timedeltas(timedelta(0), timedelta(800)))
def test_periods_follow_on_each_other_from_first_midnight_to_first_midnight(
    zone_name: str, every: Every, first: datetime, length: timedelta
) -> None:
    zone, last = ZoneInfo(zone_name), first + length

    found = list(spans(first, last, every, zone))

    assert found[0].start <= first < found[0].end
    assert found[-1].start <= last < found[-1].end
    for each, following in pairwise(found):
        assert each.start < each.end == following.start
    for each in found:
        begins = each.start.astimezone(zone)
        # The first moment of its day there: what reads as midnight, or what follows the skip of it.
        assert (each.start - timedelta(microseconds=1)).astimezone(zone).date() < begins.date()
        if every == Every.MONTH:
            assert (begins.day, each.label) == (1, f"{begins:%Y-%m}")
        assert timedelta(days=6) < each.end - each.start < timedelta(days=32)
    assert len({each.label for each in found}) == len(found)


@pytest.mark.parametrize(
    ("name", "zone", "start", "end"),
    [
        ("2025-01", "UTC", "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"),
        ("2025-03", "Europe/Berlin", "2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z"),
        ("2025-W14", "Europe/Berlin", "2025-03-30T22:00:00Z", "2025-04-06T22:00:00Z"),
        ("2024-02", "Asia/Kathmandu", "2024-01-31T18:15:00Z", "2024-02-29T18:15:00Z"),
        ("2020-W53", "UTC", "2020-12-28T00:00:00Z", "2021-01-04T00:00:00Z"),
        # Its clocks were put back at 00:01 of November 1: October ended at the first midnight.
        ("2009-10", "America/St_Johns", "2009-10-01T02:30:00Z", "2009-11-01T02:30:00Z"),
        # A whole day was left out: December 30 of 2011 was none there.
        ("2011-W52", "Pacific/Apia", "2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z"),
    ],
)
def test_named_periods_have_their_bounds(name: str, zone: str, start: str, end: str) -> None:
    found = one(name, ZoneInfo(zone))

    assert found is not None
    assert found[1] == Span(name, datetime.fromisoformat(start), datetime.fromisoformat(end))


@pytest.fixture
def client(acme: Organization, api) -> Api:
    return api(acme)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, zone_name=ODD | ZONES, every=st.sampled_from(Every))
def test_periods_always_sum_to_the_ledger(
    acme: Organization, client: Api, lines: list, zone_name: str, every: Every
) -> None:
    zone = ZoneInfo(zone_name)
    with transaction.atomic():
        for type_, amount, at in lines:
            put(acme, type_, amount, at)

        found = services.accounts(client.caller, every=every, zone=zone)

        assert_sums(found.periods, found.total, oracle(acme))
        transaction.set_rollback(True)


def oracle(acme: Organization) -> list[tuple[datetime, str, int]]:
    """The ledger, line by line."""
    rows = RevenueEvent.objects.filter(organization=acme, environment=Environment.SANDBOX)
    return list(rows.values_list("occurred_at", "event_type", "amount_atomic"))


def assert_sums(periods: Sequence[Period], total: Period, lines: list) -> None:
    for period in periods:
        inside = [row for row in lines if period.span.start <= row[0] < period.span.end]
        assert dict(period.counts) == Counter(word for _, word, _ in inside)
        assert dict(period.sums) == sums(inside)
        assert period.counts
    assert dict(total.sums) == sums(lines)
    assert dict(total.counts) == Counter(word for _, word, _ in lines)
    for column in ("gross", "refunds", "credits", "debits", "chargebacks", "net", "payouts_out"):
        parts = [getattr(period, column) for period in periods]
        assert sum(parts) == getattr(total, column)
    signs = {
        "checkout_confirmed": 1, "subscription_charged": 1, "adjustment_credit": 1, "refund": -1,
        "adjustment_debit": -1, "chargeback": -1, "checkout_reversed": -1,
        "subscription_reversed": -1,
    }  # fmt: skip
    assert total.net == sum(signs.get(word, 0) * amount for _, word, amount in lines)


def sums(lines: list) -> dict[str, int]:
    found: Counter[str] = Counter()
    for _, word, amount in lines:
        found[word] += amount
    return dict(found)


def test_the_oracle_knows_every_type() -> None:
    """A type added later must be put into a column, here and there."""
    assert set(RevenueType) == {
        "checkout_confirmed", "subscription_charged", "refund", "adjustment_credit",
        "adjustment_debit", "chargeback", *TAKES_BACK, "payout_settled",
    }  # fmt: skip
