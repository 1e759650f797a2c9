"""Hashes for many payouts of a batch: each row its own act, each reported."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from billing.callers import Caller
from billing.chains import Chain
from billing.errors import BillingError, InvalidRequest, NotFound
from payouts.acts.execute import execute
from payouts.acts.locking import require_execute
from payouts.handover.files import MOST_IN_TRANSACTION
from payouts.models import PayoutBatch, PayoutIntent

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Execution:
    """What somebody says: this transaction pays this payout."""

    payout_id: str
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of one row: the payout as it now is, or why it was refused."""

    payout_id: str
    payout: PayoutIntent | None
    error: BillingError | None


def execute_each(caller: Caller, batch_id: str, executions: Sequence[Execution]) -> list[Executed]:
    """Submit each row's hash as `execute` does, and tell each row in the order given.

    A refusal of one touches no other. Rows of other batches are refused. Raises NotFound for the
    batch, InsufficientScope.
    """
    members = members_of(caller, batch_id)
    known = {payout.id for payout in members if payout.batch_id == batch_id}
    done: dict[int, Executed] = {}
    # In the order of ids: two callers in one transaction each then never wait in a circle.
    for place in sorted(range(len(executions)), key=lambda each: executions[each].payout_id):
        done[place] = _one(caller, batch_id, executions[place], known)
    failed = sum(row.error is not None for row in done.values())
    logger.info("hashes submitted batch=%s rows=%d refused=%d", batch_id, len(done), failed)
    return [done[place] for place in range(len(executions))]


def members_of(caller: Caller, batch_id: str) -> list[PayoutIntent]:
    """All payouts that ever were in the batch, in the order of their ids, which is the files'."""
    require_execute(caller)
    if not PayoutBatch.objects.visible_to(caller).filter(id=batch_id).exists():
        raise NotFound("batch", batch_id)
    rows = PayoutIntent.objects.visible_to(caller).filter(batch_items__batch=batch_id)
    return list(rows.order_by("id"))


def part_of_batch(
    batch_id: str,
    members: Sequence[PayoutIntent],
    *,
    chain: str | None = None,
    part: int | None = None,
) -> list[PayoutIntent]:
    """The payouts that one transaction pays: of one chain, and of its part where that is split.

    Without those that were taken back. Parts are those of the files: 200 payouts each, in the order
    of their ids. Raises InvalidRequest where the chain has to be named, or there is no such part.
    """
    chains = sorted({payout.chain for payout in members})
    if chain is None and len(chains) > 1:
        names = ", ".join(chains)
        message = f"This batch pays on {names}, and a transaction is on one chain. Name the chain."
        raise InvalidRequest(message, code="missing_required_field", param="chain")
    chosen = [payout for payout in members if chain in (None, payout.chain)]
    first = 0 if part is None else (part - 1) * MOST_IN_TRANSACTION
    among = chosen if part is None else chosen[first : first + MOST_IN_TRANSACTION]
    found = [payout for payout in among if payout.batch_id == batch_id]
    if not found:
        where = f" on {Chain(chain).label}" if chain else ""
        message = f"There is no such part of this batch{where}."
        raise InvalidRequest(message, param="chain" if part is None else "part")
    return found


def _one(caller: Caller, batch_id: str, row: Execution, known: set[str]) -> Executed:
    if row.payout_id not in known:
        message = f"Payout {row.payout_id} is not in batch {batch_id}. Submit its hash by itself."
        error = InvalidRequest(message, code="payout_not_in_batch", param="payout_id")
        return Executed(row.payout_id, None, error)
    try:
        return Executed(row.payout_id, execute(caller, row.payout_id, row.tx_hash), None)
    except BillingError as refusal:  # The row's own answer.
        return Executed(row.payout_id, None, refusal)
