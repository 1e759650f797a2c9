"""The published client 2.0.0 with customers, subscriptions and revenue, in a process of its own.

    python -m tests.subscriptions.client_2 URL SECRET_KEY

Writes as JSON what it understood of each answer.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import billingio
from billingio import BillingIO, BillingIOError
from billingio.pagination import auto_paginate


def main(url: str, secret: str) -> dict[str, Any]:
    client = BillingIO(api_key=secret, base_url=url)
    customer = client.customers.create("ada@example.com", name="Ada", metadata={"tier": "gold"})
    renamed = client.customers.update(
        customer.customer_id, email="ada@king.example", name="Ada King", metadata={"tier": "iron"}
    )
    return {
        "file": billingio.__file__,
        "customer": vars(customer),
        "renamed": vars(renamed),
        "is_got": vars(client.customers.get(customer.customer_id)) == vars(renamed),
        "customers": [each.name for each in auto_paginate(client.customers.list, limit=1)],
        "twice": refused(lambda: client.customers.create("ADA@king.example")),
        **subscribe(client, customer.customer_id),
        **adjust(client, customer.customer_id),
    }


def subscribe(client: BillingIO, customer_id: str) -> dict[str, Any]:
    """Every call of plans, subscriptions, renewals and entitlements."""
    plan = client.subscription_plans.create(
        name="Pro", amount_usd=29.99, chain="base", token="USDC", interval="month",
        interval_count=3, metadata={"shelf": "top"},
    )  # fmt: skip
    better = client.subscription_plans.update(plan.plan_id, name="Pro 2", metadata={"shelf": "1"})
    subscription = client.subscriptions.create(customer_id, plan.plan_id, metadata={"seat": "7"})
    subscription_id = subscription.subscription_id
    entitlement = client.entitlements.create(subscription_id, "seats", value="5")
    listed = client.entitlements.list(subscription_id=subscription_id).data
    more = client.entitlements.update(entitlement.entitlement_id, value="7")
    checked = client.entitlements.check(customer_id, "seats")
    unknown = client.entitlements.check(customer_id, "chairs")
    (renewal,) = auto_paginate(client.subscription_renewals.list, limit=1)
    of_it = client.subscription_renewals.list(subscription_id=subscription_id, status="pending")
    paused = client.subscriptions.update(subscription_id, status="paused")
    canceled = client.subscriptions.update(subscription_id, status="cancelled")
    update = client.subscriptions.update
    client.entitlements.delete(entitlement.entitlement_id)
    archived = client.subscription_plans.update(plan.plan_id, status="archived")
    mine = client.subscriptions.list(customer_id=customer_id, status="cancelled").data
    return {
        "plan": vars(plan),
        "better": vars(better),
        "plans": [each.name for each in client.subscription_plans.list().data],
        "archived": archived.status,
        "subscription": vars(subscription),
        "paused": paused.status,
        "canceled": vars(canceled),
        "subscriptions": [each.status for each in mine],
        "none": len(client.subscriptions.list(status="active").data),
        "renewal": vars(renewal),
        "renewals": len(of_it.data),
        "retry": refused(lambda: client.subscription_renewals.retry(renewal.renewal_id)),
        "plan_change": refused(lambda: update(subscription_id, plan_id=plan.plan_id)),
        "entitlement": vars(entitlement),
        "entitlements": [[each.value for each in listed], more.value],
        "deleted": len(client.entitlements.list().data),
        "checked": vars(checked),
        "unknown": vars(unknown),
    }


def adjust(client: BillingIO, customer_id: str) -> dict[str, Any]:
    """Every call of revenue: all four kinds of adjustments, the lines, and the accounts."""
    kinds = {"credit": 40.1, "debit": 3.05, "refund": 2, "chargeback": 1}
    made = [
        client.adjustments.create(
            kind, amount, customer_id, "customer", reason=f"a {kind}", metadata={"by": "hand"}
        )
        for kind, amount in kinds.items()
    ]
    bare = client.adjustments.create("credit", 0.01, "order 7", "order")
    lines = list(auto_paginate(client.revenue_events.list, limit=2))
    refunds = client.adjustments.list(type="refund").data
    accounts = client.revenue_events.accounting
    return {
        "adjustments": [vars(each) for each in made],
        "bare": vars(bare),
        "listed": [each.type for each in auto_paginate(client.adjustments.list, limit=2)],
        "refunds": [each.adjustment_id for each in refunds],
        "lines": [vars(line) for line in lines],
        "of_checkouts": len(client.revenue_events.list(source_type="checkout").data),
        "accounts": vars(accounts()),
        "long_ago": vars(accounts(period_start="2020-01-01", period_end="2020-01-31")),
    }


def refused(call: Callable[[], Any]) -> str:
    """The code that a call is refused with."""
    try:
        call()
    except BillingIOError as error:
        return str(error.code)
    return ""


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
