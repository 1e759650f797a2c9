"""What others ask chainwatch to look for: hashes and addresses. Nothing here asks a node.

All is safe to ask for twice and at the same time: unique constraints keep one row of each. Whoever
takes several locks takes the cursor's first, then the rows' in the order of their keys.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest

from billing.chains import Finality, network, strictest
from chainwatch.models import Cursor, RestingCursor, WatchedAddress, WatchedTransaction

MOST_AT_ONCE = 10_000  # addresses in one query
NEAR = timedelta(hours=1)  # of blocks that the daily scan may read in vain, once

_WATCH_FRESH = """
INSERT INTO chainwatch_watchedaddress (
    chain, scope, address, is_outgoing, is_incoming, watched_at, created_at, updated_at
) VALUES (%(chain)s, %(scope)s, %(address)s, false, true, %(at)s, %(at)s, %(at)s)
ON CONFLICT ON CONSTRAINT one_watch_per_address DO NOTHING
"""


def watch(
    chain: str,
    tx_hash: str,
    *,
    scope: str = "",
    key: str = "",
    at: datetime,
    until: datetime,
    amount_atomic: int = 0,
) -> WatchedTransaction:
    """Have a hash followed until `until`, from the next pass on; return what is known of it.

    `amount_atomic` is the largest transfer that is expected of it: by that, the network may ask a
    stricter level of finality. Again for the same hash, it is watched as long as the longest asked,
    by the strictest level, and a hash not seen yet is asked as eagerly as a new one.
    """
    finality = network(chain).finality_for(amount_atomic)
    row, is_new = WatchedTransaction.objects.get_or_create(
        chain=chain,
        scope=scope,
        tx_hash=tx_hash,
        key=key,
        defaults={
            "watched_at": at,
            "watch_until": until,
            "changed_at": at,
            "finality": finality,
        },
    )
    if is_new:
        return row
    same = WatchedTransaction.objects.filter(pk=row.pk)
    if strictest(Finality(row.finality), finality) != row.finality:
        same.filter(final_at=None).update(finality=finality)
    # Named now, whoever found it before: it is waited for like any other submitted hash.
    same.update(watch_until=Greatest(F("watch_until"), until), found_at=None)
    same.filter(block_hash=None).update(watched_at=at, asked_at=None)
    row.refresh_from_db()
    return row


@transaction.atomic
def watch_address(
    chain: str,
    address: str,
    *,
    scope: str = "",
    outgoing: bool = False,
    incoming: bool = False,
    at: datetime,
) -> WatchedAddress:
    """Have what an address sends, or gets, of our tokens found from now on.

    Every such transfer becomes a Transfer. What else it is watched for stays as it was. Call it in
    the transaction that makes the address known, so that no block in between is missed.
    """
    # Locked before the address is written: a scan under way, which does not know it, then finds its
    # cursor's version changed and is made again. The world may know the address already.
    Cursor.objects.get_or_create(chain=chain, scope=scope)
    cursor = Cursor.objects.select_for_update().get(chain=chain, scope=scope)
    cursor.version += 1
    cursor.save(update_fields=["version", "updated_at"])
    row, is_new = WatchedAddress.objects.get_or_create(
        chain=chain, scope=scope, address=address, defaults={"watched_at": at}
    )
    if is_new or not (row.is_outgoing or row.is_incoming):
        row.watched_at = at
    row.is_outgoing = row.is_outgoing or outgoing
    row.is_incoming = row.is_incoming or incoming
    row.save()
    return row


def watch_fresh_address(chain: str, address: str, *, scope: str = "", at: datetime) -> None:
    """Have what a fresh address gets of our tokens found: one that nobody can know yet.

    Such as the next one of an extended key, in the transaction that issues it. One row is inserted:
    no lock on the cursor is taken and no scan under way is made again, so that many who issue
    addresses neither wait for the watcher nor hold it up. Nothing is missed by that. Until the
    transaction is committed nobody knows the address, so whatever pays it is mined in a block
    after that moment; and a scan has read its head before it reads the addresses, and ends at that
    head. The address that it does not see is paid above that head alone, where the next scan
    begins. Should a block below take such a payment after all, since it was replaced, then the scan
    goes back to the fork as for every other address.

    Where the address is known to us after all, it is watched as `watch_address` does.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WATCH_FRESH, {"chain": chain, "scope": scope, "address": address, "at": at})
        is_new = cursor.rowcount == 1
    if not is_new:
        watch_address(chain, address, scope=scope, incoming=True, at=at)


@transaction.atomic
def unwatch_address(
    chain: str, address: str, *, scope: str = "", outgoing: bool = False, incoming: bool = False
) -> None:
    """Stop looking for what an address sends, or gets. What was found is followed to its end."""
    row = (
        WatchedAddress.objects.select_for_update()
        .filter(chain=chain, scope=scope, address=address)
        .first()
    )
    if row is None:
        return
    row.is_outgoing = row.is_outgoing and not outgoing
    row.is_incoming = row.is_incoming and not incoming
    row.save(update_fields=["is_outgoing", "is_incoming", "updated_at"])


@transaction.atomic
def rest_addresses(
    chain: str, addresses: Collection[str], *, scope: str = "", at: datetime
) -> None:
    """Have what these addresses get found once a day, for ever, and in the live scan no longer.

    The daily scan begins where live following stands now, so that no block falls between the two.
    What is watched for what it sends stays so. An address that is not followed live for what it
    gets is left as it is. One that is watched live again stays in the daily scan too: harmless.
    """
    live = Cursor.objects.select_for_update().filter(chain=chain, scope=scope).first()
    since: list[datetime] = []
    leaving = sorted(addresses)
    for start in range(0, len(leaving), MOST_AT_ONCE):
        some = leaving[start : start + MOST_AT_ONCE]
        rows = WatchedAddress.objects.filter(
            chain=chain, scope=scope, address__in=some, is_incoming=True
        )
        since += rows.select_for_update().order_by("pk").values_list("watched_at", flat=True)
        rows.update(
            is_incoming=False, rests_since=Coalesce(F("rests_since"), Value(at)), updated_at=at
        )
    # A simulated chain has no daily scan: whoever looks at what is new on it looks for all.
    if since and not scope:
        _rest_from(chain, live, since=min(since), at=at)


def is_followed_live(chain: str, scope: str) -> bool:
    """Whether any address is in the live scan of one network."""
    return followed_live(chain, scope).exists()


def followed_live(chain: str, scope: str) -> QuerySet[WatchedAddress]:
    """Return the addresses in the live scan of one network."""
    is_live = Q(is_outgoing=True) | Q(is_incoming=True)
    return WatchedAddress.objects.filter(is_live, chain=chain, scope=scope)


def resting(chain: str, scope: str) -> QuerySet[WatchedAddress]:
    """Return the addresses of one network that rest: very many, so never read them all at once."""
    return WatchedAddress.objects.filter(chain=chain, scope=scope, rests_since__isnull=False)


def _rest_from(chain: str, live: Cursor | None, *, since: datetime, at: datetime) -> None:
    """Let the daily scan begin no later than where `live` stands, whose row is locked.

    Below that, nothing that they got is unfound. But where it stands long before they were watched,
    it never looked for any of them, and that moment says better where to begin.
    """
    stands_at = live.block_time if live is not None else None
    is_near = stands_at is not None and stands_at > since - NEAR
    begin = {"next_block": live.next_block} if live and is_near else {"since": since}
    cursor, is_new = RestingCursor.objects.select_for_update().get_or_create(
        chain=chain, defaults={**begin, "done_at": at}
    )
    if is_new:
        return
    for name, earliest in begin.items():
        before = getattr(cursor, name)
        setattr(cursor, name, earliest if before is None else min(before, earliest))
    # A scan under way knows nothing of them: what it has done of its range is done again.
    cursor.after_id, cursor.version = 0, cursor.version + 1
    cursor.save(update_fields=["next_block", "since", "after_id", "version", "updated_at"])
