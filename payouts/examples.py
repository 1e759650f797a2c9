"""One payout from draft to settled, for the OpenAPI document."""

from typing import Any

Json = dict[str, Any]

NEW_PAYOUT: Json = {
    "recipient_address": "0x8ba1f109551bD432803012645Ac136ddd64DBA72",
    "chain": "base",
    "token": "USDC",
    "amount": 1250.5,
    "currency": "USD",
    "description": "Invoice 884",
    "reference_type": "invoice",
    "reference_id": "inv_884",
    "due_date": "2025-02-01T12:00:00Z",
}

DRAFT: Json = {
    "id": "po_5f0c8a1be2d34f6790ab12cd",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "recipient_address": "0x8ba1f109551bD432803012645Ac136ddd64DBA72",
    "chain": "base",
    "token": "USDC",
    "amount": 1250.5,
    "amount_atomic": "1250500000",
    "currency": "USD",
    "status": "draft",
    "description": "Invoice 884",
    "reference_type": "invoice",
    "reference_id": "inv_884",
    "due_date": "2025-02-01T12:00:00Z",
    "approved_at": None,
    "approved_by": None,
    "executed_at": None,
    "expected_tx_hash": None,
    "verified_at": None,
    "failed_at": None,
    "canceled_at": None,
    "failure_reason": None,
    "environment": "sandbox",
    "created_at": "2025-01-15T12:00:00Z",
    "updated_at": "2025-01-15T12:00:00Z",
    "metadata": {},
    "external_id": None,
    "settled_at": None,
    "settlement_id": None,
    "settlement_reversed_at": None,
    "proposed_tx_hash": None,
    "confirmations": 0,
    "required_confirmations": 12,
    "failure_code": None,
    "outcome": None,
    "stalled": False,
    "retry_of": None,
    "warnings": [],
    "approvals": [],
    "recipient_id": None,
    "recipient_name": None,
}

TX_HASH = "0x4e3a3754410177e6937ef1f84bba68ea139e8d1a2258c5f85db9f1cd715a1bdd"

APPROVED: Json = {
    **DRAFT,
    "status": "approved",
    "approved_at": "2025-01-15T12:05:00Z",
    "approved_by": "usr_9c1d2e3f4a5b6c7d8e9f0a1b",
    "updated_at": "2025-01-15T12:05:00Z",
    "approvals": [
        {
            "approved_by": "usr_9c1d2e3f4a5b6c7d8e9f0a1b",
            "name": "Jon",
            "approved_at": "2025-01-15T12:05:00Z",
            "digest": "8e7f1c0d5b5a49d2a1c7e0f3b6d9481253ac7f60e4b8d2915c3a6f708192a3b4",
        }
    ],
}

EXECUTED: Json = {
    **APPROVED,
    "status": "executed",
    "executed_at": "2025-01-15T12:10:00Z",
    "expected_tx_hash": TX_HASH,
    "updated_at": "2025-01-15T12:10:00Z",
}

SETTLED: Json = {
    **EXECUTED,
    "status": "settled",
    "verified_at": "2025-01-15T12:11:00Z",
    "settled_at": "2025-01-15T12:11:00Z",
    "settlement_id": "stl_7a6b5c4d3e2f1a0b9c8d7e6f",
    "confirmations": 12,
    "updated_at": "2025-01-15T12:11:00Z",
}

SETTLEMENT: Json = {
    "id": "stl_7a6b5c4d3e2f1a0b9c8d7e6f",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "payout_intent_id": "po_5f0c8a1be2d34f6790ab12cd",
    "chain": "base",
    "tx_hash": TX_HASH,
    "log_index": 41,
    "from_address": "0x2c1Ba59D6F58433FB1EaEe7d20b26Ed83bDA51A3",
    "to_address": "0x8ba1f109551bD432803012645Ac136ddd64DBA72",
    "token": "USDC",
    "amount_atomic": "1250500000",
    "block_number": 25123456,
    "block_hash": "0x9f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "confirmations": 12,
    "confirmed_at": "2025-01-15T12:11:00Z",
    "detected_at": "2025-01-15T12:10:12Z",
    "environment": "sandbox",
    "created_at": "2025-01-15T12:11:00Z",
    "amount": 1250.5,
    "ordinal": 0,
    "block_time": "2025-01-15T12:10:10Z",
    "discrepancies": [],
    "resolution": None,
    "resolved_at": None,
    "reversed_at": None,
    "restored_at": None,
    "suggestion": None,
}

BATCH: Json = {
    "id": "bat_0a1b2c3d4e5f60718293a4b5",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "environment": "sandbox",
    "payout_ids": ["po_5f0c8a1be2d34f6790ab12cd"],
    "handed_over_by": "key_4d5e6f708192a3b4c5d6e7f8",
    "handed_over_by_name": "Back office",
    "digest": "4f1c9a0b7e2d3c5f8a6b1e0d9c7f3a2b5d4e6f8091a2b3c4d5e6f708192a3b4c",
    "totals": [
        {
            "chain": "base",
            "token": "USDC",
            "payouts": 1,
            "amount": 1250.5,
            "amount_atomic": "1250500000",
        }
    ],
    "files": [
        {
            "name": "base-safe-builder.json",
            "format": "safe-builder",
            "chain": "base",
            "part": 1,
            "parts": 1,
            "payouts": 1,
            "url": "/v1/payouts/batches/bat_0a1b2c3d4e5f60718293a4b5/files/base-safe-builder.json",
        }
    ],
    "voided_at": None,
    "created_at": "2025-01-15T12:07:00Z",
}


def listed(row: Json) -> Json:
    """The one-row page of an example."""
    return {"data": [row], "has_more": False, "next_cursor": None}
