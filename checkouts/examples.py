"""One checkout from asked for to paid, with its method and link, for the OpenAPI document."""

from typing import Any

Json = dict[str, Any]

NEW_CHECKOUT: Json = {
    "amount_usd": 49.99,
    "chain": "tron",
    "token": "USDT",
    "expires_in_seconds": 1800,
    "metadata": {"order_id": "1234"},
    "success_url": "https://shop.example/thanks",
}

TX_HASH = "853793d552635f533aa982b92b35b00e63a1c14e526154563a56315263554422"

PENDING: Json = {
    "checkout_id": "co_5f0c8a1be2d34f6790ab12cd",
    "deposit_address": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
    "chain": "tron",
    "token": "USDT",
    "amount_usd": 49.99,
    "amount_atomic": "49990000",
    "status": "pending",
    "tx_hash": None,
    "confirmations": 0,
    "required_confirmations": 19,
    "expires_at": "2025-06-15T11:00:00Z",
    "detected_at": None,
    "confirmed_at": None,
    "created_at": "2025-06-15T10:30:00Z",
    "metadata": {"order_id": "1234"},
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "environment": "sandbox",
    "purpose": "one_time",
    "amount_requested_usd": 49.99,
    "amount_received_atomic": "0",
    "payments": [],
    "hosted_url": "https://pay.example.com/checkout/co_5f0c8a1be2d34f6790ab12cd",
    "payment_method_id": "pm_2b3c4d5e6f708192a3b4c5d6",
    "payment_link_id": None,
    "customer_id": None,
    "subscription_id": None,
    "renewal_id": None,
    "success_url": "https://shop.example/thanks",
    "cancel_url": None,
    "expired_at": None,
    "canceled_at": None,
    "failed_at": None,
    "failure_reason": None,
    "reversed_at": None,
    "restored_at": None,
    "updated_at": "2025-06-15T10:30:00Z",
}

PAYMENT: Json = {
    "payment_id": "pay_6a7b8c9d0e1f2a3b4c5d6e7f",
    "checkout_id": "co_5f0c8a1be2d34f6790ab12cd",
    "kind": "on_time",
    "chain": "tron",
    "token": "USDT",
    "contract": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "from_address": "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8",
    "amount_atomic": "49990000",
    "tx_hash": TX_HASH,
    "log_index": 0,
    "block_number": 73000000,
    "block_time": "2025-06-15T10:35:00Z",
    "detected_at": "2025-06-15T10:35:04Z",
    "final_at": "2025-06-15T10:36:00Z",
    "reversed_at": None,
    "resolution": None,
    "resolved_at": None,
}

CONFIRMED: Json = {
    **PENDING,
    "status": "confirmed",
    "tx_hash": TX_HASH,
    "confirmations": 19,
    "detected_at": "2025-06-15T10:35:04Z",
    "confirmed_at": "2025-06-15T10:36:00Z",
    "amount_received_atomic": "49990000",
    "payments": [PAYMENT],
    "updated_at": "2025-06-15T10:36:00Z",
}

CANCELED: Json = {
    **PENDING,
    "status": "expired",
    "expired_at": "2025-06-15T10:31:00Z",
    "canceled_at": "2025-06-15T10:31:00Z",
    "updated_at": "2025-06-15T10:31:00Z",
}

STATUS: Json = {
    "checkout_id": "co_5f0c8a1be2d34f6790ab12cd",
    "status": "confirming",
    "tx_hash": TX_HASH,
    "confirmations": 7,
    "required_confirmations": 19,
    "detected_at": "2025-06-15T10:35:04Z",
    "confirmed_at": None,
    "polling_interval_ms": 3000,
}

NEW_METHOD: Json = {
    "wallet_id": "wal_3c4d5e6f708192a3b4c5d6e7",
    "chain": "tron",
    "token": "USDT",
    "display_name": "USDT on Tron",
    "is_default": True,
}

METHOD: Json = {
    "id": "pm_2b3c4d5e6f708192a3b4c5d6",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "wallet_id": "wal_3c4d5e6f708192a3b4c5d6e7",
    "chain": "tron",
    "token": "USDT",
    "display_name": "USDT on Tron",
    "status": "active",
    "is_default": True,
    "required_confirmations": 19,
    "min_amount_usd": None,
    "max_amount_usd": None,
    "environment": "sandbox",
    "created_at": "2025-06-15T10:00:00Z",
    "updated_at": "2025-06-15T10:00:00Z",
    "tolerance_usd": 0,
    "disabled_at": None,
}

NEW_LINK: Json = {
    "amount_usd": 120,
    "payment_method_id": "pm_2b3c4d5e6f708192a3b4c5d6",
    "description": "Workshop in June",
    "expires_in_seconds": 604800,
}

LINK: Json = {
    "id": "pl_4d5e6f708192a3b4c5d6e7f8",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "amount_usd": 120,
    "payment_method_id": "pm_2b3c4d5e6f708192a3b4c5d6",
    "description": "Workshop in June",
    "url": "https://pay.example.com/pay/pl_4d5e6f708192a3b4c5d6e7f8",
    "expires_at": "2025-06-22T10:00:00Z",
    "environment": "sandbox",
    "created_at": "2025-06-15T10:00:00Z",
    "status": "active",
    "closed_at": None,
    "payment_link_id": "pl_4d5e6f708192a3b4c5d6e7f8",
    "chain": "tron",
    "token": "USDT",
}


def listed(row: Json) -> Json:
    """The one-row page of an example."""
    return {"data": [row], "has_more": False, "next_cursor": None}
