"""Which transaction took the place of one that can no longer be mined. Pure.

On chains with nonces a wallet replaces a waiting transaction by another with the same nonce, which
has another hash. Where that one moves the same money, it is proposed to a person.
"""

from collections.abc import Iterable

from payouts.facts import Group, Intended, Named, Transaction
from payouts.matching import fits
from payouts.states import Status


def proposal_of(group: Group, payout: Intended) -> str:
    """Return the hash to propose for an executed payout, empty where there is none.

    Proposed is a mined transaction with an unclaimed, fitting transfer of the exact amount; the
    one that replaced the expected hash first, then those that replaced earlier ones. Never one
    that a person declined.
    """
    if payout.status != Status.EXECUTED:
        return ""
    named = {each.tx_hash for each in payout.hashes}
    for replacement in _replacements(group, payout):
        if replacement.tx_hash not in named and _pays(group, payout, replacement):
            return replacement.tx_hash
    return ""


def replaced_hashes(group: Group, payout: Intended) -> set[str]:
    """Return the hashes of an executed payout whose replacement may yet change what is proposed."""
    if payout.status != Status.EXECUTED:
        return set()
    return {each.tx_hash for each in payout.hashes if _replacement(group, each) is not None}


def _replacements(group: Group, payout: Intended) -> Iterable[Transaction]:
    newest_first = list(reversed(payout.hashes))
    newest_first.sort(key=lambda named: named.tx_hash != payout.expected_tx_hash)
    for named in newest_first:
        replacement = _replacement(group, named)
        if replacement is not None:
            yield replacement


def _replacement(group: Group, named: Named) -> Transaction | None:
    """What took its place; None where nothing did, or nothing that a person did not decline."""
    replacement = group.transactions[named.tx_hash].replacement
    if replacement is None or replacement.tx_hash == named.declined:
        return None
    return replacement


def _pays(group: Group, payout: Intended, transaction: Transaction) -> bool:
    """Whether more of its transfers pay it exactly than payouts wait that named this hash."""
    if not (transaction.is_in_block and transaction.succeeded):
        return False
    exact = [
        movement
        for movement in transaction.movements
        if movement.amount_atomic == payout.amount_atomic
        and movement.claimed_by is None
        and fits(movement, payout, group.sources)
    ]
    wanted = (payout.contract, payout.recipient, payout.amount_atomic)
    return len(exact) > transaction.wanted.count(wanted)
