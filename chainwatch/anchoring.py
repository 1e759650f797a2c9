"""Anchors: blocks that stood when they were read. By them a pass notices that others stand now.

A block's hash vouches for all blocks below it. So one question a pass, "is the newest anchor still
on the chain?", tells whether anything below was replaced, and where it was, the other anchors tell
from which height on.

That holds while the anchors stand on one another. A scanned range leaves its last block as one, so
it must join those there are (`join`): one address may have several machines behind it, and one of
them may still tell of a fork that the others have left.
"""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Least

from chainwatch import due, sightings
from chainwatch.chains import providers
from chainwatch.chains.base import ChainReader, ChainUnavailable, Header, Look
from chainwatch.chains.providers import Scanned
from chainwatch.models import Block, Cursor, RestingCursor, WatchedTransaction
from chainwatch.passes import Pass

logger = logging.getLogger(__name__)
FEW = 20  # Most reorganizations are shallow: first the newest anchors are asked about.
WELL_BELOW = 200  # where no anchor stands below the fork, it may be lower than the lowest
MOST_ANCHORS = 2_000  # More than the window holds that any of the chains can still replace.

BlockId = tuple[int, str]


def newest(now: Pass) -> tuple[Block | None, list[int]]:
    """Return the newest anchor, and the heights to ask about along with the head.

    None are asked while blocks come one by one: then the head names the anchor as its parent.
    """
    anchors = list(_standing(now)[:2])
    if not anchors:
        return None, []
    comes_singly = len(anchors) < 2 or anchors[0].number - anchors[1].number == 1
    return anchors[0], [] if comes_singly else [anchors[0].number]


def is_contradicted(now: Pass, anchor: Block | None, said: Look, node: ChainReader) -> bool:
    """Whether this node is on another fork than enough of the others; what left is orphaned.

    Where the nodes do not agree at all, the pass is doubtful, and the next one asks again.
    """
    if anchor is None or not _gives_doubt(anchor, said, node):
        return False
    anchors, rows = list(_standing(now)[:FEW]), _in_flight(now)
    stands, gone = _ask(now, {*map(_id_of, anchors), *map(_block_of, rows)})
    if _id_of(anchor) in stands:
        now.errors.append(f"{node.node}: on another fork than the others")
        now.tally.failed(node, "on another fork than the others")
        return True
    if not gone and anchor.number <= said.head.number:
        now.is_doubtful = True
        return False
    _orphan(now, [row for row in rows if _block_of(row) in gone])
    _rewind(now, anchors, stands, gone)
    return False


class AnotherFork(ChainUnavailable):
    """A range of blocks does not join the anchors around it."""


def join(now: Pass, first: int, scanned: Scanned) -> None:
    """Keep the last block of a range as an anchor. Raises AnotherFork where it does not join.

    In the transaction that records the range. The hashes of its ends, told in one breath, hold all
    between: they must be those of the anchors at these heights. Which of the two is of a fork that
    was left nobody knows by this alone: see `turn_back`.
    """
    keep(now, scanned.block)
    ends = {first - 1: scanned.parent_hash, scanned.block.number: scanned.block.block_hash}
    for anchor in _standing(now).filter(number__in=ends):
        if ends[anchor.number] not in ("", anchor.block_hash):
            raise AnotherFork(
                f"blocks {first} to {scanned.block.number} are of another fork than "
                f"block {anchor.number}"
            )


def turn_back(now: Pass) -> None:
    """Ask which anchors stand, and let the scan go back to below the first that does not."""
    anchors, rows = list(_standing(now)[:FEW]), _in_flight(now)
    stands, gone = _ask(now, {*map(_id_of, anchors), *map(_block_of, rows)})
    _orphan(now, [row for row in rows if _block_of(row) in gone])
    _rewind(now, anchors, stands, gone)


def keep_head(now: Pass, header: Header) -> None:
    """Keep the head as the newest anchor, unless the chain has grown shorter.

    A head below the newest anchor proves nothing of what stood between: until the chain has grown
    past it again, that anchor stays the one that is asked about.
    """
    if not _standing(now).filter(number__gt=header.number).exists():
        keep(now, header)


def keep(now: Pass, header: Header) -> None:
    """Keep a block as an anchor. Where another one stands at that height, the next pass sees it."""
    Block.objects.bulk_create(
        [
            Block(
                chain=now.chain,
                scope=now.scope,
                number=header.number,
                block_hash=header.block_hash,
                parent_hash=header.parent_hash,
                block_time=header.block_time,
            )
        ],
        ignore_conflicts=True,
    )


def forget_old(now: Pass, finalized_number: int | None) -> None:
    """Remove the anchors that no reorganization can reach, but for the newest of them."""
    standing = _standing(now)
    old = standing.filter(number__lte=finalized_number) if finalized_number is not None else None
    last = old.first() if old is not None else None
    if last is None:
        # A node that does not say what is finalized: then only so many are kept.
        last = next(iter(standing[MOST_ANCHORS : MOST_ANCHORS + 1]), None)
    if last is not None:
        Block.objects.filter(chain=now.chain, scope=now.scope, number__lt=last.number).delete()


def orphan_replaced(now: Pass, rows: Sequence[WatchedTransaction]) -> set[BlockId]:
    """Orphan the rows in whose block's place another one stands; return the blocks that stand.

    Absence alone proves nothing: a node that lags knows no block at that height.
    """
    stands, gone = _ask(now, {_block_of(row) for row in rows})
    _orphan(now, [row for row in rows if _block_of(row) in gone])
    return stands


def _gives_doubt(anchor: Block, said: Look, node: ChainReader) -> bool:
    """Whether the node has another block at the anchor's height, or a head below it.

    Raises ChainUnavailable or ChainRefused where the node has to be asked and does not say.
    """
    head = said.head
    if head.number < anchor.number:
        return True
    known = said.block_hashes.get(anchor.number)
    if known is None and head.number == anchor.number:
        known = head.block_hash
    if known is None and head.number == anchor.number + 1:
        known = head.parent_hash or None
    if known is None:
        known = node.block_hashes([anchor.number]).get(anchor.number)
    return known is not None and known != anchor.block_hash


def _rewind(now: Pass, anchors: Sequence[Block], stands: set[BlockId], gone: set[BlockId]) -> None:
    """Mark the anchors that left, and let the scan go back to where the fork is."""
    lost = [each for each in anchors if _id_of(each) in gone]
    if lost and len(lost) == len(anchors) == FEW:
        # Deeper than most: all the others are asked about too.
        anchors = list(_standing(now)[:MOST_ANCHORS])
        more_stand, more_gone = _ask(now, set(map(_id_of, anchors)))
        stands, lost = stands | more_stand, [each for each in anchors if _id_of(each) in more_gone]
    if not lost:
        return
    now.is_rewound = True
    lowest = min(each.number for each in lost)
    # The anchors are in order, the newest first.
    below = (each for each in anchors if _id_of(each) in stands and each.number < lowest)
    highest = next(below, None)
    fork = highest.number if highest is not None else max(0, lowest - WELL_BELOW)
    with transaction.atomic():
        Cursor.objects.filter(chain=now.chain, scope=now.scope, next_block__gt=fork + 1).update(
            next_block=fork + 1,
            block_time=highest.block_time if highest is not None else None,
            version=F("version") + 1,
        )
        _rewind_resting(now, fork)
        Block.objects.filter(pk__in=[each.pk for each in lost], orphaned_at=None).update(
            orphaned_at=now.at
        )
    logger.warning(
        "blocks were replaced chain=%s scope=%s above=%d orphaned=%d",
        now.chain,
        now.scope or "live",
        fork,
        now.orphaned,
    )


def _rewind_resting(now: Pass, fork: int) -> None:
    """Let the daily scan go back too; what it has done of its range may be of replaced blocks."""
    if not now.scope:
        cursors = RestingCursor.objects.filter(chain=now.chain)
        cursors.filter(Q(next_block__gt=fork + 1) | Q(after_id__gt=0)).update(
            next_block=Least("next_block", Value(fork + 1)), after_id=0, version=F("version") + 1
        )


def _orphan(now: Pass, rows: Sequence[WatchedTransaction]) -> None:
    if rows:
        count = sightings.record_orphaned(rows, at=now.at)
        now.orphaned += count
        now.is_rewound = now.is_rewound or count > 0


def _in_flight(now: Pass) -> list[WatchedTransaction]:
    waiting = due.awaiting(now.chain, now.scope) | due.revocable(now.chain, now.scope)
    return list(waiting.filter(block_number__lte=now.known_head().number))


def _ask(now: Pass, blocks: set[BlockId]) -> tuple[set[BlockId], set[BlockId]]:
    stands, gone = providers.standing(now.nodes, blocks, quorum=now.quorum, tally=now.tally)
    return set(stands), set(gone)


def _standing(now: Pass) -> QuerySet[Block]:
    return Block.objects.filter(chain=now.chain, scope=now.scope, orphaned_at=None).order_by(
        "-number"
    )


def _id_of(block: Block) -> BlockId:
    return block.number, block.block_hash


def _block_of(row: WatchedTransaction) -> BlockId:
    assert row.block_number is not None
    assert row.block_hash is not None
    return row.block_number, row.block_hash
