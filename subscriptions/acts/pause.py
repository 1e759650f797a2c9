"""Pause and resume: nobody is asked to pay in between, and a new period begins after."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from billing.callers import Caller
from events.types import EventType
from organizations import clock
from subscriptions import asking
from subscriptions.acts.locking import locked
from subscriptions.errors import (
    RenewalBeingPaid,
    SubscriptionNotPaused,
    SubscriptionNotRunning,
    SubscriptionOver,
)
from subscriptions.models import Status, Subscription
from subscriptions.moving import cut_unpaid, move_on, open_renewal
from subscriptions.periods import start_of
from subscriptions.renewal_settings import settings_of
from subscriptions.states import OVER
from subscriptions.telling import told

logger = logging.getLogger(__name__)


@transaction.atomic
def pause(caller: Caller, subscription_id: str) -> Subscription:
    """Stop asking for payment, and publish subscription.paused.

    The open renewal is skipped and its checkout canceled. Raises NotFound, SubscriptionOver,
    SubscriptionNotRunning, and RenewalBeingPaid while money for the open renewal is on its way,
    since the period that it buys would be lost.
    """
    caller.require("subscriptions:write")
    subscription = locked(caller, subscription_id)
    at = clock.now(subscription.organization_id, subscription.environment)
    _require_running(subscription)
    move_on(subscription, at=at)  # What was confirmed a moment ago is paid, not on its way.
    _require_running(subscription)
    renewal = open_renewal(subscription)
    if renewal is not None:
        if not asking.let_go(renewal, subscription, at=at):
            raise RenewalBeingPaid(renewal)
        cut_unpaid(subscription, renewal, at=at)
    subscription.pause(at=at)
    subscription.save()
    told(caller, EventType.SUBSCRIPTION_PAUSED, subscription)
    move_on(subscription, at=at)
    logger.info("subscription paused subscription=%s actor=%s", subscription.id, caller.actor_id)
    return subscription


@transaction.atomic
def resume(caller: Caller, subscription_id: str) -> Subscription:
    """Let a new period begin now, ask for its payment, and publish subscription.resumed.

    Periods are counted from this moment on; nothing is charged for the time between. Raises
    NotFound, SubscriptionOver, SubscriptionNotPaused, and whatever making a checkout is refused
    for.
    """
    caller.require("subscriptions:write")
    subscription = locked(caller, subscription_id)
    if subscription.status in OVER:
        raise SubscriptionOver(subscription)
    if subscription.status != Status.PAUSED:
        raise SubscriptionNotPaused(subscription)
    plan, zone = subscription.plan, subscription.time_zone
    settings = settings_of(subscription.organization_id, subscription.environment)
    at = clock.now(subscription.organization_id, subscription.environment)
    start = _first_free(subscription, at.replace(microsecond=0))
    period_end = start_of(1, start, plan.interval, plan.interval_count, zone)
    subscription.resume(at=start, period_end=period_end)
    subscription.save()
    told(caller, EventType.SUBSCRIPTION_RESUMED, subscription)
    renewal = asking.make(subscription, settings, at=at)
    asking.ask(subscription, renewal, settings, at=at)
    move_on(subscription, at=at)
    logger.info("subscription resumed subscription=%s actor=%s", subscription.id, caller.actor_id)
    return subscription


def _first_free(subscription: Subscription, start: datetime) -> datetime:
    """That second, or the first after it in which no renewal's period began: pauses can be brief.

    A period has one renewal, and the one that was skipped when it was paused keeps its place.
    """
    while subscription.renewals.filter(period_start=start).exists():
        start += timedelta(seconds=1)
    return start


def _require_running(subscription: Subscription) -> None:
    if subscription.status in OVER:
        raise SubscriptionOver(subscription)
    if not subscription.is_running:
        raise SubscriptionNotRunning(subscription)
