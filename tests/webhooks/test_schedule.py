"""When a failed delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from webhooks import schedule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = 60


@pytest.mark.parametrize(
    ("tries", "minutes"),
    [(1, 5), (2, 25), (3, 2 * HOUR), (4, 6 * HOUR), (5, 12 * HOUR), (6, 24 * HOUR), (7, 24 * HOUR)],
)
def test_each_failure_waits_longer(tries, minutes):
    soonest = schedule.next_attempt(tries, NOON, luck=0)
    latest = schedule.next_attempt(tries, NOON, luck=1)

    assert soonest == NOON + timedelta(minutes=minutes)
    assert latest == NOON + timedelta(minutes=minutes * 1.1)


def test_after_eight_tries_it_is_over_whatever_the_receiver_asks():
    wish = NOON + timedelta(hours=1)

    assert schedule.next_attempt(8, NOON, luck=0.5) is None
    assert schedule.next_attempt(8, NOON, luck=0.5, wish=wish) is None


def test_a_wish_moves_it_later_and_never_earlier_nor_beyond_a_day():
    def at(wish):
        moment = schedule.next_attempt(1, NOON, luck=0, wish=wish)
        assert moment is not None
        return moment - NOON

    assert at(NOON + timedelta(minutes=40)) == timedelta(minutes=40)
    assert at(NOON + timedelta(minutes=4)) == timedelta(minutes=5)
    assert at(NOON - timedelta(days=9)) == timedelta(minutes=5)
    assert at(NOON + timedelta(days=9)) == timedelta(days=1)


@pytest.mark.parametrize(
    ("header", "wish"),
    [
        ("120", NOON + timedelta(minutes=2)),
        (" 120 ", NOON + timedelta(minutes=2)),
        ("0", NOON),
        ("9" * 5000, NOON + timedelta(days=1)),
        ("Mon, 02 Mar 2026 13:00:00 GMT", NOON + timedelta(hours=1)),
        ("Mon, 02 Mar 2026 13:00:00 -0000", NOON + timedelta(hours=1)),
        ("Monday, 02-Mar-26 13:00:00 GMT", NOON + timedelta(hours=1)),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("Mon, 99 Mar 2026 13:00:00 GMT", None),
        ("Mon, 02 Mar 99999999999 13:00:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_anything_else_is_nothing(header, wish):
    assert schedule.wish(429, header, NOON) == wish
    assert schedule.wish(503, header, NOON) == wish


@pytest.mark.parametrize("status", [200, 302, 404, 410, 500, 502, 504, None])
def test_only_429_and_503_may_wish(status):
    assert schedule.wish(status, "120", NOON) is None


def test_an_endpoint_is_given_up_after_three_days():
    assert not schedule.is_given_up(NOON, NOON + timedelta(days=3, seconds=-1))
    assert schedule.is_given_up(NOON, NOON + timedelta(days=3))
