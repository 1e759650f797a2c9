"""How a batch is told."""

from collections.abc import Iterable
from typing import Any

from billing.times import iso
from payouts.models import BatchItem, PayoutBatch


def batch_json(batch: PayoutBatch) -> dict[str, Any]:
    """Return the batch with the payouts that were in it, those taken back too."""
    return batches_json([batch])[0]


def batches_json(batches: Iterable[PayoutBatch]) -> list[dict[str, Any]]:
    """Return many batches with one query for all their payouts."""
    rows = list(batches)
    payout_ids: dict[str, list[str]] = {batch.id: [] for batch in rows}
    items = BatchItem.objects.filter(batch_id__in=payout_ids).order_by("payout_id")
    for batch_id, payout_id in items.values_list("batch_id", "payout_id"):
        payout_ids[batch_id].append(payout_id)
    return [_batch_json(batch, payout_ids[batch.id]) for batch in rows]


def _batch_json(batch: PayoutBatch, payout_ids: list[str]) -> dict[str, Any]:
    return {
        "id": batch.id,
        "org_id": batch.organization_id,
        "environment": batch.environment,
        "payout_ids": payout_ids,
        "handed_over_by": batch.handed_over_by,
        "handed_over_by_name": batch.handed_over_by_name,
        "voided_at": iso(batch.voided_at) if batch.voided_at else None,
        "created_at": iso(batch.created_at),
    }
