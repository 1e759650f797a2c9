"""A plan, a subscription to it, its renewal and an entitlement, for the OpenAPI document."""

from typing import Any

from customers.examples import CUSTOMER

Json = dict[str, Any]

_PLACE: Json = {"org_id": "org_1a2b3c4d5e6f708192a3b4c5", "environment": "sandbox"}
_PLAN_ID = "plan_3c4d5e6f7a8b9c0d1e2f3a4b"
_SUBSCRIPTION_ID = "sub_5e6f7a8b9c0d1e2f3a4b5c6d"
_CREATED: Json = {"created_at": "2025-01-15T10:00:00Z", "updated_at": "2025-01-15T10:00:00Z"}

NEW_PLAN: Json = {
    "name": "Pro",
    "amount_usd": 29.99,
    "interval": "monthly",
    "token": "USDC",
    "chain": "base",
}

PLAN: Json = {
    "id": _PLAN_ID,
    "name": "Pro",
    "description": None,
    "amount": 29.99,
    "currency": "USD",
    "token": "USDC",
    "interval": "monthly",
    "interval_count": 1,
    "trial_days": 0,
    "status": "active",
    **_PLACE,
    **_CREATED,
    "chain": "base",
    "amount_atomic": "29990000",
    "metadata": {},
    "plan_id": _PLAN_ID,
    "amount_usd": 29.99,
}

NEW_SUBSCRIPTION: Json = {"customer_id": CUSTOMER["id"], "plan_id": _PLAN_ID}

SUBSCRIPTION: Json = {
    "id": _SUBSCRIPTION_ID,
    **_PLACE,
    "customer_id": CUSTOMER["id"],
    "plan_id": _PLAN_ID,
    "payment_method_id": None,
    "status": "active",
    "current_period_start": "2025-01-15T10:00:00Z",
    "current_period_end": "2025-02-15T10:00:00Z",
    "trial_end": None,
    "canceled_at": None,
    "cancel_at_period_end": False,
    "pause_start": None,
    "pause_end": None,
    **_CREATED,
    "customer": CUSTOMER,
    "plan": PLAN,
    "canceled_because": None,
    "expired_at": None,
    "time_zone": "UTC",
    "metadata": {},
    "page_url": "https://pay.example.com/subscription/0uQm2H8vYwX1cZkT9aJr5LsN3bEoGd6f",
    "subscription_id": _SUBSCRIPTION_ID,
    "cancelled_at": None,
}

RENEWAL: Json = {
    "id": "ren_7a8b9c0d1e2f3a4b5c6d7e8f",
    **_PLACE,
    "subscription_id": _SUBSCRIPTION_ID,
    "period_start": "2025-01-15T10:00:00Z",
    "period_end": "2025-02-15T10:00:00Z",
    "amount": 29.99,
    "token": "USDC",
    "checkout_id": "co_5f0c8a1be2d34f6790ab12cd",
    "status": "checkout_created",
    "attempt_count": 2,
    "max_attempts": 3,
    "next_attempt_at": None,
    **_CREATED,
    "chain": "base",
    "amount_atomic": "29990000",
    "hosted_url": "https://pay.example.com/checkout/co_5f0c8a1be2d34f6790ab12cd",
    "closes_at": "2025-01-22T10:00:00Z",
    "paid_at": None,
    "closed_at": None,
    "problem": None,
    "renewal_id": "ren_7a8b9c0d1e2f3a4b5c6d7e8f",
    "plan_id": _PLAN_ID,
    "amount_usd": 29.99,
    "attempted_at": "2025-01-18T10:00:00Z",
    "next_retry_at": None,
}

NEW_ENTITLEMENT: Json = {
    "plan_id": _PLAN_ID,
    "feature_key": "seats",
    "value_type": "numeric",
    "value_numeric": 5,
}

ENTITLEMENT: Json = {
    "id": "ent_9c0d1e2f3a4b5c6d7e8f9a0b",
    **_PLACE,
    "plan_id": _PLAN_ID,
    "feature_key": "seats",
    "value_type": "numeric",
    "value_boolean": None,
    "value_numeric": 5,
    "value_string": None,
    **_CREATED,
    "entitlement_id": "ent_9c0d1e2f3a4b5c6d7e8f9a0b",
    "subscription_id": None,
    "value": "5",
}

CHECK: Json = {
    "has_access": True,
    "feature_key": "seats",
    "value_type": "numeric",
    "value_boolean": None,
    "value_numeric": 5,
    "value_string": None,
    "plan_id": _PLAN_ID,
    "subscription_id": _SUBSCRIPTION_ID,
    "entitled": True,
    "value": "5",
}


def listed(row: Json) -> Json:
    """One page of a list that has this one row."""
    return {"data": [row], "has_more": False, "next_cursor": None}
