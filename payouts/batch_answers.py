"""How a batch is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from billing.api import errors
from billing.chains import decimals
from billing.money import from_atomic
from billing.times import iso
from payouts.acts.execute_many import Executed
from payouts.answers import payout_json
from payouts.handover.files import PACK, files_of
from payouts.handover.totals import Total, totals_of
from payouts.models import BatchItem, PayoutBatch

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """What a list needs of one payout in a batch."""

    payout_id: str
    chain: str
    token: str
    amount_atomic: int


def batch_json(batch: PayoutBatch) -> Json:
    """Return the batch with the payouts that were in it, those taken back too, and its files."""
    return batches_json([batch])[0]


def batches_json(batches: Iterable[PayoutBatch]) -> list[Json]:
    """Return many batches with one query for all their payouts."""
    rows = list(batches)
    members = members_by_batch(batch.id for batch in rows)
    return [_batch_json(batch, members[batch.id]) for batch in rows]


def members_by_batch(batch_ids: Iterable[str]) -> dict[str, list[Member]]:
    """The payouts that were in each batch, in the order of their ids, in one query."""
    members: dict[str, list[Member]] = {batch_id: [] for batch_id in batch_ids}
    items = BatchItem.objects.filter(batch_id__in=members).order_by("payout_id")
    facts = ("payout_id", "payout__chain", "payout__token", "payout__amount_atomic")
    for batch_id, *fact in items.values_list("batch_id", *facts):
        members[batch_id].append(Member(*fact))
    return members


def executed_json(row: Executed) -> Json:
    """Return what became of one row: `payout` where its hash was taken, else `error`."""
    if row.payout is not None:
        return {"payout_id": row.payout_id, "payout": payout_json(row.payout)}
    assert row.error is not None, "a row is taken or refused"
    return {"payout_id": row.payout_id, "error": errors.envelope(row.error)["error"]}


def _batch_json(batch: PayoutBatch, members: Sequence[Member]) -> Json:
    return {
        "id": batch.id,
        "org_id": batch.organization_id,
        "environment": batch.environment,
        "payout_ids": [each.payout_id for each in members],
        "handed_over_by": batch.handed_over_by,
        "handed_over_by_name": batch.handed_over_by_name,
        "digest": batch.digest or None,
        "totals": [_total_json(total) for total in totals_of(members)],
        "files": _files_json(batch, members),
        "voided_at": iso(batch.voided_at) if batch.voided_at else None,
        "created_at": iso(batch.created_at),
    }


def _total_json(total: Total) -> Json:
    return {
        "chain": total.chain,
        "token": total.token,
        "payouts": total.payouts,
        "amount": from_atomic(total.amount_atomic, decimals(total.chain, total.token)),
        "amount_atomic": str(total.amount_atomic),
    }


def _files_json(batch: PayoutBatch, members: Sequence[Member]) -> list[Json]:
    """The pack first, then each file; none where the batch is void."""
    if batch.voided_at is not None:
        return []
    counts: dict[str, int] = {}
    for each in members:
        counts[each.chain] = counts.get(each.chain, 0) + 1
    whole: Json = {"name": PACK, "format": "pack", "chain": None, "part": 1, "parts": 1}
    files: list[Json] = [
        {
            "name": file.name,
            "format": file.format.name,
            "chain": file.chain,
            "part": file.number,
            "parts": file.parts,
            "payouts": file.count,
        }
        for file in files_of(counts)
    ]
    url = f"/v1/payouts/batches/{batch.id}/files/"
    named = [{**whole, "payouts": len(members)}, *files]
    return [{**each, "url": f"{url}{each['name']}"} for each in named]
