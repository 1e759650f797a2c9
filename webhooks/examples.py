"""One endpoint and what it was told, for the OpenAPI document."""

from typing import Any

Json = dict[str, Any]

NEW_WEBHOOK: Json = {
    "url": "https://example.com/webhooks/billing",
    "events": ["payout.settled", "payout.failed"],
    "description": "Back office",
}

WEBHOOK: Json = {
    "webhook_id": "we_2b3c4d5e6f708192a3b4c5d6",
    "url": "https://example.com/webhooks/billing",
    "events": ["payout.settled", "payout.failed"],
    "description": "Back office",
    "status": "active",
    "created_at": "2025-01-15T12:00:00Z",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "environment": "sandbox",
    "updated_at": "2025-01-15T12:00:00Z",
    "disabled_at": None,
    "disabled_because": None,
    "failing_since": None,
    "last_delivered_at": None,
    "old_secret_until": None,
    "is_local": False,
    "expires_at": None,
}

# The bytes 0 to 23: nobody takes them for a secret of theirs.
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"  # noqa: S105
CREATED: Json = {**WEBHOOK, "secret": SECRET}
ROTATED: Json = {**CREATED, "old_secret_until": "2025-01-17T09:00:00Z"}

TEST_EVENT: Json = {
    "event_id": "evt_7f8a9b0c1d2e3f4a5b6c7d8e",
    "type": "webhook.test",
    "checkout_id": None,
    "data": WEBHOOK,
    "created_at": "2025-01-15T12:01:00Z",
    "environment": "sandbox",
    "resource_id": "we_2b3c4d5e6f708192a3b4c5d6",
    "sequence": None,
}

DELIVERY: Json = {
    "delivery_id": "whd_3c4d5e6f708192a3b4c5d6e7",
    "webhook_id": "we_2b3c4d5e6f708192a3b4c5d6",
    "event_id": "evt_8a9b0c1d2e3f4a5b6c7d8e9f",
    "type": "payout.settled",
    "sequence": 41,
    "status": "pending",
    "attempt_count": 1,
    "next_attempt_at": "2025-01-15T12:16:08Z",
    "delivered_at": None,
    "created_at": "2025-01-15T12:11:01Z",
    "attempts": [
        {
            "number": 1,
            "at": "2025-01-15T12:11:01Z",
            "duration_ms": 84,
            "address": "93.184.215.14",
            "status_code": 503,
            "error": "It answered 503, which is no success.",
            "answer": "down for maintenance",
        }
    ],
}


def listed(row: Json) -> Json:
    """The one-row page of an example."""
    return {"data": [row], "has_more": False, "next_cursor": None}
