"""One pass over one chain: read which rows are due, ask the nodes with no transaction open, write.

A pass has up to seven steps, each with its own question and its own write:
what became of the hashes that nobody has seen yet, with the head (`seeing`); whether blocks were
replaced (`anchoring`); what is deep enough, and what is beyond any reorganization (`confirming`);
what watched addresses moved (`scanning`); what took the place of hashes that vanished
(`replacing`); and a part of the day's scan for addresses that rest (`resting`). A step that fails
takes nothing from those before it, and hinders none after it. A chain with nothing in flight and
nothing watched costs no request. Two passes at once do no harm: every write is guarded.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import count

from django.db.models import F
from django.utils import timezone

from billing.chains import network
from chainwatch import (
    anchoring,
    confirming,
    due,
    nodes,
    replacing,
    resting,
    scanning,
    seeing,
    watching,
)
from chainwatch.chains import providers
from chainwatch.chains.asking import Tally
from chainwatch.chains.base import (
    ChainReader,
    ChainRefused,
    ChainUnavailable,
    Cost,
    Head,
    Header,
    RangeTooLarge,
)
from chainwatch.models import ChainHead, WatchedTransaction
from chainwatch.passes import Followed, Pass

logger = logging.getLogger(__name__)
_turns = count()
DISAGREE = "the nodes do not agree on which blocks stand"


def follow(chain: str, scope: str = "", readers: Sequence[ChainReader] | None = None) -> Followed:
    """Make one pass over a chain: live with an empty scope, else one simulated network.

    Raises nothing for what a node does: a pass that learned nothing changes nothing but the
    chain's last error. `readers` stands in for the nodes of settings.
    """
    now = _begin(chain, scope)
    reads_blocks = _reads_blocks(now, readers)
    unseen = due.unseen_due(
        now.at,
        network=now.network,
        scope=scope,
        read_at=now.stored.read_at,
        reads_blocks=reads_blocks,
    )
    if not unseen and not _is_in_flight(now, reads_blocks=reads_blocks):
        return Followed(chain, scope)
    return _followed(now, readers, lambda: _make(now, unseen))


def follow_sandboxes(chain: str) -> list[Followed]:
    """Make one pass over each simulated network of a chain that has anything in flight."""
    return [follow(chain, scope) for scope in due.scopes_in_flight(chain)]


def backfill(
    chain: str,
    first: int,
    last: int,
    *,
    scope: str = "",
    readers: Sequence[ChainReader] | None = None,
) -> Followed:
    """Scan a range of blocks again for the watched addresses; the cursor stays where it is.

    Blocks above the head are left out. What is found is followed from the next pass on. Raises
    nothing for what a node does: the error is in the answer.
    """
    now = _begin(chain, scope)

    def scan() -> None:
        said, node = seeing.look(now, [])
        seeing.is_ahead_of_all(now, said, node)
        scanning.backfill_range(now, first, min(last, now.reachable))

    return _followed(now, readers, scan)


def _begin(chain: str, scope: str) -> Pass:
    stored = ChainHead.objects.filter(chain=chain, scope=scope).first()
    head = stored or ChainHead(chain=chain, scope=scope)
    return Pass(network(chain), scope, timezone.now(), [], head)


def _reads_blocks(now: Pass, readers: Sequence[ChainReader] | None) -> bool:
    if readers is not None:
        return any(reader.reads_blocks for reader in readers)
    return not now.scope and not now.network.is_evm


def _is_in_flight(now: Pass, *, reads_blocks: bool) -> bool:
    """Whether anything is in a block that may still change, or the next blocks may hold any."""
    return (
        due.awaiting(now.chain, now.scope).exists()
        or due.revocable(now.chain, now.scope).exists()
        or watching.is_followed_live(now.chain, now.scope)
        or resting.is_due(now)
        or (bool(now.scope) and due.is_unscanned(now.chain, now.scope, now.at))
        or (reads_blocks and due.is_hoping(now.at, chain=now.chain, scope=now.scope))
    )


def _followed(
    now: Pass, readers: Sequence[ChainReader] | None, work: Callable[[], None]
) -> Followed:
    """Do a pass's work with the chain's nodes, and write what it cost and what went wrong."""
    now.stored, _ = ChainHead.objects.get_or_create(chain=now.chain, scope=now.scope)
    before = Cost()
    try:
        now.nodes = _nodes(now) if readers is None else list(readers)
        now.tally = Tally.of(now.nodes)
        before = providers.total_cost(now.nodes)
        work()
    except (ChainUnavailable, ChainRefused) as reason:
        now.errors.append(str(reason))
    after = providers.total_cost(now.nodes)
    if readers is None and not now.scope:
        nodes.note(now.chain, now.tally, at=now.at)
    return _finish(
        now, Cost(after.http_requests - before.http_requests, after.calls - before.calls)
    )


def _nodes(now: Pass) -> list[ChainReader]:
    """The chain's nodes in the order in which they are asked.

    Where several must agree, each pass begins with another one: a node that lies about the head
    would otherwise be the first to be asked for ever.
    """
    if now.scope:
        return providers.readers(now.chain, now.scope)
    resting = nodes.resting(now.chain, now.at)
    found = providers.readers(now.chain, resting=resting)
    awake = [node for node in found if node.node not in resting]
    return [*_turned(now, awake), *(node for node in found if node.node in resting)]


def _turned(now: Pass, awake: list[ChainReader]) -> list[ChainReader]:
    turn = next(_turns) % len(awake) if awake and now.quorum > 1 else 0
    return awake[turn:] + awake[:turn]


def _make(now: Pass, unseen: Sequence[WatchedTransaction]) -> None:
    anchor, check = anchoring.newest(now)
    said, node = seeing.look(now, unseen, check=check)
    seeing.record(now, unseen, said, node)
    while seeing.is_ahead_of_all(now, said, node) or anchoring.is_contradicted(
        now, anchor, said, node
    ):
        now.disbelieve(node)
        if len(now.disbelieved) == len(now.nodes):
            now.errors.append(DISAGREE)
            return
        said, node = seeing.look(now, [], check=check)
    _store_head(now, now.known_head(), node)
    confirming.confirm(now)
    if now.is_doubtful:
        now.errors.append(DISAGREE)
        return
    anchoring.keep_head(now, _header(said.head))
    confirming.finalize(now)
    for step in (
        lambda: scanning.scan(now),
        lambda: replacing.search(now, unseen),
        lambda: resting.scan(now),
    ):
        _try(now, step)


def _try(now: Pass, step: Callable[[], None]) -> None:
    """Take a step that no other depends on: what a node does in it is noted, no more."""
    try:
        step()
    except RangeTooLarge as reason:
        now.errors.append(f"a single block is too large: {reason}")
    except (ChainUnavailable, ChainRefused) as reason:
        now.errors.append(str(reason))


def _header(head: Head) -> Header:
    return Header(head.number, head.block_hash, head.parent_hash, head.block_time)


def _store_head(now: Pass, head: Head, node: ChainReader) -> None:
    """Keep the highest head. Only a replaced block moves it down: a lower node may just lag."""
    moved: dict[str, object] = {"read_at": now.at, "node": node.node}
    if head.number >= now.stored.number or now.is_rewound:
        moved |= {
            "number": head.number,
            "block_hash": head.block_hash,
            "block_time": head.block_time,
        }
    if head.safe_number is not None:
        moved["safe_number"] = head.safe_number
    if head.finalized_number is not None:
        moved["finalized_number"] = head.finalized_number
    ChainHead.objects.filter(pk=now.stored.pk).update(**moved)


def _finish(now: Pass, cost: Cost) -> Followed:
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
        chain=now.chain,
        scope=now.scope,
        head_number=now.head.number if now.head else None,
        asked=now.asked,
        seen=now.seen,
        final=now.final,
        finalized=now.finalized,
        orphaned=now.orphaned,
        scanned=now.scanned,
        found=now.found,
        http_requests=cost.http_requests,
        rpc_calls=cost.calls,
        error=error,
    )
    _log(followed)
    return followed


def _log(followed: Followed) -> None:
    """Say what happened. A pass that changed nothing is worth a line only to who looks for it."""
    is_news = followed.seen or followed.final or followed.orphaned or followed.found
    level = logging.WARNING if followed.error else logging.INFO if is_news else logging.DEBUG
    logger.log(
        level,
        "chain followed chain=%s scope=%s head=%s asked=%d seen=%d final=%d orphaned=%d found=%d "
        "error=%s",
        followed.chain,
        followed.scope or "live",
        followed.head_number,
        followed.asked,
        followed.seen,
        followed.final,
        followed.orphaned,
        followed.found,
        followed.error or "none",
    )
