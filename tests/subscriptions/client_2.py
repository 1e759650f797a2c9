"""The published client 2.0.0 with customers and subscriptions, in a process of its own.

    python -m tests.subscriptions.client_2 URL SECRET_KEY

Writes as JSON what it understood of each answer.
"""

import json
import sys
from typing import Any

import billingio
from billingio import BillingIO
from billingio.pagination import auto_paginate


def main(url: str, secret: str) -> dict[str, Any]:
    client = BillingIO(api_key=secret, base_url=url)
    customer = client.customers.create("ada@example.com", name="Ada", metadata={"tier": "gold"})
    renamed = client.customers.update(customer.customer_id, name="Ada King")
    plan = client.subscription_plans.create(
        name="Pro", amount_usd=29.99, chain="base", token="USDC", interval="month"
    )
    better = client.subscription_plans.update(plan.plan_id, name="Pro 2")
    subscription = client.subscriptions.create(customer.customer_id, plan.plan_id)
    entitlement = client.entitlements.create(subscription.subscription_id, "seats", value="5")
    more = client.entitlements.update(entitlement.entitlement_id, value="7")
    checked = client.entitlements.check(customer.customer_id, "seats")
    renewals = list(auto_paginate(client.subscription_renewals.list, limit=1))
    canceled = client.subscriptions.update(subscription.subscription_id, status="cancelled")
    client.entitlements.delete(entitlement.entitlement_id)
    return {
        "file": billingio.__file__,
        "customer": vars(customer),
        "is_got": vars(client.customers.get(customer.customer_id)) == vars(renamed),
        "customers": [each.name for each in auto_paginate(client.customers.list, limit=1)],
        "plan": vars(plan),
        "plans": [each.name for each in client.subscription_plans.list().data],
        "better": better.name,
        "subscription": vars(subscription),
        "subscriptions": [each.status for each in client.subscriptions.list().data],
        "renewals": [vars(each) for each in renewals],
        "canceled": canceled.status,
        "entitlements": [entitlement.value, more.value, len(client.entitlements.list().data)],
        "checked": vars(checked),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
