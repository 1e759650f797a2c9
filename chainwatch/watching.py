"""What others ask chainwatch to look for: hashes and addresses. Nothing here asks a node.

Both are safe to ask for twice and at the same time: unique constraints keep one row of each.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from billing.chains import Finality, network, strictest
from chainwatch.models import Cursor, WatchedAddress, WatchedTransaction


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
    """Have what an address sends, or gets, of the pinned tokens found from now on.

    Every such transfer becomes a Transfer. What else it is watched for stays as it was. Call it in
    the transaction that makes the address known, so that no block in between is missed.
    """
    # Locked before the addresses are read: a scan under way, which does not know this one, then
    # finds its cursor's version changed and is made again.
    cursor = _locked_cursor(chain, scope)
    if not watched_addresses(chain, scope):
        cursor.next_block = None  # Nothing was watched for a while: begin anew near the head.
    cursor.version += 1
    cursor.save(update_fields=["next_block", "version", "updated_at"])
    row, is_new = WatchedAddress.objects.get_or_create(
        chain=chain, scope=scope, address=address, defaults={"watched_at": at}
    )
    if is_new or not (row.is_outgoing or row.is_incoming):
        row.watched_at = at
    row.is_outgoing = row.is_outgoing or outgoing
    row.is_incoming = row.is_incoming or incoming
    row.save()
    return row


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


def watched_addresses(chain: str, scope: str) -> list[WatchedAddress]:
    """Return the addresses that are watched on one network, in the order of registration."""
    is_watched = Q(is_outgoing=True) | Q(is_incoming=True)
    rows = WatchedAddress.objects.filter(is_watched, chain=chain, scope=scope)
    return list(rows.order_by("pk"))


def _locked_cursor(chain: str, scope: str) -> Cursor:
    Cursor.objects.get_or_create(chain=chain, scope=scope)
    return Cursor.objects.select_for_update().get(chain=chain, scope=scope)
