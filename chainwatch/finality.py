"""When a block is final, and when its chain must be doubted. Pure."""

from billing.chains import Finality, Network
from chainwatch.chains.base import Head


def final_up_to(row: Network, head: Head) -> int | None:
    """Return the highest block number that is final under `head`: count and level both hold.

    None where the level is not reached by any block, or the node does not say it. The block a
    transaction is in counts as its first confirmation.
    """
    deep_enough = head.number - row.confirmations + 1
    if row.finality == Finality.CONFIRMATIONS:
        return deep_enough
    level = head.safe_number if row.finality == Finality.SAFE else head.finalized_number
    return None if level is None else min(deep_enough, level)


def gives_doubt(head: Head, *, number: int, block_hash: str) -> bool:
    """Whether a head gives reason to think that blocks were replaced since the last read.

    `number` and `block_hash` are the highest block read so far, empty before the first read.
    It costs nothing to see: another hash at the same height, another parent, or a lower head. A
    replacement hidden under a head that has moved on shows when a transaction becomes final.
    """
    if not block_hash:
        return False
    if head.number == number + 1:
        return head.parent_hash not in ("", block_hash)
    if head.number == number:
        return head.block_hash != block_hash
    return head.number < number
