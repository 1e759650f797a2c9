"""A line, an adjustment and a month of accounting, for the OpenAPI document."""

from typing import Any

from revenue.types import RevenueType

Json = dict[str, Any]

_ORG = "org_1a2b3c4d5e6f708192a3b4c5"
_CHECKOUT = "co_5f0c8a1be2d34f6790ab12cd"

LINE: Json = {
    "id": "rev_0d1e2f3a4b5c6d7e8f901a2b",
    "org_id": _ORG,
    "event_type": "checkout_confirmed",
    "amount": 49.99,
    "currency": "USD",
    "token": "USDT",
    "chain": "tron",
    "checkout_id": _CHECKOUT,
    "subscription_id": None,
    "customer_id": None,
    "renewal_id": None,
    "adjustment_id": None,
    "tx_hash": "853793d552635f533aa982b92b35b00e63a1c14e526154563a56315263554422",
    "description": None,
    "occurred_at": "2025-01-15T10:34:12Z",
    "environment": "live",
    "created_at": "2025-01-15T10:34:12Z",
    "payout_id": None,
    "settlement_id": None,
    "amount_atomic": "49990000",
    "event_id": "rev_0d1e2f3a4b5c6d7e8f901a2b",
    "revenue_event_id": "rev_0d1e2f3a4b5c6d7e8f901a2b",
    "type": "checkout_confirmed",
    "amount_usd": 49.99,
    "source_type": "checkout",
    "source_id": _CHECKOUT,
}
NEW_ADJUSTMENT: Json = {
    "type": "refund",
    "amount": 20,
    "currency": "USD",
    "reason": "One of two shirts came back.",
    "checkout_id": _CHECKOUT,
}
ADJUSTMENT: Json = {
    "id": "adj_7c1d2e3f4a5b6c7d8e9f0a1b",
    "org_id": _ORG,
    "revenue_event_id": "rev_9a8b7c6d5e4f3a2b1c0d9e8f",
    "type": "refund",
    "amount": 20,
    "currency": "USD",
    "reason": "One of two shirts came back.",
    "customer_id": None,
    "checkout_id": _CHECKOUT,
    "subscription_id": None,
    "applied_by": "key_2b3c4d5e6f708192a3b4c5d6",
    "environment": "live",
    "created_at": "2025-01-20T09:00:00Z",
    "updated_at": "2025-01-20T09:00:00Z",
    "applied_by_name": "shop",
    "amount_atomic": "20000000",
    "metadata": {},
    "adjustment_id": "adj_7c1d2e3f4a5b6c7d8e9f0a1b",
    "amount_usd": 20,
    "description": "One of two shirts came back.",
    "source_type": "checkout",
    "source_id": _CHECKOUT,
}
_COUNTS = {"checkout_confirmed": 214, "refund": 3, "chargeback": 1, "payout_settled": 38}
_MONTH: Json = {
    "period": "2025-01",
    "gross_revenue": 12500,
    "refunds": 200,
    "adjustments_credit": 50,
    "adjustments_debit": 0,
    "chargebacks": 49.99,
    "net_revenue": 12300.01,
    "fees": 0,
    "period_start": "2024-12-31T23:00:00Z",
    "period_end": "2025-01-31T23:00:00Z",
    "payouts_out": 8120.5,
    "event_counts": {word.value: _COUNTS.get(word.value, 0) for word in RevenueType},
}
ACCOUNTS: Json = {
    "data": [_MONTH],
    "time_zone": "Europe/Berlin",
    "currency": "USD",
    "period_start": "2024-12-31T23:00:00Z",
    "period_end": "2025-01-31T23:00:00Z",
    "total_revenue_usd": 12500,
    "total_fees_usd": 0,
    "total_refunds_usd": 200,
    "net_revenue_usd": 12300.01,
    "payouts_out_usd": 8120.5,
    "total_revenue": 12500,
    "total_fees": 0,
    "total_net": 12300.01,
    "total_charges": 214,
    "total_refunds": 3,
    "transaction_count": 217,
}


def listed(row: Json) -> Json:
    """A page of a list with this one row."""
    return {"data": [row], "has_more": False, "next_cursor": None}
