"""Several nodes per chain: who is asked, who is asked next, and when enough of them agree.

The node libraries are imported inside `_live_reader` alone, so that no web process loads them.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from billing.chains import Network, network
from chainwatch.chains.base import (
    ChainReader,
    ChainRefused,
    ChainUnavailable,
    Cost,
    Head,
    Look,
    Receipt,
)
from chainwatch.chains.sandbox import SandboxReader

logger = logging.getLogger(__name__)

# One reader per node and process: it keeps its connection open and remembers that its chain id was
# right. The key is everything it is made of, so that changed settings make a new one.
_readers: dict[tuple[object, ...], ChainReader] = {}


@dataclass(frozen=True, slots=True)
class Vote:
    """What one node says of one transaction, and whether it is final under that node's own head.

    `receipt` is None where the node knows no such mined transaction.
    """

    receipt: Receipt | None
    is_deep: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """What enough nodes said alike; the rest is missing. `nodes` are all that voted."""

    votes: Mapping[str, Vote]
    nodes: tuple[ChainReader, ...]
    error: str = ""


def readers(chain: str, scope: str = "") -> list[ChainReader]:
    """Return the nodes of a chain in the order of settings; of a simulated one, its only reader.

    Raises ChainRefused where this version cannot read the chain.
    """
    if scope:
        return [SandboxReader(scope, chain)]
    row = network(chain)
    return [_live_reader(row, url) for url in row.rpc_urls]


def first_look(
    nodes: Sequence[ChainReader], references: Sequence[str]
) -> tuple[Look, ChainReader, list[str]]:
    """Return what the first usable node says, that node, and what went wrong with those before it.

    A node that answers but says nothing of any reference counts as usable only where no other is.
    Raises ChainUnavailable where none answered.
    """
    errors: list[str] = []
    fallback: tuple[Look, ChainReader] | None = None
    for place, node in enumerate(nodes):
        try:
            look = _look(node, references, is_failover=place > 0)
        except (ChainUnavailable, ChainRefused) as reason:
            errors.append(f"{node.node}: {reason}")
            continue
        errors += [f"{node.node}: {reason}" for reason in set(look.unanswered.values())]
        if look.receipts or not references:
            return look, node, errors
        fallback = fallback or (look, node)
    if fallback is None:
        raise ChainUnavailable("; ".join(errors) or "no node is configured")
    return *fallback, errors


def agreed(
    nodes: Sequence[ChainReader],
    references: Sequence[str],
    *,
    head: Head,
    block_times: Mapping[str, datetime],
    up_to: Callable[[Head], int | None],
    quorum: int,
) -> Agreed:
    """Return the answers on which `quorum` nodes agree: same block, outcome, transfers, and depth.

    Asks no more nodes than needed. `head` stands for the first one's; every other is asked for its
    own, since a single lying head would make anything look deep. Raises nothing.
    """
    votes: dict[str, Counter[Vote]] = {each: Counter() for each in references}
    errors: list[str] = []
    voters: list[ChainReader] = []
    for place, node in enumerate(nodes):
        undecided = [each for each in references if _winner(votes[each], quorum) is None]
        if not undecided:
            break
        try:
            look = _look(
                node,
                undecided,
                is_failover=place > 0,
                head=None if voters else head,
                block_times=block_times,
            )
        except (ChainUnavailable, ChainRefused) as reason:
            errors.append(f"{node.node}: {reason}")
            continue
        voters.append(node)
        errors += [f"{node.node}: {reason}" for reason in set(look.unanswered.values())]
        deepest = up_to(look.head)
        for each, receipt in look.receipts.items():
            votes[each][_vote(receipt, deepest)] += 1
    winners = {each: _winner(count, quorum) for each, count in votes.items()}
    if None in winners.values() and not errors:
        errors.append(f"fewer than {quorum} nodes agree")
    return Agreed(
        votes={each: winner for each, winner in winners.items() if winner is not None},
        nodes=tuple(voters),
        error="; ".join(errors),
    )


def replaced(
    nodes: Sequence[ChainReader], blocks: Set[tuple[int, str]], *, quorum: int
) -> Set[tuple[int, str]]:
    """Return which of these blocks (number, hash) left the chain, as `quorum` nodes say.

    Left means that another block stands at that height. A node that knows none there, since it
    lags, says nothing; so does one that does not answer.
    """
    votes: Counter[tuple[int, str]] = Counter()
    numbers = sorted({number for number, _ in blocks})
    asked = 0
    for node in nodes if blocks else ():
        if asked == quorum:
            break
        try:
            canonical = node.block_hashes(numbers)
        except (ChainUnavailable, ChainRefused) as reason:
            logger.warning("node gave no block hashes node=%s reason=%s", node.node, reason)
            continue
        asked += 1
        votes.update(
            (number, known) for number, known in blocks if canonical.get(number, known) != known
        )
    return {each for each, count in votes.items() if count >= quorum}


def total_cost(nodes: Sequence[ChainReader]) -> Cost:
    """Return what these nodes were asked so far, together."""
    return Cost(
        http_requests=sum(node.cost.http_requests for node in nodes),
        calls=sum(node.cost.calls for node in nodes),
    )


def _look(
    node: ChainReader,
    references: Sequence[str],
    *,
    is_failover: bool,
    head: Head | None = None,
    block_times: Mapping[str, datetime] | None = None,
) -> Look:
    if is_failover:
        # A stand-in may have been exchanged, or pointed elsewhere, since it was last needed.
        node.recheck()
    return node.look(references, head=head, block_times=block_times)


def _vote(receipt: Receipt | None, deepest: int | None) -> Vote:
    is_deep = receipt is not None and deepest is not None and receipt.block_number <= deepest
    return Vote(receipt, is_deep)


def _winner(count: Counter[Vote], quorum: int) -> Vote | None:
    return next((vote for vote, votes in count.most_common(1) if votes >= quorum), None)


def _live_reader(row: Network, url: str) -> ChainReader:
    if not row.is_evm:
        raise ChainRefused(f"this version reads {row.chain.label} in the sandbox only")
    key = (
        row.chain,
        row.chain_id,
        row.finality,
        url,
        tuple(row.rpc_headers.items()),
        tuple(row.contracts.items()),
    )
    if key not in _readers:
        from chainwatch.chains.evm import EvmChain

        _readers[key] = EvmChain(row, url)
    return _readers[key]
