"""How tests of subscriptions make plans, customers and subscriptions, pay, and let time pass."""

import itertools
from datetime import timedelta
from typing import Any

from billing.callers import Caller
from billing.chains import Environment
from checkouts.models import Checkout
from checkouts.simulation import simulate
from customers import services as customers
from customers.models import Customer
from events.models import Event
from organizations import clock
from subscriptions import renewing, sandboxing, services
from subscriptions.models import Plan, Renewal, Subscription

DAY = timedelta(days=1)
_numbers = itertools.count(1)


def a_customer(caller: Caller, **changes: Any) -> Customer:
    fields = {"email": f"ann{next(_numbers)}@example.com", "name": "Ann", **changes}
    return customers.create(caller, customers.NewCustomer(**fields))


def a_plan(caller: Caller, **changes: Any) -> Plan:
    """20 USDC on Base, every month, no trial."""
    fields: dict[str, Any] = {
        "name": "Pro",
        "amount_atomic": 20_000_000,
        "interval": "monthly",
        "chain": "base",
        "token": "USDC",
        **changes,
    }
    plan: Plan = Plan.objects.create(
        organization_id=caller.organization_id, environment=caller.environment.value, **fields
    )
    return plan


def subscribed(
    caller: Caller, plan: Plan | None = None, customer: Customer | None = None
) -> Subscription:
    """A customer who has the plan from now on; a new one of each where none is given."""
    plan, customer = plan or a_plan(caller), customer or a_customer(caller)
    return services.create(caller, services.NewSubscription(customer.id, plan.id))


def reload(subscription: Subscription) -> Subscription:
    stored: Subscription = Subscription.objects.get(id=subscription.id)
    return stored


def now_of(caller: Caller) -> Any:
    return clock.now(caller.organization_id, caller.environment.value)


def renewals_of(subscription: Subscription) -> list[Renewal]:
    return list(subscription.renewals.order_by("period_start"))


def last_renewal(subscription: Subscription) -> Renewal:
    return renewals_of(subscription)[-1]


def states_of(subscription: Subscription) -> list[str]:
    """The states of its renewals, by period."""
    return [renewal.status for renewal in renewals_of(subscription)]


def pass_time(caller: Caller, *, days: float) -> None:
    """Let the sandbox's time pass, a day or less at a time, with every pass.

    A minute more each time: what was opened by one pass for so many days is closed at another.
    """
    left = timedelta(days=days)
    while left > timedelta(0):
        sandboxing.advance(caller, min(left, DAY) + timedelta(minutes=1))
        left -= DAY


def pay(caller: Caller, subscription: Subscription) -> Renewal:
    """Its customer pays the newest checkout on the simulated chain, and the pass sees it."""
    renewal = last_renewal(subscription)
    assert renewal.checkout_id is not None
    simulate(caller, renewal.checkout_id)
    renewing.renew(caller.organization_id, Environment.SANDBOX.value)
    return last_renewal(subscription)


def checkouts_of(renewal: Renewal) -> list[str]:
    """The states of its checkouts, oldest first."""
    rows = Checkout.objects.filter(renewal_id=renewal.id).order_by("created_at", "id")
    return list(rows.values_list("status", flat=True))


def told(subscription: Subscription) -> list[str]:
    """What happened to it, bare of `subscription.`."""
    rows = Event.objects.filter(resource_id=subscription.id).order_by("created_at", "id")
    types = rows.values_list("type", flat=True)
    return [type_.removeprefix("subscription.") for type_ in types]
