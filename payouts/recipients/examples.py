"""One recipient of the address book, for the OpenAPI document."""

from typing import Any

from payouts.examples import listed

__all__ = ["NEW_ADDRESS", "NEW_RECIPIENT", "REASON", "RECIPIENT", "listed"]

Json = dict[str, Any]

NEW_RECIPIENT: Json = {"name": "Acme Supplies", "tags": ["office"], "reference": "cred-77"}

REASON: Json = {"reason": "They closed the wallet."}

NEW_ADDRESS: Json = {"chain": "base", "address": "0x8ba1f109551bD432803012645Ac136ddd64DBA72"}

RECIPIENT: Json = {
    "id": "rcp_4b1c9e0d7a6f5382c4d1e0b9",
    "org_id": "org_1a2b3c4d5e6f708192a3b4c5",
    "name": "Acme Supplies",
    "note": "",
    "tags": ["office"],
    "reference": "cred-77",
    "addresses": [
        {
            "id": "rad_7c2d8f1e0b9a465371c8d2e4",
            "chain": "base",
            "address": "0x8ba1f109551bD432803012645Ac136ddd64DBA72",
            "status": "approved",
            "is_usable": False,
            "usable_at": "2025-01-16T12:00:00Z",
            "warnings": [],
            "proposed_at": "2025-01-15T11:00:00Z",
            "proposed_by": "usr_1f2e3d4c5b6a798897a6b5c4",
            "proposed_by_name": "Mara",
            "approved_at": "2025-01-15T12:00:00Z",
            "approved_by": "usr_9c1d2e3f4a5b6c7d8e9f0a1b",
            "approved_by_name": "Jon",
            "rejected_at": None,
            "archived_at": None,
        }
    ],
    "archived_at": None,
    "environment": "live",
    "created_at": "2025-01-15T11:00:00Z",
    "updated_at": "2025-01-15T11:00:00Z",
    "created_by": "usr_1f2e3d4c5b6a798897a6b5c4",
    "created_by_name": "Mara",
}
