"""When a failed delivery is tried again, and when nobody should be: pure.

Attempts come at 0, 5 and 30 minutes, as published, then after further gaps; all of it within three
days, since an endpoint that failed for so long is disabled.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# After the n-th failure in a row of one schedule; after the last one the delivery has failed.
GAPS = (
    timedelta(minutes=5),
    timedelta(minutes=25),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
JITTER = 0.1  # of the gap, at most: what failed together does not come back together
LONGEST_WISH = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(days=3)
MAY_WISH = (429, 503)  # the statuses whose Retry-After means "later", RFC 9110 and RFC 6585
GONE = 410


def next_attempt(
    tries: int, at: datetime, *, luck: float, wish: datetime | None = None
) -> datetime | None:
    """When to try again after `tries` failures, the last of them at `at`; None: not any more.

    `luck` from 0 to 1 chooses the jitter. `wish` is what the receiver asked for: it moves the
    attempt later, never earlier, and never by more than a day.
    """
    if tries > len(GAPS):
        return None
    due = at + GAPS[tries - 1] * (1 + JITTER * luck)
    return due if wish is None else max(due, min(wish, at + LONGEST_WISH))


def wish(status: int | None, retry_after: str | None, at: datetime) -> datetime | None:
    """What a Retry-After asks for, in seconds or as a date; None where it asks for nothing."""
    if status not in MAY_WISH or retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        # Nobody waits longer than the longest wish, so no more digits than that are read.
        longest = int(LONGEST_WISH.total_seconds())
        return at + timedelta(seconds=min(int(text[:10]), longest))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # No date either: as if it said nothing.
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def is_given_up(failing_since: datetime, at: datetime) -> bool:
    """Whether an endpoint to which nothing was delivered since then is to be disabled."""
    return at - failing_since >= GIVEN_UP_AFTER
