"""Settle: the claim on a transfer, its evidence, and what follows from a difference."""

import logging
from datetime import datetime

from approvals import services as approvals
from billing.callers import Caller
from billing.chains import network
from billing.times import iso
from chainwatch import services as chainwatch
from events import services as events
from events.types import EventType
from payouts.answers import payout_json, settlement_json
from payouts.booking import book
from payouts.evidence import discrepancies, evidence
from payouts.facts import Movement
from payouts.models import PayoutIntent, Settlement, Status
from payouts.reading import Reading
from payouts.suggestions import INSTEAD, SECOND

logger = logging.getLogger(__name__)
_HANDED_OUT = frozenset(
    {Status.PENDING_EXECUTION, Status.EXECUTED, Status.VERIFYING, Status.SETTLED}
)


def settle(
    reading: Reading, payout: PayoutIntent, movement: Movement, caller: Caller, at: datetime
) -> Settlement:
    """Record that the transfer pays the payout, and publish payout.settled.

    Amounts are compared in atomic units; another amount settles too and is a discrepancy.
    Rule: product.md, "What settles a payout".
    """
    settlement = _claimed(reading, payout, movement, caller, at, is_late=False)
    payout.settle(at=at, settlement=settlement)
    payout.save()
    events.publish(caller, EventType.PAYOUT_SETTLED, payout.id, payout_json(payout))
    logger.info(
        "payout settled payout=%s tx=%s confirmations=%d",
        payout.id,
        settlement.tx_hash,
        settlement.confirmations,
    )
    if settlement.discrepancies:
        _tell_discrepancy(caller, payout, settlement)
    return settlement


def settle_late(
    reading: Reading, payout: PayoutIntent, movement: Movement, caller: Caller, at: datetime
) -> Settlement:
    """Record that a failed payout was paid after all: it stays failed, and its retries are stopped.

    A draft retry is refused approval from now on (payouts.paid_already), an approved one goes back
    to draft, and for one that is out of our hands there is only the alarm.
    """
    settlement = _claimed(reading, payout, movement, caller, at, is_late=True)
    payout.settlement = settlement
    payout.save()
    logger.error("payout settled late payout=%s tx=%s", payout.id, settlement.tx_hash)
    _tell_discrepancy(caller, payout, settlement)
    for retry in reading.retries.get(payout.id, ()):
        _stop_retry(retry, payout, settlement, caller, at)
    return settlement


def note_unexpected(
    reading: Reading, payout: PayoutIntent, movement: Movement, caller: Caller
) -> Settlement:
    """Record a second payment of a payout that is paid: money nobody intended to send.

    Where the block of the first has left the chain, it may be the only one: that is then said.
    """
    settlement = _settlement(reading, payout, movement)
    first = payout.settlement
    is_gone = first is not None and first.reversed_at is not None
    settlement.suggestion = (INSTEAD if is_gone else SECOND).format(payout.id)
    settlement.save(force_insert=True)
    data = settlement_json(settlement)
    events.publish(caller, EventType.SETTLEMENT_UNEXPECTED, settlement.id, data)
    logger.error("unexpected settlement settlement=%s tx=%s", settlement.id, settlement.tx_hash)
    return settlement


def _claimed(
    reading: Reading,
    payout: PayoutIntent,
    movement: Movement,
    caller: Caller,
    at: datetime,
    *,
    is_late: bool,
) -> Settlement:
    """Claim the transfer for the payout: a new settlement, or the unexpected one that noted it."""
    transfer = reading.transfers[movement.transfer_id]
    found = discrepancies(payout, transfer, is_late=is_late)
    if movement.unexpected_id is None:
        settlement = _settlement(reading, payout, movement, is_claim=True)
        settlement.payout, settlement.discrepancies = payout, found
        settlement.evidence["submitted"] = _submitted(reading, payout, movement.tx_hash)
        # The unique claim decides where another payout took the transfer meanwhile.
        settlement.save(force_insert=True)
        book(settlement, at=at)
        return settlement
    settlement = reading.claims[movement.unexpected_id]
    settlement.payout, settlement.discrepancies = payout, found
    settlement.save(update_fields=["payout", "discrepancies", "updated_at"])
    book(settlement, at=at)
    data = settlement_json(settlement)
    events.publish(caller, EventType.SETTLEMENT_MATCHED, settlement.id, data)
    return settlement


def _submitted(reading: Reading, payout: PayoutIntent, tx_hash: str) -> dict[str, str]:
    """Who named the hash, when and why: a person, a key, or the watcher that found it."""
    named = next(each for each in reading.hashes[payout.id] if each.tx_hash == tx_hash)
    return {
        "by": named.submitted_by,
        "name": named.submitted_by_name,
        "at": iso(named.submitted_at),
        "reason": named.reason,
    }


def _settlement(
    reading: Reading, payout: PayoutIntent, movement: Movement, *, is_claim: bool = False
) -> Settlement:
    transfer = reading.transfers[movement.transfer_id]
    place = (transfer.chain, transfer.scope, transfer.tx_hash, transfer.key)
    watched = reading.watched[place]
    token = network(transfer.chain).token_of(transfer.contract)
    assert watched.final_at is not None, "only what is final settles"
    confirmations = chainwatch.confirmations_of(watched, reading.heads.get(place[:2]))
    sources = next(g.sources for g in reading.groups if movement.tx_hash in g.transactions)
    return Settlement(
        organization_id=payout.organization_id,
        environment=payout.environment,
        chain=transfer.chain,
        tx_hash=transfer.tx_hash,
        key=transfer.key,
        ordinal=transfer.ordinal,
        log_index=transfer.log_index,
        token=token.value if token else payout.token,
        contract=transfer.contract,
        from_address=transfer.from_address,
        to_address=transfer.to_address,
        amount_atomic=int(transfer.amount_atomic),
        block_number=transfer.block_number,
        block_hash=transfer.block_hash,
        block_time=transfer.block_time,
        confirmations=confirmations,
        confirmed_at=watched.final_at,
        detected_at=transfer.seen_at,
        evidence=evidence(
            transfer,
            watched,
            confirmations=confirmations,
            sources=sources,
            payout=payout if is_claim else None,
        ),
        transfer=transfer,
    )


def _tell_discrepancy(
    caller: Caller, payout: PayoutIntent, settlement: Settlement, alarm: str = ""
) -> None:
    difference = settlement.amount_atomic - payout.amount_atomic
    data = {
        **payout_json(payout),
        "settlement": settlement_json(settlement),
        "discrepancies": settlement.discrepancies,
        "difference_atomic": str(difference),
        "alarm": alarm or None,
    }
    events.publish(caller, EventType.PAYOUT_DISCREPANCY, payout.id, data)


def _stop_retry(
    retry: PayoutIntent,
    payout: PayoutIntent,
    settlement: Settlement,
    caller: Caller,
    at: datetime,
) -> None:
    if retry.status == Status.APPROVED:
        retry.lapse()
        retry.save()
        reason = f"Payout {payout.id}, which it retries, was settled late."
        approvals.void(retry.id, reason, at)
        data = {**payout_json(retry), "reason": reason}
        events.publish(caller, EventType.PAYOUT_APPROVAL_LAPSED, retry.id, data)
    elif retry.status in _HANDED_OUT:
        logger.error("double payment possible payout=%s retry=%s", payout.id, retry.id)
        _tell_discrepancy(caller, retry, settlement, alarm="possible_double_payment")
