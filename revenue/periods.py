"""Months and weeks of a named time zone, as moments: pure, and without a gap between two of them.

A period lasts from its first midnight to the first midnight of the next, so that every moment lies
in exactly one. That holds where clocks are put back over a midnight too: what then reads as the
last evening of a month a second time lies in the month that has begun.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from billing.errors import InvalidRequest

_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d\d)", re.ASCII)
_YEARS = range(2, 9998)


class Every(StrEnum):
    """How long a period is."""

    MONTH = "monthly"
    WEEK = "weekly"


# Both spellings that clients use.
SPELLINGS = {
    "monthly": Every.MONTH,
    "month": Every.MONTH,
    "weekly": Every.WEEK,
    "week": Every.WEEK,
}


@dataclass(frozen=True, slots=True)
class Span:
    """A time from `start` on, up to and without `end`. `label` is `2025-01` or `2025-W03`."""

    label: str
    start: datetime
    end: datetime


def zone_named(name: str, *, param: str = "time_zone") -> ZoneInfo:
    """The time zone of that name in the tz database. Raises InvalidRequest."""
    if name not in available_timezones():
        raise InvalidRequest(
            f"There is no time zone {name[:64]!r}. Name one as the tz database does, such as UTC "
            "or Europe/Berlin.",
            code="unknown_time_zone",
            param=param,
        )
    return ZoneInfo(name)


def one(text: str, zone: ZoneInfo) -> tuple[Every, Span] | None:
    """The one period called `2025-01` or `2025-W03`; None where that is no such name.

    Raises InvalidRequest for a month or week that does not exist.
    """
    if match := _MONTH.fullmatch(text):
        year, month = int(match[1]), int(match[2])
        if year in _YEARS and 1 <= month <= 12:
            return Every.MONTH, _span(date(year, month, 1), Every.MONTH, zone)
    elif match := _WEEK.fullmatch(text):
        year, week = int(match[1]), int(match[2])
        if year in _YEARS and 1 <= week <= date(year, 12, 28).isocalendar().week:
            return Every.WEEK, _span(date.fromisocalendar(year, week, 1), Every.WEEK, zone)
    else:
        return None
    raise InvalidRequest(f"There is no period {text}.", code="unknown_period", param="period")


def spans(first: datetime, last: datetime, every: Every, zone: ZoneInfo) -> Iterator[Span]:
    """Every period from that of `first` to that of `last`, both included, one after the other."""
    # The day before, since a day of the zone may begin before what `first` reads there says.
    day = _first_day(first.astimezone(zone).date() - timedelta(days=1), every)
    while (span := _span(day, every, zone)).start <= last:
        if span.end > first:
            yield span
        day = _next(day, every)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which this day begins there: where clocks skip midnight, the skip."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _span(day: date, every: Every, zone: ZoneInfo) -> Span:
    if every == Every.MONTH:
        label = f"{day:%Y-%m}"
    else:
        iso = day.isocalendar()
        label = f"{iso.year:04}-W{iso.week:02}"
    return Span(label, midnight(day, zone), midnight(_next(day, every), zone))


def _first_day(day: date, every: Every) -> date:
    if every == Every.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday())


def _next(day: date, every: Every) -> date:
    if every == Every.WEEK:
        return day + timedelta(days=7)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
