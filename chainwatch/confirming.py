"""What is deep enough: asked once more before it is final, and its block once more at the end.

So a transaction costs two receipts whatever its confirmations, and a question per block after that.
The second comes with a head of its own: one from before a reorganization would say too much.
"""

import logging
from collections.abc import Sequence

from billing.chains import Finality
from chainwatch import anchoring, due, sightings
from chainwatch.chains import providers
from chainwatch.chains.base import ChainRefused, ChainUnavailable
from chainwatch.finality import final_up_to, last_level
from chainwatch.models import WatchedTransaction
from chainwatch.passes import Pass
from chainwatch.sightings import Sighting

logger = logging.getLogger(__name__)
MOST_BLOCKS = 200  # so many are asked about in one pass


def confirm(now: Pass) -> None:
    """Ask once more for what is deep enough: final if it is where it was, else seen anew."""
    levels = due.awaiting(now.chain, now.scope).values_list("finality", flat=True)
    for level in sorted(set(levels)):
        _confirm_level(now, Finality(level))


def finalize(now: Pass) -> None:
    """Let go of what no reorganization can take away; what one took is orphaned, final or not."""
    up_to = now.known_head().finalized_number
    anchoring.forget_old(now, up_to)
    rows = due.revocable(now.chain, now.scope).order_by("block_number", "pk")
    if up_to is not None:
        rows = rows.filter(block_number__lte=up_to)
    else:
        rows = rows.filter(final_at__lte=now.at - due.SURELY_FINALIZED)
    candidates = _of_first_blocks(list(rows[: due.MOST_ROWS]))
    if not candidates or (up_to is not None and not _is_finalized_for_all(now, candidates)):
        return
    stands = anchoring.orphan_replaced(now, candidates)
    now.finalized += sightings.record_finalized(
        [row for row in candidates if (row.block_number, row.block_hash) in stands], at=now.at
    )


def _confirm_level(now: Pass, level: Finality) -> None:
    up_to = final_up_to(now.network, now.known_head(), level)
    if up_to is None:
        return
    is_single = now.nodes[0].reads_blocks
    rows = due.final_candidates(
        up_to,
        finality=level.value,
        chain=now.chain,
        scope=now.scope,
        most=due.MOST_SINGLE_ROWS if is_single else due.MOST_ROWS,
    )
    if not rows:
        return
    agreed = providers.agreed(
        now.nodes,
        [due.reference_of(row) for row in rows],
        told_by=now.nodes[0],
        seen_in=due.blocks_of(rows),
        block_times=due.block_times(rows),
        up_to=lambda head, _: final_up_to(now.network, head, level),
        quorum=now.quorum,
        levels=() if level == Finality.CONFIRMATIONS else (level,),
        is_solid=level == Finality.SOLIDIFIED,
        tally=now.tally,
    )
    now.asked += len(rows)
    now.errors += [agreed.error] if agreed.error else []
    sightings.record_asked(rows, at=now.at)
    votes = [(row, agreed.votes.get(due.reference_of(row))) for row in rows]
    _record_seen_again(
        now,
        [
            (Sighting(row, vote.receipt, agreed.nodes[0].node), vote.is_deep)
            for row, vote in votes
            if vote is not None and vote.receipt is not None
        ],
        is_last_level=level == last_level(now.network),
    )
    lost = [row for row, vote in votes if vote is not None and vote.receipt is None]
    _disown(now, lost, anchoring.orphan_replaced(now, lost))


def _disown(now: Pass, lost: Sequence[WatchedTransaction], stands: set[tuple[int, str]]) -> None:
    """Take back what one node told of a block that stands, where enough nodes deny it.

    Absence alone proves nothing; but several nodes that know the very block, and no such
    transaction, outweigh the one that told of it. Else an invention would be waited for for ever.
    """
    invented = [row for row in lost if (row.block_number, row.block_hash) in stands]
    if now.quorum > 1 and invented:
        logger.error("a node told of what no other has chain=%s rows=%d", now.chain, len(invented))
        now.orphaned += sightings.record_orphaned(invented, at=now.at)


def _record_seen_again(
    now: Pass, seen: Sequence[tuple[Sighting, bool]], *, is_last_level: bool
) -> None:
    """Record as final what says the same as before and is deep enough; sight the rest anew."""
    unmoved = [
        sighting for sighting, _ in seen if sighting.receipt.block_hash == sighting.row.block_hash
    ]
    told_otherwise = sightings.contradicted(unmoved, network=now.network)
    if told_otherwise:
        logger.error(
            "a block was told two ways chain=%s transactions=%d", now.chain, len(told_otherwise)
        )
    same = {sighting.row.pk for sighting in unmoved} - told_otherwise
    final = sightings.record_final(
        [sighting.row for sighting, is_deep in seen if sighting.row.pk in same and is_deep],
        at=now.at,
        is_last_level=is_last_level,
    )
    now.final += final
    now.finalized += final if is_last_level else 0
    now.orphaned += sightings.record_sightings(
        [sighting for sighting, _ in seen if sighting.row.pk not in same], at=now.at
    )


def _of_first_blocks(rows: Sequence[WatchedTransaction]) -> list[WatchedTransaction]:
    """The rows of the first so many blocks: each block is one question."""
    numbers = sorted({row.block_number for row in rows if row.block_number is not None})
    last = numbers[:MOST_BLOCKS][-1] if numbers else 0
    return [row for row in rows if row.block_number is not None and row.block_number <= last]


def _is_finalized_for_all(now: Pass, rows: Sequence[WatchedTransaction]) -> bool:
    """Whether as many nodes as must agree call the highest of these blocks finalized.

    One that lies about it could make us look away before the chain is done with a block.
    """
    highest = max(row.block_number for row in rows if row.block_number is not None)
    agreeing = 1
    for node in now.nodes[1:]:
        if agreeing >= now.quorum:
            break
        try:
            head = node.look([], levels=[last_level(now.network)]).head
        except (ChainUnavailable, ChainRefused) as reason:
            now.tally.failed(node, str(reason))
            continue
        now.tally.answered(node, head)
        agreeing += head.finalized_number is not None and head.finalized_number >= highest
    return agreeing >= now.quorum
