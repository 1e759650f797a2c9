"""The ways in which nodes fail and lie, each as a Fault of one node.

`FAILINGS` are honest: what such a node says is, or was, true. `LIES` are not, and believing one of
them where nobody else says the same is an error.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from chainwatch.chains.base import ChainUnavailable, Head, RangeTooLarge, Receipt, Sent
from tests.simulator.nodes import HONEST, Fault, receipt_of
from tests.simulator.world import Branch, Mined, World

# What the reader says of an answer that it could not use; how it finds out has its own tests.
NO_ANSWERS = (
    "HTTP 429", "HTTP 503", "ReadTimeout", "ConnectionError", "an answer that is not JSON",
    "answers to other questions than ours", "an answer of more than 10 MB", "-32005: limited",
)  # fmt: skip

MakeFault = Callable[[World, random.Random], Fault]


# --- Failings: no answer, an old one, half of one -------------------------------------------------


class Silent(Fault):
    """No answer that can be used, or only now and then one."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._dice = dice
        self._words = dice.choice(NO_ANSWERS)
        self._chance = dice.choice((1.0, 1.0, 0.5))

    def before(self, method: str) -> None:
        if self._dice.random() < self._chance:
            raise ChainUnavailable(self._words)


class Partial(Fault):
    """Some items of a batch are errors."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._dice = dice

    def is_silent_on(self, reference: str) -> bool:
        return self._dice.random() < 0.5


class Lagging(Fault):
    """The chain as it was some blocks, or some forks, ago."""

    def __init__(
        self, world: World, dice: random.Random, by: Sequence[int] = (1, 2, 4, 8, 12, 20, 30)
    ) -> None:
        self._by = dice.choice(by)

    def view(self, world: World) -> Branch:
        return world.past[max(0, len(world.past) - 1 - self._by)]


class Narrow(Fault):
    """Refuses ranges of more than a few blocks."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._most = dice.randint(1, 4)

    def range(self, first: int, last: int) -> None:
        if last - first + 1 > self._most:
            raise RangeTooLarge("-32005: too many blocks")


class Forgetful(Fault):
    """Answers null for transactions that it has: its index is behind, or broken."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._salt = dice.random()

    def receipt(self, reference: str, receipt: Receipt | None) -> Receipt | None:
        return None if _chosen(reference, self._salt) else receipt

    def sent(self, sent: Sent | None) -> Sent | None:
        return None


class Balanced(Fault):
    """One address, several nodes behind it: each question is answered by another of them.

    One of those lags, has lost something or answers half, the others are well.
    """

    def __init__(self, world: World, dice: random.Random) -> None:
        self._dice = dice
        self._sick = dice.choice((Lagging, Lagging, Forgetful, Partial, Silent))(world, dice)
        self._asked: Fault = HONEST

    def before(self, method: str) -> None:
        self._asked = self._dice.choice((HONEST, self._sick))
        self._asked.before(method)

    def view(self, world: World) -> Branch:
        return self._asked.view(world)

    def is_silent_on(self, reference: str) -> bool:
        return self._asked.is_silent_on(reference)

    def receipt(self, reference: str, receipt: Receipt | None) -> Receipt | None:
        return self._asked.receipt(reference, receipt)

    def sent(self, sent: Sent | None) -> Sent | None:
        return self._asked.sent(sent)


# --- Lies -----------------------------------------------------------------------------------------


class FalseReceipts(Fault):
    """Another amount, recipient, sender, outcome or block than the true one."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._change: Callable[[Receipt], Receipt] = dice.choice(
            (_other_amount, _other_recipient, _other_outcome, _other_block, _no_logs, _more_logs)
        )

    def receipt(self, reference: str, receipt: Receipt | None) -> Receipt | None:
        return receipt and self._change(receipt)

    def found(self, found: Mapping[str, Receipt | None]) -> Mapping[str, Receipt | None]:
        return {each: receipt and self._change(receipt) for each, receipt in found.items()}


class Inventing(Fault):
    """Says of what is not mined that it is, long ago, as it was meant to be or worse."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._depth = dice.choice((0, 5, 20))
        self._succeeds = dice.random() < 0.5

    def receipt(self, reference: str, receipt: Receipt | None) -> Receipt | None:
        known = self._world.known.get(reference)
        if receipt is not None or known is None:
            return receipt
        branch = self._world.branch
        block = branch.blocks[-1 - min(self._depth, len(branch.blocks) - 1)]
        return receipt_of(
            block,
            Mined(known, self._succeeds, 0),
            names_sender=self._world.network.is_evm,
        )

    def found(self, found: Mapping[str, Receipt | None]) -> Mapping[str, Receipt | None]:
        invented = dict.fromkeys(self._world.waiting) | {"0x" + "f" * 64: None}
        return {**invented, **found}


class FalseHead(Fault):
    """Far above, far below, or now this and now that; and everything is final, or nothing is."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._dice = dice
        self._offsets: Sequence[int] = dice.choice(
            ((1_000,), (30,), (12,), (4,), (-40,), (-5, 0, 3), (0,))
        )
        self._finality: int | None = dice.choice((None, 0, -100))

    def head(self, head: Head) -> Head:
        offset = self._dice.choice(self._offsets)
        number = max(0, head.number + offset)
        told = replace(
            head,
            number=number,
            block_hash=head.block_hash if offset == 0 else f"0x{number:064x}",
            block_time=head.block_time + timedelta(seconds=max(-60, min(offset, 60))),
        )
        if self._finality is None:
            return told
        return replace(
            told,
            safe_number=None if head.safe_number is None else number + self._finality,
            finalized_number=None if head.finalized_number is None else number + self._finality,
        )


class OnADeadFork(Fault):
    """Follows, and lengthens, a branch that everybody else has left or never saw."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._ahead = dice.randint(0, 3)
        self._branch = world.side_branch(dice.randint(1, 10), ahead=self._ahead)

    def view(self, world: World) -> Branch:
        self._branch = world.side_branch(0, ahead=self._ahead, of=self._branch)
        return self._branch


class FalseBlocks(Fault):
    """Says that other blocks stand, or that another one ends the range."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._salt = dice.random()

    def block_hash(self, block_hash: str) -> str:
        return f"0x{'e' * 56}{block_hash[-8:]}" if _chosen(block_hash, self._salt) else block_hash


class Blind(Fault):
    """Leaves out what it should find, in ranges and by hash."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._salt = dice.random()

    def found(self, found: Mapping[str, Receipt | None]) -> Mapping[str, Receipt | None]:
        return {each: said for each, said in found.items() if not _chosen(each, self._salt)}

    def receipt(self, reference: str, receipt: Receipt | None) -> Receipt | None:
        return None if _chosen(reference, self._salt) else receipt


class FalseNonces(Fault):
    """Says that somebody else sent it, or that the nonce was used long ago."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._senders = sorted({each.sender for each in world.known.values()}) or ["0x0"]
        self._dice = dice

    def sent(self, sent: Sent | None) -> Sent | None:
        return Sent(self._dice.choice(self._senders), self._dice.randrange(3))

    def next_nonce(self, nonce: int) -> int:
        return self._dice.choice((0, nonce + 1, nonce + 50))


FAILINGS: tuple[MakeFault, ...] = (Silent, Partial, Lagging, Narrow, Forgetful, *(Balanced,) * 2)
LIES: tuple[MakeFault, ...] = (
    *(FalseReceipts,) * 3, *(Inventing,) * 2, *(FalseHead,) * 3,
    OnADeadFork, FalseBlocks, Blind, FalseNonces,
)  # fmt: skip


def _chosen(word: str, salt: float) -> bool:
    """Whether this one is among those that the fault hits: the same each time it is asked."""
    return random.Random(f"{word} {salt}").random() < 0.6


def _other_amount(receipt: Receipt) -> Receipt:
    logs = (replace(log, amount_atomic=log.amount_atomic + 1) for log in receipt.transfers)
    return replace(receipt, transfers=tuple(logs))


def _other_recipient(receipt: Receipt) -> Receipt:
    logs = (replace(log, to_address=log.from_address) for log in receipt.transfers)
    return replace(receipt, transfers=tuple(logs))


def _other_outcome(receipt: Receipt) -> Receipt:
    return replace(receipt, succeeded=not receipt.succeeded, transfers=())


def _other_block(receipt: Receipt) -> Receipt:
    return replace(receipt, block_number=receipt.block_number - 9, block_hash="0x" + "d" * 64)


def _no_logs(receipt: Receipt) -> Receipt:
    return replace(receipt, transfers=())


def _more_logs(receipt: Receipt) -> Receipt:
    again = (replace(log, ordinal=log.ordinal + 50) for log in receipt.transfers)
    return replace(receipt, transfers=(*receipt.transfers, *again))
