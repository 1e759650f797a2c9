"""Which payouts are decided together: those that share a hash, however indirectly."""

from collections.abc import Iterable, Mapping, Sequence

from payouts.models import PayoutIntent, SubmittedHash

# (chain, scope, hash, key): how chainwatch names a transaction.
Place = tuple[str, str, str, str]


def place_of(payout: PayoutIntent, tx_hash: str) -> Place:
    return (payout.chain, payout.scope, tx_hash, payout.watch_key)


def grouped(
    payouts: Iterable[PayoutIntent], hashes: Mapping[str, Sequence[SubmittedHash]]
) -> list[list[PayoutIntent]]:
    """Split the payouts so that two with a hash in common are in one group."""
    group_of: dict[str, list[PayoutIntent]] = {payout.id: [payout] for payout in payouts}
    first_with: dict[tuple[str, Place], str] = {}
    for payout in [group[0] for group in group_of.values()]:
        for named in hashes[payout.id]:
            mark = (payout.organization_id, place_of(payout, named.tx_hash))
            mine, other = group_of[payout.id], group_of[first_with.setdefault(mark, payout.id)]
            if mine is not other:
                mine.extend(other)
                for member in other:
                    group_of[member.id] = mine
    return list({id(members): members for members in group_of.values()}.values())
