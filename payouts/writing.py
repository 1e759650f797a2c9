"""Writes what was decided: transitions, settlements and their events, on rows that are locked."""

import logging
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Chain, Environment, network
from chainwatch import services as chainwatch
from chainwatch.models import WatchedTransaction
from events import services as events
from events.types import EventType
from payouts.answers import payout_json
from payouts.deciding import (
    SIBLINGS_WAIT,
    Fail,
    Flag,
    Propose,
    Reorg,
    Settle,
    Stall,
    Step,
    Unexpected,
    Verdict,
    Verify,
)
from payouts.failing import Failure
from payouts.grouping import place_of
from payouts.models import PayoutIntent
from payouts.reading import Reading
from payouts.settling import note_unexpected, settle, settle_late
from payouts.states import OUTCOME_OF

logger = logging.getLogger(__name__)

# What is proposed hangs on a transaction that the payout never named: its news is looked for.
PROPOSALS_WAIT = timedelta(minutes=1)


@dataclass(slots=True)
class Verified:
    """How many payouts took which step in one pass."""

    looked_at: int = 0
    verifying: int = 0
    reorged: int = 0
    settled: int = 0
    late: int = 0
    failed: int = 0
    stalled: int = 0
    flagged: int = 0
    proposed: int = 0
    unexpected: int = 0
    reversed: int = 0
    restored: int = 0

    def add(self, other: "Verified") -> None:
        for count in fields(self):
            total = getattr(self, count.name) + getattr(other, count.name)
            setattr(self, count.name, total)


def write(reading: Reading, verdict: Verdict, verified: Verified) -> None:
    """Take a payout's steps one by one, each with its event, and note what was judged."""
    payout = reading.payouts[verdict.payout_id]
    verified.looked_at += 1
    for step in verdict.steps:
        _take(reading, payout, step, verified)
    _note_judged(reading, payout, verdict)


def watcher(payout: PayoutIntent) -> Caller:
    return system(payout.organization_id, Environment(payout.environment), "The watcher")


def _take(reading: Reading, payout: PayoutIntent, step: Step, verified: Verified) -> None:
    if isinstance(step, Verify | Reorg | Stall | Propose | Flag):
        _follow(reading, payout, step, verified)
    else:
        _conclude(reading, payout, step, verified)


def _follow(
    reading: Reading,
    payout: PayoutIntent,
    step: Verify | Reorg | Stall | Propose | Flag,
    verified: Verified,
) -> None:
    """Take a step that leaves the payout on its way."""
    if isinstance(step, Verify):
        payout.verify(block_number=step.block_number, block_hash=step.block_hash)
        verified.verifying += 1
        _told(reading, payout, EventType.PAYOUT_VERIFYING, block_number=step.block_number)
    elif isinstance(step, Reorg):
        payout.reorg()
        verified.reorged += 1
        _told(reading, payout, EventType.PAYOUT_REORGED)
    elif isinstance(step, Stall):
        verified.stalled += 1
        _stall(reading, payout, timezone.now())
    elif isinstance(step, Propose):
        verified.proposed += bool(step.tx_hash)
        _propose(reading, payout, step.tx_hash)
    else:
        verified.flagged += 1
        _flag(payout, step.attention)


def _conclude(
    reading: Reading, payout: PayoutIntent, step: Settle | Fail | Unexpected, verified: Verified
) -> None:
    """Take a step that says what became of money."""
    at = timezone.now()
    if isinstance(step, Settle) and not step.is_late:
        verified.settled += 1
        settle(reading, payout, step.movement, watcher(payout), at)
    elif isinstance(step, Settle):
        verified.late += 1
        settle_late(reading, payout, step.movement, watcher(payout), at)
    elif isinstance(step, Fail):
        verified.failed += 1
        _fail(reading, payout, step.failure, at)
    else:
        verified.unexpected += 1
        note_unexpected(reading, payout, step.movement, watcher(payout))


def _told(reading: Reading, payout: PayoutIntent, type_: EventType, **more: object) -> None:
    payout.save()
    heads = {place: head.number for place, head in reading.heads.items()}
    data = {**payout_json(payout, heads), **more}
    events.publish(watcher(payout), type_, payout.id, data)
    logger.info("%s payout=%s tx=%s", type_.value, payout.id, payout.expected_tx_hash)


def _fail(reading: Reading, payout: PayoutIntent, failure: Failure, at: datetime) -> None:
    payout.fail(at=at, code=failure.code, reason=failure.reason, outcome=OUTCOME_OF[failure.code])
    _told(reading, payout, EventType.PAYOUT_FAILED)


def _stall(reading: Reading, payout: PayoutIntent, at: datetime) -> None:
    """Flag it, and look for its hash on the other chain of the same family: people mix them up."""
    payout.stalled_at = at
    _told(reading, payout, EventType.PAYOUT_STALLED)
    row = network(payout.chain)
    for other in Chain:
        is_family = other != payout.chain and network(other).is_evm and row.is_evm
        if payout.scope or not is_family or not network(other).is_configured:
            continue
        for named in reading.hashes[payout.id]:
            until = min(named.watch_until, at + timedelta(days=7))
            chainwatch.watch(other, named.tx_hash, at=at, until=until)


def _propose(reading: Reading, payout: PayoutIntent, tx_hash: str) -> None:
    """Ask a person to use this hash, or say that the one proposed before pays it no longer."""
    before, payout.proposed_tx_hash = payout.proposed_tx_hash, tx_hash or None
    if tx_hash:
        replaced = payout.expected_tx_hash
        _told(
            reading,
            payout,
            EventType.PAYOUT_REPLACEMENT_FOUND,
            replaced_tx_hash=replaced,
        )
    else:
        _told(
            reading,
            payout,
            EventType.PAYOUT_UPDATED,
            changed=["proposed_tx_hash"],
            withdrawn_tx_hash=before,
        )


def _flag(payout: PayoutIntent, attention: str) -> None:
    """No event: the payout's state is as it was, and its warnings say what it waits for."""
    payout.attention = attention
    payout.save(update_fields=["attention", "updated_at"])
    logger.warning("payout waits for a person payout=%s why=%s", payout.id, attention or "nothing")


def _note_judged(reading: Reading, payout: PayoutIntent, verdict: Verdict) -> None:
    """Remember which news of each hash was judged, so that the next pass leaves it alone."""
    now = timezone.now()
    for named in reading.hashes[payout.id]:
        row = reading.watched.get(place_of(payout, named.tx_hash))
        closed_at = named.closed_at or (now if named.tx_hash in verdict.done else None)
        look_again = _look_again_at(verdict, named.tx_hash, row, now)
        judged = (row.changed_at if row else None, look_again, closed_at)
        if judged == (named.judged_change, named.look_again_at, named.closed_at):
            continue
        named.judged_change, named.look_again_at, named.closed_at = judged
        named.save(update_fields=["judged_change", "look_again_at", "closed_at"])


def _look_again_at(
    verdict: Verdict, tx_hash: str, row: WatchedTransaction | None, now: datetime
) -> datetime | None:
    """When a hash is judged again without any news of it; None where only news counts."""
    if tx_hash in verdict.waiting and row is not None and row.final_at is not None:
        return row.final_at + SIBLINGS_WAIT
    return now + PROPOSALS_WAIT if tx_hash in verdict.replaced else None
