"""When periods begin, by the calendar and the clocks of a time zone: pure.

Every period is counted from the anchor and never from the one before it, so that what a short month
cuts comes back: from January 31 on, months begin on February 28, March 31, April 30. The time of
day is kept by the zone's own clocks, so across a change of them a period is an hour shorter or
longer. A time that clocks skip is told by those before the change; of one that comes twice, the
first is meant.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from subscriptions.states import Interval

_DAYS = {Interval.DAILY: 1, Interval.WEEKLY: 7}
_MONTHS = {Interval.MONTHLY: 1, Interval.YEARLY: 12}


def start_of(number: int, anchor: datetime, interval: str, count: int, zone: str) -> datetime:
    """Return when period `number` begins, in UTC: the anchor itself for 0.

    Periods are `count` intervals long; `zone` is a name such as `Europe/Berlin`.
    """
    if number == 0:
        return anchor
    local, steps = anchor.astimezone(ZoneInfo(zone)), number * count
    kind = Interval(interval)
    if kind in _DAYS:
        moved = local.replace(tzinfo=None) + timedelta(days=steps * _DAYS[kind])
    else:
        moved = _months_later(local.replace(tzinfo=None), steps * _MONTHS[kind])
    return moved.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def days_later(moment: datetime, days: int, zone: str) -> datetime:
    """Return the same time of day so many days later, in UTC."""
    return start_of(1, moment, Interval.DAILY, days, zone) if days else moment


def _months_later(local: datetime, months: int) -> datetime:
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)
