"""Records what reached our addresses: one payment for each transfer, and what follows from it.

A payment, its event and the steps of its checkout are one transaction, so nothing is ever told that
is not recorded, and nothing recorded that is not judged.

Races. Two recorders: the second waits for the first's locks on the checkouts and reads again after
that; where no checkout is concerned, `one_payment_per_transfer` refuses the second, which then
reads what the first wrote. Against cancel and fail: whoever has the checkout's row lock first
decides; a payment recorded after them is late. A stopped recorder leaves nothing half done: what
changed in the last quarter of an hour is looked at in every pass, and every five minutes all there
is that no payment stands for.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from billing.callers import system
from billing.chains import Environment, network
from chainwatch.models import Transfer, WatchedTransaction
from checkouts import unrecorded
from checkouts.answers import payment_json
from checkouts.chunks import Moved, in_chunks
from checkouts.judging import Asking, Came, judged
from checkouts.models import AskedAmount, Checkout, Payment, PaymentKind
from checkouts.reading import (
    Arrival,
    Identity,
    Transactions,
    locked_checkouts,
    place_of,
    read_transactions,
)
from checkouts.settling import Left, Settled, settle_locked
from checkouts.unrecorded import Place
from events import services as events
from events.types import EventType

logger = logging.getLogger(__name__)

NEWS_OF = timedelta(minutes=15)  # all that changed within it is read in every pass
_TOLD_AS = {
    PaymentKind.LATE: EventType.CHECKOUT_LATE_PAYMENT,
    PaymentKind.WRONG_TOKEN: EventType.CHECKOUT_WRONG_TOKEN,
    PaymentKind.UNASSIGNED: EventType.PAYMENT_UNASSIGNED,
}
# Where a payment stands, and what it is: all that another block can change of it.
_CHANGING = (
    "checkout", "kind", "transfer", "contract", "token", "from_address", "amount_atomic",
    "log_index", "block_number", "block_hash", "block_time", "final_at", "finalized_at",
    "reversed_at", "judged_change", "updated_at",
)  # fmt: skip


@dataclass(slots=True)
class _Noted:
    """What one transaction of the database writes of payments.

    `judged` are those that are what they were not before. `left` has, by payment, where those stood
    that counted in a block which they are not in any more.
    """

    at: datetime
    new: list[Payment] = field(default_factory=list)
    changed: list[Payment] = field(default_factory=list)
    judged: list[Payment] = field(default_factory=list)
    left: dict[str, Left] = field(default_factory=dict)


def record(chain: str | None = None) -> Moved:
    """Record what became known lately, on one chain or all; say what came of it."""
    return record_transfers(unrecorded.news(since=timezone.now() - NEWS_OF, chain=chain))


def catch_up(chain: str | None = None) -> Moved:
    """Record all that reached an address of ours and is no payment yet, however old."""
    return record_transfers(unrecorded.missed(chain))


def record_transfers(places: Collection[Place]) -> Moved:
    """Record what these transactions of the chains did, and how they stand by now.

    Doing it again changes nothing. One that cannot be recorded stops no other, and is raised then.
    """
    return in_chunks(list(places), _recorded)


def _recorded(places: Sequence[Place]) -> Moved:
    checkouts = locked_checkouts(read_transactions(places, is_locked=False).checkout_ids)
    known = read_transactions(places, is_locked=True)
    if not known.checkout_ids <= checkouts.keys():
        return Moved()  # More came in between: the next pass locks that too.
    noted = _noted(known, checkouts)
    _write(noted)
    settled = settle_locked(checkouts.values(), at=noted.at, left=noted.left)
    for payment in noted.judged:
        if payment.kind != PaymentKind.ON_TIME:
            _tell(payment, settled)
    settled.moved.recorded = len(noted.new)
    return settled.moved


def _noted(known: Transactions, checkouts: Mapping[str, Checkout]) -> _Noted:
    noted = _Noted(timezone.now())
    recorded = {_identity(payment): payment for payment in known.payments}
    for arrival in known.arrivals:
        payment = recorded.pop(arrival.identity, None)
        is_moved = payment is None or payment.transfer_id != arrival.transfer.id
        watched = known.watched[place_of(arrival.transfer)]
        if payment is None:
            payment = _new(arrival, noted.at)
            noted.new.append(payment)
        elif is_moved or payment.judged_change != watched.changed_at:
            _note_leaving(noted, payment, is_moved=is_moved)
            noted.changed.append(payment)
        _stand(payment, arrival.transfer, watched)
        if is_moved and not payment.resolution:
            _judge(noted, payment, arrival, known, checkouts)
    for payment in recorded.values():
        _note_gone(noted, payment, known.watched[place_of(payment)])
    return noted


def _new(arrival: Arrival, at: datetime) -> Payment:
    deposit, transfer = arrival.deposit, arrival.transfer
    payment: Payment = Payment(
        organization_id=deposit.organization_id,
        environment=deposit.environment,
        deposit_address=deposit,
        chain=transfer.chain,
        tx_hash=transfer.tx_hash,
        key=transfer.key,
        ordinal=transfer.ordinal,
        detected_at=at,
    )
    return payment


def _stand(payment: Payment, transfer: Transfer, watched: WatchedTransaction) -> None:
    """Note where it stands now. Mined again, a transaction can have done something else."""
    token = network(transfer.chain).token_of(transfer.contract)
    payment.transfer = transfer
    payment.contract, payment.token = transfer.contract, token.value if token else ""
    payment.from_address, payment.amount_atomic = transfer.from_address, transfer.amount_atomic
    payment.log_index, payment.block_number = transfer.log_index, transfer.block_number
    payment.block_hash, payment.block_time = transfer.block_hash, transfer.block_time
    payment.final_at, payment.finalized_at = watched.final_at, watched.finalized_at
    payment.reversed_at, payment.judged_change = None, watched.changed_at


def _note_gone(noted: _Noted, payment: Payment, watched: WatchedTransaction) -> None:
    """Note that it stands nowhere: its transaction is in no block, or does something else there."""
    if payment.judged_change == watched.changed_at:
        return
    _note_leaving(noted, payment, is_moved=True)
    noted.changed.append(payment)
    payment.reversed_at = payment.reversed_at or noted.at
    payment.finalized_at, payment.judged_change = None, watched.changed_at


def _note_leaving(noted: _Noted, payment: Payment, *, is_moved: bool) -> None:
    """Note that it left the block where it stood; whether it stands in another is seen after."""
    if not is_moved or payment.reversed_at is not None:
        return
    logger.warning(
        "payment left its block payment=%s checkout=%s tx=%s block=%d final=%s",
        payment.id,
        payment.checkout_id,
        payment.tx_hash,
        payment.block_number,
        payment.final_at is not None,
    )
    if payment.kind == PaymentKind.ON_TIME:
        noted.left[payment.id] = Left(payment.block_number, payment.final_at is not None)


def _judge(
    noted: _Noted,
    payment: Payment,
    arrival: Arrival,
    known: Transactions,
    checkouts: Mapping[str, Checkout],
) -> None:
    askings = _askings(payment, arrival, known, checkouts)
    transfer, before = arrival.transfer, (payment.checkout_id, payment.kind)
    amount_atomic = int(transfer.amount_atomic)
    now = judged(Came(transfer.contract, amount_atomic, transfer.block_time), askings)
    if (now.checkout_id, now.kind) != before:
        payment.checkout = checkouts[now.checkout_id] if now.checkout_id else None
        payment.kind = now.kind.value
        noted.judged.append(payment)


def _askings(
    payment: Payment, arrival: Arrival, known: Transactions, checkouts: Mapping[str, Checkout]
) -> list[Asking]:
    """The checkouts that it may be meant for; the one it was judged to be for is among them."""
    meant: dict[str, AskedAmount | None] = dict(known.asked.get(arrival.deposit.id, ()))
    if payment.checkout_id:
        meant.setdefault(payment.checkout_id, None)
    return [
        Asking(
            checkout_id=checkout.id,
            contract=checkout.contract,
            token=checkout.token,
            made_at=checkout.created_at + checkout.clock_ahead,
            deadline=checkout.deadline,
            is_called_off=checkout.canceled_at is not None or checkout.failed_at is not None,
            exact_atomic=checkout.amount_atomic if arrival.deposit.is_shared else None,
            held_until=_held_until(checkout, amount),
            is_named_already=checkout.id == payment.checkout_id,
        )
        for checkout, amount in ((checkouts[named], amount) for named, amount in meant.items())
    ]


def _held_until(checkout: Checkout, amount: AskedAmount | None) -> datetime | None:
    """Until when its amount names it, in the time of its chain; None: still."""
    if amount is None or amount.free_at is None:
        return None
    return amount.free_at + checkout.clock_ahead


def _write(noted: _Noted) -> None:
    """Insert in one order, so that two who record the same never wait for each other in a ring."""
    Payment.objects.bulk_create(sorted(noted.new, key=_identity), batch_size=500)
    for payment in noted.changed:
        payment.updated_at = noted.at
    # They are there: each insert conflicts and so updates (as chainwatch.sightings does).
    Payment.objects.bulk_create(
        noted.changed,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=_CHANGING,
        batch_size=500,
    )
    for payment in noted.new:
        logger.info(
            "payment recorded payment=%s checkout=%s kind=%s tx=%s amount_atomic=%d",
            payment.id,
            payment.checkout_id,
            payment.kind,
            payment.tx_hash,
            payment.amount_atomic,
        )


def _tell(payment: Payment, settled: Settled) -> None:
    """Publish what is work for a person, with the checkout as it is after all its steps."""
    type_, said = _TOLD_AS[PaymentKind(payment.kind)], payment_json(payment)
    if payment.checkout is not None:
        settled.tell(type_, payment.checkout, payment=said)
    else:
        watcher = system(payment.organization_id, Environment(payment.environment), "The watcher")
        address = {"deposit_address": payment.deposit_address.address}
        events.publish(watcher, type_, payment.id, {**said, **address})
    logger.error(
        "payment needs a person payment=%s kind=%s checkout=%s tx=%s",
        payment.id,
        payment.kind,
        payment.checkout_id,
        payment.tx_hash,
    )


def _identity(payment: Payment) -> Identity:
    return (payment.deposit_address_id, payment.tx_hash, payment.key, payment.ordinal)
