"""What other chapters may ask of chainwatch: watch a hash, read what is known.

Everything but `trace`, `check_nodes`, `newest_block`, `backfill`, `ask_balances` and
`learn_addresses` reads and writes rows alone. Those ask nodes, so they are for commands and
workers; the node libraries load when they are called.
"""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from chainwatch import due, sandbox, watching
from chainwatch.addresses import learn as learn_addresses
from chainwatch.balances import AskedBalances, Balances, ask_balances, balances
from chainwatch.chains.holdings import Asset
from chainwatch.checking import NodeHealth, check_nodes, newest_block
from chainwatch.following import backfill
from chainwatch.models import ChainHead, Cursor, Transfer, WatchedTransaction
from chainwatch.tracing import NodeAnswer, Trace, trace
from chainwatch.watching import (
    rest_addresses,
    unwatch_address,
    watch,
    watch_address,
    watch_fresh_address,
)

__all__ = [
    "AskedBalances",
    "Asset",
    "Balances",
    "NodeAnswer",
    "NodeHealth",
    "Trace",
    "ask_balances",
    "backfill",
    "balances",
    "check_nodes",
    "confirmations_of",
    "followed_until",
    "head",
    "heads",
    "learn_addresses",
    "newest_block",
    "rest_addresses",
    "trace",
    "transfers_of",
    "unwatch_address",
    "watch",
    "watch_address",
    "watch_fresh_address",
    "watched",
]


def watched(
    chain: str, tx_hash: str, *, scope: str = "", key: str = ""
) -> WatchedTransaction | None:
    """Return what is known of a watched hash, None where nobody watches it."""
    return WatchedTransaction.objects.filter(
        chain=chain, scope=scope, tx_hash=tx_hash, key=key
    ).first()


def transfers_of(chain: str, tx_hash: str, *, scope: str = "", key: str = "") -> list[Transfer]:
    """Return a transaction's transfers in the block where it stands, in the order of its logs."""
    standing = Transfer.objects.filter(
        chain=chain, scope=scope, tx_hash=tx_hash, key=key, orphaned_at=None
    )
    return list(standing.order_by("ordinal"))


def head(chain: str, scope: str = "") -> ChainHead | None:
    """Return the highest head read of a chain, None before the first read."""
    return ChainHead.objects.filter(chain=chain, scope=scope, read_at__isnull=False).first()


def heads() -> Mapping[str, ChainHead]:
    """Return the heads of all live networks that were ever asked, by chain."""
    return {row.chain: row for row in ChainHead.objects.filter(scope="")}


def followed_until(chain: str, scope: str = "") -> datetime | None:
    """Return the block time up to which the live-watched addresses of a network were scanned.

    Whatever reached them by then was found; its receipt may still be asked for. None where no
    address is watched live, and where nothing was scanned yet. A chain that stands still, or is
    not read, does not move it. A simulated chain is scanned only when there is something on it:
    where there is not, it is as if it had been scanned up to its newest block.
    """
    if not watching.is_followed_live(chain, scope):
        return None
    if scope:
        at = timezone.now()
        newest = sandbox.head_number(sandbox.ledger_of(scope, chain), at)
        if not due.is_unscanned(chain, scope, at):
            return sandbox.block_time(newest)
    cursor = Cursor.objects.filter(chain=chain, scope=scope, next_block__isnull=False).first()
    return cursor.block_time if cursor is not None else None


def confirmations_of(watched: WatchedTransaction, head: ChainHead | None) -> int:
    """Return how many blocks confirm a transaction, its own included; 0 where it is in none."""
    if watched.block_number is None or head is None:
        return 0
    return max(0, head.number - watched.block_number + 1)
