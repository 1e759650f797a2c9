"""Create: a customer has a plan from now on, on trial or at once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from billing.callers import Caller
from billing.plans import require_plan
from billing.private_keys import refuse_private_keys_in_words
from checkouts.acts.choosing import chosen_method
from customers.models import Customer
from events.types import EventType
from organizations import clock
from subscriptions import asking
from subscriptions.errors import CustomerUnknown, PlanArchived, PlanUnknown
from subscriptions.models import Plan, PlanStatus, RenewalSettings, Status, Subscription
from subscriptions.moving import move_on
from subscriptions.periods import days_later, start_of
from subscriptions.renewal_settings import settings_of
from subscriptions.telling import told

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """Who shall have which plan. Without a method: the organization's for the plan's token."""

    customer_id: str
    plan_id: str
    payment_method_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def create(caller: Caller, draft: NewSubscription) -> Subscription:
    """Subscribe a customer to a plan, and publish subscription.created.

    With a trial it is trialing, and asked for payment shortly before that ends. Without, it is
    active at once, and its first renewal with its checkout is made here.
    Raises `customer_not_found`, `plan_not_found`, `plan_archived`, `payment_method_…`, and
    whatever making a checkout is refused for.
    """
    caller.require("subscriptions:write")
    require_plan(caller, "subscriptions")
    refuse_private_keys_in_words({"metadata": draft.metadata})
    customer = Customer.objects.visible_to(caller).filter(id=draft.customer_id).first()
    if customer is None:
        raise CustomerUnknown(draft.customer_id)
    plan = _plan(caller, draft.plan_id)
    # Before a trial of weeks, not after it.
    method = chosen_method(caller, plan.chain, plan.token, draft.payment_method_id)
    settings = settings_of(caller.organization_id, caller.environment.value)
    at = clock.now(caller.organization_id, caller.environment.value)
    subscription = _built(caller, draft, customer, plan, settings, at)
    if draft.payment_method_id is not None:
        subscription.payment_method = method
    subscription.save(force_insert=True)
    told(caller, EventType.SUBSCRIPTION_CREATED, subscription)
    if subscription.status == Status.ACTIVE:
        renewal = asking.make(subscription, settings, at=at)
        asking.ask(subscription, renewal, settings, at=at)
    move_on(subscription, at=at)
    logger.info("subscription created subscription=%s plan=%s", subscription.id, plan.id)
    return subscription


def _plan(caller: Caller, plan_id: str) -> Plan:
    """The plan, locked: whoever archives it waits, or was first."""
    plan = Plan.objects.visible_to(caller).select_for_update().filter(id=plan_id).first()
    if plan is None:
        raise PlanUnknown(plan_id)
    if plan.status != PlanStatus.ACTIVE:
        raise PlanArchived(plan)
    return plan


def _built(
    caller: Caller,
    draft: NewSubscription,
    customer: Customer,
    plan: Plan,
    settings: RenewalSettings,
    at: datetime,
) -> Subscription:
    start, zone = at.replace(microsecond=0), settings.time_zone  # times are told in seconds
    trial_end = days_later(start, plan.trial_days, zone) if plan.trial_days else None
    first_end = start_of(1, start, plan.interval, plan.interval_count, zone)
    subscription: Subscription = Subscription(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        customer=customer,
        plan=plan,
        metadata=dict(draft.metadata),
        time_zone=zone,
        anchor_at=trial_end or start,
        current_period_start=start,
        current_period_end=trial_end or first_end,
        trial_end=trial_end,
        status=(Status.TRIALING if trial_end else Status.ACTIVE).value,
    )
    return subscription
