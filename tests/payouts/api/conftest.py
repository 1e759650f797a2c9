"""What the tests of the payouts API begin with: a body, and payouts as far as a test wants them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from organizations.models import Organization

RECIPIENT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TRON_RECIPIENT = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"
TX_HASH = "0x" + "ab" * 32


def a_body(**changes: Any) -> dict[str, Any]:
    """A body that POST /v1/payouts takes: 500 USDC on Base."""
    return {
        "recipient_address": RECIPIENT,
        "chain": "base",
        "token": "USDC",
        "amount": 500,
        "currency": "USD",
        **changes,
    }


def backdate(at: datetime) -> None:
    """Give every payout one time of creation, which the database itself would refuse."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("update payouts_payoutintent set created_at = %s", [at])
        cursor.execute("set local session_replication_role = origin")


MakePayout = Callable[..., dict[str, Any]]


@pytest.fixture
def make_payout(api: Callable[..., Any]) -> MakePayout:
    """`make_payout(acme, status="approved", amount=5)`: made over the API, as answered last."""

    def make(
        organization: Organization,
        status: str = "draft",
        *,
        environment: str = "sandbox",
        tx_hash: str = TX_HASH,
        outcome: str = "settle",
        **fields: Any,
    ) -> dict[str, Any]:
        client = api(organization, environment)

        def done(answer: Any) -> dict[str, Any]:
            assert answer.status_code in (200, 201), answer.content
            payout: dict[str, Any] = answer.json()
            return payout

        payout = done(client.post("/v1/payouts", a_body(**fields)))
        path = f"/v1/payouts/{payout['id']}"
        if status == "canceled":
            return done(client.patch(path, {"status": "canceled"}))
        if status in ("approved", "pending_execution", "executed"):
            payout = done(client.patch(path, {"status": "approved"}))
        if status == "pending_execution":
            done(client.post("/v1/payouts/batches", {"payout_ids": [payout["id"]]}))
            payout = done(client.get(path))
        if status == "executed":
            payout = done(client.post(f"{path}/execute", {"tx_hash": tx_hash}))
        if status in ("settled", "failed"):
            body = {"payout_id": payout["id"], "outcome": outcome}
            payout = done(client.post("/v1/sandbox/simulate-payout", body))
            assert payout["status"] == status, payout
        return payout

    return make
