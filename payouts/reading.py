"""Reads what a decision needs, the payouts locked, in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Q

from billing.chains import network
from chainwatch.models import ChainHead, Transfer, WatchedTransaction
from payouts.facts import Group, Intended, Movement, Named, Transaction
from payouts.grouping import Place, grouped, place_of
from payouts.models import PayoutIntent, Settlement, Status, SubmittedHash
from payouts.surroundings import (
    awaiting_beside,
    heads_at,
    named_beside,
    now_at,
    replacement_of,
    sources_of,
    watched_at,
)

# In the sandbox a hash is one payout's own, so only live payouts share any.
_SHARING = """
WITH RECURSIVE reached (id) AS (
    SELECT unnest(%s::text[])
    UNION
    SELECT other.payout_id
      FROM reached
      JOIN payouts_submittedhash mine ON mine.payout_id = reached.id AND mine.environment = 'live'
      JOIN payouts_submittedhash other
        ON other.organization_id = mine.organization_id AND other.environment = 'live'
       AND other.chain = mine.chain AND other.tx_hash = mine.tx_hash
)
SELECT id FROM reached
"""


@dataclass(slots=True)
class Reading:
    """The rows behind one or more groups, for the writer; all payouts locked.

    `retries` are those of failed payouts, locked too, so that a late settlement can act on them.
    """

    groups: list[Group]
    payouts: dict[str, PayoutIntent]
    hashes: dict[str, list[SubmittedHash]]  # by payout
    watched: dict[Place, WatchedTransaction]
    transfers: dict[str, Transfer]
    claims: dict[str, Settlement]  # by id, unexpected ones too
    retries: dict[str, list[PayoutIntent]]  # by the payout they retry
    heads: dict[tuple[str, str], ChainHead]


@dataclass(frozen=True, slots=True)
class _Around:
    """What is known around the payouts: transfers, own wallets, and open payouts besides them."""

    movements: dict[tuple[str, Place], list[Movement]]
    sources: dict[tuple[str, str, str], set[str]]  # by organization, environment, chain
    awaiting: list[PayoutIntent]
    wanting: dict[tuple[str, Place], list[PayoutIntent]]  # what named a replacement itself


def read(payout_ids: Collection[str]) -> Reading:
    """Lock these payouts and all that share a hash with them, and read what is known of them.

    Inside a transaction. Locks are taken in the order of ids, so that two readers never deadlock.
    """
    payouts, retries = _locked(_sharing(payout_ids))
    hashes: dict[str, list[SubmittedHash]] = {payout_id: [] for payout_id in payouts}
    for named in SubmittedHash.objects.filter(payout_id__in=payouts).order_by("id"):
        hashes[named.payout_id].append(named)
    places = {place_of(payouts[n.payout_id], n.tx_hash) for each in hashes.values() for n in each}
    watched = watched_at(places)
    reading = Reading(
        groups=[],
        payouts=payouts,
        hashes=hashes,
        watched=watched | watched_at(filter(None, map(replacement_of, watched.values()))),
        transfers={},
        claims={},
        retries=retries,
        heads=heads_at(payouts.values()),
    )
    around = _Around(
        movements=_movements(reading),
        sources=sources_of(payouts.values()),
        awaiting=awaiting_beside(payouts),
        wanting=named_beside(payouts.values(), watched.values()),
    )
    reading.groups = [
        _group(reading, members, around)
        for members in grouped(reading.payouts.values(), reading.hashes)
    ]
    return reading


def _sharing(payout_ids: Collection[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, [list(payout_ids)])
        return [row[0] for row in cursor.fetchall()]


def _locked(
    payout_ids: Sequence[str],
) -> tuple[dict[str, PayoutIntent], dict[str, list[PayoutIntent]]]:
    wanted = Q(id__in=payout_ids) | Q(retry_of_id__in=payout_ids)
    rows = PayoutIntent.objects.filter(wanted).select_for_update().order_by("id")
    judged, members = {}, set(payout_ids)
    retries: dict[str, list[PayoutIntent]] = defaultdict(list)
    for payout in rows:
        if payout.id in members:
            judged[payout.id] = payout
        if payout.retry_of_id is not None and payout.retry_of_id in members:
            retries[payout.retry_of_id].append(payout)
    return judged, retries


def _movements(reading: Reading) -> dict[tuple[str, Place], list[Movement]]:
    """The transfers of every transaction, with each organization's own claims on them."""
    known = reading.watched.values()
    transfers = Transfer.objects.filter(
        tx_hash__in={row.tx_hash for row in known},
        scope__in={row.scope for row in known},
        key__in={row.key for row in known},
        orphaned_at=None,
    ).order_by("ordinal")
    by_place: dict[Place, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        reading.transfers[transfer.id] = transfer
        place = (transfer.chain, transfer.scope, transfer.tx_hash, transfer.key)
        by_place[place].append(transfer)
    claims = _claims(reading)
    movements: dict[tuple[str, Place], list[Movement]] = {}
    for payout in reading.payouts.values():
        owner = (payout.organization_id, payout.environment)
        for place in _places_of(reading, payout):
            movements[payout.organization_id, place] = [
                _movement(transfer, claims.get((*owner, *_identity(transfer))))
                for transfer in by_place[place]
            ]
    return movements


def _places_of(reading: Reading, payout: PayoutIntent) -> Iterable[Place]:
    """Where its transactions stand, and what replaced any of them."""
    for named in reading.hashes[payout.id]:
        place = place_of(payout, named.tx_hash)
        yield place
        row = reading.watched.get(place)
        replacement = replacement_of(row) if row else None
        if replacement is not None:
            yield replacement


def _claims(reading: Reading) -> dict[tuple[str, ...], Settlement]:
    organizations = {payout.organization_id for payout in reading.payouts.values()}
    # Locked, so that nobody matches an unexpected one by hand between this and our own claim.
    rows = Settlement.objects.select_for_update().filter(
        organization_id__in=organizations,
        tx_hash__in={transfer.tx_hash for transfer in reading.transfers.values()},
    )
    rows = rows.order_by("id")
    claims: dict[tuple[str, ...], Settlement] = {}
    for row in rows:
        reading.claims[row.id] = row
        place = (row.chain, row.tx_hash, str(row.ordinal))
        claims[row.organization_id, row.environment, *place] = row
    return claims


def _identity(transfer: Transfer) -> tuple[str, ...]:
    return (transfer.chain, transfer.tx_hash, str(transfer.ordinal))


def _movement(transfer: Transfer, claim: Settlement | None) -> Movement:
    return Movement(
        transfer_id=transfer.id,
        tx_hash=transfer.tx_hash,
        ordinal=transfer.ordinal,
        contract=transfer.contract,
        sender=transfer.from_address,
        recipient=transfer.to_address,
        amount_atomic=int(transfer.amount_atomic),
        block_time=transfer.block_time,
        claimed_by=claim.payout_id if claim else None,
        unexpected_id=claim.id if claim and claim.payout_id is None else None,
    )


def _group(reading: Reading, members: Sequence[PayoutIntent], around: _Around) -> Group:
    first = members[0]
    transactions = {}
    for payout in members:
        moved = {
            place: around.movements[payout.organization_id, place]
            for place in _places_of(reading, payout)
        }
        for named in reading.hashes[payout.id]:
            place = place_of(payout, named.tx_hash)
            known = _transaction(reading, place, moved)
            transactions[named.tx_hash] = _with_wanted(known, payout, around)
    ids, tenant = {each.id for each in members}, _tenant(first)
    return Group(
        network=network(first.chain),
        payouts=tuple(_intended(p, reading.hashes[p.id]) for p in members),
        transactions=transactions,
        sources=frozenset(around.sources.get(tenant, ())),
        awaited=frozenset(
            (each.contract, each.recipient_address, each.amount_atomic)
            for each in around.awaiting
            if _tenant(each) == tenant and each.id not in ids
        ),
        now=now_at(first, reading.heads.get((first.chain, first.scope))),
    )


def _transaction(
    reading: Reading, place: Place, moved: Mapping[Place, Sequence[Movement]]
) -> Transaction:
    """One submitted hash, with the transaction that replaced it where one is known."""
    row = reading.watched.get(place)
    if row is None:
        return Transaction(place[2])
    known = _seen(reading, row, place, moved[place])
    replaced_by = replacement_of(row)
    new = reading.watched.get(replaced_by) if replaced_by else None
    if replaced_by is None or new is None:
        return known
    return replace(known, replacement=_seen(reading, new, replaced_by, moved[replaced_by]))


def _with_wanted(known: Transaction, payout: PayoutIntent, around: _Around) -> Transaction:
    if known.replacement is None:
        return known
    place = place_of(payout, known.replacement.tx_hash)
    wanting = around.wanting.get((payout.organization_id, place), ())
    wanted = tuple((each.contract, each.recipient_address, each.amount_atomic) for each in wanting)
    return replace(known, replacement=replace(known.replacement, wanted=wanted))


def _seen(
    reading: Reading, row: WatchedTransaction, place: Place, movements: Iterable[Movement]
) -> Transaction:
    chain, scope, tx_hash, key = place
    elsewhere = (
        each.chain
        for each in reading.watched.values()
        if each.chain != chain
        and (each.scope, each.tx_hash, each.key) == (scope, tx_hash, key)
        and each.final_at is not None
    )
    return Transaction(
        tx_hash=tx_hash,
        block_number=row.block_number,
        block_hash=row.block_hash or "",
        succeeded=row.succeeded,
        final_at=row.final_at,
        finalized_at=row.finalized_at,
        orphaned_at=row.orphaned_at,
        absent_block_time=row.absent_block_time,
        elsewhere="" if scope else next(elsewhere, ""),
        movements=tuple(movements),
    )


def _intended(payout: PayoutIntent, hashes: Iterable[SubmittedHash]) -> Intended:
    return Intended(
        payout_id=payout.id,
        status=Status(payout.status),
        contract=payout.contract,
        recipient=payout.recipient_address,
        amount_atomic=payout.amount_atomic,
        created_at=payout.created_at,
        hashes=tuple(
            Named(
                each.tx_hash,
                each.submitted_at,
                each.submitted_at_chain_time,
                declined=each.declined_tx_hash or "",
            )
            for each in hashes
        ),
        expected_tx_hash=payout.expected_tx_hash or "",
        proposed_tx_hash=payout.proposed_tx_hash or "",
        block_hash=payout.block_hash,
        attention=payout.attention,
        is_stalled=payout.stalled_at is not None,
        has_settlement=payout.settlement_id is not None,
    )


def _tenant(payout: PayoutIntent) -> tuple[str, str, str]:
    return (payout.organization_id, payout.environment, payout.chain)
