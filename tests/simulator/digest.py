"""The end state as values, without times and history: what two watchers must agree on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet

from chainwatch.models import Transfer, WatchedTransaction
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from tests.simulator.company import Company

NOBODY = -1
# What a payout fails by that a final block shows, and whether its transaction succeeded there.
PROVEN_BY_A_BLOCK = {
    "transaction_reverted": False,
    "no_transfer": True,
    "recipient_mismatch": True,
    "token_mismatch": True,
    "transfer_already_claimed": True,
    "transfer_predates_payout": True,
}

Claim = tuple[str, int, str, str, int]  # hash, ordinal, contract, recipient, amount


@dataclass(frozen=True)
class Digest:
    """`payouts` by place; `claims` with whose they are: a payout's place, or NOBODY.

    Left out of `claims` is money that is nobody's in a transaction that was named: whether it was
    noted as unexpected depends on whether it was named before it was final.
    Left out of `transactions` and `transfers` is what nobody named and no watched wallet sent. Of
    that an undisturbed watcher may never have heard: a transaction that was found by what it moved
    in a block that left the chain, and that reverts in the one where it is now; one that a liar
    found in a range; one that replaced another whose nonce could be learned only while that one
    waited. That what is told of it is true is checked against the world.
    `reversed` are the places of payouts whose settlement stands on a transfer that left the chain;
    `unproven` those that failed by what a final block said which left the chain, or as not found
    and were mined afterwards; `late` those that had failed before they were paid.
    """

    payouts: dict[int, tuple[Any, ...]]
    claims: dict[Claim, int]
    transfers: frozenset[tuple[Any, ...]]
    transactions: dict[str, tuple[Any, ...]]
    reversed: frozenset[int] = field(default_factory=frozenset)
    late: frozenset[int] = field(default_factory=frozenset)
    unproven: frozenset[int] = field(default_factory=frozenset)


def digest(company: Company) -> Digest:
    """Read it from the rows."""
    places = {payout.id: place for place, payout in enumerate(company.payouts)}
    payouts = PayoutIntent.objects.filter(id__in=places).select_related("settlement")
    by_place = {places[each.id]: each for each in payouts}
    names = SubmittedHash.objects.filter(payout_id__in=places)
    named = {(places[payout_id], h) for payout_id, h in names.values_list("payout_id", "tx_hash")}
    watched = WatchedTransaction.objects.filter(chain=company.chain, scope="")
    in_blocks = [row for row in watched if row.block_hash is not None]
    ours = {tx_hash for _, tx_hash in named} | _sent_by_watched(company)
    settlements = list(
        Settlement.objects.filter(organization_id=company.people.admin.organization_id)
    )
    return Digest(
        payouts={place: _payout(each) for place, each in by_place.items()},
        claims=_claims(settlements, places, {tx_hash for _, tx_hash in named}),
        transfers=_transfers(company.chain, ours),
        transactions={row.tx_hash: _transaction(row) for row in in_blocks if row.tx_hash in ours},
        reversed=frozenset(
            places[each.payout_id]
            for each in settlements
            if each.reversed_at is not None and each.payout_id is not None
        ),
        late=frozenset(place for place, each in by_place.items() if _is_late(each)),
        unproven=frozenset(
            place
            for place, each in by_place.items()
            if each.failure_code
            and (each.failure_code in PROVEN_BY_A_BLOCK)
            is not any((place, row.tx_hash) in named for row in in_blocks)
        ),
    )


def differences(found: Digest, expected: Digest) -> list[str]:
    """Say in what a watcher's end state differs from the undisturbed one's, a line each.

    What ended by a block that was final and left the chain after all stays as it ended, which the
    undisturbed watcher never saw; so does what had failed for good reasons and was paid afterwards.
    """
    told = []
    overtaken = found.reversed | found.late | found.unproven
    for place, wanted in expected.payouts.items():
        if place not in overtaken and found.payouts[place] != wanted:
            told.append(f"payout {place} is {found.payouts[place]} instead of {wanted}")
    for name in ("claims", "transactions"):
        mine, theirs = getattr(found, name), getattr(expected, name)
        told += [
            f"{name}: {key} is {mine.get(key)} instead of {theirs.get(key)}"
            for key in sorted(mine.keys() | theirs.keys())
            if mine.get(key) != theirs.get(key)
        ]
    told += [f"a standing transfer too much: {t}" for t in found.transfers - expected.transfers]
    told += [f"a standing transfer missing: {t}" for t in expected.transfers - found.transfers]
    return told


def without_unproven(found: Digest, expected: Digest) -> Digest:
    """The end state of who is lied to still, without what one liar's word can bring about.

    That is what is in a block and not final, and a payout waiting still whose transaction nobody
    has: it fails by the word of every node, and the liar does not give its own.
    """
    final = {tx_hash: told for tx_hash, told in found.transactions.items() if is_final(told)}
    waiting = {
        place: expected.payouts[place]
        for place, told in found.payouts.items()
        if told[0] in ("executed", "verifying")
        and expected.payouts[place][1] == "transaction_not_found"
    }
    return replace(
        found,
        payouts=found.payouts | waiting,
        transactions=final,
        transfers=frozenset(each for each in found.transfers if each[0] in final),
    )


def standing_transfers(chain: str) -> QuerySet[Transfer]:
    """What a live chain says now, as far as is known."""
    return Transfer.objects.filter(chain=chain, scope="", orphaned_at=None)


def _payout(payout: PayoutIntent) -> tuple[Any, ...]:
    settlement = payout.settlement
    return (
        payout.status,
        payout.failure_code,
        payout.outcome,
        payout.expected_tx_hash,
        payout.attention,
        settlement and (*_claim(settlement), sorted(settlement.discrepancies)),
    )


def _claim(settlement: Settlement) -> Claim:
    return (
        settlement.tx_hash,
        settlement.ordinal,
        settlement.contract,
        settlement.to_address,
        settlement.amount_atomic,
    )


def _claims(
    settlements: Sequence[Settlement], places: Mapping[str, int], named: Collection[str]
) -> dict[Claim, int]:
    claims = {
        _claim(each): (_owner(each, places), each.tx_hash)
        for each in settlements
        if each.reversed_at is None
    }
    return {
        claim: owner
        for claim, (owner, tx_hash) in claims.items()
        if owner != NOBODY or tx_hash not in named
    }


def _owner(settlement: Settlement, places: Mapping[str, int]) -> int:
    """Whose it is: a second payment is its payout's as much as the first."""
    named = settlement.suggestion.removeprefix("second payment of ")
    return places.get(settlement.payout_id or named, NOBODY)


def _is_late(payout: PayoutIntent) -> bool:
    return payout.status == "failed" and payout.settlement_id is not None


def _sent_by_watched(company: Company) -> set[str]:
    """The transactions in which money left a watched wallet, in the block where they stand."""
    if not company.has_registered:
        return set()
    sent = standing_transfers(company.chain).filter(from_address__in=company.sources)
    return set(sent.values_list("tx_hash", flat=True))


def _transfers(chain: str, ours: Collection[str]) -> frozenset[tuple[Any, ...]]:
    rows = standing_transfers(chain).filter(tx_hash__in=ours)
    return frozenset(
        rows.values_list(
            "tx_hash", "ordinal", "contract", "from_address", "to_address", "amount_atomic",
            "block_hash", "log_index",
        )
    )  # fmt: skip


def _transaction(row: WatchedTransaction) -> tuple[Any, ...]:
    levels = row.final_at is not None, row.finalized_at is not None
    return (row.block_number, row.block_hash, row.succeeded, *levels)


def is_final(told: tuple[Any, ...]) -> bool:
    """Whether a transaction of a digest is final by the network's rule."""
    return bool(told[3])
