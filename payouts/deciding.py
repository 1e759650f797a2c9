"""What follows for each payout of a group from what the chain says. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from payouts.facts import Group, Intended, Movement, Transaction
from payouts.failing import Failure, failure_of, lacks_only_its_source
from payouts.matching import Matches, final_movements, fits, match
from payouts.replacing import proposal_of, replaced_hashes
from payouts.states import Status

STALLED_AFTER = timedelta(minutes=15)
SIBLINGS_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reorg:
    """The payout's block left the chain."""


@dataclass(frozen=True, slots=True)
class Verify:
    """A transaction of the payout is in this block."""

    block_number: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class Settle:
    """This transfer pays the payout; late where the payout had failed before."""

    movement: Movement
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    failure: Failure


@dataclass(frozen=True, slots=True)
class Flag:
    """The payout waits for a person, and why; empty where it no longer does."""

    attention: str


@dataclass(frozen=True, slots=True)
class Stall:
    """Nobody has seen the payout's transaction for a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A transfer that fits a payout which is paid already: its second payment."""

    movement: Movement


@dataclass(frozen=True, slots=True)
class Propose:
    """This hash replaced the payout's: a person decides. Empty where that is so no longer."""

    tx_hash: str


Step = Reorg | Verify | Settle | Fail | Flag | Stall | Unexpected | Propose


@dataclass(frozen=True, slots=True)
class Verdict:
    """The steps of one payout, in order; none where there is nothing new.

    `waiting` are hashes with a transfer whose meaning an hour will tell; `replaced` are those of
    which another transaction's news can change what is proposed; `done` are those from which
    nothing more can come for this payout.
    """

    payout_id: str
    steps: tuple[Step, ...]
    waiting: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()


def decide(group: Group) -> list[Verdict]:
    """Judge every payout of a group, all together. Says the same again while nothing changes."""
    moved = {p.payout_id: _watched(group, p) for p in group.payouts}
    seen = replace(group, payouts=tuple(_after(p, moved[p.payout_id]) for p in group.payouts))
    matches = match(seen)
    claimed = _claimed(seen, matches)
    judged = {p.payout_id: _judged(claimed, p, matches) for p in seen.payouts}
    second, waiting = _second_payments(seen, matches)
    verdicts = []
    for payout in seen.payouts:
        id_ = payout.payout_id
        steps = [
            *moved[id_],
            *judged[id_],
            *_proposed(seen, payout, judged[id_]),
            *map(Unexpected, second[id_]),
        ]
        verdicts.append(
            Verdict(
                id_,
                tuple(steps),
                waiting=frozenset(waiting[id_]),
                replaced=frozenset(replaced_hashes(seen, payout)),
                done=frozenset(_done(seen, payout, steps) - waiting[id_]),
            )
        )
    return verdicts


def _watched(group: Group, payout: Intended) -> list[Step]:
    """Follow the payout's transaction into and out of blocks."""
    if not payout.is_open:
        return []
    block = _block_of(group, payout)
    steps: list[Step] = []
    if payout.status == Status.VERIFYING:
        if block is not None and block.block_hash == payout.block_hash:
            return []
        steps.append(Reorg())
    if block is not None:
        assert block.block_number is not None
        steps.append(Verify(block.block_number, block.block_hash))
    return steps


def _block_of(group: Group, payout: Intended) -> Transaction | None:
    """The transaction that counts: the one it is in already, the expected one, then any."""
    named = [group.transactions[each.tx_hash] for each in payout.hashes]
    in_block = [each for each in named if each.is_in_block]
    same = [each for each in in_block if each.block_hash == payout.block_hash]
    expected = [each for each in in_block if each.tx_hash == payout.expected_tx_hash]
    return next(iter([*same, *expected, *in_block]), None)


def _after(payout: Intended, steps: Iterable[Step]) -> Intended:
    """The payout as it is once these steps are taken."""
    for step in steps:
        if isinstance(step, Reorg):
            payout = replace(payout, status=Status.EXECUTED, block_hash="", attention="")
        elif isinstance(step, Verify):
            payout = replace(
                payout,
                status=Status.VERIFYING,
                block_hash=step.block_hash,
                proposed_tx_hash="",
            )
    return payout


def _claimed(group: Group, matches: Matches) -> Group:
    """The group with what is claimed just now as claimed, so that a failure can say by whom."""
    by = {movement.transfer_id: payout_id for payout_id, movement in matches.paid.items()}
    transactions = {}
    for tx_hash, each in group.transactions.items():
        moved = (replace(m, claimed_by=by.get(m.transfer_id, m.claimed_by)) for m in each.movements)
        transactions[tx_hash] = replace(each, movements=tuple(moved))
    return replace(group, transactions=transactions)


def _judged(group: Group, payout: Intended, matches: Matches) -> list[Step]:
    movement = matches.paid.get(payout.payout_id)
    if movement is not None:
        return [Settle(movement, is_late=payout.status == Status.FAILED)]
    if not payout.is_open:
        return []
    attention = _attention(group, payout, matches)
    if attention == "" and (failure := failure_of(group, payout)):
        return [Fail(failure)]
    if attention != payout.attention:
        return [Flag(attention)]
    if payout.status == Status.EXECUTED and not payout.is_stalled and _is_unseen(group, payout):
        return [Stall()]
    return []


def _attention(group: Group, payout: Intended, matches: Matches) -> str:
    if payout.status != Status.VERIFYING:
        return ""
    if payout.payout_id in matches.to_choose:
        return "choose_transfer"
    named = (group.transactions[each.tx_hash] for each in payout.hashes)
    taken = {movement.transfer_id for movement in matches.paid.values()}
    for each in named:
        left = tuple(m for m in each.movements if m.transfer_id not in taken)
        if lacks_only_its_source(group, payout, replace(each, movements=left)):
            return "source_not_registered"
    return ""


def _proposed(group: Group, payout: Intended, judged: Iterable[Step]) -> list[Step]:
    """Propose the transaction that took its place, or take back what was proposed before."""
    if any(isinstance(step, Fail) for step in judged):
        return []
    found = proposal_of(group, payout)
    return [Propose(found)] if found != payout.proposed_tx_hash else []


def _is_unseen(group: Group, payout: Intended) -> bool:
    """Whether its newest hash was seen nowhere for too long, a lost block included."""
    newest = payout.hashes[-1]
    lost_at = group.transactions[newest.tx_hash].orphaned_at
    # By the clock that `now` reads: a sandbox that was moved ahead made nobody wait.
    since = max(newest.chain_time, lost_at or newest.chain_time)
    return group.now > since + STALLED_AFTER


def _done(group: Group, payout: Intended, steps: Iterable[Step]) -> set[str]:
    """The payout's hashes that no reorganization can change, if it is decided and no wallet can."""
    is_decided = any(isinstance(step, Settle | Fail) for step in steps)
    if payout.is_open and not is_decided:
        return set()
    named = (group.transactions[each.tx_hash] for each in payout.hashes)
    return {
        each.tx_hash
        for each in named
        if each.is_finalized and not lacks_only_its_source(group, payout, each)
    }


def _second_payments(
    group: Group, matches: Matches
) -> tuple[dict[str, list[Movement]], dict[str, set[str]]]:
    """Find what fits a payout that is paid and is left over when everybody has taken theirs.

    In the transaction that paid it, other transfers may be somebody else's still to be named: they
    wait an hour, and count only if they left a registered wallet. Returns, per payout, what is to
    be noted now, and the hashes with something that waits.
    """
    noted: dict[str, list[Movement]] = {p.payout_id: [] for p in group.payouts}
    waiting: dict[str, set[str]] = {p.payout_id: set() for p in group.payouts}
    taken = {movement.transfer_id for movement in matches.paid.values()}
    unpaid = [p for p in group.payouts if p.is_open and p.payout_id not in matches.paid]
    needed = {each.tx_hash for payout in unpaid for each in payout.hashes}
    for payout in group.payouts:
        if not (payout.has_settlement or payout.payout_id in matches.paid):
            continue
        for movement in _left_over(group, payout):
            if movement.transfer_id in taken or movement.tx_hash in needed:
                continue
            if _waits(group, movement, matches):
                waiting[payout.payout_id].add(movement.tx_hash)
            else:
                taken.add(movement.transfer_id)
                noted[payout.payout_id].append(movement)
    return noted, waiting


def _left_over(group: Group, payout: Intended) -> list[Movement]:
    """Final transfers that would pay this payout once more, and that nobody has noted yet."""
    return [
        movement
        for movement in final_movements(group, payout)
        if movement.claimed_by is None
        and movement.unexpected_id is None
        and fits(movement, payout, group.sources)
        and (movement.sender in group.sources or not _is_claimed(group, movement.tx_hash))
    ]


def _waits(group: Group, movement: Movement, matches: Matches) -> bool:
    """Whether it stands beside a transfer that pays a payout, and not yet for an hour."""
    final_at = group.transactions[movement.tx_hash].final_at
    assert final_at is not None, "only final transfers are left over"
    is_paying = any(m.tx_hash == movement.tx_hash for m in matches.paid.values())
    is_sibling = is_paying or _is_claimed(group, movement.tx_hash)
    return is_sibling and group.now < final_at + SIBLINGS_WAIT


def _is_claimed(group: Group, tx_hash: str) -> bool:
    return any(m.claimed_by is not None for m in group.transactions[tx_hash].movements)
