"""Several nodes per chain: who is asked, who is asked next, and when enough of them agree.

The node libraries are imported inside `_new_reader` alone, so that no web process loads them.
Every question takes a `tally`, which then says how each node fared (`asking.Tally`).
"""

from collections.abc import Callable, Collection, Sequence, Set
from datetime import timedelta
from typing import TypeVar

from django.utils import timezone

from billing.chains import Finality, Network, network
from chainwatch.chains.asking import Tally, complaints, look, total_cost
from chainwatch.chains.base import (
    ChainReader,
    ChainRefused,
    ChainUnavailable,
    Head,
    Look,
)
from chainwatch.chains.sandbox import SandboxReader
from chainwatch.chains.voting import Agreed, Scanned, Vote, agreed, scanned, standing

__all__ = [
    "Agreed",
    "Scanned",
    "Tally",
    "Vote",
    "agreed",
    "behind_most",
    "first_answer",
    "first_look",
    "readers",
    "scanned",
    "standing",
    "total_cost",
]

# A node whose newest block is younger than FRESH does not lag, whatever another claims; one whose
# newest block is older than STALE does, if another node has a younger one.
FRESH = timedelta(seconds=60)
STALE = timedelta(minutes=5)
_LEAST_BEHIND = 20  # blocks

T = TypeVar("T")

# One reader per node and process: it keeps its connection open and remembers that its chain id was
# right. The key is everything it is made of, so that changed settings make a new one.
_readers: dict[tuple[object, ...], ChainReader] = {}


def readers(chain: str, scope: str = "", *, resting: Set[str] = frozenset()) -> list[ChainReader]:
    """Return the nodes of a chain in the order of settings; of a simulated one, its only reader.

    Those in `resting` (`chainwatch.nodes.resting`) come last: they are asked where the others do
    not suffice, never left out. Raises ChainRefused where this version cannot read the chain.
    """
    if scope:
        return [SandboxReader(scope, chain)]
    row = network(chain)
    nodes = [_live_reader(row, url) for url in row.rpc_urls]
    return sorted(nodes, key=lambda node: node.node in resting)


def behind_most(row: Network) -> int:
    """Return how many blocks a node may be behind the newest that is known: a minute's worth."""
    return max(_LEAST_BEHIND, round(FRESH.total_seconds() * 1000 / row.block_time_ms))


def first_look(
    nodes: Sequence[ChainReader],
    references: Sequence[str],
    *,
    levels: Collection[Finality] = (),
    check: Sequence[int] = (),
    newest_known: int | None = None,
    most_behind: int = _LEAST_BEHIND,
    tally: Tally | None = None,
) -> tuple[Look, ChainReader, list[str]]:
    """Return what the first usable node says, that node, and what went wrong with those before it.

    A node counts as usable only where no other is: if it answers but says nothing of any
    reference, or if it lags (more than `most_behind` blocks behind `newest_known`, or its newest
    block old while another node's is not). Of several such, the one that is furthest is taken.
    Raises ChainUnavailable where none answered.
    """
    tally = tally if tally is not None else Tally()
    errors: list[str] = []
    spare: list[tuple[Look, ChainReader]] = []
    for place, node in enumerate(nodes):
        try:
            said = look(node, references, is_failover=place > 0, levels=levels, check=check)
        except (ChainUnavailable, ChainRefused) as reason:
            errors.append(f"{node.node}: {reason}")
            tally.failed(node, str(reason))
            continue
        errors += complaints(node, said)
        if _is_of_use(said, references) and not _lags(said.head, newest_known, most_behind):
            tally.answered(node, said.head)
            return said, node, errors + _passed_over(spare, said, references, tally)
        spare.append((said, node))
    if not spare:
        raise ChainUnavailable("; ".join(errors) or "no node is configured")
    said, node = max(spare, key=lambda each: (_is_of_use(each[0], references), each[0].head.number))
    others = [each for each in spare if each[1] is not node]
    tally.answered(node, said.head)
    return said, node, errors + _passed_over(others, said, references, tally)


def first_answer(
    nodes: Sequence[ChainReader],
    question: Callable[[ChainReader], T],
    *,
    tally: Tally | None = None,
) -> tuple[T, ChainReader, list[str]]:
    """Return the first answer to any other question, who gave it, and what went wrong before.

        nonces, node, errors = first_answer(nodes, lambda node: node.next_nonces(senders))

    Raises ChainUnavailable where no node answered.
    """
    errors: list[str] = []
    for node in nodes:
        try:
            answer = question(node)
        except (ChainUnavailable, ChainRefused) as reason:
            errors.append(f"{node.node}: {reason}")
            if tally is not None:
                tally.failed(node, str(reason))
            continue
        if tally is not None:
            tally.answered(node)
        return answer, node, errors
    raise ChainUnavailable("; ".join(errors) or "no node is configured")


def _is_of_use(said: Look, references: Sequence[str]) -> bool:
    return bool(said.receipts) or not references


def _lags(head: Head, newest_known: int | None, most_behind: int) -> bool:
    age = timezone.now() - head.block_time
    if age <= FRESH:
        # Its newest block is new. A far higher one that another told of may be invented.
        return False
    is_behind = newest_known is not None and newest_known - head.number > most_behind
    return is_behind or age > STALE


def _passed_over(
    spare: Sequence[tuple[Look, ChainReader]],
    used: Look,
    references: Sequence[str],
    tally: Tally,
) -> list[str]:
    """Count the nodes that another was preferred to; say of those behind it that they lag."""
    errors: list[str] = []
    for said, node in spare:
        if said.head.number < used.head.number:
            words = f"{used.head.number - said.head.number} blocks behind {used.node}"
            errors.append(f"{node.node}: {words}")
            tally.failed(node, words, said.head)
        elif not _is_of_use(said, references):
            tally.failed(node, "; ".join(sorted(set(said.unanswered.values()))), said.head)
        else:
            tally.answered(node, said.head)
    return errors


def _live_reader(row: Network, url: str) -> ChainReader:
    key = (
        row.chain,
        row.chain_id,
        row.finality,
        url,
        tuple(row.rpc_headers.items()),
        tuple(row.contracts.items()),
    )
    if key not in _readers:
        _readers[key] = _new_reader(row, url)
    return _readers[key]


def _new_reader(row: Network, url: str) -> ChainReader:
    if row.is_evm:
        from chainwatch.chains.evm import EvmChain

        return EvmChain(row, url)
    from chainwatch.chains.tron import TronChain

    return TronChain(row, url)
