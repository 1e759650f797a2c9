"""A year of subscriptions on the sandbox's clock ends in the books that an oracle reckons.

Trials, all intervals, zones with changing clocks, customers who pay late or never, pauses and
cancels; the passes are the product's own, and the money moves on a simulated chain. Then the same,
killed at random statements. `SOAK=1` plays a year of 1,000 subscriptions, once whole and once with
100 deaths; without it the year is three months of eight.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum

from billing.callers import Caller
from checkouts.models import Checkout
from revenue.models import RevenueEvent
from subscriptions.models import Renewal, Subscription
from tests.subscriptions.oracle import Asked, Books
from tests.subscriptions.playing import Player
from tests.subscriptions.stories import Story, stories

# Real transactions: a death rolls back what it interrupts, and rows that are written anew every day
# leave no chain of dead ones that every read would walk.
pytestmark = pytest.mark.django_db(transaction=True)

SOAK = bool(os.environ.get("SOAK"))
SUBSCRIPTIONS, TICKS = (1_000, 366) if SOAK else (8, 100)
MORTALS, DEATHS, MORTAL_TICKS = (1_000, 100, 366) if SOAK else (5, 10, 45)
# Of the small ones that in which most happens: a month is cut and healed, clocks change, a third
# attempt fails, a trial is paid and another is not, somebody pauses while asked, one expires.
YEAR = 1 if SOAK else 73
BARELY = timedelta(seconds=2)


def test_a_year_ends_in_the_oracles_books(sandboxed: Caller) -> None:
    told = stories(YEAR, SUBSCRIPTIONS, TICKS)
    player = Player(sandboxed, seed=YEAR)

    moments = player.play(told, TICKS)

    assert_books(player, told, moments)


@pytest.mark.parametrize("seed", [2] if SOAK else [3])
def test_killed_anywhere_it_ends_in_the_same_books(sandboxed: Caller, seed: int) -> None:
    told = stories(seed, MORTALS, MORTAL_TICKS)
    player = Player(sandboxed, seed=seed, deaths=DEATHS)

    moments = player.play(told, MORTAL_TICKS)

    assert player.died == DEATHS
    assert_books(player, told, moments)


def assert_books(player: Player, told: Sequence[Story], moments: list[datetime]) -> None:
    for story in told:
        books, stored = reckoned(story, moments), player.made[story.number]
        stored.refresh_from_db(fields=["current_period_start", "current_period_end"])
        assert renewals_of(stored) == [expected(each) for each in books.renewals], story
        closing = Renewal.objects.filter(subscription=stored).order_by("period_start")
        closed = zip(books.renewals, closing.values_list("closes_at", flat=True), strict=True)
        assert all(abs(closes_at - each.closes) < BARELY for each, closes_at in closed), story
        status = Subscription.objects.values_list("status", flat=True).get(id=stored.id)
        assert status == books.status, story
        start, end = stored.current_period_start, stored.current_period_end
        assert start == books.period[0], story
        assert abs(end - books.period[1]) < BARELY, story
        paid = [each for each in books.renewals if each.status == "paid"]
        assert charged(stored) == story.price_atomic * len(paid), story


def reckoned(story: Story, moments: list[datetime]) -> Books:
    """The books of a story by the oracle alone."""
    books = Books(story)
    for tick, now in enumerate(moments):
        if tick < story.begins:
            continue
        if tick == story.begins:
            books.begin(now)
        else:
            books.look(now)
            if word := story.acts.get(tick):
                books.act(word, now)
        last = books.last
        if last and last.status == "checkout_created" and tick < len(moments) - 1:
            waits = story.pays_after(len(books.renewals) - 1, last.tried)
            last.is_paid = waits is not None and moments[tick - waits] == last.opened
    return books


def expected(renewal: Asked) -> tuple[Any, ...]:
    """A renewal of the oracle, and the states that its checkouts must have."""
    last = {"paid": "confirmed", "checkout_created": "pending"}.get(renewal.status, "expired")
    checkouts = ["expired"] * (renewal.tried - 1) + [last]
    return (renewal.start, renewal.end, renewal.status, renewal.tried, checkouts)


def renewals_of(subscription: Subscription) -> list[tuple[Any, ...]]:
    return [
        (
            renewal.period_start,
            renewal.period_end,
            renewal.status,
            renewal.attempt_count,
            list(
                Checkout.objects.filter(renewal_id=renewal.id)
                .order_by("created_at", "id")
                .values_list("status", flat=True)
            ),
        )
        for renewal in Renewal.objects.filter(subscription=subscription).order_by("period_start")
    ]


def charged(subscription: Subscription) -> int:
    """What the ledger says it brought."""
    lines = RevenueEvent.objects.filter(subscription_id=subscription.id)
    assert set(lines.values_list("event_type", flat=True)) <= {"subscription_charged"}
    return lines.aggregate(all=Sum("amount_atomic"))["all"] or 0
