"""What about the chains needs somebody now. Rows alone, so that any screen may ask.

Only a chain on which something is in flight or watched can alarm: of any other nobody waits for
anything, and what is stored of its nodes may be long past.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Min, Q, QuerySet, Value
from django.utils import timezone

from billing.chains import Chain, Network, network
from billing.display import span_words
from chainwatch import due, nodes
from chainwatch.models import (
    ChainHead,
    ChainNode,
    Cursor,
    RestingCursor,
    SandboxChain,
    WatchedAddress,
    WatchedTransaction,
)

SILENT = timedelta(minutes=10)  # without a good read
BEHIND = timedelta(minutes=10)  # from the last scanned block to the head
_WRONG_CHAIN = re.compile(r"chain id \d+ instead of \d+")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that will not mend itself: what is so, what that means, what to do about it."""

    chain: Chain
    what: str
    says: str
    todo: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Since when somebody waits for news of a chain, and whether its blocks are scanned for it."""

    since: datetime
    is_scanned: bool


def alarms(scope: str = "", heads: Mapping[str, ChainHead] | None = None) -> list[Alarm]:
    """Return what needs somebody, chain by chain: live with an empty scope, else one sandbox's.

    One query where nobody waits for anything, else up to four; `heads`, by chain, saves one.
    """
    waiting = _waiting(scope)
    if not waiting:
        return []
    rules = [network(chain) for chain in Chain if chain in waiting]
    if heads is None:
        heads = {head.chain: head for head in ChainHead.objects.filter(scope=scope)}
    cursors = {cursor.chain: cursor for cursor in Cursor.objects.filter(scope=scope)}
    rows = {} if scope else nodes.of_chains(rules)
    return [
        alarm
        for each in rules
        for alarm in [
            *_of_nodes(each, rows.get(each.chain, [])),
            *_of_read(each, heads.get(each.chain), waiting[each.chain].since),
            *(
                _of_scan(each, heads.get(each.chain), cursors.get(each.chain))
                if waiting[each.chain].is_scanned
                else []
            ),
        ]
    ]


def _of_nodes(row: Network, known: list[ChainNode]) -> Iterator[Alarm]:
    variable = f"{row.chain.upper()}_RPC_URLS"
    failing = [node for node in known if nodes.is_failing(node)]
    for node in failing:
        if _WRONG_CHAIN.search(node.last_error):
            says = f"{node.name} says {node.last_error}; it is not believed"
            todo = f"Put the right URL into {variable}."
            yield Alarm(row.chain, "A node of another chain", says, todo, node.failed_at)
    fit = len(known) - len(failing)
    since = max((node.failed_at for node in failing if node.failed_at), default=None)
    if known and not fit:
        says = f"none of {len(known)} nodes gives a good answer: {failing[0].last_error}"
        todo = f"Nothing settles on {row.chain.label} until one does. Run manage.py doctor."
        yield Alarm(row.chain, "Every node fails", says, todo, since)
    elif known and fit < row.quorum:
        says = f"{row.quorum} nodes must agree, and {fit} of {len(known)} can be asked"
        todo = f"Nothing settles until then. Mend a node, or add one to {variable}."
        yield Alarm(row.chain, "Too few nodes to agree", says, todo, since)


def _of_read(row: Network, head: ChainHead | None, since: datetime) -> Iterator[Alarm]:
    read_at = head.read_at if head is not None else None
    silent_since = max(read_at, since) if read_at else since
    silence = timezone.now() - silent_since
    if silence > SILENT:
        says = f"no good read for {span_words(silence)}, and something waits for one"
        todo = "See that a worker and the beat run, then what the nodes say: manage.py doctor."
        yield Alarm(row.chain, "Not read", says, todo, silent_since)


def _of_scan(row: Network, head: ChainHead | None, cursor: Cursor | None) -> Iterator[Alarm]:
    blocks, span = unscanned(head, cursor) or (0, timedelta(0))
    since = cursor.moved_at if cursor is not None else None
    if span > BEHIND:
        says = f"watched addresses are scanned {blocks:,} blocks ({span_words(span)}) behind"
        todo = "What they moved since is not known yet. It catches up, or the last error says why."
        yield Alarm(row.chain, "The scan is behind", says, todo, since)


def unscanned(head: ChainHead | None, cursor: Cursor | None) -> tuple[int, timedelta] | None:
    """Return how far the scan is behind the head, in blocks and in their time.

    None where nothing was scanned yet.
    """
    if head is None or head.block_time is None or cursor is None or cursor.next_block is None:
        return None
    if cursor.block_time is None:
        return None
    span = max(timedelta(0), head.block_time - cursor.block_time)
    return max(0, head.number + 1 - cursor.next_block), span


def _waiting(scope: str) -> Mapping[str, Waiting]:
    """Return the chains on which something is in flight or looked for. One query."""
    now = timezone.now()
    mine = WatchedTransaction.objects.filter(scope=scope)
    # Each part is answered by a partial index of its own. Past the limit, hashes are asked hourly.
    hashes = [
        mine.filter(block_hash__isnull=False, final_at=None),
        mine.filter(final_at__isnull=False, finalized_at=None),
        *(
            mine.filter(
                chain=chain,
                block_hash=None,
                watch_until__gt=now,
                watched_at__gt=now - network(chain).not_found_limit,
            )
            for chain in Chain
        ),
    ]
    parts = [_since(each, is_scanned=False) for each in hashes]
    found: dict[str, Waiting] = {}
    for chain, since, is_scanned in parts[0].union(*parts[1:], *_addresses(scope, now), all=True):
        if scope or network(chain).is_configured:
            other = found.get(chain, Waiting(since, is_scanned))
            found[chain] = Waiting(min(since, other.since), is_scanned or other.is_scanned)
    return found


def _addresses(scope: str, now: datetime) -> list[QuerySet[Any, Any]]:
    """What addresses are waited for: live ones always, resting ones when their day's scan is due.

    On a simulated chain a transaction is, that no scan has looked at.
    """
    if scope:
        news = due.unscanned(now).filter(scope=scope)
        return [_since(news, "unscanned_since", is_scanned=True)]
    is_live = Q(is_outgoing=True) | Q(is_incoming=True)
    live = WatchedAddress.objects.filter(is_live, scope="")
    daily = due.resting(now).annotate(due_at=F("done_at") + due.RESTING_EVERY)
    return [
        _since(live, is_scanned=True),
        _since(daily, "due_at", is_scanned=False),
    ]


def _since(
    rows: QuerySet[WatchedTransaction]
    | QuerySet[WatchedAddress]
    | QuerySet[RestingCursor]
    | QuerySet[SandboxChain],
    moment: str = "watched_at",
    *,
    is_scanned: bool,
) -> QuerySet[Any, Any]:
    grouped = rows.order_by().values_list("chain").annotate(since=Min(moment))
    return grouped.annotate(is_scanned=Value(is_scanned))
