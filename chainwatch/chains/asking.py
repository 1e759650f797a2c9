"""Asking one node, and keeping count of how it went: what every question to a node begins with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from chainwatch.chains.base import (
    ChainReader,
    ChainUnavailable,
    Cost,
    Head,
    Look,
)
from chainwatch.chains.sandbox import SandboxReader

# No clock of ours is so wrong: a head from later than this is invented.
FUTURE_MOST = timedelta(hours=1)


@dataclass(slots=True)
class Tally:
    """How each node fared in one pass: filled by providers, written by `chainwatch.nodes.note`.

    Make one per pass with `Tally.of(nodes)` before the first question. A node that failed once in
    the pass counts as failed, whatever else it answered.
    """

    before: Mapping[str, Cost] = field(default_factory=dict)
    heads: dict[str, Head | None] = field(default_factory=dict)  # by node: who answered
    failures: dict[str, str] = field(default_factory=dict)  # by node: who failed, and why
    nodes: Sequence[ChainReader] = ()

    @classmethod
    def of(cls, nodes: Sequence[ChainReader]) -> "Tally":
        """Return an empty tally that knows what these nodes were asked before."""
        tally = cls(nodes=tuple(nodes))
        # By name, not by node: two keys of one provider have one name.
        tally.before = {node.node: tally.spent(node.node) for node in nodes}
        return tally

    def answered(self, node: ChainReader, head: Head | None = None) -> None:
        """Record a good answer, with the node's newest block where the answer tells it."""
        self.heads[node.node] = head or self.heads.get(node.node)

    def failed(self, node: ChainReader, words: str, head: Head | None = None) -> None:
        """Record that a node was of no use, in words for a screen; `head` where it lags."""
        self.failures.setdefault(node.node, words)
        if head is not None:
            self.heads[node.node] = head

    def spent(self, name: str) -> Cost:
        """Return what the node of that name was asked since this tally was made."""
        before = self.before.get(name, Cost())
        after = total_cost(each for each in self.nodes if each.node == name)
        return Cost(after.http_requests - before.http_requests, after.calls - before.calls)


def total_cost(nodes: Iterable[ChainReader]) -> Cost:
    """Return what these nodes were asked so far, together."""
    cost = Cost()
    for node in nodes:
        cost.http_requests += node.cost.http_requests
        cost.calls += node.cost.calls
    return cost


def look(
    node: ChainReader, references: Sequence[str], *, is_failover: bool, **question: Any
) -> Look:
    """Ask one node (`ChainReader.look`). One whose head cannot be gave no answer.

    Raises ChainUnavailable or ChainRefused.
    """
    if is_failover:
        # A stand-in may have been exchanged, or pointed elsewhere, since it was last needed.
        node.recheck()
    said = node.look(references, **question)
    # A simulated chain may be moved ahead of the clock: that is what it is for.
    is_real = not isinstance(node, SandboxReader)
    if is_real and said.head.block_time > timezone.now() + FUTURE_MOST:
        raise ChainUnavailable("a newest block from the future")
    return said


def complaints(node: ChainReader, said: Look) -> list[str]:
    """Return what a node could not answer, each reason once, with its name."""
    return [f"{node.node}: {reason}" for reason in sorted(set(said.unanswered.values()))]
