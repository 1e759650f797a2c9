"""Rows of the books, made in bulk as no act would make them: any state, any time, any difference.

Constraints hold; triggers, which allow only what acts do, sleep while these rows go in.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from approvals.facts import digest
from billing.chains import network
from billing.ids import new_id
from chainwatch.models import Transfer
from organizations.models import Organization
from payouts.acts.approve import facts_of
from payouts.models import PayoutBatch, PayoutIntent, Settlement

AT = datetime(2025, 1, 15, 12, tzinfo=UTC)
RECIPIENT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SENDER = "0x2c1Ba59D6F58433FB1EaEe7d20b26Ed83bDA51A3"


def a_payout(organization: Organization, status: str = "draft", **fields: Any) -> PayoutIntent:
    """One payout in any state, with what its constraints ask for; nothing is saved."""
    chain, token = fields.setdefault("chain", "base"), fields.setdefault("token", "USDC")
    fields = {
        "recipient_address": RECIPIENT,
        "recipient_key": "5aaebeaed"[:8],
        "contract": next(a for t, a in network(chain).contracts.items() if t == token),
        "amount_atomic": 500_000_000,
        "environment": "sandbox",
        "created_at": AT,
        "created_by": "usr_1",
        "created_by_name": "Mara",
        **fields,
    }
    payout = PayoutIntent(organization=organization, status=status, **fields)
    if status not in ("draft", "canceled"):
        payout.approved_at, payout.approved_by = AT, "usr_2"
        payout.approval_digest = digest(facts_of(payout))
    if status in ("executed", "verifying", "settled", "failed"):
        payout.executed_at, payout.expected_tx_hash = AT, new_id("0x")
    if status == "verifying":
        payout.block_number = 7
    if status == "failed":
        payout.failed_at, payout.failure_reason = AT, "no_transfer: nothing moved."
        payout.failure_code, payout.outcome = "no_transfer", payout.outcome or "proven"
    if status == "canceled":
        payout.canceled_at = AT
    return payout


def a_settlement(
    organization: Organization, payout: PayoutIntent | None = None, **fields: Any
) -> Settlement:
    """The settlement of a payout exactly as intended, but for `fields`; unexpected without one."""
    if payout is not None:
        fields = {
            name: getattr(payout, name)
            for name in ("chain", "token", "contract", "amount_atomic", "environment")
        } | {"to_address": payout.recipient_address, **fields}
    chain, token = fields.setdefault("chain", "base"), fields.setdefault("token", "USDC")
    fields = {
        "contract": next(a for t, a in network(chain).contracts.items() if t == token),
        "amount_atomic": 500_000_000,
        "environment": "sandbox",
        "to_address": RECIPIENT,
        "from_address": SENDER,
        "created_at": AT,
        "block_time": AT,
        "tx_hash": new_id("0x"),
        **fields,
    }
    settlement = Settlement(
        organization=organization,
        payout=payout,
        ordinal=0,
        log_index=3,
        block_number=7,
        block_hash="0x07",
        confirmations=12,
        confirmed_at=AT,
        detected_at=AT,
        **fields,
    )
    if payout is not None and payout.status in ("settled", "failed", "canceled"):
        payout.settlement = settlement
    if payout is not None and payout.status == "settled":
        payout.settled_at = AT
    return settlement


def put_in(payouts: Iterable[PayoutIntent], settlements: Iterable[Settlement] = ()) -> None:
    """Insert the rows; every settlement points to one and the same transfer."""
    payouts, settlements = list(payouts), list(settlements)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        _hand_over(payouts)
        transfer = _transfer()
        for settlement in settlements:
            settlement.transfer = transfer
        PayoutIntent.objects.bulk_create(payouts)
        Settlement.objects.bulk_create(settlements)
        cursor.execute("set local session_replication_role = origin")


def _hand_over(payouts: Iterable[PayoutIntent]) -> None:
    for payout in payouts:
        if payout.status == "pending_execution":
            payout.batch = PayoutBatch.objects.create(
                organization_id=payout.organization_id,
                environment=payout.environment,
                handed_over_by="usr_2",
                handed_over_by_name="Jon",
            )


def _transfer() -> Transfer:
    return Transfer.objects.create(
        chain="base",
        tx_hash=new_id("0x"),
        ordinal=0,
        log_index=0,
        contract=network("base").contracts["USDC"],  # type: ignore[index]  # a token's value
        from_address=SENDER,
        to_address=RECIPIENT,
        amount_atomic=1,
        block_number=7,
        block_hash=new_id("0x"),
        block_time=AT,
        node="test",
        seen_at=AT,
    )
