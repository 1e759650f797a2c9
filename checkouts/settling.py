"""Moves checkouts on: what was decided of them is written and told, on rows that are locked.

Two kinds of news move a checkout: what became of its payments (checkouts.recording, which comes
here in the same transaction), and how far its chain is (here). Doing either again changes nothing.

Races. Checkouts are locked in the order of their ids, by everybody who locks several, before their
payments and before their asked amounts. Whoever comes second reads what the first left.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Environment
from checkouts import booking, expiring
from checkouts.acts.amounts import let_go, take_back
from checkouts.acts.locking import told
from checkouts.chunks import Moved, in_chunks
from checkouts.deciding import (
    BeginConfirming,
    Confirm,
    Detect,
    Expire,
    Facts,
    Overpaid,
    Part,
    Reorg,
    Restore,
    Reverse,
    Step,
    Underpaid,
    decide,
)
from checkouts.models import Checkout, Payment, PaymentKind, Status
from checkouts.reading import Around, locked_checkouts, read_around
from checkouts.resolving import resolve
from events.types import EventType

__all__ = ["Left", "Settled", "resolve", "settle", "settle_checkouts", "settle_locked"]

logger = logging.getLogger(__name__)

# Payments in one event. Anybody can send very many of nothing to an address; told in full each
# time, these would fill the database with their square.
MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Left:
    """Where a payment that counted stood, whether it was final there."""

    block_number: int
    was_final: bool


@dataclass(slots=True)
class Settled:
    """What is known around some locked checkouts, and what became of them."""

    around: Around
    moved: Moved = field(default_factory=Moved)
    booked: list[booking.Booked] = field(default_factory=list)  # what the ledger is told

    def tell(self, type_: EventType, checkout: Checkout, **more: object) -> None:
        """Publish that this happened to the checkout, as it now is, with its newest payments."""
        payments = self.around.payments[checkout.id][-MOST_TOLD:]
        told(_watcher(checkout), type_, checkout, payments, self.around.heads, **more)


@dataclass(frozen=True, slots=True)
class _Told:
    """How a step is told: its event, its line in the log, its count in the answer of the job."""

    type: EventType
    level: int
    count: str


_TOLD: Mapping[type[Step], _Told] = {
    Reorg: _Told(EventType.CHECKOUT_REORGED, logging.WARNING, "reorged"),
    Detect: _Told(EventType.CHECKOUT_PAYMENT_DETECTED, logging.INFO, "detected"),
    BeginConfirming: _Told(EventType.CHECKOUT_CONFIRMING, logging.INFO, "confirming"),
    Confirm: _Told(EventType.CHECKOUT_COMPLETED, logging.INFO, "confirmed"),
    Expire: _Told(EventType.CHECKOUT_EXPIRED, logging.INFO, "expired"),
    Underpaid: _Told(EventType.CHECKOUT_UNDERPAID, logging.WARNING, "underpaid"),
    Overpaid: _Told(EventType.CHECKOUT_OVERPAID, logging.WARNING, "overpaid"),
    # Goods may be out of the house by now.
    Reverse: _Told(EventType.CHECKOUT_REVERSED, logging.ERROR, "reversed"),
    Restore: _Told(EventType.CHECKOUT_RESTORED, logging.WARNING, "restored"),
}


def settle(chain: str | None = None) -> Moved:
    """Move on what waits for its chain alone, on one chain or all: confirmations, and time.

    After recording, in the same job: whatever was paid in time is known by then.
    """
    return settle_checkouts([*expiring.deepened(chain), *expiring.over(chain)])


def settle_checkouts(checkout_ids: Sequence[str]) -> Moved:
    """Move these checkouts on by what is recorded, whether there is news or not."""
    return in_chunks(checkout_ids, _settled)


def settle_locked(
    checkouts: Iterable[Checkout], *, at: datetime, left: Mapping[str, Left]
) -> Settled:
    """Decide what follows for each, take its steps one by one, and publish each as it is taken.

    `left` has, by payment, where those stood that were moved in this transaction.
    """
    rows = list(checkouts)
    settled = Settled(read_around(rows))
    for checkout in rows:
        facts = _facts(checkout, settled.around, left)
        is_changed = checkout.amount_received_atomic != facts.received_atomic
        checkout.amount_received_atomic = Decimal(facts.received_atomic)
        steps = decide(facts)
        for step in steps:
            _take(settled, checkout, step, at)
        if is_changed and not steps:
            checkout.save(update_fields=["amount_received_atomic", "updated_at"])
    booking.book(settled.booked, at=at)
    return settled


def _settled(checkout_ids: Sequence[str]) -> Moved:
    checkouts = locked_checkouts(checkout_ids).values()
    return settle_locked(checkouts, at=timezone.now(), left={}).moved


def _facts(checkout: Checkout, around: Around, left: Mapping[str, Left]) -> Facts:
    place = (checkout.chain, checkout.scope)
    is_read = checkout.deposit_address_id not in around.unread
    return Facts(
        status=Status(checkout.status),
        amount_atomic=checkout.amount_atomic,
        enough_atomic=checkout.enough_atomic,
        required_confirmations=checkout.required_confirmations,
        deadline=checkout.deadline,
        parts=tuple(
            _part(payment, checkout, left.get(payment.id))
            for payment in around.payments[checkout.id]
            if payment.kind == PaymentKind.ON_TIME or payment.id in left
        ),
        head=around.heads.get(place),
        followed_until=around.followed.get(place) if is_read else None,
        block_number=checkout.block_number,
        is_canceled=checkout.canceled_at is not None,
        is_underpaid_told=checkout.underpaid_at is not None,
        is_overpaid_told=checkout.overpaid_at is not None,
        is_reversed=checkout.reversed_at is not None,
    )


def _part(payment: Payment, checkout: Checkout, left: Left | None) -> Part:
    is_on_time, gone_at = payment.kind == PaymentKind.ON_TIME, payment.reversed_at
    return Part(
        tx_hash=payment.tx_hash,
        amount_atomic=int(payment.amount_atomic),
        block_number=payment.block_number,
        log_index=payment.log_index,
        stands=is_on_time and gone_at is None,
        is_final=payment.final_at is not None,
        left_block=left.block_number if left else None,
        left_final=left is not None and left.was_final,
        is_missed=payment.final_at is not None
        and gone_at is not None
        and checkout.confirmed_at is not None
        and gone_at > checkout.confirmed_at,
    )


def _take(settled: Settled, checkout: Checkout, step: Step, at: datetime) -> None:
    was_expired = checkout.status == Status.EXPIRED
    _move(checkout, step, at)
    checkout.save()
    if booking.concerns(step):
        settled.booked.append(booking.Booked(step, checkout))
    if checkout.deposit_address.is_shared:
        if isinstance(step, Confirm | Expire):
            let_go(checkout, at=at)
        elif was_expired and isinstance(step, Detect):
            take_back(checkout)
    as_told = _TOLD[type(step)]
    settled.tell(as_told.type, checkout)
    setattr(settled.moved, as_told.count, getattr(settled.moved, as_told.count) + 1)
    logger.log(
        as_told.level,
        "%s checkout=%s tx=%s received_atomic=%d",
        as_told.type.value,
        checkout.id,
        checkout.tx_hash,
        checkout.amount_received_atomic,
    )


def _move(checkout: Checkout, step: Step, at: datetime) -> None:
    match step:
        case Reorg():
            checkout.reorg()
        case Detect():
            checkout.detect(at=at, tx_hash=step.tx_hash, block_number=step.block_number)
        case BeginConfirming():
            checkout.begin_confirming(at=at)
        case Confirm():
            checkout.confirm(
                at=at,
                tx_hash=step.tx_hash,
                block_number=step.block_number,
                confirmations=step.confirmations,
            )
        case Expire():
            checkout.expire(at=at)
        case _:
            _note(checkout, step, at)


def _note(checkout: Checkout, step: Underpaid | Overpaid | Reverse | Restore, at: datetime) -> None:
    """Note what leaves its status as it is."""
    match step:
        case Underpaid():
            checkout.underpaid_at = at
        case Overpaid():
            checkout.overpaid_at = at
        case Reverse():
            checkout.reversed_at = at
        case Restore():
            checkout.reversed_at, checkout.restored_at = None, at


def _watcher(checkout: Checkout) -> Caller:
    return system(checkout.organization_id, Environment(checkout.environment), "The watcher")
