"""Scan: find what live-watched addresses sent or got, range by range, from the cursor to the head.

Several scans of one chain do no harm: the cursor moves only from where the scan began, in the
transaction that records what was found, and an address that became watched meanwhile stops it too,
but for one that nobody can know yet (`watching.watch_fresh_address`). That holds because a pass
reads its head first and the addresses after it, and scans no block above that head.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, Min

from chainwatch import anchoring, due, ranges, resting, sandbox, watching
from chainwatch.chains.base import RangeTooLarge, Receipt
from chainwatch.chains.providers import Scanned
from chainwatch.models import Cursor, SandboxChain, WatchedAddress
from chainwatch.passes import Pass
from chainwatch.ranges import Wanted

logger = logging.getLogger(__name__)

MOST_S = 10.0  # a pass that has scanned for so long leaves the rest to the next one


def scan(now: Pass) -> None:
    """Scan on from the cursor, in as many ranges as there is time for. Stops at the first failure.

    Raises ChainUnavailable or ChainRefused for what a node does; what was scanned before stands.
    """
    # The cursor first, then the addresses: one that is added in between changes its version.
    cursor, _ = Cursor.objects.get_or_create(chain=now.chain, scope=now.scope)
    want, since = _wanted(now)
    if want is None:
        return
    first = _beginning(now, cursor, since)
    until = time.monotonic() + MOST_S
    while first <= now.reachable and time.monotonic() < until:
        last = min(first + cursor.span - 1, now.reachable)
        try:
            found, took_s = ranges.ask(now, first, last, want)
        except RangeTooLarge:
            if cursor.span <= 1 or first == last:
                raise
            cursor.span = max(1, (last - first + 1) // 2)
            Cursor.objects.filter(pk=cursor.pk).update(span=cursor.span)
            continue
        receipts = ranges.receipts_of(now, found)
        is_full = last - first + 1 == cursor.span
        span = ranges.next_span(cursor.span, took_s, is_full=is_full, now=now)
        try:
            if not _record(now, cursor, found, receipts, blocks=(first, last), span=span):
                return
        except anchoring.AnotherFork:
            anchoring.turn_back(now)
            raise
        now.scanned += last - first + 1
        first = last + 1


def backfill_range(now: Pass, first: int, last: int) -> None:
    """Scan a range anew for all addresses, wherever the cursors are, and leave those as they are.

    Raises as `scan` does.
    """
    span = now.nodes[0].most_blocks
    while first <= last:
        until = min(first + span - 1, last)
        try:
            asked = sum(_backfill(now, first, until, want) for want in _all_wanted(now))
        except RangeTooLarge:
            if span <= 1:
                raise
            span //= 2
            continue
        if not asked:
            return
        now.scanned += until - first + 1
        first = until + 1


def _backfill(now: Pass, first: int, last: int, want: Wanted) -> int:
    found, _ = ranges.ask(now, first, last, want)
    receipts = ranges.receipts_of(now, found)
    with transaction.atomic():
        ranges.write(now, found, receipts)
    return 1


def _all_wanted(now: Pass) -> Iterator[Wanted]:
    """Yield what to look for live, then what rests: by the thousands, or all at once."""
    want, _ = _wanted(now)
    if want is not None:
        yield want
    resting_ones = resting.known(now)
    if resting_ones is None:
        yield from map(Wanted.of_recipients, resting.slices(now))
    elif want is None:
        yield Wanted(known=resting_ones)


def _wanted(now: Pass) -> tuple[Wanted | None, datetime | None]:
    """Return what to look for, None where that is nothing, and since when for the longest of it.

    Addresses come as values and are read once a pass: there may be tens of thousands.
    """
    fields = ("address", "is_outgoing", "is_incoming", "watched_at")
    live = list(watching.followed_live(now.chain, now.scope).values_list(*fields))
    is_hoping = now.nodes[0].reads_blocks
    hoped = due.hoped_for(now.at, chain=now.chain, scope=now.scope) if is_hoping else []
    want = Wanted(
        senders=frozenset(address for address, sends, _, _ in live if sends),
        recipients=frozenset(address for address, _, gets, _ in live if gets),
        references=frozenset(map(due.reference_of, hoped)),
        known=resting.known(now),
    )
    is_anything = bool(live or hoped or (now.scope and want.known))
    return (want if is_anything else None), min((at for *_, at in live), default=None)


def _beginning(now: Pass, cursor: Cursor, since: datetime | None) -> int:
    """Return where to scan on: at the cursor, unless nobody was watched when it stood there.

    `since` is when the longest of the addresses was watched, None where only hashes are hoped for.
    A chain may have been left alone for months before its first address; what was mined before
    that one was watched concerns nobody. While any is watched since before, by the chain's time or
    by ours, all of the gap counts: blocks may come quicker than this network's are thought to.
    """
    if now.scope:
        return _simulated_beginning(now, cursor)
    if since is None:
        is_idle = cursor.moved_at is None or cursor.moved_at < now.at - due.SLOW_EVERY
        if cursor.next_block is not None and not is_idle:
            return cursor.next_block
    elif cursor.next_block is not None and any(
        stood_at is not None and since <= stood_at
        for stood_at in (cursor.block_time, cursor.moved_at)
    ):
        return cursor.next_block
    return ranges.first_block(now, since or now.at, lowest=cursor.next_block or 0)


def _simulated_beginning(now: Pass, cursor: Cursor) -> int:
    """Return where to scan on on a simulated chain, on which a gap of any length is one query."""
    if cursor.next_block is not None:
        # A transaction is there once its sender's is committed, which may be after its block.
        return max(0, cursor.next_block - sandbox.late_blocks())
    known = WatchedAddress.objects.filter(chain=now.chain, scope=now.scope)
    since: datetime = known.aggregate(since=Min("watched_at"))["since"] or now.at
    # It was never behind the clock, and moves ahead of it by days at once.
    return max(0, sandbox.head_number(SandboxChain(), since) - ranges.MARGIN_BLOCKS)


def _record(
    now: Pass,
    cursor: Cursor,
    scanned: Scanned,
    receipts: Mapping[str, tuple[Receipt, str]],
    *,
    blocks: tuple[int, int],
    span: int,
) -> bool:
    """Write one range and move the cursor past it, in one transaction. False where it is stale.

    Raises AnotherFork, and writes nothing, where it does not join what was scanned before.
    """
    first, last = blocks
    with transaction.atomic():
        moved = Cursor.objects.filter(pk=cursor.pk, version=cursor.version).update(
            next_block=last + 1,
            block_time=scanned.block.block_time,
            span=span,
            version=F("version") + 1,
            moved_at=now.at,
        )
        if not moved:
            # Another pass moved it, or an address was added: what we know is not all there is.
            logger.info("scan was overtaken chain=%s scope=%s", now.chain, now.scope or "live")
            return False
        # The cursors first, as everybody locks them, and then the rows.
        resting.move_along(now, first, scanned.block)
        ranges.write(now, scanned, receipts)
        anchoring.join(now, first, scanned)
    cursor.version, cursor.span, cursor.next_block = cursor.version + 1, span, last + 1
    return True
