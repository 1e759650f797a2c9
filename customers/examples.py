"""One customer, for the OpenAPI document."""

from typing import Any

Json = dict[str, Any]

NEW_CUSTOMER: Json = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "external_id": "user-1815",
    "metadata": {"tier": "gold"},
}

CUSTOMER: Json = {
    "id": "cus_1d2e3f4a5b6c7d8e9f0a1b2c",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    **NEW_CUSTOMER,
    "environment": "sandbox",
    "created_at": "2025-06-15T10:00:00Z",
    "updated_at": "2025-06-15T10:00:00Z",
    "customer_id": "cus_1d2e3f4a5b6c7d8e9f0a1b2c",
}

LISTED: Json = {"data": [CUSTOMER], "has_more": False, "next_cursor": None}
