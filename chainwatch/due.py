"""Which rows are due: what a pass has to ask for, and whether there is anything to ask at all."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing.chains import Network
from chainwatch import sandbox
from chainwatch.chains.base import reference
from chainwatch.models import (
    ChainHead,
    Cursor,
    RestingCursor,
    SandboxChain,
    SandboxTransaction,
    WatchedAddress,
    WatchedTransaction,
)

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
RESTING_EVERY = timedelta(days=1)
# A simulated chain that nobody has used for so long is left alone, whatever is on it; its head is
# read for those who wait for many confirmations as long as DEEP_FOR.
USED_FOR = timedelta(days=30)
DEEP_FOR = timedelta(days=2)


_HERE = {"chain": OuterRef("chain"), "scope": OuterRef("scope")}
_IS_WATCHED = Q(is_outgoing=True) | Q(is_incoming=True) | Q(rests_since__isnull=False)


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
    """Return the simulated networks on which anything is new to a scan or can still change.

    One on which addresses are watched and nothing new happened needs no pass: there may be very
    many of those. Only where something did lately, the head is still read each minute, for those
    who wait for more confirmations than the chain's last level.
    """
    at = timezone.now()
    simulated = WatchedTransaction.objects.filter(chain=chain, scope__gt="")
    unseen = simulated.filter(block_hash=None, watch_until__gt=at)
    waiting = simulated.filter(block_hash__isnull=False, final_at=None)
    final = simulated.filter(final_at__isnull=False, finalized_at=None)
    news = unscanned(at).filter(chain=chain)
    stale = ChainHead.objects.filter(**_HERE, read_at__lte=at - SLOW_EVERY)
    used = SandboxChain.objects.filter(chain=chain, used_at__gt=at - DEEP_FOR)
    deep = used.filter(Exists(stale), Exists(_watched_here()))
    scopes = unseen.values_list("scope").union(
        *(each.values_list("scope") for each in (waiting, final, news, deep))
    )
    return sorted(scope for (scope,) in scopes)


def scopes_watched(chain: str) -> list[str]:
    """Return the simulated networks on which any address is watched, be it at rest."""
    watched = WatchedAddress.objects.filter(_IS_WATCHED, chain=chain, scope__gt="")
    return sorted(set(watched.values_list("scope", flat=True)))


def unscanned(at: datetime) -> QuerySet[SandboxChain]:
    """Return the simulated chains with a transaction mined that no scan has looked at yet.

    Only where any address is watched, be it at rest. `unscanned_since` is when the oldest was sent.
    """
    stands = Cursor.objects.filter(**_HERE).values("next_block")
    moved = SandboxTransaction.objects.filter(
        **_HERE,
        dropped_at=None,
        block_number__gte=OuterRef("stands_at") - sandbox.late_blocks(),
        block_number__lte=OuterRef("blocks_ahead") + sandbox.head_number(SandboxChain(), at),
    ).order_by("block_number")
    # Where it stands is asked of the outer query: once per chain, not once per transaction.
    return SandboxChain.objects.annotate(
        stands_at=Coalesce(Subquery(stands), Value(0)),
        unscanned_since=Subquery(moved.values("broadcast_at")[:1]),
    ).filter(Exists(_watched_here()), unscanned_since__isnull=False, used_at__gt=at - USED_FOR)


def is_unscanned(chain: str, scope: str, at: datetime) -> bool:
    """Whether one simulated chain has such a transaction."""
    return unscanned(at).filter(chain=chain, scope=scope).exists()


def resting(at: datetime) -> QuerySet[RestingCursor]:
    """Return the live chains whose scan of the day is under way or should begin."""
    return RestingCursor.objects.filter(
        Q(until_block__isnull=False) | Q(done_at__lte=at - RESTING_EVERY)
    )


def final_candidates(
    up_to: int, *, finality: str, chain: str, scope: str, most: int = MOST_ROWS
) -> list[WatchedTransaction]:
    """Return the rows of one level whose block is deep enough, the longest unasked first."""
    due = awaiting(chain, scope).filter(finality=finality, block_number__lte=up_to)
    return list(due.order_by(F("asked_at").asc(nulls_first=True), "pk")[:most])


def block_times(rows: Iterable[WatchedTransaction]) -> dict[str, datetime]:
    """Return the times of these rows' blocks by hash, so that no node is asked for them again."""
    return {row.block_hash: row.block_time for row in rows if row.block_hash and row.block_time}


def blocks_of(rows: Iterable[WatchedTransaction]) -> dict[str, int]:
    """Return in which block each of these rows was seen, by what a node knows it by."""
    return {reference_of(row): row.block_number for row in rows if row.block_number is not None}


def _fresh(chain: str, scope: str, at: datetime) -> QuerySet[WatchedTransaction]:
    return _unseen(chain, scope, at).filter(watched_at__gt=at - FRESH)


def _watched_here() -> QuerySet[WatchedAddress]:
    return WatchedAddress.objects.filter(_IS_WATCHED, **_HERE)


def _unseen(chain: str, scope: str, at: datetime) -> QuerySet[WatchedTransaction]:
    return WatchedTransaction.objects.filter(
        chain=chain, scope=scope, block_hash=None, watch_until__gt=at
    )
