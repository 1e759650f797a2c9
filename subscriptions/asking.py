"""Asks for the payment of a period: its renewal, and one checkout for each attempt.

Called with the subscription's row locked, so that a period has one renewal and a renewal one open
checkout; the constraints `one_renewal_per_period` and `one_open_renewal_per_subscription` would
refuse a second one.
"""

import logging
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction

from billing.chains import decimals
from billing.errors import BillingError
from billing.money import from_atomic
from checkouts import services as checkouts
from checkouts.errors import CheckoutNotPending
from checkouts.models import Checkout, MethodStatus, Purpose
from checkouts.models import Status as CheckoutStatus
from events.types import EventType
from subscriptions.models import Renewal, RenewalSettings, RenewalStatus, Subscription
from subscriptions.periods import start_of
from subscriptions.renewal_settings import closes_after_days
from subscriptions.telling import renewer, told

logger = logging.getLogger(__name__)

TRIED_AGAIN_AFTER = timedelta(hours=1)  # where no checkout could be made


def period_start(subscription: Subscription, number: int) -> datetime:
    """Return when the subscription's period `number` begins. Its plan must be loaded."""
    plan = subscription.plan
    return start_of(
        number, subscription.anchor_at, plan.interval, plan.interval_count, subscription.time_zone
    )


def make(subscription: Subscription, settings: RenewalSettings, *, at: datetime) -> Renewal:
    """Write the renewal of the next period; nothing is asked for yet.

    Its attempts are counted from when it is due, or from now where that is over: who is asked late
    has as long as everybody. The subscription is not saved.
    """
    number, plan = subscription.next_period, subscription.plan
    start = period_start(subscription, number)
    renewal: Renewal = Renewal.objects.create(
        organization_id=subscription.organization_id,
        environment=subscription.environment,
        subscription=subscription,
        period_start=start,
        period_end=period_start(subscription, number + 1),
        amount_atomic=plan.amount_atomic,
        chain=plan.chain,
        token=plan.token,
        schedule_from=max(start, at),
        closes_after_days=closes_after_days(settings),
    )
    subscription.next_period = number + 1
    logger.info("renewal made renewal=%s subscription=%s", renewal.id, subscription.id)
    return renewal


def ask(
    subscription: Subscription, renewal: Renewal, settings: RenewalSettings, *, at: datetime
) -> None:
    """Open the next attempt: a checkout, and subscription.renewal_due with its page.

    It is open until the next attempt would open, the last one so long as the settings say. Raises
    what checkouts.services.create does; then nothing was written.
    """
    closes_at = max(renewal.schedule_from, at) + _open_for(renewal)
    checkout = checkouts.create(
        renewer(subscription),
        checkouts.NewCheckout(
            amount_usd=from_atomic(renewal.amount_atomic, decimals(renewal.chain, renewal.token)),
            chain=renewal.chain,
            token=renewal.token,
            expires_in_seconds=ceil((closes_at - at).total_seconds()),
            payment_method_id=_method_id(subscription),
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            renewal_id=renewal.id,
        ),
        purpose=Purpose.RENEWAL,
    )
    renewal.ask(checkout, at=at, closes_at=closes_at)
    if settings.emails_customers:
        renewal.mail_owed_at = at
    renewal.save()
    told(renewer(subscription), EventType.SUBSCRIPTION_RENEWAL_DUE, subscription, renewal)


def ask_or_note(
    subscription: Subscription, renewal: Renewal, settings: RenewalSettings, *, at: datetime
) -> None:
    """Ask; where that is refused, note why and try again in an hour.

    What is missing then (a payment method, a node) is the organization's to mend. It costs no
    attempt, since the customer had no way to pay.
    """
    try:
        with transaction.atomic():
            ask(subscription, renewal, settings, at=at)
    except BillingError as refused:
        renewal.problem = refused.message
        renewal.next_attempt_at = at + TRIED_AGAIN_AFTER
        renewal.save(update_fields=["problem", "next_attempt_at", "updated_at"])
        logger.error(
            "renewal has no checkout renewal=%s subscription=%s code=%s",
            renewal.id,
            subscription.id,
            refused.code,
        )


def let_go(renewal: Renewal, subscription: Subscription, *, at: datetime) -> bool:
    """Skip an open renewal and cancel its checkout. False: its payment is on its way.

    Then it stays open, since the money is the customer's for this period, and is judged when the
    checkout is.
    """
    if renewal.status == RenewalStatus.CHECKOUT_CREATED and not call_off(renewal, subscription):
        return False
    renewal.skip(at=at)
    renewal.save()
    logger.info("renewal skipped renewal=%s subscription=%s", renewal.id, subscription.id)
    return True


def call_off(renewal: Renewal, subscription: Subscription) -> bool:
    """Cancel the newest checkout, if nothing was paid to it. Returns whether it is closed."""
    assert renewal.checkout_id is not None, "it was asked for"
    try:
        checkouts.cancel(renewer(subscription), renewal.checkout_id)
    except CheckoutNotPending:
        status = Checkout.objects.values_list("status", flat=True).get(id=renewal.checkout_id)
        return status in (CheckoutStatus.EXPIRED, CheckoutStatus.FAILED)
    return True


def _open_for(renewal: Renewal) -> timedelta:
    """How long the next attempt is open, if nothing delays it."""
    closes, number = renewal.closes_after_days, renewal.attempt_count
    return timedelta(days=closes[number] - (closes[number - 1] if number else 0))


def _method_id(subscription: Subscription) -> str | None:
    """The method that was named, while it is active; then the organization's for chain and token.

    A subscription outlives the methods of its merchant.
    """
    method = subscription.payment_method
    return method.id if method is not None and method.status == MethodStatus.ACTIVE else None
