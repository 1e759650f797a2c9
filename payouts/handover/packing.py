"""A download: the batch locked, every approval checked anew, the file written, the act recorded."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from approvals import services as approvals
from billing.callers import Caller
from billing.errors import NotFound
from events import services as events
from events.types import EventType
from payouts.acts.approve import facts_of
from payouts.acts.locking import require_execute
from payouts.batch_answers import batch_json
from payouts.errors import AlreadyExecuted, ApprovalMismatch, BatchVoided, NotWritable
from payouts.handover import zipped
from payouts.handover.digest import digest_of
from payouts.handover.encoding import NoAddress
from payouts.handover.files import MEDIA_TYPES, PACK, File, files_of
from payouts.handover.lines import Line, Part
from payouts.models import PayoutBatch, PayoutIntent, Status
from wallets import services as wallets

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Download:
    """A file as it was handed out. `saved_as` names the batch too, and the sandbox."""

    name: str
    saved_as: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@transaction.atomic
def download(caller: Caller, batch_id: str, name: str) -> Download:
    """Return one file of a batch, or `pack.zip` with all of them, and record who took it.

    The batch's row is locked: a take back either came first, and the file is refused, or waits
    until this download is recorded. What was paid already is in no file.
    Raises NotFound, BatchVoided (410), ApprovalMismatch, AlreadyExecuted, NotWritable.
    """
    require_execute(caller)
    batch, payouts = readable_batch(caller, batch_id)
    content = _pack(batch, payouts) if name == PACK else _file(batch, payouts, name)
    done = Download(name, saved_as(batch, name), MEDIA_TYPES[name.rpartition(".")[2]], content)
    told = {**batch_json(batch), "file": name, "file_sha256": done.sha256}
    events.publish(caller, EventType.PAYOUT_BATCH_DOWNLOADED, batch.id, told)
    logger.info("batch file taken batch=%s file=%s by=%s", batch.id, name, caller.actor_id)
    return done


def readable_batch(caller: Caller, batch_id: str) -> tuple[PayoutBatch, list[PayoutIntent]]:
    """Return a batch that stands, its row locked, and its payouts, as they were approved.

    Raises NotFound, BatchVoided, ApprovalMismatch.
    """
    batch = PayoutBatch.objects.visible_to(caller).select_for_update().filter(id=batch_id).first()
    if batch is None:
        raise NotFound("batch", batch_id)
    if batch.voided_at is not None:
        raise BatchVoided(batch_id)
    payouts = payouts_of(batch)
    require_approved(batch, payouts)
    return batch, payouts


def payouts_of(batch: PayoutBatch) -> list[PayoutIntent]:
    """Every payout that was in the batch, in the order of ids, which is that of its files."""
    return list(PayoutIntent.objects.filter(batch_items__batch=batch).order_by("id"))


def require_approved(batch: PayoutBatch, payouts: Sequence[PayoutIntent]) -> None:
    """Raise ApprovalMismatch unless every payout still says what was approved and handed over.

    Three must agree on each: the row as it is now, the digest that it was approved with, and an
    approval that somebody gave and that still counts.
    """
    given = approvals.approvals_of(payout.id for payout in payouts)
    for payout in payouts:
        agreed = {approval.digest for approval in given[payout.id]}
        now = approvals.digest(facts_of(payout))
        if now != payout.approval_digest or now not in agreed:
            raise ApprovalMismatch(batch.id, payout.id)
    if digest_of(batch.id, (payout.approval_digest for payout in payouts)) != batch.digest:
        raise ApprovalMismatch(batch.id, "the batch as a whole")


def part_of(batch: PayoutBatch, payouts: Sequence[PayoutIntent], file: File) -> Part:
    """Return what a file holds. Raises AlreadyExecuted where it must not be signed any more."""
    if (gone := gone_from(payouts, file)) is not None:
        raise AlreadyExecuted(gone, file.name)
    members = members_of(payouts, file)
    waiting = [payout for payout in members if payout.status == Status.PENDING_EXECUTION]
    return Part(
        batch_id=batch.id,
        digest=batch.digest,
        environment=batch.environment,
        chain=file.chain,
        lines=tuple(map(line_of, waiting)),
        created_at=batch.created_at,
        number=file.number,
        parts=file.parts,
        source=_source(batch, file.chain),
    )


def gone_from(payouts: Sequence[PayoutIntent], file: File) -> PayoutIntent | None:
    """The payout for which the file is given out no more; None where it may be signed.

    What is signed together must all wait; of what is signed one by one it is enough that any does.
    """
    gone = [each for each in members_of(payouts, file) if each.status != Status.PENDING_EXECUTION]
    if gone and (file.format.is_joint or len(gone) == file.count):
        return gone[0]
    return None


def members_of(payouts: Sequence[PayoutIntent], file: File) -> Sequence[PayoutIntent]:
    """The payouts of a batch that belong into a file, whatever became of them."""
    on_chain = [payout for payout in payouts if payout.chain == file.chain]
    return on_chain[file.first : file.first + file.count]


def line_of(payout: PayoutIntent) -> Line:
    """One payment, exactly as its row says it."""
    return Line(
        payout_id=payout.id,
        chain=payout.chain,
        token=payout.token,
        contract=payout.contract,
        recipient=payout.recipient_address,
        amount_atomic=payout.amount_atomic,
    )


def files_in(payouts: Sequence[PayoutIntent]) -> list[File]:
    """The files of a batch of these payouts."""
    counts: dict[str, int] = {}
    for payout in payouts:
        counts[payout.chain] = counts.get(payout.chain, 0) + 1
    return files_of(counts)


def saved_as(batch: PayoutBatch, name: str) -> str:
    """What the file is called on the signer's machine: batch, digest's beginning, name."""
    word = "SANDBOX-" if batch.environment == "sandbox" else ""
    return f"{word}{batch.id}-{batch.digest[:8]}-{name}"


def _file(batch: PayoutBatch, payouts: Sequence[PayoutIntent], name: str) -> bytes:
    file = next((each for each in files_in(payouts) if each.name == name), None)
    if file is None:
        raise NotFound("batch file", name)
    return _written(batch, payouts, file)


def _written(batch: PayoutBatch, payouts: Sequence[PayoutIntent], file: File) -> bytes:
    try:
        return file.format.write(part_of(batch, payouts, file))
    except NoAddress as error:
        raise NotWritable(file.name, str(error)) from error


def _pack(batch: PayoutBatch, payouts: Sequence[PayoutIntent]) -> bytes:
    """Everything that may still be signed, and a page that says what is in it and what is not."""
    written: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    last: AlreadyExecuted | NotWritable | None = None
    for file in files_in(payouts):
        try:
            written[saved_as(batch, file.name)] = _written(batch, payouts, file)
        except (AlreadyExecuted, NotWritable) as refusal:  # The others may still be signed.
            refused[file.name], last = refusal.message, refusal
    if not written:
        assert last is not None, "a batch has a payout, and so a file"
        raise last
    return zipped.write(batch, payouts, written, refused)


def _source(batch: PayoutBatch, chain: str) -> str:
    """The one wallet that payouts of the chain are paid from, empty where there is not one."""
    found = wallets.source_addresses(batch.organization_id, batch.environment, chain)
    return next(iter(found)) if len(found) == 1 else ""
