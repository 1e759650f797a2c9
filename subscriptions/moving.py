"""Moves a subscription on: takes what is due step by step, on a row that is locked.

Every step is written and told in the transaction of whoever locked the row, so a pass that is
killed leaves each subscription as it was before or after all its steps. Doing it again changes
nothing: what is due is read from the rows each time.

Races. Whoever moves a subscription holds its row's lock before those of its renewal and checkouts;
nobody who holds a checkout asks for a subscription. So two passes, or a pass and an act, go one
after the other, and the second sees what the first wrote.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta

from checkouts.models import Checkout
from checkouts.models import Status as CheckoutStatus
from events.types import EventType
from subscriptions import asking
from subscriptions.deciding import Facts, Money, OpenRenewal, Step, due, wakes_at
from subscriptions.models import (
    CanceledBecause,
    Renewal,
    RenewalSettings,
    RenewalStatus,
    Status,
    Subscription,
)
from subscriptions.renewal_settings import settings_of
from subscriptions.telling import renewer, told

logger = logging.getLogger(__name__)

MOST_STEPS = 20  # in one go; a further pass takes what is left
_ON_ITS_WAY = (CheckoutStatus.DETECTED, CheckoutStatus.CONFIRMING)


def move_on(subscription: Subscription, *, at: datetime) -> Counter[Step]:
    """Take every step that is due by `at`, and note when to look again; say what was taken.

    The row must be locked, its plan and customer loaded. It is saved.
    """
    settings = settings_of(subscription.organization_id, subscription.environment)
    taken: Counter[Step] = Counter()
    for _ in range(MOST_STEPS):
        renewal = open_renewal(subscription)
        facts = _facts(subscription, renewal, settings)
        step = due(facts, at)
        if step is None:
            subscription.wakes_at = wakes_at(facts, at)
            break
        _take(step, subscription, renewal, settings, at)
        taken[step] += 1
    else:
        subscription.wakes_at = at
    subscription.save()
    return taken


def open_renewal(subscription: Subscription) -> Renewal | None:
    """Return the renewal that is not closed yet, the subscription set as its own."""
    renewal: Renewal | None = subscription.renewals.filter(closed_at=None).first()
    if renewal is not None:
        renewal.subscription = subscription
    return renewal


def end(subscription: Subscription, because: CanceledBecause, *, at: datetime) -> None:
    """Cancel it now: its open renewal is skipped. Not saved, not told.

    A period that nobody paid ends with it; one that was paid is the customer's to its end.
    """
    renewal = open_renewal(subscription)
    if renewal is not None and asking.let_go(renewal, subscription, at=at):
        cut_unpaid(subscription, renewal, at=at)
    subscription.cancel(at=at, because=because)


def cut_unpaid(subscription: Subscription, renewal: Renewal, *, at: datetime) -> None:
    """End the current period now, if it is the one that this renewal did not bring."""
    if renewal.period_start == subscription.current_period_start:
        subscription.current_period_end = max(subscription.current_period_start, at)


def _facts(subscription: Subscription, renewal: Renewal | None, settings: RenewalSettings) -> Facts:
    next_start = asking.period_start(subscription, subscription.next_period)
    expires_at = None
    if subscription.status == Status.CANCELED:
        assert subscription.canceled_at is not None
        over_at = max(subscription.canceled_at, subscription.current_period_end)
        expires_at = over_at + timedelta(days=settings.grace_days)
    return Facts(
        status=Status(subscription.status),
        is_ending=subscription.cancel_at_period_end,
        period_end=subscription.current_period_end,
        trial_end=subscription.trial_end,
        is_first_period_paid=subscription.next_period > 0,
        makes_at=max(
            next_start - timedelta(days=settings.ahead_days), subscription.current_period_start
        ),
        expires_at=expires_at,
        renewal=None if renewal is None else _open(renewal),
    )


def _open(renewal: Renewal) -> OpenRenewal:
    return OpenRenewal(
        status=RenewalStatus(renewal.status),
        due_at=renewal.period_start,
        next_attempt_at=renewal.next_attempt_at,
        has_attempts_left=renewal.has_attempts_left,
        money=_money(renewal),
    )


def _money(renewal: Renewal) -> Money:
    """What its checkouts say, the earlier ones too: a reorganization may heal any of them."""
    if not renewal.attempt_count:
        return Money.NONE
    checkouts = dict(
        Checkout.objects.filter(renewal_id=renewal.id).values_list("id", "status").order_by()
    )
    if CheckoutStatus.CONFIRMED in checkouts.values():
        return Money.CONFIRMED
    is_open = checkouts[renewal.checkout_id] == CheckoutStatus.PENDING
    is_coming = any(status in _ON_ITS_WAY for status in checkouts.values())
    return Money.AWAITED if is_open or is_coming else Money.NONE


def _take(
    step: Step,
    subscription: Subscription,
    renewal: Renewal | None,
    settings: RenewalSettings,
    at: datetime,
) -> None:
    if step == Step.MAKE:
        asking.make(subscription, settings, at=at)
        subscription.save()
    elif renewal is not None and step == Step.ASK:
        asking.ask_or_note(subscription, renewal, settings, at=at)
    elif renewal is not None and step == Step.PAY:
        _pay(subscription, renewal, at)
    elif renewal is not None and step in (Step.FAIL, Step.DROP, Step.GIVE_UP):
        _lose(step, subscription, renewal, at)
    else:
        _move(step, subscription, renewal, at)
    logger.info("subscription step=%s subscription=%s", step.value, subscription.id)


def _pay(subscription: Subscription, renewal: Renewal, at: datetime) -> None:
    """The period is the customer's. Where an older checkout was paid, the newest is called off."""
    paid = Checkout.objects.filter(renewal_id=renewal.id, status=CheckoutStatus.CONFIRMED)
    checkout = paid.order_by("confirmed_at", "id").first()
    assert checkout is not None, "it was found confirmed, and confirmed is final"
    if checkout.id != renewal.checkout_id:
        asking.call_off(renewal, subscription)
    renewal.pay(checkout, at=at)
    renewal.save()
    subscription.current_period_start = renewal.period_start
    subscription.current_period_end = renewal.period_end
    if subscription.status == Status.PAST_DUE:
        subscription.recover()
    subscription.save()
    told(renewer(subscription), EventType.SUBSCRIPTION_RENEWED, subscription, renewal)


def _lose(step: Step, subscription: Subscription, renewal: Renewal, at: datetime) -> None:
    """Its checkout closed unpaid: for now, for good, or after the subscription was ended."""
    if step == Step.FAIL:
        renewal.fail()
        renewal.save()
        type_ = EventType.SUBSCRIPTION_RENEWAL_FAILED
        told(renewer(subscription), type_, subscription, renewal)
        return
    if step == Step.DROP:
        renewal.skip(at=at)
        renewal.save()
        cut_unpaid(subscription, renewal, at=at)
        subscription.save()
        return
    renewal.closed_at = at
    renewal.save()
    cut_unpaid(subscription, renewal, at=at)
    subscription.cancel(at=at, because=CanceledBecause.UNPAID)
    subscription.save()
    why = f"all {renewal.max_attempts} attempts to have it paid failed"
    type_ = EventType.SUBSCRIPTION_CANCELED
    told(renewer(subscription), type_, subscription, renewal, reason=why)


def _move(step: Step, subscription: Subscription, renewal: Renewal | None, at: datetime) -> None:
    who, more = renewer(subscription), {}
    match step:
        case Step.FALL_DUE:
            subscription.fall_due()
            type_ = EventType.SUBSCRIPTION_PAST_DUE
        case Step.ACTIVATE:
            subscription.activate()
            type_ = EventType.SUBSCRIPTION_ACTIVATED
        case Step.CANCEL:
            end(subscription, CanceledBecause.REQUESTED, at=at)
            type_, more = EventType.SUBSCRIPTION_CANCELED, {"reason": "its last period is over"}
        case Step.EXPIRE:
            subscription.expire(at=at)
            type_ = EventType.SUBSCRIPTION_EXPIRED
        case _:
            raise AssertionError(step)
    subscription.save()
    told(who, type_, subscription, renewal, **more)
