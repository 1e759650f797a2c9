"""Periods follow the calendar and the clocks of their zone, counted from the anchor."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.periods import days_later, start_of

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
ZONES = st.sampled_from(["UTC", BERLIN, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu"])
SECONDS = st.integers(0, 60 * 365 * 86_400)
ANCHORS = SECONDS.map(lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
INTERVALS = st.sampled_from(["daily", "weekly", "monthly", "yearly"])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def starts(
    anchor: str, interval: str, zone: str = "UTC", *, most: int, count: int = 1
) -> list[str]:
    moments = (start_of(n, utc(anchor), interval, count, zone) for n in range(most))
    return [f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" for moment in moments]


def test_a_month_that_is_too_short_cuts_and_the_next_one_does_not() -> None:
    assert starts("2025-01-31 10:00", "monthly", most=5) == [
        "2025-01-31 10:00",
        "2025-02-28 10:00",
        "2025-03-31 10:00",
        "2025-04-30 10:00",
        "2025-05-31 10:00",
    ]
    assert starts("2024-01-31 10:00", "monthly", most=2)[1] == "2024-02-29 10:00"
    assert starts("2024-02-29 10:00", "yearly", most=5) == [
        "2024-02-29 10:00",
        "2025-02-28 10:00",
        "2026-02-28 10:00",
        "2027-02-28 10:00",
        "2028-02-29 10:00",
    ]
    assert starts("2025-11-30 10:00", "monthly", most=3, count=3)[1] == "2026-02-28 10:00"


def test_the_time_of_day_is_the_zones_own() -> None:
    """Berlin's clocks go ahead on March 30, 2025, and back on October 26."""
    assert starts("2025-03-15 08:00", "monthly", BERLIN, most=2)[1] == "2025-04-15 07:00"
    assert starts("2025-10-20 07:00", "weekly", BERLIN, most=2)[1] == "2025-10-27 08:00"


def test_a_day_of_the_zone_may_be_another_day_in_utc() -> None:
    """It is January 31 in New York, and February 1 in UTC."""
    assert starts("2025-02-01 03:00", "monthly", NEW_YORK, most=3) == [
        "2025-02-01 03:00",
        "2025-03-01 03:00",
        "2025-04-01 02:00",
    ]


def test_a_time_that_clocks_skip_comes_an_hour_later_that_day_alone() -> None:
    assert starts("2025-03-29 01:30", "daily", BERLIN, most=3) == [
        "2025-03-29 01:30",
        "2025-03-30 01:30",
        "2025-03-31 00:30",
    ]


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    assert starts("2025-10-25 00:30", "daily", BERLIN, most=3) == [
        "2025-10-25 00:30",
        "2025-10-26 00:30",
        "2025-10-27 01:30",
    ]


def test_a_trial_ends_at_the_same_time_of_day() -> None:
    assert days_later(utc("2025-03-25 09:00"), 14, BERLIN) == utc("2025-04-08 08:00")
    assert days_later(utc("2025-03-25 09:00"), 0, BERLIN) == utc("2025-03-25 09:00")


@given(anchor=ANCHORS, interval=INTERVALS, zone=ZONES, count=st.integers(1, 4))
def test_periods_follow_one_another_without_gap_or_drift(anchor, interval, zone, count) -> None:
    moments = [start_of(n, anchor, interval, count, zone) for n in range(30)]

    assert moments[0] == anchor
    for before, after in pairwise(moments):
        assert before < after
    local, there = anchor.astimezone(ZoneInfo(zone)), moments[-1].astimezone(ZoneInfo(zone))
    if interval in ("daily", "weekly"):
        days = 29 * count * (7 if interval == "weekly" else 1)
        off = there.replace(tzinfo=None) - local.replace(tzinfo=None) - timedelta(days=days)
        assert timedelta(0) <= off <= timedelta(hours=1)


@given(anchor=ANCHORS, zone=ZONES, months=st.integers(1, 400))
def test_a_month_later_is_the_same_day_or_the_last_one(anchor, zone, months) -> None:
    local = anchor.astimezone(ZoneInfo(zone))
    there = start_of(months, anchor, "monthly", 1, zone).astimezone(ZoneInfo(zone))

    assert (there.year - local.year) * 12 + there.month - local.month == months
    assert there.day == min(local.day, monthrange(there.year, there.month)[1])


@given(anchor=ANCHORS, zone=ZONES, years=st.integers(1, 40))
def test_a_year_is_twelve_months(anchor, zone, years) -> None:
    by_years = start_of(years, anchor, "yearly", 1, zone)

    assert by_years == start_of(years * 12, anchor, "monthly", 1, zone)
    assert by_years == start_of(years, anchor, "monthly", 12, zone)


@pytest.mark.parametrize("interval", ["monthly", "yearly"])
def test_the_anchor_itself_is_never_moved(interval: str) -> None:
    """It may be the second of two equal times of day."""
    anchor = utc("2025-10-26 01:30")  # 02:30 in Berlin for the second time

    assert start_of(0, anchor, interval, 1, BERLIN) == anchor
