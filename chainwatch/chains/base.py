"""The one interface to a chain: values in, values out, two errors. No database, no Django models.

Implementations: `evm.EvmChain` (web3), `tron.TronChain` (tronpy), `sandbox.SandboxReader`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from billing.chains import Finality, Network
from chainwatch.chains.holdings import Holdings

# Tells which of some addresses are looked for: of more than could be listed.
Known = Callable[[Collection[str]], frozenset[str]]


class ChainUnavailable(Exception):
    """No answer that can be trusted: time-out, refused, broken, limited. Nothing was learned.

    Its text says why in words fit for a log and a screen: no URL, no header, no body.
    """


class RangeTooLarge(ChainUnavailable):
    """The node will not answer for so many blocks, or so many logs, at once: ask for fewer."""


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
class Header:
    """One block. `parent_hash` is empty where the node does not say it."""

    number: int
    block_hash: str
    parent_hash: str
    block_time: datetime


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
    """What a chain says of one mined transaction. `transfers` is empty where it was reverted.

    `sender` is empty where the chain's receipts do not name it (Tron).
    """

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
    `block_hashes` are the canonical blocks at the heights that were to be checked, as far as this
    node knows them. `node` names who answered, for evidence; `http_requests` and `calls` are what
    it cost.
    """

    head: Head
    receipts: Mapping[str, Receipt | None]
    node: str
    http_requests: int = 1
    calls: int = 1
    unanswered: Mapping[str, str] = field(default_factory=dict)
    block_hashes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scan:
    """What one node says of a range of blocks: which transactions in it concern us.

    `block` is the range's last block as this node has it: an answer without it would be that of a
    node that lags and has not seen the range at all. `found` is keyed by reference: a Receipt
    where the node told it along with the range (Tron), None where it is still to be asked.
    `parent_hash` is that of the block before the first, empty where there is none or nobody said:
    told in the same breath, since that node may stand on another fork than it did before.
    """

    block: Header
    found: Mapping[str, Receipt | None]
    node: str
    parent_hash: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Who sent a transaction, mined or still waiting, and which of their nonces it uses."""

    sender: str
    nonce: int


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

    @property
    def most_blocks(self) -> int:
        """The longest range that is worth asking for in one `scan`."""

    @property
    def reads_blocks(self) -> bool:
        """Whether a scan reads whole blocks, so that it finds known hashes too (Tron).

        There, hashes cannot be asked in batches, and asking each in every pass would cost a
        request each.
        """

    def look(
        self,
        references: Sequence[str],
        *,
        head: Head | None = None,
        block_times: Mapping[str, datetime] | None = None,
        levels: Collection[Finality] = (),
        check: Sequence[int] = (),
        is_solid: bool = False,
    ) -> Look:
        """Ask for the head and the receipts of these references (see `reference`).

        With `head` the head is not asked again and this one is answered. `block_times` says the
        time of blocks that are known by hash, so that they need not be asked. `levels` are the
        levels of finality that the head shall tell, `check` the heights whose block hash shall be
        told along. `is_solid` asks the node's final view of these transactions, where it has one
        (Tron's walletsolidity); elsewhere it changes nothing.
        """

    def scan(
        self,
        first: int,
        last: int,
        *,
        senders: Collection[str] = (),
        recipients: Collection[str] = (),
        references: Collection[str] = (),
        known: Known | None = None,
    ) -> Scan:
        """Find what these addresses sent or got of our tokens, in blocks first to last.

        Both ends are included. Of what they sent the pinned tokens count, of what they got the
        namesakes too: a customer who pays one by mistake has paid all the same. `references` are
        known hashes to look for as well, and `known` is asked which others among all recipients
        are looked for; only a node that reads whole blocks does either. Raises RangeTooLarge, and
        ChainUnavailable where this node does not have the last block.
        """

    def sent(self, references: Sequence[str]) -> Mapping[str, Sent | None]:
        """Return who sent these transactions, also of those that wait to be mined.

        None where the node knows no such transaction; left out where it gave no usable answer.
        Empty on a chain without nonces (Tron).
        """

    def next_nonces(self, senders: Sequence[str]) -> Mapping[str, int]:
        """Return the first nonce of each sender that no mined transaction has used yet."""

    def holdings(self, addresses: Sequence[str]) -> Holdings:
        """Return what these addresses hold of the fee coin and the pinned tokens just now.

        One request for a hundred amounts on EVM; on Tron, which has no batches, one for each.
        """

    def have_code(self, addresses: Sequence[str]) -> Mapping[str, bool]:
        """Return whether each address is a contract; left out where there was no usable answer.

        Empty on a chain that this version does not ask (Tron, the sandbox).
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


def place_of(reference: str, *, scope: str = "") -> tuple[str, str]:
    """Return the hash and the key that `reference` was made of."""
    if not scope:
        return reference, ""
    key, _, tx_hash = reference.partition(":")
    return tx_hash, key


def is_ours(contract: str, network: Network) -> bool:
    """Whether a contract (canonical) is a pinned token or passes for one: a namesake."""
    return network.token_of(contract) is not None or contract in network.namesakes


def name_of(url: str) -> str:
    """Return a node's host and port, as it is called everywhere: all else may hold a key."""
    return urlsplit(url).netloc.rpartition("@")[2][:200]
