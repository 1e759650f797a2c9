"""A chain in memory, with all that can happen on one: forks, a mempool, nonces, finality, time.

Deterministic: a world is what its seed and the calls made to it make of it. Every state that the
chain was ever in is kept (`past`), so that a node can show an old one and a check can ask what was
so at any time.
"""

import hashlib
import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from billing.chains import Finality, Network
from chainwatch.chains.base import Head

BEGINNING = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
FIRST_BLOCK = 100
PREHISTORY = 30  # blocks that stand and are finalized when a world begins


@dataclass(frozen=True, slots=True)
class Move:
    """One token transfer that a transaction makes if it succeeds."""

    contract: str
    sender: str
    recipient: str
    amount_atomic: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """What somebody signed. `nonce` is None on a chain without nonces, `expires_at` on one without.

    `first_ordinal` says how many other logs it emits before its transfers.
    """

    tx_hash: str
    sender: str
    moves: tuple[Move, ...]
    nonce: int | None = None
    expires_at: datetime | None = None
    reverts_one_in: int = 0  # 0: never, 1: always, 2: in every other block that it is mined in
    first_ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block. The same one may succeed in one block and revert in another."""

    transaction: Transaction
    succeeded: bool
    first_log_index: int


@dataclass(frozen=True)
class Block:
    """One block. Its hash commits to its parent and to what is in it."""

    number: int
    parent_hash: str
    block_time: datetime
    contents: tuple[Mined, ...]
    salt: str

    @cached_property
    def block_hash(self) -> str:
        inside = [(each.transaction.tx_hash, each.succeeded) for each in self.contents]
        words = f"{self.number} {self.parent_hash} {self.block_time} {inside} {self.salt}"
        return f"0x{hashlib.sha256(words.encode()).hexdigest()}"


@dataclass(frozen=True)
class Branch:
    """One chain of blocks, from FIRST_BLOCK on, and how far it is final. Never changes."""

    blocks: tuple[Block, ...]
    safe_number: int
    finalized_number: int

    @property
    def tip(self) -> Block:
        return self.blocks[-1]

    @cached_property
    def head(self) -> Head:
        tip = self.tip
        return Head(
            number=tip.number,
            block_hash=tip.block_hash,
            block_time=tip.block_time,
            safe_number=self.safe_number,
            finalized_number=self.finalized_number,
            parent_hash=tip.parent_hash,
        )

    @cached_property
    def places(self) -> Mapping[str, tuple[Block, Mined]]:
        """Where each transaction is."""
        return {m.transaction.tx_hash: (block, m) for block in self.blocks for m in block.contents}

    @cached_property
    def nonces(self) -> Mapping[str, int]:
        """The first nonce of each sender that is not used."""
        used: dict[str, int] = {}
        for _, mined in self.places.values():
            if mined.transaction.nonce is not None:
                sender = mined.transaction.sender
                used[sender] = max(used.get(sender, 0), mined.transaction.nonce + 1)
        return used

    def at(self, number: int) -> Block | None:
        """The block of this height; those before FIRST_BLOCK are empty and the same for all."""
        place = number - FIRST_BLOCK
        if number < FIRST_BLOCK:
            return Block(number, f"0x{0:064x}", BEGINNING - timedelta(days=1), (), "")
        return self.blocks[place] if place < len(self.blocks) else None

    def below(self, number: int) -> tuple[Block, ...]:
        return self.blocks[: number - FIRST_BLOCK]

    def has(self, block: Block) -> bool:
        standing = self.at(block.number)
        return standing is not None and standing.block_hash == block.block_hash


@dataclass(frozen=True, slots=True)
class Lags:
    """By how many blocks the levels of finality lag behind the head."""

    safe: int = 6
    finalized: int = 12


@dataclass
class World:
    """The chain, what waits to be mined, and the clock.

    `standing_up_to` is the highest block that no fork may replace any more; the caller chooses by
    `is_bounded_by_rule`: what the network calls final, or what really is (finalized).
    """

    seed: int
    network: Network
    lags: Lags = field(default_factory=Lags)
    is_bounded_by_rule: bool = True
    now: datetime = BEGINNING

    def __post_init__(self) -> None:
        self.dice = random.Random(f"world {self.seed}")
        self.waiting: dict[str, Transaction] = {}
        self.known: dict[str, Transaction] = {}
        self.past: list[Branch] = []
        self.final: dict[tuple[str, str, Finality], Mined] = {}  # by transaction, block and level
        self.standing_up_to = FIRST_BLOCK
        self._numbers = itertools.count(1)
        self._salts = itertools.count(1)
        self.branch = self._prehistory()
        self._happened(self.branch)

    # --- time -----------------------------------------------------------------------------------

    def clock(self) -> datetime:
        """The time now. No two readings are the same, as on a real clock."""
        self.now += timedelta(microseconds=1)
        return self.now

    def pass_time(self, duration: timedelta) -> None:
        """Let time pass in which no block is mined."""
        self.now += duration

    # --- what people do -------------------------------------------------------------------------

    def signed(
        self,
        sender: str,
        moves: Iterable[Move],
        *,
        nonce: int | None = None,
        reverts_one_in: int = 0,
        lifetime: timedelta | None = None,
    ) -> Transaction:
        """Return a new transaction, not broadcast yet; with the sender's next nonce by itself."""
        is_evm = self.network.is_evm
        words = f"{self.seed} transaction {next(self._numbers)}"
        digest = hashlib.sha256(words.encode()).hexdigest()
        if is_evm and nonce is None:
            nonce = self.next_free_nonce(sender)
        made = Transaction(
            tx_hash=f"0x{digest}" if is_evm else digest,
            sender=sender,
            moves=tuple(moves),
            nonce=nonce,
            expires_at=None if is_evm else self.now + (lifetime or timedelta(hours=1)),
            reverts_one_in=reverts_one_in,
            first_ordinal=self.dice.choice((0, 0, 1, 3)),
        )
        self.known[made.tx_hash] = made
        return made

    def next_free_nonce(self, sender: str) -> int:
        """The first nonce above all that this sender has used, waiting transactions included."""
        waiting = [t.nonce for t in self.waiting.values() if t.sender == sender]
        signed = [nonce + 1 for nonce in waiting if nonce is not None]
        return max([self.branch.nonces.get(sender, 0), *signed])

    def broadcast(self, transaction: Transaction) -> None:
        self.waiting[transaction.tx_hash] = transaction

    def drop(self, tx_hash: str) -> None:
        """Let every mempool forget it. It can be broadcast again."""
        self.waiting.pop(tx_hash, None)

    def replaced(self, tx_hash: str, moves: Iterable[Move]) -> Transaction:
        """Broadcast another transaction of the same sender and nonce; the first waits no more."""
        first = self.known[tx_hash]
        self.drop(tx_hash)
        second = self.signed(first.sender, moves, nonce=first.nonce)
        self.broadcast(second)
        return second

    # --- what miners do -------------------------------------------------------------------------

    def mine(self, count: int = 1, *, chance: float = 1.0) -> None:
        """Mine blocks, each with any of what waits (with this chance) and can be mined."""
        for _ in range(count):
            self.branch = self._grown(self.branch, chance)
            self._happened(self.branch)
        for tx_hash in self.branch.places:
            self.waiting.pop(tx_hash, None)

    def come_to_rest(self) -> int:
        """Mine what can be mined, lose the rest for ever, and let all of it be finalized.

        Returns how many blocks it takes for that.
        """
        self.mine(2, chance=0.8)
        self.waiting.clear()
        depth = max(self.lags.finalized, self.network.confirmations) + 2
        self.mine(depth)
        return depth

    def fork(self, depth: int, length: int, *, chance: float = 0.7, lost: float = 0.1) -> int:
        """Replace the newest blocks, as many as may be up to `depth`, by `length` others.

        What was in them waits again, but for some that every mempool has lost. Returns how many
        blocks were replaced.
        """
        tip = self.branch.tip.number
        first = max(tip - depth, self.standing_up_to) + 1
        replaced = tip - first + 1
        if replaced < 1:
            return 0
        for block in self.branch.blocks[first - FIRST_BLOCK :]:
            for mined in block.contents:
                if self.dice.random() >= lost:
                    self.broadcast(mined.transaction)
        self.branch = self._cut(first)
        if length == 0:
            self._happened(self.branch)
        self.mine(length, chance=chance)
        return replaced

    def side_branch(self, depth: int, *, ahead: int, of: Branch | None = None) -> Branch:
        """Return a branch that the world did not take: `ahead` blocks longer than the chain.

        What waits may be mined in it. It is as final as its length makes it.
        """
        kept = of or self._cut(max(self.branch.tip.number - depth, FIRST_BLOCK + 1) + 1)
        while kept.tip.number < self.branch.tip.number + ahead:
            kept = self._grown(kept, 0.7)
        return kept

    def can_be_mined(self, transaction: Transaction, branch: Branch) -> bool:
        if transaction.tx_hash in branch.places:
            return False
        if transaction.expires_at is not None and self.now > transaction.expires_at:
            return False
        return transaction.nonce in (None, branch.nonces.get(transaction.sender, 0))

    # --- what is final --------------------------------------------------------------------------

    def final_up_to(self, branch: Branch, level: Finality) -> int:
        """The highest final block by the words of the specification, not by the code under test."""
        deep_enough = branch.tip.number - (self.network.confirmations - 1)
        if level == Finality.CONFIRMATIONS:
            return deep_enough
        told = branch.safe_number if level == Finality.SAFE else branch.finalized_number
        return min(deep_enough, told)

    def was_final(self, tx_hash: str, block_hash: str, level: Finality) -> Mined | None:
        """Return it as it was in this block, None where it never was final there by this level."""
        return self.final.get((tx_hash, block_hash, level))

    def was_replaced(self, number: int, block_hash: str) -> bool:
        """Whether another block ever stood at the height of this one."""
        known = (branch.at(number) for branch in self.past)
        return any(block is not None and block.block_hash != block_hash for block in known)

    def _happened(self, branch: Branch) -> None:
        """Keep what was so, and what has become final by it."""
        self.past.append(branch)
        for level in Finality:
            up_to = self.final_up_to(branch, level)
            for tx_hash, (block, mined) in branch.places.items():
                if block.number <= up_to:
                    self.final[tx_hash, block.block_hash, level] = mined
        rule = self.network.finality
        bound = self.final_up_to(branch, rule) if self.is_bounded_by_rule else 0
        self.standing_up_to = max(self.standing_up_to, bound, branch.finalized_number)

    def _prehistory(self) -> Branch:
        blocks: list[Block] = []
        parent = f"0x{0:064x}"
        for place in range(PREHISTORY):
            time = self.now + timedelta(seconds=2 * (place - PREHISTORY))
            blocks.append(Block(FIRST_BLOCK + place, parent, time, (), ""))
            parent = blocks[-1].block_hash
        last = blocks[-1].number
        return Branch(tuple(blocks), last - 1, last - 2)

    def _cut(self, first: int) -> Branch:
        """The chain without its blocks from `first` on."""
        safe = min(self.branch.safe_number, first - 1)
        return Branch(self.branch.below(first), safe, min(self.branch.finalized_number, first - 1))

    def _grown(self, branch: Branch, chance: float) -> Branch:
        self.pass_time(timedelta(milliseconds=self.network.block_time_ms))
        contents: list[Mined] = []
        # As often as one sender can have several in a row.
        trial = branch
        for _ in range(2):
            for each in list(self.waiting.values()):
                if self.can_be_mined(each, trial) and self.dice.random() < chance:
                    contents.append(self._mined(each, contents))
                    trial = self._with(branch, contents)
        return self._with(branch, contents)

    def _mined(self, transaction: Transaction, before: Sequence[Mined]) -> Mined:
        one_in = transaction.reverts_one_in
        succeeded = not one_in or self.dice.randrange(one_in) != 0
        logs = sum(each.transaction.first_ordinal + len(each.transaction.moves) for each in before)
        return Mined(transaction, succeeded, logs)

    def _with(self, branch: Branch, contents: Sequence[Mined]) -> Branch:
        tip = branch.tip
        block = Block(
            tip.number + 1, tip.block_hash, self.now, tuple(contents), str(next(self._salts))
        )
        safe = max(branch.safe_number, block.number - self.lags.safe)
        finalized = max(branch.finalized_number, block.number - self.lags.finalized)
        return replace(
            branch, blocks=(*branch.blocks, block), safe_number=safe, finalized_number=finalized
        )
