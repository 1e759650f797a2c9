"""The published client 2.0.0 at work, in a process that has it first on its path.

    python -m tests.checkouts.client_2 URL SECRET_KEY PAYMENT_METHOD_ID

Writes as JSON what it understood of each answer.
"""

import json
import sys
from typing import Any

import billingio
from billingio import BillingIO, BillingIOError
from billingio.pagination import auto_paginate

WEBHOOK_URL = "https://receiver.example/hooks"


def main(url: str, secret: str, payment_method_id: str) -> dict[str, Any]:
    client = BillingIO(api_key=secret, base_url=url)
    made = client.checkouts.create(
        49.99, "tron", "USDT", metadata={"order_id": "1234"}, idempotency_key="order-1234"
    )
    again = client.checkouts.create(
        49.99, "tron", "USDT", metadata={"order_id": "1234"}, idempotency_key="order-1234"
    )
    more = [client.checkouts.create(5, "arbitrum", "USDC").checkout_id for _ in range(4)]
    walked = [each.checkout_id for each in auto_paginate(client.checkouts.list, limit=2)]
    endpoint = client.webhooks.create(url=WEBHOOK_URL, events=["checkout.completed"])
    got = client.webhooks.get(endpoint.webhook_id)
    client.webhooks.delete(endpoint.webhook_id)
    client.payment_methods.delete(payment_method_id)
    events = list(auto_paginate(client.events.list, limit=3))
    told = client.events.list(checkout_id=made.checkout_id, type="checkout.created").data
    return {
        "file": billingio.__file__,
        "health": vars(client.health.get()),
        "made": vars(made),
        "is_repeated": vars(again) == vars(made),
        "is_got": vars(client.checkouts.get(made.checkout_id)) == vars(made),
        "status": vars(client.checkouts.get_status(made.checkout_id)),
        "are_walked": walked == [*more[::-1], made.checkout_id],
        "expired": len(client.checkouts.list(status="expired").data),
        "has_secret": [bool(endpoint.secret), bool(got.secret)],
        "webhooks": len(client.webhooks.list().data),
        "events": [event.type for event in events],
        "told": [vars(client.events.get(event.event_id).data) for event in told],
        "errors": [
            refused(client.checkouts.get, "co_none"),
            refused(client.checkouts.create, 0.001, "tron", "USDT"),
            refused(client.checkouts.create, 6, "tron", "USDT", idempotency_key="order-1234"),
            refused(client.webhooks.delete, endpoint.webhook_id),
            refused(client.payment_methods.delete, "pm_none"),
            refused(BillingIO(api_key="sk_test_nobody", base_url=url).checkouts.list),
        ],
    }


def refused(call: Any, *arguments: Any, **named: Any) -> list[Any]:
    """What the client says of a refusal."""
    try:
        call(*arguments, **named)
    except BillingIOError as error:
        return [error.status_code, error.type, error.code, error.param]
    return []


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
