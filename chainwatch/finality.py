"""When a block is final, and which levels a head has to tell for it. Pure."""

from collections.abc import Collection

from billing.chains import Finality, Network
from chainwatch.chains.base import Head


def final_up_to(row: Network, head: Head, finality: Finality) -> int | None:
    """Return the highest block number that is final under `head`: count and level both hold.

    None where the level is not reached by any block, or the node does not say it. The block a
    transaction is in counts as its first confirmation.
    """
    deep_enough = head.number - row.confirmations + 1
    if finality == Finality.CONFIRMATIONS:
        return deep_enough
    level = number_of(head, finality)
    return None if level is None else min(deep_enough, level)


def number_of(head: Head, level: Finality) -> int | None:
    """Return the highest block number of this level, None where the node does not say it."""
    if level == Finality.CONFIRMATIONS:
        return head.number
    return head.safe_number if level == Finality.SAFE else head.finalized_number


def last_level(row: Network) -> Finality:
    """The level beyond which no reorganization is possible any more."""
    return Finality.FINALIZED if row.is_evm else Finality.SOLIDIFIED


def levels_to_ask(
    row: Network, waited_for: Collection[Finality], *, is_any_final: bool
) -> frozenset[Finality]:
    """Return the levels a head must tell: those rows wait for, and the last where any is final.

    What is final by a lower level stays in flight until the last one reaches its block.
    """
    wanted = {level for level in waited_for if level != Finality.CONFIRMATIONS}
    return frozenset(wanted | ({last_level(row)} if is_any_final else set()))
