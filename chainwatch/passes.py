"""One pass over one chain: what its steps share under way, and what it says when done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing.chains import Network
from chainwatch.chains.base import ChainReader, Head
from chainwatch.chains.providers import Tally
from chainwatch.models import ChainHead


@dataclass(slots=True)
class Pass:
    """A pass under way. `nodes` begin with the one that told the head, once it is known.

    `is_doubtful` says that the nodes do not agree yet on which blocks stand: then nothing is
    scanned, finalized or taken for an anchor in this pass.
    """

    network: Network
    scope: str
    at: datetime
    nodes: list[ChainReader]
    stored: ChainHead
    head: Head | None = None
    # Whose head nobody else bears out: they vote, and are not asked for it again.
    disbelieved: list[ChainReader] = field(default_factory=list)
    reachable: int = 0  # the newest block that as many nodes as must agree have
    is_doubtful: bool = False
    is_rewound: bool = False  # blocks that were known were replaced
    asked: int = 0
    seen: int = 0
    final: int = 0
    finalized: int = 0
    orphaned: int = 0
    scanned: int = 0
    found: int = 0
    errors: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def chain(self) -> str:
        return self.network.chain.value

    @property
    def quorum(self) -> int:
        """How many nodes must agree; a simulated network has one."""
        return 1 if self.scope else self.network.quorum

    def known_head(self) -> Head:
        assert self.head is not None, "every step but the first runs after a head was told"
        return self.head

    def put_first(self, node: ChainReader) -> None:
        self.nodes = [node, *(each for each in self.nodes if each is not node)]

    def disbelieve(self, node: ChainReader) -> None:
        """Ask the others first in what follows, and this one for the head no more."""
        self.nodes = [*(each for each in self.nodes if each is not node), node]
        self.disbelieved.append(node)


@dataclass(frozen=True, slots=True)
class Followed:
    """What one pass did. `head_number` is None where the chain was not asked or did not answer.

    `scanned` is how many blocks were scanned for watched addresses, `found` how many transactions
    that nobody had submitted were found in them.
    """

    chain: str
    scope: str = ""
    head_number: int | None = None
    asked: int = 0
    seen: int = 0
    final: int = 0
    finalized: int = 0
    orphaned: int = 0
    scanned: int = 0
    found: int = 0
    http_requests: int = 0
    rpc_calls: int = 0
    error: str = ""


def summary(chain: str, passes: Sequence[Followed]) -> dict[str, object]:
    """Return the sums of several passes over one chain, and their errors."""
    return {
        "chain": chain,
        "passes": len(passes),
        "asked": sum(each.asked for each in passes),
        "seen": sum(each.seen for each in passes),
        "final": sum(each.final for each in passes),
        "finalized": sum(each.finalized for each in passes),
        "orphaned": sum(each.orphaned for each in passes),
        "scanned": sum(each.scanned for each in passes),
        "found": sum(each.found for each in passes),
        "http_requests": sum(each.http_requests for each in passes),
        "rpc_calls": sum(each.rpc_calls for each in passes),
        "errors": [each.error for each in passes if each.error],
    }
