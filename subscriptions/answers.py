"""Plans, subscriptions and renewals as every answer and event writes them: amounts exact.

The contract's fields come first, then ours, then the names by which published clients read some.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from billing.chains import decimals
from billing.money import from_atomic
from billing.times import iso
from customers.answers import customer_json
from subscriptions.models import Plan, Renewal, Subscription

CURRENCY = "USD"  # one token is one dollar


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return the plan."""
    amount = _usd(plan)
    return {
        "id": plan.id,
        "org_id": plan.organization_id,
        "name": plan.name,
        "description": plan.description,
        "amount": amount,
        "currency": CURRENCY,
        "token": plan.token,
        "interval": plan.interval,
        "interval_count": plan.interval_count,
        "trial_days": plan.trial_days,
        "status": plan.status,
        "environment": plan.environment,
        "created_at": iso(plan.created_at),
        "updated_at": iso(plan.updated_at),
        "chain": plan.chain,
        "amount_atomic": str(plan.amount_atomic),
        "metadata": plan.metadata,
        "plan_id": plan.id,
        "amount_usd": amount,
    }


def subscription_json(subscription: Subscription) -> dict[str, Any]:
    """Return the subscription with its customer and its plan, which must be loaded."""
    return {
        "id": subscription.id,
        "org_id": subscription.organization_id,
        "customer_id": subscription.customer_id,
        "plan_id": subscription.plan_id,
        "payment_method_id": subscription.payment_method_id,
        "status": subscription.status,
        "current_period_start": iso(subscription.current_period_start),
        "current_period_end": iso(subscription.current_period_end),
        "trial_end": _time(subscription.trial_end),
        "canceled_at": _time(subscription.canceled_at),
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "pause_start": _time(subscription.pause_start),
        "pause_end": _time(subscription.pause_end),
        "environment": subscription.environment,
        "created_at": iso(subscription.created_at),
        "updated_at": iso(subscription.updated_at),
        "customer": customer_json(subscription.customer),
        "plan": plan_json(subscription.plan),
        "canceled_because": subscription.canceled_because or None,
        "expired_at": _time(subscription.expired_at),
        "time_zone": subscription.time_zone,
        "metadata": subscription.metadata,
        "page_url": page_url(subscription),
        # The names that published clients read.
        "subscription_id": subscription.id,
        "cancelled_at": _time(subscription.canceled_at),
    }


def renewal_json(renewal: Renewal) -> dict[str, Any]:
    """Return the renewal. Its subscription must be loaded."""
    amount = _usd(renewal)
    return {
        "id": renewal.id,
        "org_id": renewal.organization_id,
        "subscription_id": renewal.subscription_id,
        "period_start": iso(renewal.period_start),
        "period_end": iso(renewal.period_end),
        "amount": amount,
        "token": renewal.token,
        "checkout_id": renewal.checkout_id,
        "status": renewal.status,
        "attempt_count": renewal.attempt_count,
        "max_attempts": renewal.max_attempts,
        "next_attempt_at": _time(renewal.next_attempt_at),
        "environment": renewal.environment,
        "created_at": iso(renewal.created_at),
        "updated_at": iso(renewal.updated_at),
        "chain": renewal.chain,
        "amount_atomic": str(renewal.amount_atomic),
        "hosted_url": hosted_url(renewal.checkout_id),
        "closes_at": _time(renewal.closes_at),
        "paid_at": _time(renewal.paid_at),
        "closed_at": _time(renewal.closed_at),
        "problem": renewal.problem or None,
        # The names that published clients read.
        "renewal_id": renewal.id,
        "plan_id": renewal.subscription.plan_id,
        "amount_usd": amount,
        "attempted_at": _time(renewal.attempted_at),
        "next_retry_at": _time(renewal.next_attempt_at),
    }


def hosted_url(checkout_id: str | None) -> str | None:
    """The page on which the customer pays; None while there is none."""
    return f"{settings.PUBLIC_URL}/checkout/{checkout_id}" if checkout_id else None


def page_url(subscription: Subscription) -> str:
    """The customer's own page. Whoever knows it may pay, and cancel where that is allowed."""
    return f"{settings.PUBLIC_URL}/subscription/{subscription.page_token}"


def _usd(row: Plan | Renewal) -> Decimal:
    return from_atomic(row.amount_atomic, decimals(row.chain, row.token))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
