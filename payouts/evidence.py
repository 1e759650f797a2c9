"""What a settlement keeps as proof: plain facts, and a verdict for each check."""

from typing import Any

from approvals.facts import Facts, digest
from billing.chains import network
from billing.times import iso
from chainwatch.models import Transfer, WatchedTransaction
from payouts.models import Discrepancy, PayoutIntent


def evidence(
    transfer: Transfer,
    watched: WatchedTransaction,
    *,
    confirmations: int,
    sources: frozenset[str],
    payout: PayoutIntent | None = None,
) -> dict[str, Any]:
    """Return who said what, and each check as {passed, expected, found}; none without `payout`.

    Fixed when the settlement is written: it tells what was known then, not what is so now.
    """
    assert watched.seen_at is not None, "a transfer was seen"
    assert watched.final_at is not None, "only what is final settles"
    facts: dict[str, Any] = {
        "node": watched.node,
        "block_number": transfer.block_number,
        "block_hash": transfer.block_hash,
        "block_time": iso(transfer.block_time),
        "receipt_status": "success" if watched.succeeded else "reverted",
        "ordinal": transfer.ordinal,
        "log_index": transfer.log_index,
        "sender": transfer.from_address,
        "seen_at": iso(watched.seen_at),
        "final_at": iso(watched.final_at),
    }
    if payout is None:
        return facts
    final = f"{network(transfer.chain).confirmations} confirmations, {watched.finality}"
    source = "any, none is registered" if not sources else ", ".join(sorted(sources))
    facts["checks"] = {
        "contract": _check(payout.contract, transfer.contract),
        "recipient": _check(payout.recipient_address, transfer.to_address),
        "amount": _check(str(payout.amount_atomic), str(int(transfer.amount_atomic))),
        "source": {
            "passed": not sources or transfer.from_address in sources,
            "expected": source,
            "found": transfer.from_address,
        },
        "final": {"passed": True, "expected": final, "found": f"{confirmations} confirmations"},
        "approval": _check(payout.approval_digest, settled_digest(payout, transfer)),
    }
    return facts


def settled_digest(payout: PayoutIntent, transfer: Transfer) -> str:
    """The digest of what was approved, with what the chain says was done in its place.

    The amount stays the intended one: another amount is a discrepancy of its own.
    """
    return digest(
        Facts(
            subject_id=payout.id,
            environment=payout.environment,
            chain=transfer.chain,
            contract=transfer.contract,
            recipient=transfer.to_address,
            amount_atomic=payout.amount_atomic,
            due_date=payout.due_date,
            created_by=payout.created_by,
        )
    )


def discrepancies(payout: PayoutIntent, transfer: Transfer, *, is_late: bool) -> list[str]:
    """In what the transfer differs from what was intended and approved; empty where in nothing."""
    found = {
        Discrepancy.AMOUNT: int(transfer.amount_atomic) != payout.amount_atomic,
        Discrepancy.LATE_SETTLEMENT: is_late,
        Discrepancy.APPROVAL_MISMATCH: settled_digest(payout, transfer) != payout.approval_digest,
    }
    return [kind.value for kind, holds in found.items() if holds]


def _check(expected: str, found: str) -> dict[str, Any]:
    return {"passed": expected == found, "expected": expected, "found": found}
