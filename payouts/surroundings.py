"""What is known around payouts, each in one statement: transactions, heads, wallets, neighbours."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from chainwatch.models import ChainHead, WatchedTransaction
from payouts.grouping import Place, place_of
from payouts.models import PayoutIntent, Status, SubmittedHash
from wallets.models import Wallet

_AWAITING = [Status.APPROVED, Status.PENDING_EXECUTION, Status.EXECUTED, Status.VERIFYING]


def watched_at(wanted: Iterable[Place]) -> dict[Place, WatchedTransaction]:
    """What is known of these hashes on their own chain, and of live ones on any other."""
    places = list(wanted)
    if not places:
        return {}
    hashes = {tx_hash for _, _, tx_hash, _ in places}
    scopes = {scope for _, scope, _, _ in places}
    keys = {key for *_, key in places}
    rows = WatchedTransaction.objects.filter(tx_hash__in=hashes, scope__in=scopes, key__in=keys)
    return {(row.chain, row.scope, row.tx_hash, row.key): row for row in rows}


def replacement_of(row: WatchedTransaction) -> Place | None:
    """Where the transaction stands that used the nonce of one which is in no block."""
    if row.block_hash is not None or not row.replaced_by:
        return None
    return (row.chain, row.scope, row.replaced_by, row.key)


def heads_at(payouts: Iterable[PayoutIntent]) -> dict[tuple[str, str], ChainHead]:
    places = {(payout.chain, payout.scope) for payout in payouts}
    rows = ChainHead.objects.filter(
        chain__in={chain for chain, _ in places}, scope__in={scope for _, scope in places}
    )
    return {(row.chain, row.scope): row for row in rows}


def now_at(payout: PayoutIntent, head: ChainHead | None) -> datetime:
    """The clock; in the sandbox the chain's time where that is ahead of it."""
    now = timezone.now()
    if payout.scope and head is not None and head.block_time is not None:
        return max(now, head.block_time)
    return now


def sources_of(payouts: Iterable[PayoutIntent]) -> dict[tuple[str, str, str], set[str]]:
    rows = Wallet.objects.filter(
        organization_id__in={payout.organization_id for payout in payouts}, is_source=True
    )
    sources: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        sources[row.organization_id, row.environment, row.chain].add(row.address)
    return sources


def awaiting_beside(payouts: dict[str, PayoutIntent]) -> list[PayoutIntent]:
    """The open payouts to the same recipients: another amount is not taken from under them."""
    rows = PayoutIntent.objects.filter(
        organization_id__in={payout.organization_id for payout in payouts.values()},
        environment__in={payout.environment for payout in payouts.values()},
        recipient_address__in={payout.recipient_address for payout in payouts.values()},
        status__in=_AWAITING,
    )
    return list(rows)


def named_beside(
    payouts: Iterable[PayoutIntent], watched: Iterable[WatchedTransaction]
) -> dict[tuple[str, Place], list[PayoutIntent]]:
    """The open payouts that named a replacement, by organization and place."""
    replacements = [place for row in watched if (place := replacement_of(row)) is not None]
    if not replacements:
        return {}
    rows = SubmittedHash.objects.filter(
        organization_id__in={payout.organization_id for payout in payouts},
        environment__in={payout.environment for payout in payouts},
        chain__in={chain for chain, *_ in replacements},
        tx_hash__in={tx_hash for _, _, tx_hash, _ in replacements},
        payout__status__in=[Status.EXECUTED, Status.VERIFYING],
    )
    named: dict[tuple[str, Place], list[PayoutIntent]] = defaultdict(list)
    for row in rows.select_related("payout"):
        place = place_of(row.payout, row.tx_hash)
        named[row.organization_id, place].append(row.payout)
    return named
