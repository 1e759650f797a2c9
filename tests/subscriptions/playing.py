"""Plays stories on the sandbox's clock: the product's passes, a simulated chain, and deaths."""

import logging
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from billing.callers import Caller
from chainwatch import sandbox
from checkouts.models import Checkout
from checkouts.sandboxing import planned
from organizations import clock
from subscriptions import sandboxing, services
from subscriptions.errors import (
    SubscriptionNotPaused,
    SubscriptionNotRunning,
    SubscriptionOver,
)
from subscriptions.models import Renewal, RenewalSettings, Subscription
from tests.subscriptions.making import a_customer, a_plan
from tests.subscriptions.stories import Story

logger = logging.getLogger(__name__)

# A little more than a day, by a number that no change of clocks is a multiple of; of it so much
# passes on the wall, so that what is news in one pass is none for ever.
TICK = timedelta(days=1, seconds=71)
ON_THE_WALL = timedelta(minutes=20)
BEGIN = datetime(2027, 1, 29, 9, 0, tzinfo=UTC)
MOST_STATEMENTS = 150
ACTS = {
    "pause": services.pause,
    "resume": services.resume,
    "cancel": services.cancel,
    "cancel_immediately": services.cancel_immediately,
}


class Killed(BaseException):
    """The process dies; nothing catches that."""


@dataclass
class Player:
    """The sandbox of one organization while stories are played in it, with so many deaths."""

    caller: Caller
    seed: int
    deaths: int = 0
    died: int = 0
    wall: datetime = BEGIN
    made: dict[int, Subscription] = field(default_factory=dict)

    def play(self, told: Sequence[Story], ticks: int) -> list[datetime]:
        """Play all of them; return when each tick was, in the sandbox's time."""
        dice, moments = random.Random(f"deaths {self.seed}"), []
        with self._own_clock():
            for tick in range(ticks):
                logger.info("tick=%d of=%d subscriptions=%d", tick, ticks, len(self.made))
                if tick:
                    self.wall += ON_THE_WALL
                    self._pass(dice)
                moments.append(self._now())
                for story in told:
                    self._tell(story, tick, dice)
                if tick < ticks - 1:
                    self._pay(told, tick)
        return moments

    def _now(self) -> datetime:
        ahead = clock.ahead(self.caller.organization_id, "sandbox")
        return (self.wall + ahead).replace(microsecond=0)

    def _pass(self, dice: random.Random) -> None:
        """Move the clock and make the passes; killed under way, they are made anew."""
        target = clock.ahead(self.caller.organization_id, "sandbox") + TICK - ON_THE_WALL

        def move() -> None:
            left = target - clock.ahead(self.caller.organization_id, "sandbox")
            if left > timedelta(0):
                sandboxing.advance(self.caller, left)
            else:
                sandboxing.catch_up(self.caller.organization_id)

        self._dying(move, dice)

    def _tell(self, story: Story, tick: int, dice: random.Random) -> None:
        if tick == story.begins:
            self._dying(lambda: self._begin(story), dice)
        elif (word := story.acts.get(tick)) and tick > story.begins:
            subscription_id = self.made[story.number].id

            def act() -> None:
                # Whoever asks for what is over, or stands otherwise, is refused; nothing changes.
                with suppress(SubscriptionOver, SubscriptionNotRunning, SubscriptionNotPaused):
                    ACTS[word](self.caller, subscription_id)

            self._dying(act, dice)

    def _begin(self, story: Story) -> None:
        place: dict[str, Any] = {
            "organization_id": self.caller.organization_id,
            "environment": "sandbox",
        }
        with transaction.atomic():
            RenewalSettings.objects.update_or_create(**place, defaults={"time_zone": story.zone})
            plan = a_plan(
                self.caller,
                amount_atomic=story.price_atomic,
                interval=story.interval,
                interval_count=story.count,
                trial_days=story.trial_days,
            )
            customer = a_customer(self.caller)
            draft = services.NewSubscription(customer.id, plan.id)
            made = services.create(self.caller, draft)
        self.made[story.number] = made

    def _pay(self, told: Sequence[Story], tick: int) -> None:
        """Every customer whose hour it is pays what is asked: one transaction in the next block."""
        by_id = {self.made[story.number].id: story for story in told if story.number in self.made}
        now = self._now()
        before = Q(subscription__renewals__period_start__lt=F("period_start"))
        asked = Renewal.objects.filter(status="checkout_created", checkout__status="pending")
        numbered = asked.annotate(number=Count("subscription__renewals", filter=before))
        for renewal in numbered.select_related("checkout"):
            assert renewal.checkout is not None and renewal.attempted_at is not None
            story = by_id[renewal.subscription_id]
            waits = story.pays_after(renewal.number, renewal.attempt_count)
            if waits == round((now - renewal.attempted_at) / TICK):
                _broadcast(renewal.checkout)

    def _dying(self, act: Callable[[], None], dice: random.Random) -> None:
        """Do it; while deaths are to come, now and then die before one of its statements first."""
        if self.deaths > self.died and dice.random() < 0.6:
            left = dice.randint(1, MOST_STATEMENTS)

            def execute(run: Callable[..., Any], *arguments: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    raise Killed
                return run(*arguments)

            try:
                with connection.execute_wrapper(execute):
                    return act()
            except Killed:
                self.died += 1
        return act()

    @contextmanager
    def _own_clock(self) -> Iterator[None]:
        """Let `wall` be what the product reads, a microsecond later each time."""
        real, calls = timezone.now, 0

        def now() -> datetime:
            nonlocal calls
            calls += 1
            return self.wall + timedelta(microseconds=calls % 900_000)

        timezone.now = now
        try:
            yield
        finally:
            timezone.now = real


def _broadcast(checkout: Checkout) -> None:
    sandbox.broadcast(
        checkout.scope,
        checkout.chain,
        f"0x{secrets.token_hex(32)}",
        "",
        transfers=planned(checkout, "pay"),
        at=timezone.now(),
    )
