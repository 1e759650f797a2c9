"""One pass over one chain: read which rows are due, ask the nodes with no transaction open, write.

A pass has up to three steps, each with its own question and its own write: what became of the
hashes that nobody has seen yet (the head comes with that answer); whether blocks were replaced,
where the head gives reason to doubt; and, for those deep enough, whether their block still stands.
So a payout costs two receipts whatever its confirmations, and a chain with nothing in flight costs
no request. Two passes at once do no harm: every write is guarded (`sightings`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db.models import F
from django.utils import timezone

from billing.chains import Network, network
from chainwatch import sightings
from chainwatch.chains import providers
from chainwatch.chains.base import (
    ChainReader,
    ChainRefused,
    ChainUnavailable,
    Cost,
    Head,
    Look,
)
from chainwatch.finality import final_up_to, gives_doubt
from chainwatch.models import ChainHead, WatchedTransaction
from chainwatch.passes import Followed
from chainwatch.sightings import Sighting, reference_of

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pass:
    """One pass under way: what every step needs, and its tally."""

    network: Network
    scope: str
    at: datetime
    nodes: Sequence[ChainReader]
    stored: ChainHead
    head: Head | None = None
    asked: int = 0
    seen: int = 0
    final: int = 0
    orphaned: int = 0
    errors: list[str] = field(default_factory=list)


def follow(chain: str, scope: str = "", readers: Sequence[ChainReader] | None = None) -> Followed:
    """Make one pass over a chain: live with an empty scope, else one simulated network.

    Raises nothing for what a node does: a pass that learned nothing changes nothing but the
    chain's last error. `readers` stands in for the nodes of settings.
    """
    row, at = network(chain), timezone.now()
    unseen = sightings.unseen_due(at, network=row, scope=scope)
    if not unseen and not sightings.awaiting(chain, scope).exists():
        return Followed(chain, scope)
    stored, _ = ChainHead.objects.get_or_create(chain=chain, scope=scope)
    now = _Pass(row, scope, at, readers or [], stored)
    before = Cost()
    try:
        if readers is None:
            now.nodes = providers.readers(chain, scope)
        before = providers.total_cost(now.nodes)
        _make(now, unseen)
    except (ChainUnavailable, ChainRefused) as reason:
        now.errors.append(str(reason))
    after = providers.total_cost(now.nodes)
    return _finish(
        now, Cost(after.http_requests - before.http_requests, after.calls - before.calls)
    )


def follow_sandboxes(chain: str) -> list[Followed]:
    """Make one pass over each simulated network of a chain that has anything in flight."""
    return [follow(chain, scope) for scope in sightings.scopes_in_flight(chain)]


def _make(now: _Pass, unseen: Sequence[WatchedTransaction]) -> None:
    look, node = _find(now, unseen)
    is_doubtful = gives_doubt(look.head, number=now.stored.number, block_hash=now.stored.block_hash)
    is_replaced = is_doubtful and _recheck(now, look.head, node)
    _store_head(now, look, is_replaced=is_replaced)
    up_to = final_up_to(now.network, look.head)
    if up_to is not None:
        _confirm(now, look.head, up_to)


def _find(now: _Pass, unseen: Sequence[WatchedTransaction]) -> tuple[Look, ChainReader]:
    """Ask what became of the rows that are in no block, and record it."""
    look, node, errors = providers.first_look(now.nodes, [reference_of(row) for row in unseen])
    now.head = look.head
    now.asked += len(unseen)
    now.errors += errors
    missing = [row for row in unseen if _says_missing(look, row)]
    looks = [look, *_second_opinions(now, missing, but=node)]
    found: dict[int, Sighting] = {}
    for each in looks:
        for row in unseen:
            if receipt := each.receipts.get(reference_of(row)):
                found.setdefault(row.pk, Sighting(row, receipt, each.node))
    now.seen += sightings.record_sightings(list(found.values()), at=now.at)
    _record_unseen(now, [row for row in unseen if row.pk not in found], looks)
    return look, node


def _second_opinions(
    now: _Pass, missing: Sequence[WatchedTransaction], *, but: ChainReader
) -> list[Look]:
    """Ask every other node for what has been missing for long.

    One node may lag or have lost it, and "not found" counts only where all of them say it.
    """
    references = [
        reference_of(row) for row in missing if row.watched_at <= now.at - sightings.FRESH
    ]
    looks: list[Look] = []
    for node in now.nodes if references else ():
        if node is but:
            continue
        try:
            node.recheck()
            looks.append(node.look(references))
        except (ChainUnavailable, ChainRefused) as reason:
            now.errors.append(f"{node.node}: {reason}")
    return looks


def _record_unseen(now: _Pass, rows: Sequence[WatchedTransaction], looks: Sequence[Look]) -> None:
    """Record absence where every configured node said so, and for the rest that they were asked."""
    needed = max(len(now.nodes), now.network.quorum)
    absent = [row for row in rows if sum(_says_missing(each, row) for each in looks) >= needed]
    absent_pks = {row.pk for row in absent}
    oldest = min(each.head.block_time for each in looks)
    sightings.record_absent(absent, at=now.at, block_time=oldest)
    sightings.record_unanswered([row for row in rows if row.pk not in absent_pks], at=now.at)


def _says_missing(look: Look, row: WatchedTransaction) -> bool:
    """Whether a node said that it knows no such transaction, which no answer does not say."""
    asked = reference_of(row)
    return asked in look.receipts and look.receipts[asked] is None


def _recheck(now: _Pass, head: Head, node: ChainReader) -> bool:
    """Orphan what waits in a block that stands no more. Returns whether there was any."""
    rows = list(
        sightings.awaiting(now.network.chain, now.scope).filter(block_number__lte=head.number)
    )
    nodes = [node, *(each for each in now.nodes if each is not node)]
    return _orphan_replaced(now, rows, nodes) > 0


def _confirm(now: _Pass, head: Head, up_to: int) -> None:
    """Ask once more for what is deep enough: final if it is where it was, else seen anew."""
    rows = sightings.final_candidates(up_to, chain=now.network.chain, scope=now.scope)
    if not rows:
        return
    agreed = providers.agreed(
        now.nodes,
        [reference_of(row) for row in rows],
        head=head,
        block_times=sightings.block_times(rows),
        up_to=partial(final_up_to, now.network),
        quorum=now.network.quorum,
    )
    now.asked += len(rows)
    now.errors += [agreed.error] if agreed.error else []
    sightings.record_asked(rows, at=now.at)
    votes = [(row, agreed.votes.get(reference_of(row))) for row in rows]
    _record_seen_again(
        now,
        [
            (Sighting(row, vote.receipt, agreed.nodes[0].node), vote.is_deep)
            for row, vote in votes
            if vote is not None and vote.receipt is not None
        ],
    )
    lost = [row for row, vote in votes if vote is not None and vote.receipt is None]
    _orphan_replaced(now, lost, agreed.nodes)


def _record_seen_again(now: _Pass, seen: Sequence[tuple[Sighting, bool]]) -> None:
    """Record as final what says the same as before and is deep enough; sight the rest anew."""
    unmoved = [
        sighting for sighting, _ in seen if sighting.receipt.block_hash == sighting.row.block_hash
    ]
    told_otherwise = sightings.contradicted(unmoved, network=now.network)
    if told_otherwise:
        logger.error(
            "a block was told two ways chain=%s transactions=%d",
            now.network.chain,
            len(told_otherwise),
        )
    same = {sighting.row.pk for sighting in unmoved} - told_otherwise
    now.final += sightings.record_final(
        [sighting.row for sighting, is_deep in seen if sighting.row.pk in same and is_deep],
        at=now.at,
    )
    now.orphaned += sightings.record_sightings(
        [sighting for sighting, _ in seen if sighting.row.pk not in same], at=now.at
    )


def _orphan_replaced(
    now: _Pass, rows: Sequence[WatchedTransaction], nodes: Sequence[ChainReader]
) -> int:
    """Orphan the rows in whose block's place another one stands. Absence alone proves nothing."""
    gone = providers.replaced(nodes, {_block_of(row) for row in rows}, quorum=now.network.quorum)
    count = sightings.record_orphaned([row for row in rows if _block_of(row) in gone], at=now.at)
    now.orphaned += count
    return count


def _block_of(row: WatchedTransaction) -> tuple[int, str]:
    assert row.block_number is not None
    assert row.block_hash is not None
    return row.block_number, row.block_hash


def _store_head(now: _Pass, look: Look, *, is_replaced: bool) -> None:
    """Keep the highest head. Only a replaced block moves it down: a lower node may just lag."""
    head = look.head
    moved: dict[str, object] = {"read_at": now.at, "node": look.node}
    if head.number >= now.stored.number or is_replaced:
        moved |= {
            "number": head.number,
            "block_hash": head.block_hash,
            "block_time": head.block_time,
            "safe_number": head.safe_number,
            "finalized_number": head.finalized_number,
        }
    ChainHead.objects.filter(pk=now.stored.pk).update(**moved)


def _finish(now: _Pass, cost: Cost) -> Followed:
    """Write what the pass cost and what went wrong, and say it in one line."""
    error = "; ".join(dict.fromkeys(now.errors))[:2000]
    failure: dict[str, object] = {"failed_at": now.at} if error else {}
    ChainHead.objects.filter(pk=now.stored.pk).update(
        http_requests=F("http_requests") + cost.http_requests,
        rpc_calls=F("rpc_calls") + cost.calls,
        last_error=error,
        **failure,
    )
    followed = Followed(
        chain=now.network.chain,
        scope=now.scope,
        head_number=now.head.number if now.head else None,
        asked=now.asked,
        seen=now.seen,
        final=now.final,
        orphaned=now.orphaned,
        http_requests=cost.http_requests,
        rpc_calls=cost.calls,
        error=error,
    )
    _log(followed)
    return followed


def _log(followed: Followed) -> None:
    """Say what happened. A pass that changed nothing is worth a line only to who looks for it."""
    is_news = followed.seen or followed.final or followed.orphaned
    level = logging.WARNING if followed.error else logging.INFO if is_news else logging.DEBUG
    logger.log(
        level,
        "chain followed chain=%s scope=%s head=%s asked=%d seen=%d final=%d orphaned=%d error=%s",
        followed.chain,
        followed.scope or "live",
        followed.head_number,
        followed.asked,
        followed.seen,
        followed.final,
        followed.orphaned,
        followed.error or "none",
    )
