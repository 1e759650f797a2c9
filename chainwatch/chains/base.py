"""The one interface to a chain: values in, values out, two errors. No database, no Django models.

Implementations: `evm.EvmChain` (web3), `sandbox.SandboxReader`; Tron's comes as a third.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class ChainUnavailable(Exception):
    """No answer that can be trusted: time-out, refused, broken, limited. Nothing was learned.

    Its text says why in words fit for a log and a screen: no URL, no header, no body.
    """


class ChainRefused(Exception):
    """Nobody to ask: a wrong chain id, a method missing, a chain this version cannot read."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block a node knows, and how far its word is final.

    `safe_number` and `finalized_number` are None where the level was not asked, does not exist or
    the node does not know it; on Tron `finalized_number` is the solidified head. `parent_hash` is
    empty where the node does not say it.
    """

    number: int
    block_hash: str
    block_time: datetime
    safe_number: int | None = None
    finalized_number: int | None = None
    parent_hash: str = ""


@dataclass(frozen=True, slots=True)
class TransferLog:
    """One Transfer event, decoded by position. Addresses are canonical; amounts atomic.

    `ordinal` counts all logs of the transaction from 0 and never moves; `log_index` is the block's.
    """

    contract: str
    from_address: str
    to_address: str
    amount_atomic: int
    ordinal: int
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a chain says of one mined transaction. `transfers` is empty where it was reverted."""

    tx_hash: str
    block_number: int
    block_hash: str
    block_time: datetime
    succeeded: bool
    sender: str
    transfers: tuple[TransferLog, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One question to a node, answered at once: a head and what it says of some transactions.

    `receipts` is keyed by the references that were asked: a Receipt, or None where this node says
    that it knows no such mined transaction. A reference on which it gave no usable answer is in
    `unanswered` with the reason, and not in `receipts`: nothing was learned of it.
    `node` names who answered, for evidence; `http_requests` and `calls` are what it cost.
    """

    head: Head
    receipts: Mapping[str, Receipt | None]
    node: str
    http_requests: int = 1
    calls: int = 1
    unanswered: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Cost:
    """What a reader has asked of its node since the process began, failed requests included."""

    http_requests: int = 0
    calls: int = 0


class ChainReader(Protocol):
    """One node of one chain. Every method raises ChainUnavailable or ChainRefused."""

    @property
    def node(self) -> str:
        """Who this is, for evidence and screens: host and port, never a key."""

    @property
    def cost(self) -> Cost: ...

    def look(
        self,
        references: Sequence[str],
        *,
        head: Head | None = None,
        block_times: Mapping[str, datetime] | None = None,
    ) -> Look:
        """Ask for the head and the receipts of these references (see `reference`).

        With `head` the head is not asked again and this one is answered. `block_times` says the
        time of blocks that are known by hash, so that they need not be asked.
        """

    def block_hashes(self, numbers: Sequence[int]) -> Mapping[int, str]:
        """Return the hash of the canonical block at each height; unknown heights are left out."""

    def chain_id(self) -> int:
        """Return the chain id that the node claims."""

    def recheck(self) -> None:
        """Let the next look ask for the chain id again: after a failure or a fail-over."""


def reference(tx_hash: str, *, scope: str = "", key: str = "") -> str:
    """Return the word by which a reader is asked for a transaction.

    On a real chain that is its hash; the sandbox keeps one transaction per key and hash. A key has
    no colon in it, so the first colon ends it whatever was submitted as the hash.
    """
    return f"{key}:{tx_hash}" if scope else tx_hash
