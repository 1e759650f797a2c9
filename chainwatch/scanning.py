"""Scan: find what watched addresses sent or got, range by range, from the cursor to the head.

A scan only discovers transactions. Each becomes a watched transaction like a submitted one, and its
receipt, not the log that led to it, is what is recorded. So one node's invention costs a question
and is never believed.

Several scans of one chain do no harm: the cursor moves only from where the scan began, in the
transaction that records what was found, and an address that became watched meanwhile stops it too.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from billing.chains import network
from chainwatch import anchoring, due, sightings
from chainwatch.chains import providers
from chainwatch.chains.base import (
    ChainRefused,
    ChainUnavailable,
    Head,
    RangeTooLarge,
    Receipt,
    place_of,
)
from chainwatch.chains.providers import Scanned
from chainwatch.models import Cursor, WatchedTransaction
from chainwatch.passes import Pass
from chainwatch.sightings import Sighting
from chainwatch.watching import watched_addresses

logger = logging.getLogger(__name__)

QUICK_S, SLOW_S = 1.0, 5.0  # an answer quicker than the one doubles the range, slower halves it
MOST_S = 10.0  # a pass that has scanned for so long leaves the rest to the next one
UNTOLD_FOR = timedelta(hours=1)  # what was found and no node knows a receipt of
MARGIN_BLOCKS = 20  # where a scan begins anew, it begins so much earlier than it would have to


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a scan looks for."""

    senders: frozenset[str]
    recipients: frozenset[str]
    references: frozenset[str]

    @property
    def is_nothing(self) -> bool:
        return not (self.senders or self.recipients or self.references)


def wanted(now: Pass, *, reads_blocks: bool) -> Wanted:
    """Return what is to be looked for now: addresses, and known hashes where blocks are read."""
    rows = watched_addresses(now.chain, now.scope)
    hoped = due.hoped_for(now.at, chain=now.chain, scope=now.scope) if reads_blocks else []
    return Wanted(
        senders=frozenset(row.address for row in rows if row.is_outgoing),
        recipients=frozenset(row.address for row in rows if row.is_incoming),
        references=frozenset(map(due.reference_of, hoped)),
    )


def scan(now: Pass) -> None:
    """Scan on from the cursor, in as many ranges as there is time for. Stops at the first failure.

    Raises ChainUnavailable or ChainRefused for what a node does; what was scanned before stands.
    """
    # The cursor first, then the addresses: one that is added in between changes its version.
    cursor, _ = Cursor.objects.get_or_create(chain=now.chain, scope=now.scope)
    want = wanted(now, reads_blocks=now.nodes[0].reads_blocks)
    if want.is_nothing:
        return
    first = _beginning(now, cursor, want)
    until = time.monotonic() + MOST_S
    while first <= now.reachable and time.monotonic() < until:
        last = min(first + cursor.span - 1, now.reachable)
        try:
            found, took_s = _ask(now, first, last, want)
        except RangeTooLarge:
            if cursor.span <= 1 or first == last:
                raise
            cursor.span = max(1, (last - first + 1) // 2)
            Cursor.objects.filter(pk=cursor.pk).update(span=cursor.span)
            continue
        receipts = _receipts(now, found)
        span = _next_span(cursor.span, took_s, is_full=last - first + 1 == cursor.span, now=now)
        if not _record(now, cursor, found, receipts, next_block=last + 1, span=span):
            return
        now.scanned += last - first + 1
        first = last + 1


def backfill_range(now: Pass, first: int, last: int) -> None:
    """Scan a range anew, wherever the cursor is, and leave the cursor where it is."""
    want, span = wanted(now, reads_blocks=now.nodes[0].reads_blocks), now.nodes[0].most_blocks
    while first <= last and not want.is_nothing:
        until = min(first + span - 1, last)
        try:
            found, _ = _ask(now, first, until, want)
        except RangeTooLarge:
            if span <= 1:
                raise
            span //= 2
            continue
        receipts = _receipts(now, found)
        with transaction.atomic():
            _write(now, found, receipts)
        now.scanned += until - first + 1
        first = until + 1


def _beginning(now: Pass, cursor: Cursor, want: Wanted) -> int:
    """Return where to scan on: at the cursor, or a little before what is newly wanted was."""
    is_following = bool(want.senders or want.recipients)
    is_idle = cursor.moved_at is None or cursor.moved_at < now.at - due.SLOW_EVERY
    if cursor.next_block is not None and (is_following or not is_idle):
        return cursor.next_block
    rows = watched_addresses(now.chain, now.scope)
    since = min((row.watched_at for row in rows), default=now.at)
    age_s = max(0.0, (now.at - since).total_seconds())
    blocks = int(age_s * 1000) // block_time_ms(now) + MARGIN_BLOCKS
    return max(0, now.reachable - blocks)


def block_time_ms(now: Pass) -> int:
    """Return how far blocks are apart; a simulated chain's come by the second."""
    return 1000 if now.scope else network(now.chain).block_time_ms


def _ask(now: Pass, first: int, last: int, want: Wanted) -> tuple[Scanned, float]:
    began = time.monotonic()
    found = providers.scanned(
        now.nodes,
        first,
        last,
        senders=want.senders,
        recipients=want.recipients,
        references=want.references,
        quorum=now.quorum,
        tally=now.tally,
    )
    now.errors += found.errors
    return found, time.monotonic() - began


def _receipts(now: Pass, scanned: Scanned) -> Mapping[str, tuple[Receipt, str]]:
    """Return the receipts of what was found, with who told them; ask for those not told along.

    One that is not known anywhere yet stays out: its row is asked for again in the next pass.
    """
    told = {
        each: (receipt, scanned.nodes[0].node)
        for each, receipt in scanned.found.items()
        if receipt is not None
    }
    open_ones = sorted(each for each in scanned.found if each not in told)
    unseen = _without_seen(now, open_ones)
    if not unseen:
        return told
    head = now.known_head()
    for node in scanned.nodes:
        try:
            said = node.look(unseen, head=head, block_times=_times(head, scanned))
        except (ChainUnavailable, ChainRefused) as reason:
            now.errors.append(f"{node.node}: {reason}")
            now.tally.failed(node, str(reason))
            continue
        told |= {each: (r, node.node) for each, r in said.receipts.items() if r is not None}
        unseen = [each for each in unseen if each not in told]
        if not unseen:
            break
    return told


def _times(head: Head, scanned: Scanned) -> dict[str, datetime]:
    return {head.block_hash: head.block_time, scanned.block.block_hash: scanned.block.block_time}


def _without_seen(now: Pass, references: Sequence[str]) -> list[str]:
    """Leave out what is known to be in a block already: it is followed from there."""
    known = {
        due.reference_of(row) for row in _rows_of(now, references).filter(block_hash__isnull=False)
    }
    return [each for each in references if each not in known]


def _record(
    now: Pass,
    cursor: Cursor,
    scanned: Scanned,
    receipts: Mapping[str, tuple[Receipt, str]],
    *,
    next_block: int,
    span: int,
) -> bool:
    """Write one range and move the cursor past it, in one transaction. False where it is stale."""
    with transaction.atomic():
        moved = Cursor.objects.filter(pk=cursor.pk, version=cursor.version).update(
            next_block=next_block,
            block_time=scanned.block.block_time,
            span=span,
            version=F("version") + 1,
            moved_at=now.at,
        )
        if not moved:
            # Another pass moved it, or an address was added: what we know is not all there is.
            logger.info("scan was overtaken chain=%s scope=%s", now.chain, now.scope or "live")
            return False
        _write(now, scanned, receipts)
        anchoring.keep(now, scanned.block)
    cursor.version, cursor.span, cursor.next_block = cursor.version + 1, span, next_block
    return True


def _write(now: Pass, scanned: Scanned, receipts: Mapping[str, tuple[Receipt, str]]) -> None:
    """Make a watched transaction of each that nobody has named; sight the others that wait."""
    places = {each: place_of(each, scope=now.scope) for each in sorted(scanned.found)}
    rows = list(_rows_of(now, list(places)))
    known = {(row.tx_hash, row.key) for row in rows}
    new = {
        each: _found(now, *place, is_told=each in receipts)
        for each, place in places.items()
        if place not in known
    }
    told = [Sighting(row, *receipts[each]) for each, row in new.items() if each in receipts]
    now.found += len(new)
    now.seen += len(told)
    sightings.insert_found(list(new.values()), told, at=now.at)
    waiting = [(row, receipts.get(due.reference_of(row))) for row in rows if row.block_hash is None]
    now.seen += sightings.record_sightings(
        [Sighting(row, *receipt) for row, receipt in waiting if receipt is not None], at=now.at
    )
    if untold := [row for row, receipt in waiting if receipt is None]:
        sightings.record_found_again(untold, at=now.at)


def _found(now: Pass, tx_hash: str, key: str, *, is_told: bool) -> WatchedTransaction:
    """A new row: watched as long as any hash where a receipt bears it out, else not for long.

    What a node invents would otherwise be asked for again and again, for days.
    """
    return WatchedTransaction(
        chain=now.chain,
        scope=now.scope,
        tx_hash=tx_hash,
        key=key,
        watched_at=now.at,
        watch_until=now.at + (now.network.not_found_limit if is_told else UNTOLD_FOR),
        found_at=now.at,
        finality=now.network.finality.value,
        changed_at=now.at,
    )


def _rows_of(now: Pass, references: Sequence[str]) -> QuerySet[WatchedTransaction]:
    """The rows of these references, and of the same hash under another key: readers skip those."""
    hashes = {place_of(each, scope=now.scope)[0] for each in references}
    return WatchedTransaction.objects.filter(chain=now.chain, scope=now.scope, tx_hash__in=hashes)


def _next_span(span: int, took_s: float, *, is_full: bool, now: Pass) -> int:
    """Halve after a slow answer; double after a quick one to a range as long as could be."""
    if took_s > SLOW_S:
        return max(1, span // 2)
    most = min(node.most_blocks for node in now.nodes)
    return min(most, span * 2) if took_s < QUICK_S and is_full else min(most, span)
