"""The daily scan: what resting addresses get, found once a day, a bounded part of it in each pass.

The addresses rest for ever and become ever more, so they are taken by the thousands: a pass asks
about so many of them over one range of blocks, and the next pass goes on. Anchors, quorum, receipts
and writing are those of the live scan.

What it costs, where nothing else reads the chain: on Arbitrum and Base an eth_getLogs of a thousand
addresses for each 10,000 blocks (of which Arbitrum has 35 a day, Base five), twelve of them in one
request. On Tron every block has to be read, two requests each, 57,600 a day; but whole blocks tell
of all addresses, however many, so a live scan that reads them anyway looks for the resting ones too
and takes this cursor along with its own: then the daily scan costs nothing.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from chainwatch import anchoring, due, ranges, watching
from chainwatch.chains.base import Header, Known, RangeTooLarge
from chainwatch.models import RestingCursor
from chainwatch.passes import Pass
from chainwatch.ranges import Wanted

logger = logging.getLogger(__name__)

MOST_ADDRESSES = 12_000  # in one pass: an EVM node is asked about so many in one request


@dataclass(frozen=True, slots=True)
class _Part:
    """What one pass asks: a range, and the addresses up to `after_id`; 0: all that were left."""

    first: int
    last: int
    until: int  # the head when the range began
    want: Wanted
    after_id: int


def is_due(now: Pass) -> bool:
    """Whether this pass has a part of the day's scan to do. One query."""
    return not now.scope and due.resting(now.at).filter(chain=now.chain).exists()


def scan(now: Pass) -> None:
    """Do the next part of the day's scan where it is due. Raises as `scanning.scan` does."""
    cursor = None if now.scope else due.resting(now.at).filter(chain=now.chain).first()
    if cursor is None:
        return
    first = _beginning(now, cursor)
    if first > now.reachable:
        _note_nothing_new(now, cursor)
        return
    part = _next_part(now, cursor, first)
    try:
        found, took_s = ranges.ask(now, part.first, part.last, part.want)
    except RangeTooLarge:
        if part.first == part.last:
            raise
        shorter = (part.last - part.first + 1) // 2
        RestingCursor.objects.filter(pk=cursor.pk).update(span=shorter)
        return
    receipts = ranges.receipts_of(now, found)
    try:
        with transaction.atomic():
            if not _moved(now, cursor, part, found.block, took_s):
                # Another pass moved it, or addresses came to rest: what we know is not all.
                logger.info("daily scan was overtaken chain=%s", now.chain)
                return
            ranges.write(now, found, receipts)
            anchoring.join(now, part.first, found)
    except anchoring.AnotherFork:
        anchoring.turn_back(now)
        raise
    now.scanned += part.last - part.first + 1


def known(now: Pass) -> Known | None:
    """Return how a scan that sees whole blocks finds the resting addresses among all in them.

    None where scans do not, and where none rests.
    """
    sees_all = bool(now.scope) or now.nodes[0].reads_blocks
    rows = watching.resting(now.chain, now.scope)
    if not sees_all or not rows.exists():
        return None

    def among(addresses: Collection[str]) -> frozenset[str]:
        return frozenset(rows.filter(address__in=list(addresses)).values_list("address", flat=True))

    return among


def slices(now: Pass) -> Iterator[list[str]]:
    """Yield all resting addresses, so many at a time as one request can ask about."""
    after_id = 0
    while addresses := _slice(now, after_id):
        yield [address for _, address in addresses]
        after_id = addresses[-1][0]


def move_along(now: Pass, first: int, block: Header) -> None:
    """Move with a live scan that read whole blocks, `first` to `block`: it looked for all.

    In the transaction that moves the live cursor. Where this one stands elsewhere it stays there.
    """
    if now.scope or not now.nodes[0].reads_blocks:
        return
    RestingCursor.objects.filter(
        chain=now.chain,
        since=None,
        next_block__gte=first,
        next_block__lte=block.number + 1,
    ).update(**_range_done(now, block), until_block=None, done_at=now.at)


def _note_nothing_new(now: Pass, cursor: RestingCursor) -> None:
    """The chain has no new block: that is all of the day's scan, unless the nodes are behind."""
    RestingCursor.objects.filter(
        pk=cursor.pk, version=cursor.version, next_block=now.reachable + 1
    ).update(until_block=None, done_at=now.at)


def _next_part(now: Pass, cursor: RestingCursor, first: int) -> _Part:
    # Once a range has begun its end stands: the addresses before `after_id` were asked about it.
    until = cursor.until_block if cursor.after_id and cursor.until_block else now.reachable
    last = min(first + _span(now, cursor) - 1, until, now.reachable)
    if resting_ones := known(now):
        return _Part(first, last, until, Wanted(known=resting_ones), 0)
    rows = _slice(now, cursor.after_id)
    is_all = len(rows) < MOST_ADDRESSES
    want = Wanted.of_recipients(address for _, address in rows)
    return _Part(first, last, until, want, 0 if is_all else rows[-1][0])


def _beginning(now: Pass, cursor: RestingCursor) -> int:
    stands = [] if cursor.next_block is None else [cursor.next_block]
    if cursor.since is not None:
        stands.append(ranges.first_block(now, cursor.since))
    return min(stands)


def _slice(now: Pass, after_id: int) -> Sequence[tuple[int, str]]:
    rows = watching.resting(now.chain, now.scope).filter(pk__gt=after_id).order_by("pk")
    return list(rows.values_list("pk", "address")[:MOST_ADDRESSES])


def _moved(now: Pass, cursor: RestingCursor, part: _Part, block: Header, took_s: float) -> bool:
    """Move the cursor past what was asked, unless somebody else moved it meanwhile."""
    same = RestingCursor.objects.filter(pk=cursor.pk, version=cursor.version)
    if part.after_id:
        return bool(
            same.update(
                next_block=part.first,
                since=None,
                until_block=part.until,
                after_id=part.after_id,
                span=ranges.next_span(cursor.span, took_s, is_full=False, now=now),
                version=F("version") + 1,
                moved_at=now.at,
            )
        )
    is_full = part.last - part.first + 1 == _span(now, cursor)
    is_done = part.last >= part.until
    return bool(
        same.update(
            **_range_done(now, block),
            since=None,
            until_block=None if is_done else part.until,
            done_at=now.at if is_done else cursor.done_at,
            span=ranges.next_span(_span(now, cursor), took_s, is_full=is_full, now=now),
        )
    )


def _span(now: Pass, cursor: RestingCursor) -> int:
    """How many blocks to ask for: on Tron one answer too many would make the pass too long."""
    return min(cursor.span, now.nodes[0].most_blocks)


def _range_done(now: Pass, block: Header) -> dict[str, Any]:
    return {
        "next_block": block.number + 1,
        "block_time": block.block_time,
        "after_id": 0,
        "version": F("version") + 1,
        "moved_at": now.at,
    }
