"""How a payout and a settlement are told: in the API, in events and in the admin, the same.

Written by hand, field by field: the hot path pays for every layer between row and JSON.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from billing.chains import decimals, network
from billing.money import from_atomic
from billing.times import iso
from chainwatch.models import ChainHead
from payouts.models import Attention, PayoutIntent, Settlement, Status

# The head block number per (chain, scope).
Heads = Mapping[tuple[str, str], int]
# When the transfer of a settlement left the chain, by the settlement's id.
Reversals = Mapping[str, datetime]

_ATTENTION = {
    Attention.SOURCE_NOT_REGISTERED.value: (
        "source_not_registered: the money came from a wallet that is not registered. "
        "Register the wallet as a source, or fail the payout."
    ),
    Attention.CHOOSE_TRANSFER.value: (
        "choose_transfer: more than one reading of its transaction is possible. "
        "A person must choose which transfer pays this payout."
    ),
}
_REPLACED = (
    "replacement_found: its transaction can no longer be mined, since {tx_hash} used its nonce and "
    "moved the same money. A person decides in the admin whether it pays this payout."
)


def payout_json(
    payout: PayoutIntent, heads: Heads | None = None, reversals: Reversals | None = None
) -> dict[str, Any]:
    """Return the payout as every answer and event tells it, amounts exact.

    `heads` saves a query for a verifying payout, `reversals` one for a settled one; without them
    they are looked up. For lists use `payouts_json`.
    """
    settled_at = _time(payout.settled_at)
    return {
        "id": payout.id,
        "org_id": payout.organization_id,
        "recipient_address": payout.recipient_address,
        "chain": payout.chain,
        "token": payout.token,
        "amount": from_atomic(payout.amount_atomic, decimals(payout.chain, payout.token)),
        "amount_atomic": str(payout.amount_atomic),
        "currency": payout.currency,
        "status": payout.status,
        "description": payout.description,
        "reference_type": payout.reference_type,
        "reference_id": payout.reference_id,
        "due_date": _time(payout.due_date),
        "approved_at": _time(payout.approved_at),
        "approved_by": payout.approved_by,
        "executed_at": _time(payout.executed_at),
        "expected_tx_hash": payout.expected_tx_hash,
        "verified_at": settled_at,
        "failed_at": _time(payout.failed_at),
        "canceled_at": _time(payout.canceled_at),
        "failure_reason": payout.failure_reason,
        "environment": payout.environment,
        "created_at": _time(payout.created_at),
        "updated_at": _time(payout.updated_at),
        "metadata": payout.metadata,
        "external_id": payout.external_id,
        "settled_at": settled_at,
        "settlement_id": payout.settlement_id,
        "settlement_reversed_at": _time(_reversed_at(payout, reversals)),
        "proposed_tx_hash": payout.proposed_tx_hash,
        "confirmations": confirmations_of(payout, heads),
        "required_confirmations": network(payout.chain).confirmations,
        "failure_code": payout.failure_code or None,
        "outcome": payout.outcome or None,
        "stalled": payout.stalled_at is not None,
        "retry_of": payout.retry_of_id,
        "warnings": warnings_of(payout),
        "approvals": payout.approvals,
        "recipient_id": payout.recipient_id,
        "recipient_name": payout.recipient_name,
    }


def payouts_json(payouts: Iterable[PayoutIntent]) -> list[dict[str, Any]]:
    """Return many payouts with one query for those being verified, and one for those paid."""
    rows = list(payouts)
    heads, reversals = heads_of(rows), reversals_of(rows)
    return [payout_json(payout, heads, reversals) for payout in rows]


def settlement_json(settlement: Settlement) -> dict[str, Any]:
    """Return the settlement as the API and events tell it; the contract's fields, then ours."""
    return {
        "id": settlement.id,
        "org_id": settlement.organization_id,
        "payout_intent_id": settlement.payout_id,
        "chain": settlement.chain,
        "tx_hash": settlement.tx_hash,
        "log_index": settlement.log_index,
        "from_address": settlement.from_address,
        "to_address": settlement.to_address,
        "token": settlement.token,
        "amount_atomic": str(settlement.amount_atomic),
        "block_number": settlement.block_number,
        "block_hash": settlement.block_hash,
        "confirmations": settlement.confirmations,
        "confirmed_at": _time(settlement.confirmed_at),
        "detected_at": _time(settlement.detected_at),
        "environment": settlement.environment,
        "created_at": _time(settlement.created_at),
        "amount": from_atomic(
            settlement.amount_atomic, decimals(settlement.chain, settlement.token)
        ),
        "ordinal": settlement.ordinal,
        "block_time": _time(settlement.block_time),
        "discrepancies": settlement.discrepancies,
        "resolution": settlement.resolution or None,
        "resolved_at": _time(settlement.resolved_at),
        "reversed_at": _time(settlement.reversed_at),
        "restored_at": _time(settlement.restored_at),
        "suggestion": settlement.suggestion or None,
    }


def confirmations_of(payout: PayoutIntent, heads: Heads | None = None) -> int:
    """Return how many blocks confirm it: stored once decided, counted while verifying."""
    if payout.status != Status.VERIFYING or payout.block_number is None:
        return payout.confirmations or 0
    if heads is None:
        heads = heads_of([payout])
    head = heads.get((payout.chain, payout.scope), 0)
    return max(head - payout.block_number + 1, 0)


def warnings_of(payout: PayoutIntent) -> list[str]:
    """Return what a person should know: fixed at create, and what holds it up just now."""
    if payout.attention:
        return [*payout.warnings, _ATTENTION[payout.attention]]
    if payout.proposed_tx_hash:
        return [*payout.warnings, _REPLACED.format(tx_hash=payout.proposed_tx_hash)]
    return list(payout.warnings)


def heads_of(payouts: Iterable[PayoutIntent]) -> dict[tuple[str, str], int]:
    """Return the heads that the verifying ones among `payouts` are counted from, in one query."""
    places = {(p.chain, p.scope) for p in payouts if p.status == Status.VERIFYING}
    if not places:
        return {}
    wanted = Q()
    for chain, scope in places:
        wanted |= Q(chain=chain, scope=scope)
    rows = ChainHead.objects.filter(wanted).values_list("chain", "scope", "number")
    return {(chain, scope): number for chain, scope, number in rows}


def reversals_of(payouts: Iterable[PayoutIntent]) -> dict[str, datetime]:
    """Return which of their settlements left the chain, and when, in one query."""
    ids = [payout.settlement_id for payout in payouts if payout.settlement_id]
    if not ids:
        return {}
    rows = Settlement.objects.filter(id__in=ids, reversed_at__isnull=False).order_by()
    return {id_: at for id_, at in rows.values_list("id", "reversed_at") if at is not None}


def _reversed_at(payout: PayoutIntent, reversals: Reversals | None) -> datetime | None:
    if not payout.settlement_id:
        return None
    if reversals is None:
        return payout.settlement.reversed_at if payout.settlement else None
    return reversals.get(payout.settlement_id)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
