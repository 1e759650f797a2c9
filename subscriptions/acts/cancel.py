"""Cancel: when the period is over, or now."""

import logging

from django.db import transaction

from billing.callers import Caller, system
from billing.chains import Environment
from events.types import EventType
from organizations import clock
from subscriptions import asking
from subscriptions.acts.locking import locked
from subscriptions.errors import CustomerMayNotCancel, SubscriptionOver
from subscriptions.models import CanceledBecause, Subscription
from subscriptions.moving import end, move_on, open_renewal
from subscriptions.renewal_settings import settings_of
from subscriptions.states import OVER
from subscriptions.telling import told

logger = logging.getLogger(__name__)

CUSTOMER = "The customer"  # as events name whoever acts on the page of a subscription


@transaction.atomic
def cancel(caller: Caller, subscription_id: str) -> Subscription:
    """Let it end with the current period, and publish subscription.updated. Twice is once.

    A renewal of the period after is skipped, its checkout canceled; one of the current period goes
    on. The pass cancels it when the period is over. Raises NotFound, SubscriptionOver.
    """
    caller.require("subscriptions:write")
    return _let_end(caller, subscription_id)


@transaction.atomic
def cancel_on_page(
    organization_id: str, environment: str, subscription_id: str, *, address: str = ""
) -> Subscription:
    """Let it end with the current period, as its customer asks for on its page. Twice is once.

    Publishes what `cancel` does, with `canceled_on`: "customer_page". `address` is the customer's
    network address. Raises NotFound, SubscriptionOver, CustomerMayNotCancel where the organization
    does not offer it.
    """
    if not settings_of(organization_id, environment).customer_may_cancel:
        raise CustomerMayNotCancel(subscription_id)
    customer = system(organization_id, Environment(environment), CUSTOMER, address)
    return _let_end(customer, subscription_id, canceled_on="customer_page")


@transaction.atomic
def cancel_immediately(caller: Caller, subscription_id: str) -> Subscription:
    """Cancel it now, and publish subscription.canceled. What was paid stays open to its end.

    The open renewal is skipped and its checkout canceled, unless a payment of it is on its way:
    that one is judged when it is confirmed. Raises NotFound, SubscriptionOver.
    """
    caller.require("subscriptions:write")
    subscription = locked(caller, subscription_id)
    if subscription.status in OVER:
        raise SubscriptionOver(subscription)
    at = clock.now(subscription.organization_id, subscription.environment)
    end(subscription, CanceledBecause.REQUESTED, at=at)
    subscription.save()
    told(caller, EventType.SUBSCRIPTION_CANCELED, subscription)
    move_on(subscription, at=at)
    logger.info("subscription canceled subscription=%s actor=%s", subscription.id, caller.actor_id)
    return subscription


def _let_end(caller: Caller, subscription_id: str, **more: object) -> Subscription:
    subscription = locked(caller, subscription_id)
    if subscription.status in OVER:
        raise SubscriptionOver(subscription)
    if subscription.cancel_at_period_end:
        return subscription
    at = clock.now(subscription.organization_id, subscription.environment)
    renewal = open_renewal(subscription)
    if renewal is not None and renewal.period_start >= subscription.current_period_end:
        asking.let_go(renewal, subscription, at=at)
    subscription.cancel_at_period_end = True
    subscription.save()
    told(caller, EventType.SUBSCRIPTION_UPDATED, subscription, None, **more)
    move_on(subscription, at=at)
    logger.info("subscription ends subscription=%s actor=%s", subscription.id, caller.actor_id)
    return subscription
