"""Nodes of the simulated world: they answer as a ChainReader does, each as its `fault` lets it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from billing.chains import Finality
from chainwatch.chains.base import (
    ChainUnavailable,
    Cost,
    Head,
    Header,
    Known,
    Look,
    Receipt,
    Scan,
    Sent,
    TransferLog,
)
from chainwatch.chains.holdings import Holdings
from tests.simulator.world import Block, Branch, Mined, World


class Fault:
    """What a node does to what it knows. This one does nothing: its node is honest and quick."""

    def before(self, method: str) -> None:
        """Raise ChainUnavailable here to give no answer to this question."""

    def view(self, world: World) -> Branch:
        """Which chain the node knows."""
        return world.branch

    def head(self, head: Head) -> Head:
        return head

    def receipt(self, reference: str, receipt: Receipt | None) -> Receipt | None:
        return receipt

    def is_silent_on(self, reference: str) -> bool:
        """Whether this one item of an answer is unusable."""
        return False

    def block_hash(self, block_hash: str) -> str:
        return block_hash

    def range(self, first: int, last: int) -> None:
        """Raise RangeTooLarge here."""

    def found(self, found: Mapping[str, Receipt | None]) -> Mapping[str, Receipt | None]:
        return found

    def sent(self, sent: Sent | None) -> Sent | None:
        return sent

    def next_nonce(self, nonce: int) -> int:
        return nonce


HONEST = Fault()


class Node:
    """One node. `between` is called after each answer was made and before it is used.

    There other watchers make their passes and the world moves on: the answer grows old on its way.
    """

    def __init__(self, world: World, name: str) -> None:
        self.node = name
        self.cost = Cost()
        self.fault: Fault = HONEST
        self.between: Callable[[], None] | None = None
        self._world = world

    @property
    def most_blocks(self) -> int:
        return 40 if self._world.network.is_evm else 10

    @property
    def reads_blocks(self) -> bool:
        return not self._world.network.is_evm

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
        view = self._asked("look", len(references) + len(check) + 1)
        told = head or self.fault.head(self._head(view, levels))
        answered = [each for each in references if not self.fault.is_silent_on(each)]
        look = Look(
            head=told,
            receipts={
                each: self.fault.receipt(each, self._receipt(view, each, is_solid=is_solid))
                for each in answered
            },
            node=self.node,
            unanswered={each: "-32000: busy" for each in references if each not in answered},
            block_hashes=self._hashes(view, check),
        )
        self._answered()
        return look

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
        view = self._asked("scan", last - first + 1)
        self.fault.range(first, last)
        end = view.at(last)
        if end is None:
            raise ChainUnavailable("a block that this node does not have")
        wanted = set(references) if self.reads_blocks else set()
        if known is not None and self.reads_blocks:
            blocks = [each for each in view.places.values() if first <= each[0].number <= last]
            got = {move.recipient for _, mined in blocks for move in mined.transaction.moves}
            recipients = {*recipients, *known(got)}
        found = {
            tx_hash: self._receipt(view, tx_hash) if self.reads_blocks else None
            for tx_hash, (block, mined) in view.places.items()
            if first <= block.number <= last
            and (tx_hash in wanted or self._concerns(mined, senders, recipients))
        }
        header = Header(
            last, self.fault.block_hash(end.block_hash), end.parent_hash, end.block_time
        )
        before = view.at(first - 1)
        assert before is not None, "below a block that is there"
        parent_hash = self.fault.block_hash(before.block_hash)
        scan = Scan(header, self.fault.found(found), self.node, parent_hash)
        self._answered()
        return scan

    def sent(self, references: Sequence[str]) -> Mapping[str, Sent | None]:
        view = self._asked("sent", len(references))
        told = {
            each: self.fault.sent(self._sent(view, each))
            for each in references
            if not self.reads_blocks and not self.fault.is_silent_on(each)
        }
        self._answered()
        return told

    def next_nonces(self, senders: Sequence[str]) -> Mapping[str, int]:
        view = self._asked("next_nonces", len(senders))
        told = (
            {}
            if self.reads_blocks
            else {each: self.fault.next_nonce(view.nonces.get(each, 0)) for each in senders}
        )
        self._answered()
        return told

    def holdings(self, addresses: Sequence[str]) -> Holdings:
        raise ChainUnavailable("nobody asks it here")

    def have_code(self, addresses: Sequence[str]) -> Mapping[str, bool]:
        """Nobody asks that of the simulated nodes."""
        return {}

    def block_hashes(self, numbers: Sequence[int]) -> Mapping[int, str]:
        hashes = self._hashes(self._asked("block_hashes", len(numbers)), numbers)
        self._answered()
        return hashes

    def chain_id(self) -> int:
        self._asked("chain_id", 1)
        return self._world.network.chain_id

    def recheck(self) -> None:
        """The chain id of these nodes is always right: their lies are subtler."""

    def _asked(self, method: str, calls: int) -> Branch:
        self.cost.http_requests += 1
        self.cost.calls += calls
        self.fault.before(method)
        return self.fault.view(self._world)

    def _answered(self) -> None:
        if self.between is not None:
            self.between()

    def _head(self, view: Branch, levels: Collection[Finality]) -> Head:
        head, last = view.head, {Finality.FINALIZED, Finality.SOLIDIFIED}
        return Head(
            head.number,
            head.block_hash,
            head.block_time,
            head.safe_number if Finality.SAFE in levels else None,
            head.finalized_number if last & set(levels) else None,
            head.parent_hash,
        )

    def _hashes(self, view: Branch, numbers: Sequence[int]) -> dict[int, str]:
        known = {number: view.at(number) for number in numbers}
        return {
            number: self.fault.block_hash(block.block_hash)
            for number, block in known.items()
            if block is not None
        }

    def _receipt(self, view: Branch, reference: str, *, is_solid: bool = False) -> Receipt | None:
        place = view.places.get(reference)
        if place is None or (
            is_solid and self.reads_blocks and place[0].number > view.finalized_number
        ):
            return None
        return receipt_of(*place, names_sender=not self.reads_blocks)

    def _sent(self, view: Branch, reference: str) -> Sent | None:
        place = view.places.get(reference)
        known = place[1].transaction if place else self._world.waiting.get(reference)
        if known is None or known.nonce is None:
            return None
        return Sent(known.sender, known.nonce)

    def _concerns(
        self, mined: Mined, senders: Collection[str], recipients: Collection[str]
    ) -> bool:
        pinned = self._world.network.contracts.values()
        return mined.succeeded and any(
            move.contract in pinned and (move.sender in senders or move.recipient in recipients)
            for move in mined.transaction.moves
        )


def receipt_of(block: Block, mined: Mined, *, names_sender: bool = True) -> Receipt:
    """What a node says of a transaction in a block."""
    transaction = mined.transaction
    logs = tuple(
        TransferLog(
            contract=move.contract,
            from_address=move.sender,
            to_address=move.recipient,
            amount_atomic=move.amount_atomic,
            ordinal=transaction.first_ordinal + place,
            log_index=mined.first_log_index + transaction.first_ordinal + place,
        )
        for place, move in enumerate(transaction.moves)
    )
    return Receipt(
        tx_hash=transaction.tx_hash,
        block_number=block.number,
        block_hash=block.block_hash,
        block_time=block.block_time,
        succeeded=mined.succeeded,
        sender=transaction.sender if names_sender else "",
        transfers=logs if mined.succeeded else (),
    )
