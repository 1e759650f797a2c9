"""What is written of transactions: what was learned of the rows that were asked for.

Every write is guarded: a row that another pass changed meanwhile is left as that pass made it, and
the next one sees it anew. Nothing here asks a node.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from billing.chains import Finality, Network, network, strictest
from chainwatch.chains.base import Receipt, TransferLog, is_ours
from chainwatch.due import FRESH, UNHEARD_FOR
from chainwatch.models import Transfer, WatchedTransaction


@dataclass(frozen=True, slots=True)
class Sighting:
    """A transaction that a node saw in a block: the row as it was read, and what the node said."""

    row: WatchedTransaction
    receipt: Receipt
    node: str


def record_absent(
    rows: Sequence[WatchedTransaction], *, at: datetime, block_time: datetime
) -> None:
    """Record that every configured node said "not found", the oldest head being of `block_time`.

    Readers are told once a row is past its fresh time, by the clock or by the chain's own time (a
    simulated chain may be ahead): before, nothing can follow from absence.
    """
    for is_news in (True, False):
        fresh_since = max(at, block_time) - FRESH
        pks = [row.pk for row in rows if (row.watched_at <= fresh_since) is is_news]
        news = {"changed_at": _later()} if is_news else {}
        _update(
            WatchedTransaction.objects.filter(pk__in=pks, block_hash=None),
            {"asked_at": at, "absent_block_time": block_time, **news},
        )


def record_unanswered(rows: Sequence[WatchedTransaction], *, at: datetime) -> None:
    """Record that these rows were asked in vain: absence needs the word of every node.

    Until all have given it no limit passes: who did not answer may know the transaction.
    """
    pks = [row.pk for row in rows]
    _update(
        WatchedTransaction.objects.filter(pk__in=pks, block_hash=None),
        {"asked_at": at, "absent_block_time": None, "watch_until": _not_before(at + UNHEARD_FOR)},
    )


def record_found_again(rows: Sequence[WatchedTransaction], *, at: datetime) -> None:
    """Record that a scan found rows that are in no block, and no receipt of them could be had."""
    pks = [row.pk for row in rows]
    _update(
        WatchedTransaction.objects.filter(pk__in=pks, block_hash=None),
        {"watch_until": _not_before(at + UNHEARD_FOR)},
    )


def record_asked(rows: Iterable[WatchedTransaction], *, at: datetime) -> None:
    """Record that these rows were asked, so that the longest unasked come first next time."""
    pks = [row.pk for row in rows]
    _update(WatchedTransaction.objects.filter(pk__in=pks), {"asked_at": at})


def record_sightings(sightings: Sequence[Sighting], *, at: datetime) -> int:
    """Record in which blocks transactions were seen, with their transfers. Returns how many.

    One that was sighted before is sighted anew, and what was kept of it is orphaned, not removed.
    """
    if not sightings:
        return 0
    with transaction.atomic():
        as_read = _locked_as_read([each.row for each in sightings])
        new = [(as_read[each.row.pk], each) for each in sightings if each.row.pk in as_read]
        for row, sighting in new:
            if row.block_hash is not None:
                _orphan(row, at=at)
            _sight(row, sighting, at=at)
        _save(row for row, _ in new)
        transfers = [each for row, sighting in new for each in _transfers(row, sighting, at=at)]
        Transfer.objects.bulk_create(transfers, ignore_conflicts=True, batch_size=500)
    return len(new)


def insert_found(
    rows: Sequence[WatchedTransaction], told: Sequence[Sighting], *, at: datetime
) -> None:
    """Insert rows that a scan found, those in `told` as already sighted, with their transfers.

    One that was submitted in this very moment keeps its own row, and is sighted by the next pass.
    """
    for each in told:
        _sight(each.row, each, at=at)
    WatchedTransaction.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    transfers = [moved for each in told for moved in _transfers(each.row, each, at=at)]
    Transfer.objects.bulk_create(transfers, ignore_conflicts=True, batch_size=500)


def record_final(
    rows: Sequence[WatchedTransaction], *, at: datetime, is_last_level: bool = False
) -> int:
    """Record that their rule holds for these rows and that their block still stands."""
    values: dict[str, object] = {"final_at": at, "asked_at": at, "changed_at": _later()}
    if is_last_level:
        values["finalized_at"] = at
    with transaction.atomic():
        as_read = _locked_as_read(rows)
        return WatchedTransaction.objects.filter(pk__in=as_read).update(**values)


def record_finalized(rows: Sequence[WatchedTransaction], *, at: datetime) -> int:
    """Record that no reorganization can take these rows' block away any more."""
    with transaction.atomic():
        as_read = _locked_as_read(rows)
        return WatchedTransaction.objects.filter(pk__in=as_read).update(
            finalized_at=at, changed_at=_later()
        )


def record_orphaned(rows: Sequence[WatchedTransaction], *, at: datetime) -> int:
    """Record that another block stands where these rows' block was: they are in none now."""
    with transaction.atomic():
        as_read = _locked_as_read(rows)
        for row in as_read.values():
            _orphan(row, at=at)
        _save(as_read.values())
    return len(as_read)


def contradicted(rows: Sequence[Sighting], *, network: Network) -> set[int]:
    """Return the keys of rows of which the same block says something else than it did before.

    Only pinned tokens and their namesakes count: of others not all are kept.
    """
    kept: dict[tuple[str, str], set[tuple[object, ...]]] = {}
    hashes = [each.row.tx_hash for each in rows]
    for transfer in Transfer.objects.filter(
        chain=network.chain,
        scope__in={each.row.scope for each in rows},
        tx_hash__in=hashes,
        block_hash__in={each.row.block_hash for each in rows},
        orphaned_at=None,
    ):
        if is_ours(transfer.contract, network):
            mine = kept.setdefault((transfer.tx_hash, transfer.key), set())
            mine.add(_facts(transfer, int(transfer.amount_atomic)))
    return {
        each.row.pk
        for each in rows
        if each.receipt.succeeded is not each.row.succeeded
        or kept.get((each.row.tx_hash, each.row.key), set())
        != {
            _facts(log, log.amount_atomic)
            for log in each.receipt.transfers
            if is_ours(log.contract, network)
        }
    }


def _facts(log: Transfer | TransferLog, amount_atomic: int) -> tuple[object, ...]:
    return (log.ordinal, log.contract, log.from_address, log.to_address, amount_atomic)


def _locked_as_read(rows: Sequence[WatchedTransaction]) -> dict[int, WatchedTransaction]:
    """Lock these rows and return those that still stand as they were read."""
    read = {row.pk: row for row in rows}
    locked = WatchedTransaction.objects.select_for_update().filter(pk__in=read).order_by("pk")
    return {row.pk: row for row in locked if _standing(row) == _standing(read[row.pk])}


def _standing(row: WatchedTransaction) -> tuple[object, ...]:
    return (row.block_hash, row.final_at, row.finalized_at)


def _update(rows: QuerySet[WatchedTransaction], values: dict[str, object]) -> None:
    """Update several rows, locked in the one order in which everybody locks them.

    A bare UPDATE locks rows as it meets them, and two passes at once would wait for each other.
    """
    with transaction.atomic():
        locked = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
        WatchedTransaction.objects.filter(pk__in=locked).update(**values)


def _sight(row: WatchedTransaction, sighting: Sighting, *, at: datetime) -> None:
    receipt = sighting.receipt
    row.block_number, row.block_hash = receipt.block_number, receipt.block_hash
    row.block_time, row.succeeded = receipt.block_time, receipt.succeeded
    row.sender, row.node, row.seen_at = receipt.sender or row.sender, sighting.node, at
    row.absent_block_time = row.superseded_at = row.final_at = None
    row.replaced_by = ""
    row.finality = _level_of(row, receipt)
    row.asked_at = at


def _level_of(row: WatchedTransaction, receipt: Receipt) -> str:
    """The strictest level that was asked for it, or that its largest pinned transfer asks for."""
    rules = network(row.chain)
    moved = [each.amount_atomic for each in receipt.transfers if rules.token_of(each.contract)]
    return strictest(Finality(row.finality), rules.finality_for(max(moved, default=0))).value


def _orphan(row: WatchedTransaction, *, at: datetime) -> None:
    Transfer.objects.filter(
        chain=row.chain, scope=row.scope, tx_hash=row.tx_hash, key=row.key, orphaned_at=None
    ).update(orphaned_at=at)
    row.block_number = row.block_hash = row.block_time = row.succeeded = row.seen_at = None
    row.final_at = row.nonce_asked_at = None
    row.asked_at = None  # It is asked in the next pass: it may be in another block already.
    # However late that is: the scan may be past the block in which it is now.
    row.watch_until = max(row.watch_until, at + UNHEARD_FOR)
    row.orphaned_at = at


def _transfers(row: WatchedTransaction, sighting: Sighting, *, at: datetime) -> Iterable[Transfer]:
    receipt = sighting.receipt
    return (
        Transfer(
            chain=row.chain,
            scope=row.scope,
            tx_hash=row.tx_hash,
            key=row.key,
            ordinal=log.ordinal,
            log_index=log.log_index,
            contract=log.contract,
            from_address=log.from_address,
            to_address=log.to_address,
            amount_atomic=log.amount_atomic,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            block_time=receipt.block_time,
            node=sighting.node,
            seen_at=at,
        )
        for log in receipt.transfers
    )


def _not_before(at: datetime) -> Greatest:
    return Greatest(Value(at, models.DateTimeField()), F("watch_until"))


def _later() -> Greatest:
    """Return a `changed_at` that the row never had before.

    Readers compare it with the one they judged last. Two writes of one pass, or a clock set back,
    must not look like one.
    """
    return Greatest(
        Value(timezone.now(), models.DateTimeField()), F("changed_at") + timedelta(microseconds=1)
    )


def _save(rows: Iterable[WatchedTransaction]) -> None:
    """Write locked rows back, changed for every reader."""
    changed = list(rows)
    for row in changed:
        before = row.changed_at or row.watched_at
        row.changed_at = max(timezone.now(), before + timedelta(microseconds=1))
    # They are there: each insert conflicts and so updates. bulk_update would build an expression
    # per row and field, which takes ten times as long.
    WatchedTransaction.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[
            "block_number",
            "block_hash",
            "block_time",
            "succeeded",
            "sender",
            "node",
            "seen_at",
            "final_at",
            "finality",
            "absent_block_time",
            "superseded_at",
            "replaced_by",
            "nonce_asked_at",
            "asked_at",
            "watch_until",
            "orphaned_at",
            "changed_at",
        ],
        batch_size=500,
    )
