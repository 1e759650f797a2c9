"""When enough nodes agree: on a transaction, on a block, on what a range of blocks holds.

One node may lie, lag or be silent. What `quorum` nodes say alike is believed, and nothing less.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from billing.chains import Finality
from chainwatch.chains.asking import Tally, complaints, look
from chainwatch.chains.base import (
    ChainReader,
    ChainRefused,
    ChainUnavailable,
    Head,
    Header,
    Known,
    Look,
    RangeTooLarge,
    Receipt,
    Scan,
)

logger = logging.getLogger(__name__)

UpTo = Callable[[Head, str], int | None]


@dataclass(frozen=True, slots=True)
class Vote:
    """What enough nodes say of one transaction, and whether it is final under their own heads.

    `receipt` is None where they know no such mined transaction. `is_deep` is False where enough
    tell the same receipt, but not enough of them have a head that far above it.
    """

    receipt: Receipt | None
    is_deep: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """What enough nodes said alike; the rest is missing. `nodes` are all that voted."""

    votes: Mapping[str, Vote]
    nodes: tuple[ChainReader, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a range of blocks holds for us, by the answers of enough nodes.

    `found` is everything that any of them found: nothing is believed for being found, since each
    is asked for its receipt. A receipt stands beside it where the node told it along and no other
    contradicted it, else None: still to be asked. `block` is the range's last one, on which
    `quorum` nodes agree, and on `parent_hash`, that of the block before its first. `nodes` are
    those that answered.
    """

    block: Header
    parent_hash: str
    found: Mapping[str, Receipt | None]
    nodes: tuple[ChainReader, ...]
    errors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Ballot:
    """The votes on one transaction so far: how many said each receipt, how many of them deep."""

    said: Counter[Receipt | None] = field(default_factory=Counter)
    deep: Counter[Receipt | None] = field(default_factory=Counter)

    def add(self, receipt: Receipt | None, up_to: int | None) -> None:
        self.said[receipt] += 1
        if receipt is not None and up_to is not None and receipt.block_number <= up_to:
            self.deep[receipt] += 1

    def winner(self, quorum: int) -> Vote | None:
        for receipt, count in self.said.most_common(1):
            if count >= quorum:
                return Vote(receipt, is_deep=self.deep[receipt] >= quorum)
        return None

    def is_decided(self, quorum: int) -> bool:
        """Whether another node's word could change nothing."""
        winner = self.winner(quorum)
        return winner is not None and (winner.receipt is None or winner.is_deep)


def agreed(
    nodes: Sequence[ChainReader],
    references: Sequence[str],
    *,
    told_by: ChainReader,
    seen_in: Mapping[str, int],
    block_times: Mapping[str, datetime],
    up_to: UpTo,
    quorum: int,
    levels: Collection[Finality] = (),
    is_solid: bool = False,
    tally: Tally | None = None,
) -> Agreed:
    """Return the answers on which `quorum` nodes agree: same block, outcome, transfers, and depth.

    Asks no more nodes than needed, `told_by` first. Each is asked for its head, with `levels`, in
    the breath in which it is asked for the receipts: another's head, or one from before the chain
    was reorganized, would make look deep what is not. `up_to(head, reference)` says how far a
    transaction is final under a head. `seen_in` is the block in which each was seen: who has not
    got that far says nothing by not knowing it. Raises nothing.
    """
    ballots = {each: _Ballot() for each in references}
    errors: list[str] = []
    voters: list[ChainReader] = []
    tally = tally if tally is not None else Tally()
    for place, node in enumerate(_first(told_by, nodes)):
        open_ones = [each for each in references if not ballots[each].is_decided(quorum)]
        if not open_ones:
            break
        said = _vote_of(
            node, open_ones, tally, errors,
            is_failover=place > 0,
            block_times=block_times,
            levels=levels,
            is_solid=is_solid,
        )  # fmt: skip
        if said is None:
            continue
        voters.append(node)
        for each, receipt in said.receipts.items():
            final_to = up_to(said.head, each)
            knows_to = final_to if is_solid else said.head.number
            if receipt is not None or (knows_to is not None and knows_to >= seen_in[each]):
                ballots[each].add(receipt, final_to)
    winners = {each: ballot.winner(quorum) for each, ballot in ballots.items()}
    if None in winners.values() and not errors:
        errors.append(f"fewer than {quorum} nodes agree")
    return Agreed(
        votes={each: winner for each, winner in winners.items() if winner is not None},
        nodes=tuple(voters),
        error="; ".join(errors),
    )


def standing(
    nodes: Sequence[ChainReader],
    blocks: Set[tuple[int, str]],
    *,
    quorum: int,
    tally: Tally | None = None,
) -> tuple[Set[tuple[int, str]], Set[tuple[int, str]]]:
    """Return which of these blocks (number, hash) stand on the chain, and which were replaced.

    Standing: `quorum` nodes have that very block at its height. Replaced: `quorum` nodes have
    another one there. A block is in neither where too few say either: a node that knows none at
    that height, since it lags, says nothing; so does one that does not answer. Raises nothing.
    """
    stands: Counter[tuple[int, str]] = Counter()
    gone: Counter[tuple[int, str]] = Counter()
    for node in nodes:
        open_ones = {each for each in blocks if stands[each] < quorum and gone[each] < quorum}
        if not open_ones:
            break
        try:
            canonical = node.block_hashes(sorted({number for number, _ in open_ones}))
        except (ChainUnavailable, ChainRefused) as reason:
            logger.warning("node gave no block hashes node=%s reason=%s", node.node, reason)
            if tally is not None:
                tally.failed(node, str(reason))
            continue
        if tally is not None:
            tally.answered(node)
        for number, known in open_ones:
            if number in canonical:
                (stands if canonical[number] == known else gone)[number, known] += 1
    return (
        {each for each, count in stands.items() if count >= quorum},
        {each for each, count in gone.items() if count >= quorum},
    )


def scanned(
    nodes: Sequence[ChainReader],
    first: int,
    last: int,
    *,
    senders: Collection[str] = (),
    recipients: Collection[str] = (),
    references: Collection[str] = (),
    known: Known | None = None,
    quorum: int,
    tally: Tally | None = None,
) -> Scanned:
    """Ask for a range of blocks until `quorum` nodes answered it and agree on its last block.

    Raises RangeTooLarge where too few answered and one of the others wants a shorter range, else
    ChainUnavailable: too few answered, or they differ at the last block.
    """
    scans: list[tuple[ChainReader, Scan]] = []
    errors: list[str] = []
    is_too_large = False
    for node in nodes:
        try:
            scan = node.scan(
                first,
                last,
                senders=senders,
                recipients=recipients,
                references=references,
                known=known,
            )
        except RangeTooLarge as reason:
            # No fault of the node: the next question is shorter.
            is_too_large = True
            errors.append(f"{node.node}: {reason}")
            continue
        except (ChainUnavailable, ChainRefused) as reason:
            errors.append(f"{node.node}: {reason}")
            if tally is not None:
                tally.failed(node, str(reason))
            continue
        if tally is not None:
            tally.answered(node)
        scans.append((node, scan))
        if agreed_one := _agreed_scan(scans, quorum):
            block, answered = agreed_one.block, tuple(node for node, _ in scans)
            found = _union(scans, block)
            return Scanned(block, agreed_one.parent_hash, found, answered, tuple(errors))
    if len(scans) >= quorum:
        raise ChainUnavailable(f"nodes differ at block {last}")
    said = "; ".join(errors) or f"fewer than {quorum} nodes to ask"
    raise RangeTooLarge(said) if is_too_large else ChainUnavailable(said)


def _vote_of(
    node: ChainReader,
    references: Sequence[str],
    tally: Tally,
    errors: list[str],
    *,
    is_failover: bool,
    **question: object,
) -> Look | None:
    """Return what a node says, None where it gave no answer; count it and keep its complaints."""
    try:
        said = look(node, references, is_failover=is_failover, **question)
    except (ChainUnavailable, ChainRefused) as reason:
        errors.append(f"{node.node}: {reason}")
        tally.failed(node, str(reason))
        return None
    tally.answered(node, said.head)
    errors += complaints(node, said)
    return said


def _agreed_scan(scans: Sequence[tuple[ChainReader, Scan]], quorum: int) -> Scan | None:
    """The first of those that begin and end on the blocks that enough nodes tell."""
    count = Counter((scan.block.block_hash, scan.parent_hash) for _, scan in scans)
    ((ends, votes),) = count.most_common(1)
    if votes < quorum:
        return None
    return next(s for _, s in scans if (s.block.block_hash, s.parent_hash) == ends)


def _union(scans: Sequence[tuple[ChainReader, Scan]], block: Header) -> dict[str, Receipt | None]:
    """Return all that was found; a receipt only from who has the agreed block, uncontradicted."""
    found: dict[str, Receipt | None] = {}
    told: dict[str, set[Receipt]] = {}
    for _, scan in scans:
        for each, receipt in scan.found.items():
            found.setdefault(each, None)
            if receipt is not None and scan.block.block_hash == block.block_hash:
                told.setdefault(each, set()).add(receipt)
    return found | {each: said.pop() for each, said in told.items() if len(said) == 1}


def _first(node: ChainReader, nodes: Sequence[ChainReader]) -> list[ChainReader]:
    return [node, *(each for each in nodes if each is not node)]
