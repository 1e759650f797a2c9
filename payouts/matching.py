"""Which transfer pays which payout. Pure: the rules of product.md, "What settles a payout"."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from payouts.facts import Group, Intended, Movement
from payouts.states import Status

AGE_SKEW = timedelta(minutes=10)
MOST_AMOUNT = 2**63 - 1  # More cannot be a dollar token's, and would not fit the column.
# Who "sends" what a token mints: nobody's wallet.
NOBODY = frozenset(
    {"0x0000000000000000000000000000000000000000", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"}
)


@dataclass(slots=True)
class Matches:
    """What the rules make of a group's final transfers.

    `paid` has at most one transfer per payout; `to_choose` are payouts with more than one reading.
    """

    paid: dict[str, Movement] = field(default_factory=dict)
    to_choose: set[str] = field(default_factory=set)


def reaches(movement: Movement, payout: Intended) -> bool:
    """Whether it moves the pinned token to the intended recipient, whoever sent it and whenever."""
    return (
        movement.contract == payout.contract
        and movement.recipient == payout.recipient
        and 0 < movement.amount_atomic <= MOST_AMOUNT
        and movement.sender not in NOBODY
    )


def is_too_old(movement: Movement, payout: Intended) -> bool:
    return movement.block_time < payout.created_at - AGE_SKEW


def comes_from(movement: Movement, sources: frozenset[str]) -> bool:
    """Whether the sender is a registered source wallet; always where none is registered."""
    return not sources or movement.sender in sources


def fits(movement: Movement, payout: Intended, sources: frozenset[str]) -> bool:
    """Whether the transfer could pay the payout, its amount aside."""
    return (
        reaches(movement, payout)
        and not is_too_old(movement, payout)
        and comes_from(movement, sources)
    )


def final_movements(group: Group, payout: Intended) -> list[Movement]:
    """The payout's transfers that no reorganization can take away, in the order of the chain."""
    named = (group.transactions[each.tx_hash] for each in payout.hashes)
    seen = [each for each in named if each.is_final and each.succeeded]
    seen.sort(key=lambda each: (each.block_number or 0, each.tx_hash))
    return [movement for each in seen for movement in each.movements]


def unclaimed_fitting(group: Group, payout: Intended) -> list[Movement]:
    return [
        movement
        for movement in final_movements(group, payout)
        if movement.claimed_by is None and fits(movement, payout, group.sources)
    ]


def match(group: Group) -> Matches:
    """Decide a group: exact amounts for all of it first, then another amount where it is certain.

    Open payouts come before failed ones, which are paid late; a failed one comes before another
    amount, since an exact amount says more.
    """
    waiting = [p for p in group.payouts if p.status == Status.VERIFYING]
    late = [p for p in group.payouts if p.status == Status.FAILED and not p.has_settlement]
    fitting = {p.payout_id: unclaimed_fitting(group, p) for p in [*waiting, *late]}
    matches = Matches()
    for payouts in (waiting, late):
        _match_exact(payouts, fitting, matches)
    for payouts in (waiting, late):
        _match_other_amounts(group, payouts, fitting, matches)
    return matches


def _match_exact(
    payouts: Sequence[Intended], fitting: Mapping[str, Sequence[Movement]], matches: Matches
) -> None:
    """Pay as many as possible exactly, the oldest first, each transfer once.

    One payout may know two hashes and its neighbour only one of them, so a first choice can be in
    the way of a second payout: then it is moved to its other transfer (an augmenting path).
    """
    taken = _taken(matches)
    exact = {
        p.payout_id: [
            m
            for m in fitting[p.payout_id]
            if m.amount_atomic == p.amount_atomic and m.transfer_id not in taken
        ]
        for p in payouts
    }
    owners: dict[str, str] = {}
    for payout in sorted(payouts, key=lambda p: (p.created_at, p.payout_id)):
        _augment(payout.payout_id, exact, owners, matches)


def _augment(
    payout_id: str,
    exact: Mapping[str, Sequence[Movement]],
    owners: dict[str, str],
    matches: Matches,
) -> None:
    came_from: dict[str, str] = {}  # transfer -> the payout that asks for it
    asking = deque([payout_id])
    while asking:
        asker = asking.popleft()
        for movement in exact[asker]:
            if movement.transfer_id in came_from:
                continue
            came_from[movement.transfer_id] = asker
            owner = owners.get(movement.transfer_id)
            if owner is None:
                _hand_along(movement, came_from, owners, matches)
                return
            asking.append(owner)


def _hand_along(
    movement: Movement, came_from: Mapping[str, str], owners: dict[str, str], matches: Matches
) -> None:
    """Give the free transfer to who asked, what that one had to who asked for it, and so on."""
    free: Movement | None = movement
    while free is not None:
        asker = came_from[free.transfer_id]
        given_up = matches.paid.get(asker)
        owners[free.transfer_id], matches.paid[asker] = asker, free
        free = given_up


def _match_other_amounts(
    group: Group,
    payouts: Sequence[Intended],
    fitting: Mapping[str, Sequence[Movement]],
    matches: Matches,
) -> None:
    """Take another amount only where one transfer and one payout are left for each other."""
    taken = _taken(matches)
    unpaid = [p for p in payouts if p.payout_id not in matches.paid]
    left = {
        p.payout_id: [m for m in fitting[p.payout_id] if m.transfer_id not in taken] for p in unpaid
    }
    for payout in unpaid:
        candidates = left[payout.payout_id]
        if not candidates or _may_yet_be_exact(group, payout):
            continue
        if len(candidates) == 1 and _is_certain(candidates[0], payout, left, group):
            matches.paid[payout.payout_id] = candidates[0]
        else:
            matches.to_choose.add(payout.payout_id)


def _is_certain(
    movement: Movement,
    payout: Intended,
    left: Mapping[str, Iterable[Movement]],
    group: Group,
) -> bool:
    wanted_by = [
        payout_id
        for payout_id, movements in left.items()
        if any(m.transfer_id == movement.transfer_id for m in movements)
    ]
    exactly_for_another = (payout.contract, payout.recipient, movement.amount_atomic)
    return wanted_by == [payout.payout_id] and exactly_for_another not in group.awaited


def _may_yet_be_exact(group: Group, payout: Intended) -> bool:
    """Whether another of its hashes is in a block that is not final yet."""
    named = (group.transactions[each.tx_hash] for each in payout.hashes)
    return any(each.is_in_block and not each.is_final for each in named)


def _taken(matches: Matches) -> set[str]:
    return {movement.transfer_id for movement in matches.paid.values()}
