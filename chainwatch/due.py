"""Which rows are due: what a pass has to ask for, and whether there is anything to ask at all."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing.chains import Network
from chainwatch.chains.base import reference
from chainwatch.models import WatchedAddress, WatchedTransaction

# One pass asks for so many hashes at most, the longest unasked first, so that a pass stays short:
# where a request holds a hundred, and where it holds one.
MOST_ROWS = 2_000
MOST_SINGLE_ROWS = 100
# A hash that nobody has seen is asked in every pass at first, later more and more rarely.
FRESH = timedelta(minutes=15)
SLOW_EVERY = timedelta(minutes=1)
LATE_EVERY = timedelta(hours=1)
# Whoever may know of a transaction and did not say so yet is asked so much longer, whatever the
# limit: often enough that the question comes even where it comes hourly.
UNHEARD_FOR = 2 * LATE_EVERY
# A node that does not say how far blocks are beyond any reorganization: then a day is taken for it.
SURELY_FINALIZED = timedelta(days=1)


def reference_of(row: WatchedTransaction) -> str:
    """Return the word by which readers are asked for this row's transaction."""
    return reference(row.tx_hash, scope=row.scope, key=row.key)


def unseen_due(
    at: datetime,
    *,
    network: Network,
    scope: str,
    read_at: datetime | None,
    reads_blocks: bool = False,
) -> list[WatchedTransaction]:
    """Return the rows in no block that are to be asked now.

    In every pass for the first 15 minutes, then each minute, and past the network's limit hourly:
    whoever looks for a transaction so late waits for a surprise. Where the chain's scan reads whole
    blocks, it finds them in between, and a fresh one is asked each minute too.

    `read_at` is when the chain was last read. No limit passes while nobody reads: what was waited
    for then is asked at least once more, however long that is ago.
    """
    never = Q(asked_at=None) if reads_blocks else Q(asked_at=None) | Q(watched_at__gt=at - FRESH)
    slow = Q(watched_at__gt=at - network.not_found_limit, asked_at__lte=at - SLOW_EVERY)
    late = Q(asked_at__lte=at - LATE_EVERY)
    since = at if read_at is None else min(at, read_at)
    due = _unseen(network.chain, scope, since).filter(never | slow | late)
    most = MOST_SINGLE_ROWS if reads_blocks else MOST_ROWS
    return list(due.order_by(F("asked_at").asc(nulls_first=True), "pk")[:most])


def hoped_for(at: datetime, *, chain: str, scope: str) -> list[WatchedTransaction]:
    """Return the rows in no block that were submitted lately: the next blocks may hold them."""
    return list(_fresh(chain, scope, at).order_by("-watched_at")[: 50 * MOST_ROWS])


def is_hoping(at: datetime, *, chain: str, scope: str) -> bool:
    """Whether there is any such row."""
    return _fresh(chain, scope, at).exists()


def awaiting(chain: str, scope: str) -> QuerySet[WatchedTransaction]:
    """Return the rows that are in a block which is not final yet."""
    return WatchedTransaction.objects.filter(
        chain=chain, scope=scope, block_hash__isnull=False, final_at=None
    )


def revocable(chain: str, scope: str) -> QuerySet[WatchedTransaction]:
    """Return the final rows whose block a reorganization could still take away."""
    return WatchedTransaction.objects.filter(
        chain=chain, scope=scope, final_at__isnull=False, finalized_at=None
    )


def scopes_in_flight(chain: str) -> list[str]:
    """Return the simulated networks on which anything is watched for or can still change."""
    simulated = WatchedTransaction.objects.filter(chain=chain, scope__gt="")
    unseen = simulated.filter(block_hash=None, watch_until__gt=timezone.now())
    waiting = simulated.filter(block_hash__isnull=False, final_at=None)
    final = simulated.filter(final_at__isnull=False, finalized_at=None)
    is_watched = Q(is_outgoing=True) | Q(is_incoming=True)
    addresses = WatchedAddress.objects.filter(is_watched, chain=chain, scope__gt="")
    scopes = unseen.values_list("scope").union(
        waiting.values_list("scope"), final.values_list("scope"), addresses.values_list("scope")
    )
    return sorted(scope for (scope,) in scopes)


def final_candidates(
    up_to: int, *, finality: str, chain: str, scope: str, most: int = MOST_ROWS
) -> list[WatchedTransaction]:
    """Return the rows of one level whose block is deep enough, the longest unasked first."""
    due = awaiting(chain, scope).filter(finality=finality, block_number__lte=up_to)
    return list(due.order_by(F("asked_at").asc(nulls_first=True), "pk")[:most])


def block_times(rows: Iterable[WatchedTransaction]) -> dict[str, datetime]:
    """Return the times of these rows' blocks by hash, so that no node is asked for them again."""
    return {row.block_hash: row.block_time for row in rows if row.block_hash and row.block_time}


def _fresh(chain: str, scope: str, at: datetime) -> QuerySet[WatchedTransaction]:
    return _unseen(chain, scope, at).filter(watched_at__gt=at - FRESH)


def _unseen(chain: str, scope: str, at: datetime) -> QuerySet[WatchedTransaction]:
    return WatchedTransaction.objects.filter(
        chain=chain, scope=scope, block_hash=None, watch_until__gt=at
    )
