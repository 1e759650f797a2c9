"""What follows for one checkout from the payments it got and from how far its chain is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from checkouts.states import Status


@dataclass(frozen=True, slots=True)
class Part:
    """A payment in the checkout's token, in time: what counts towards it while it stands.

    `left_block` is the block in which it stood, and counted, when it was judged last, where it is
    not in that block any more; `left_final` says that it was final there. `is_missed` says that it
    is in no block now, and was final when it left a checkout that was confirmed by then.
    """

    tx_hash: str
    amount_atomic: int
    block_number: int
    log_index: int
    stands: bool = True
    is_final: bool = False
    left_block: int | None = None
    left_final: bool = False
    is_missed: bool = False

    @property
    def place(self) -> tuple[int, int, str]:
        return (self.block_number, self.log_index, self.tx_hash)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one checkout. Amounts are atomic, times are those of its chain.

    `head` is the number of the chain's newest block, None where none was read. `followed_until` is
    the time up to which all that was paid is known, None where that cannot be said.
    """

    status: Status
    amount_atomic: int
    enough_atomic: int
    required_confirmations: int
    deadline: datetime
    parts: tuple[Part, ...] = ()
    head: int | None = None
    followed_until: datetime | None = None
    block_number: int | None = None  # of the last block that it was found to need
    is_canceled: bool = False
    is_underpaid_told: bool = False
    is_overpaid_told: bool = False
    is_reversed: bool = False

    @property
    def counting(self) -> list[Part]:
        """What stands, in the order of the chain."""
        return sorted((part for part in self.parts if part.stands), key=lambda each: each.place)

    @property
    def final(self) -> list[Part]:
        return [part for part in self.counting if part.is_final]

    @property
    def received_atomic(self) -> int:
        return total(self.counting)

    def confirmations(self, block_number: int) -> int:
        return 0 if self.head is None else max(0, self.head - block_number + 1)


@dataclass(frozen=True, slots=True)
class Reorg:
    """A block that it needed left the chain."""


@dataclass(frozen=True, slots=True)
class Detect:
    """Enough stands: the first transaction that counts, and the last block that it needs."""

    tx_hash: str
    block_number: int


@dataclass(frozen=True, slots=True)
class BeginConfirming:
    """A further block confirms the last one it needs, or that is final at once."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Enough is final, and as deep as its payment method asks."""

    tx_hash: str
    block_number: int
    confirmations: int


@dataclass(frozen=True, slots=True)
class Expire:
    """All that was paid in time is known, and it is not enough."""


@dataclass(frozen=True, slots=True)
class Underpaid:
    """It is expired, and something had come."""


@dataclass(frozen=True, slots=True)
class Overpaid:
    """It is confirmed, and more than was asked is final."""


@dataclass(frozen=True, slots=True)
class Reverse:
    """It is confirmed, and money that was final left the chain."""


@dataclass(frozen=True, slots=True)
class Restore:
    """And all of that is final again."""


Step = (
    Reorg | Detect | BeginConfirming | Confirm | Expire | Underpaid | Overpaid | Reverse | Restore
)
_ON_ITS_WAY = frozenset({Status.DETECTED, Status.CONFIRMING})


def decide(facts: Facts) -> list[Step]:
    """Return the steps that the checkout takes now, in their order."""
    steps: list[Step] = []
    for next_steps in (_lost, _found, _confirmed, _expired, _afterwards):
        taken = next_steps(facts)
        facts = _after(facts, taken)
        steps += taken
    return steps


def total(parts: Sequence[Part]) -> int:
    return sum(part.amount_atomic for part in parts)


def _lost(facts: Facts) -> list[Step]:
    """A payment that it needed left its block, wherever it is now."""
    if facts.status not in _ON_ITS_WAY:
        return []
    assert facts.block_number is not None, "a check constraint of the table"
    is_shaken = any(
        part.left_block is not None and part.left_block <= facts.block_number
        for part in facts.parts
    )
    is_too_little = facts.received_atomic < facts.enough_atomic
    return [Reorg()] if is_shaken or is_too_little else []


def _found(facts: Facts) -> list[Step]:
    needed = _needed(facts.counting, facts.enough_atomic)
    is_waiting = facts.status in (Status.PENDING, Status.EXPIRED) and not facts.is_canceled
    return [Detect(needed[0].tx_hash, needed[-1].block_number)] if is_waiting and needed else []


def _confirmed(facts: Facts) -> list[Step]:
    if facts.status not in _ON_ITS_WAY:
        return []
    assert facts.block_number is not None, "a check constraint of the table"
    needed = _needed(facts.final, facts.enough_atomic)
    steps: list[Step] = []
    if facts.status == Status.DETECTED:
        if not needed and facts.confirmations(facts.block_number) < 2:
            return []
        steps.append(BeginConfirming())
    if needed:
        confirmations = facts.confirmations(needed[-1].block_number)
        if confirmations >= facts.required_confirmations:
            steps.append(Confirm(needed[0].tx_hash, needed[-1].block_number, confirmations))
    return steps


def _expired(facts: Facts) -> list[Step]:
    """Only what is known to be all can be too little."""
    if facts.status != Status.PENDING or facts.followed_until is None:
        return []
    return [Expire()] if facts.followed_until > facts.deadline else []


def _afterwards(facts: Facts) -> list[Step]:
    if facts.status == Status.EXPIRED:
        is_untold = not facts.is_underpaid_told and not facts.is_canceled
        return [Underpaid()] if is_untold and facts.received_atomic > 0 else []
    if facts.status != Status.CONFIRMED:
        return []
    final_atomic, is_any_missed = total(facts.final), any(part.is_missed for part in facts.parts)
    is_whole = final_atomic >= facts.enough_atomic and not is_any_missed
    steps: list[Step] = []
    if not facts.is_reversed and (not is_whole or any(part.left_final for part in facts.parts)):
        steps.append(Reverse())
    if is_whole and (facts.is_reversed or steps):
        steps.append(Restore())
    if final_atomic > facts.amount_atomic and not facts.is_overpaid_told:
        steps.append(Overpaid())
    return steps


def _needed(parts: Sequence[Part], enough_atomic: int) -> Sequence[Part]:
    """The first of these that are enough together; empty where all of them are not."""
    sums = accumulate(part.amount_atomic for part in parts)
    counts = (count for count, sum_atomic in enumerate(sums, 1) if sum_atomic >= enough_atomic)
    return parts[: next(counts, 0)]


def _after(facts: Facts, steps: Sequence[Step]) -> Facts:
    """The checkout as it is once these steps are taken."""
    for step in steps:
        match step:
            case Reorg():
                facts = replace(facts, status=Status.PENDING, block_number=None)
            case Detect():
                facts = replace(facts, status=Status.DETECTED, block_number=step.block_number)
                facts = replace(facts, is_underpaid_told=False)
            case BeginConfirming():
                facts = replace(facts, status=Status.CONFIRMING)
            case Confirm():
                # What left before is no reversal: nothing was delivered by then.
                parts = (replace(p, left_final=False, is_missed=False) for p in facts.parts)
                facts = replace(facts, status=Status.CONFIRMED, parts=tuple(parts))
            case Expire():
                facts = replace(facts, status=Status.EXPIRED)
    return facts
