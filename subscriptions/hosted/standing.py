"""How a subscription stands for its customer: one stage, and what is to be done for its payment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from checkouts.models import Checkout
from checkouts.models import Status as CheckoutStatus
from subscriptions.models import CanceledBecause, Renewal, RenewalStatus, Status, Subscription


class Stage(StrEnum):
    """What the page is about."""

    TRIALING = "trialing"
    DUE = "due"  # its period has begun, nobody has paid for it, and there is time to
    ACTIVE = "active"
    ENDING = "ending"  # on trial or paid, and not renewed
    PAST_DUE = "past_due"
    PAUSED = "paused"
    CANCELED = "canceled"  # and what was paid is open still
    OVER = "over"  # canceled, and nothing is open any more
    UNPAID = "unpaid"  # the same, since every attempt failed
    EXPIRED = "expired"


class Asked(StrEnum):
    """What the customer can do about the payment that is open."""

    NOTHING = "nothing"  # no payment is open
    NOW = "now"  # its checkout takes money
    COMING = "coming"  # money has come, and is being confirmed
    LATER = "later"  # its checkout closed, and the next one opens at a known time
    SOON = "soon"  # there is no checkout yet


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription as its page shows it at one moment, in the organization's own time.

    `until` is when it ends or ended, or to when it is paid; `checkout_id` is of the checkout that
    takes money or has taken it, None where there is none.
    """

    stage: Stage
    is_ending: bool
    ends_at_once: bool  # were it canceled now: no period is left to wait for
    until: datetime
    asked: Asked
    renewal: Renewal | None  # the open one
    checkout_id: str | None

    @property
    def keeps_payment(self) -> bool:
        """Whether a cancel leaves the open payment to be made: it is of the period that goes on."""
        is_of_this_period = self.renewal is not None and self.renewal.period_start < self.until
        return is_of_this_period and not self.ends_at_once

    @property
    def is_over(self) -> bool:
        """Whether nothing can be canceled any more."""
        return self.stage in (Stage.CANCELED, Stage.OVER, Stage.UNPAID, Stage.EXPIRED)


def standing_of(subscription: Subscription, renewals: Sequence[Renewal], at: datetime) -> Standing:
    """Return how it stands at `at`. Its open renewal must be in `renewals`. One query at most."""
    renewal = next((each for each in renewals if each.closed_at is None), None)
    asked, checkout_id = _asked(renewal)
    return Standing(
        stage=_stage(subscription, renewal, at),
        is_ending=subscription.cancel_at_period_end,
        ends_at_once=subscription.current_period_end <= at,
        until=_until(subscription),
        asked=asked,
        renewal=renewal,
        checkout_id=checkout_id,
    )


def _stage(subscription: Subscription, renewal: Renewal | None, at: datetime) -> Stage:
    match subscription.status:
        case Status.TRIALING | Status.ACTIVE if _is_due(subscription, renewal, at):
            return Stage.DUE
        case Status.TRIALING | Status.ACTIVE if subscription.cancel_at_period_end:
            return Stage.ENDING
        case Status.CANCELED if at < subscription.current_period_end:
            return Stage.CANCELED
        case Status.CANCELED if subscription.canceled_because == CanceledBecause.UNPAID:
            return Stage.UNPAID
        case Status.CANCELED:
            return Stage.OVER
    return Stage(subscription.status)


def _is_due(subscription: Subscription, renewal: Renewal | None, at: datetime) -> bool:
    """Whether it is paid no further than to now, or its very first period is not paid yet."""
    begins = max(at, subscription.current_period_start)
    return renewal is not None and renewal.period_start <= begins


def _until(subscription: Subscription) -> datetime:
    if subscription.status == Status.TRIALING and not subscription.cancel_at_period_end:
        assert subscription.trial_end is not None, "whoever is trialing has a trial"
        return subscription.trial_end
    if subscription.canceled_at is not None:
        return max(subscription.canceled_at, subscription.current_period_end)
    return subscription.current_period_end


def _asked(renewal: Renewal | None) -> tuple[Asked, str | None]:
    if renewal is None:
        return Asked.NOTHING, None
    checkouts = Checkout.objects.filter(renewal_id=renewal.id) if renewal.attempt_count else ()
    if came := _with_money(checkouts):
        return Asked.COMING, came.id
    for each in checkouts:
        # Its own page would say that the time is up; the pass has not seen that yet.
        if each.status == CheckoutStatus.PENDING and timezone.now() < each.expires_at:
            return Asked.NOW, each.id
    if renewal.status == RenewalStatus.FAILED and renewal.next_attempt_at is not None:
        return Asked.LATER, None
    return Asked.SOON, None


def _with_money(checkouts: Iterable[Checkout]) -> Checkout | None:
    """The checkout by which the renewal is being paid, also one of an earlier attempt."""
    coming = (CheckoutStatus.DETECTED, CheckoutStatus.CONFIRMING, CheckoutStatus.CONFIRMED)
    return next((each for each in checkouts if each.status in coming), None)
