"""Reads what is known around some transactions of the chains, or around some checkouts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from chainwatch import services as chainwatch
from chainwatch.models import ChainHead, Transfer, WatchedTransaction
from checkouts import unrecorded
from checkouts.judging import SKEW
from checkouts.models import AskedAmount, Checkout, Payment
from checkouts.unrecorded import Place
from wallets.models import DepositAddress

_MOST_ASKED = 2**63 - 1  # what an asked amount can be; a token can say more
Found = TypeVar("Found", WatchedTransaction, Transfer)
# A transfer to one address: the address, the transaction's hash and key, the number of its log.
Identity = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A transfer that stands on its chain, and the address of ours that it reached."""

    transfer: Transfer
    deposit: DepositAddress

    @property
    def identity(self) -> Identity:
        transfer = self.transfer
        return (self.deposit.id, transfer.tx_hash, transfer.key, transfer.ordinal)


@dataclass(slots=True)
class Transactions:
    """Some transactions: how they stand, what of ours they reach, what was recorded of them.

    `asked` has, by deposit address, the checkouts that its transfers may be meant for, each with
    the amount that names it where the address is shared.
    """

    watched: dict[Place, WatchedTransaction]
    arrivals: list[Arrival]
    payments: list[Payment]
    asked: dict[str, list[tuple[str, AskedAmount | None]]]

    @property
    def checkout_ids(self) -> set[str]:
        meant = {checkout_id for pairs in self.asked.values() for checkout_id, _ in pairs}
        return meant | {str(each.checkout_id) for each in self.payments if each.checkout_id}


@dataclass(slots=True)
class Around:
    """What is known around some checkouts, for their decisions."""

    payments: dict[str, list[Payment]]  # by checkout, in the order in which they became known
    heads: dict[tuple[str, str], int]  # by chain and scope, as answers count confirmations
    # By chain and scope: up to when all that was paid was seen. None where it cannot be said.
    followed: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)  # addresses with money that is no payment yet


def read_transactions(places: Collection[Place], *, is_locked: bool) -> Transactions:
    """Read what is known of these transactions; `is_locked` holds their payments until the commit.

    Whoever takes that has locked the checkouts before.
    """
    watched = {place_of(row): row for row in _at(WatchedTransaction.objects.all(), places)}
    arrivals = _arrivals(places, watched)
    payments = _payments(places, is_locked=is_locked)
    return Transactions(watched, arrivals, payments, _asked(arrivals))


def locked_checkouts(checkout_ids: Collection[str]) -> dict[str, Checkout]:
    """Lock these checkouts until the commit, in the one order in which everybody does."""
    rows = Checkout.objects.select_for_update(of=("self",)).select_related("deposit_address")
    return {row.id: row for row in rows.filter(id__in=checkout_ids).order_by("id")}


def read_around(checkouts: Iterable[Checkout]) -> Around:
    """Read what the decisions about these checkouts need; they are locked."""
    rows = list(checkouts)
    payments: dict[str, list[Payment]] = {row.id: [] for row in rows}
    for payment in Payment.objects.filter(checkout__in=payments).order_by("created_at", "id"):
        payments[str(payment.checkout_id)].append(payment)
    places = {(row.chain, row.scope) for row in rows}
    heads = ChainHead.objects.filter(
        chain__in={chain for chain, _ in places}, scope__in={scope for _, scope in places}
    )
    around = Around(payments, {(head.chain, head.scope): head.number for head in heads})
    _read_how_far(around, [row for row in rows if row.is_open])
    return around


def _read_how_far(around: Around, open_: Sequence[Checkout]) -> None:
    """How far the chains were followed, and after that what was found and is not recorded yet.

    In this order: the scan writes both together, so whatever was found up to that time is there.
    """
    for place in {(row.chain, row.scope) for row in open_}:
        around.followed[place] = _followed_until(*place)
    over = [row for row in open_ if _is_over(row, around.followed[row.chain, row.scope])]
    if over:
        since = min(row.created_at + row.clock_ahead for row in over) - SKEW
        addresses = {row.deposit_address_id for row in over}
        around.unread = unrecorded.at_addresses(addresses, since=since)


def _is_over(checkout: Checkout, followed_until: datetime | None) -> bool:
    return followed_until is not None and followed_until > checkout.deadline


def _followed_until(chain: str, scope: str) -> datetime | None:
    """Up to when all is known; None while a scan found a transaction of which no node told more.

    That lasts seconds, or an hour at most: then chainwatch gives it up as an invention.
    """
    until = chainwatch.followed_until(chain, scope)
    untold = WatchedTransaction.objects.filter(
        chain=chain,
        scope=scope,
        block_hash=None,
        watch_until__gt=timezone.now(),
        found_at__isnull=False,
        orphaned_at=None,
        absent_block_time=None,
    )
    return None if until is None or untold.exists() else until


def _arrivals(places: Collection[Place], watched: dict[Place, WatchedTransaction]) -> list[Arrival]:
    """The money that stands and reached an address of ours, in the order of the chain."""
    standing = [
        transfer
        for transfer in _at(Transfer.objects.filter(orphaned_at=None), places)
        if _stands(transfer, watched.get(place_of(transfer)))
    ]
    reached: dict[tuple[str, str, str], list[DepositAddress]] = defaultdict(list)
    for deposit in DepositAddress.objects.filter(
        chain__in={transfer.chain for transfer in standing},
        address__in={transfer.to_address for transfer in standing},
    ):
        reached[deposit.chain, _scope_of(deposit), deposit.address].append(deposit)
    standing.sort(key=lambda each: (each.block_time, each.block_number, each.log_index, each.id))
    return [
        Arrival(transfer, deposit)
        for transfer in standing
        for deposit in reached[transfer.chain, transfer.scope, transfer.to_address]
    ]


def _stands(transfer: Transfer, watched: WatchedTransaction | None) -> bool:
    return (
        watched is not None
        and watched.block_hash == transfer.block_hash
        and bool(watched.succeeded)
        and transfer.amount_atomic > 0
        and unrecorded.is_money(transfer.chain, transfer.contract)
    )


def _payments(places: Collection[Place], *, is_locked: bool) -> list[Payment]:
    """What was recorded of these transactions, found by their sightings (transfer_by_hash)."""
    sightings = [transfer.id for transfer in _at(Transfer.objects.all(), places)]
    rows = Payment.objects.filter(transfer_id__in=sightings).order_by("id")
    return list(rows.select_for_update() if is_locked else rows)


def _asked(arrivals: Iterable[Arrival]) -> dict[str, list[tuple[str, AskedAmount | None]]]:
    """By address: the one checkout it was issued for, or those that the amounts may name."""
    asked: dict[str, list[tuple[str, AskedAmount | None]]] = defaultdict(list)
    own, shared, amounts = set[str](), set[str](), set[int]()
    for arrival in arrivals:
        if not arrival.deposit.is_shared:
            own.add(arrival.deposit.id)
        elif arrival.transfer.amount_atomic <= _MOST_ASKED:
            shared.add(arrival.deposit.id)
            amounts.add(int(arrival.transfer.amount_atomic))
    issued = Checkout.objects.filter(deposit_address__in=own)
    for deposit_id, checkout_id in issued.values_list("deposit_address_id", "id"):
        asked[deposit_id].append((checkout_id, None))
    for amount in AskedAmount.objects.filter(
        deposit_address__in=shared, amount_atomic__in=amounts
    ).order_by("checkout_id"):
        asked[amount.deposit_address_id].append((amount.checkout_id, amount))
    return asked


def _at(rows: QuerySet[Found], places: Collection[Place]) -> list[Found]:
    """Those of exactly these transactions."""
    wanted = set(places)
    found = rows.filter(
        chain__in={chain for chain, _, _, _ in wanted},
        scope__in={scope for _, scope, _, _ in wanted},
        tx_hash__in={tx_hash for _, _, tx_hash, _ in wanted},
    )
    return [row for row in found if place_of(row) in wanted]


def place_of(row: WatchedTransaction | Transfer | Payment) -> Place:
    """Return the transaction that a row of chainwatch, or a payment, is of."""
    scope = _scope_of(row) if isinstance(row, Payment) else row.scope
    return (row.chain, scope, row.tx_hash, row.key)


def _scope_of(row: DepositAddress | Payment) -> str:
    return "" if row.environment == "live" else row.organization_id
