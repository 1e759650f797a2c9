"""Match by hand: a person says which transfer pays a payout, where no rule may say it."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Chain, network
from billing.errors import InvalidRequest, NotFound
from chainwatch import services as chainwatch
from chainwatch.models import Transfer, WatchedTransaction
from events.types import EventType
from payouts.acts.execute import submitted
from payouts.acts.locking import reason_of, require_execute, told
from payouts.errors import IllegalTransition, TransferClaimed, TransferDoesNotFit, TransferNotFinal
from payouts.facts import Group, Movement, Transaction
from payouts.matching import AGE_SKEW
from payouts.models import PayoutIntent, Settlement, Status
from payouts.reading import Reading
from payouts.settling import settle, settle_late
from payouts.states import Attention
from payouts.surroundings import heads_at
from wallets import services as wallets

logger = logging.getLogger(__name__)
_FREE = frozenset({Status.APPROVED, Status.PENDING_EXECUTION})
_ENDED = frozenset({Status.FAILED, Status.CANCELED})


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The transfer a person chose, and what noted it as unexpected, None where nothing did."""

    transfer: Transfer
    watched: WatchedTransaction
    unexpected: Settlement | None


@transaction.atomic
def match_by_hand(
    caller: Caller, payout_id: str, *, settlement_id: str = "", transfer_id: str = "", reason: str
) -> PayoutIntent:
    """Have a transfer pay the payout: one noted as unexpected, or one by its own id.

    One that waits is executed, verified and settled; one that waits for a choice is settled; one
    that failed or was canceled stays so, and is a late settlement. Another amount is a discrepancy
    as ever. No later run undoes it.
    Raises NotFound, ReasonMissing, `payout_not_approved` for a draft, `payout_not_matchable`,
    `settlement_not_open`, `transfer_claimed`, `transfer_not_final`, `transfer_does_not_fit`.
    """
    require_execute(caller)
    payout, retries = _locked(caller, payout_id)
    if not is_matchable(payout):
        is_draft = payout.status == Status.DRAFT
        raise IllegalTransition(payout, "match_draft" if is_draft else "match_by_hand")
    reason = reason_of(reason)
    chosen = _chosen(caller, payout, settlement_id=settlement_id, transfer_id=transfer_id)
    _check(payout, chosen)
    at = timezone.now()
    _name(caller, payout, chosen, at, reason)
    try:
        with transaction.atomic():
            _pay(_reading(payout, retries, chosen), payout, chosen, caller, at)
    except IntegrityError as error:
        # Another payout claimed the transfer since we looked: it is that one's.
        if "one_claim_per_transfer" not in str(error):
            raise
        raise TransferClaimed(chosen.transfer.id) from None
    logger.info(
        "payout matched by hand payout=%s tx=%s by=%s",
        payout.id,
        chosen.transfer.tx_hash,
        caller.actor_id,
    )
    return payout


def is_matchable(payout: PayoutIntent) -> bool:
    """Whether a person may say which transfer pays it."""
    if payout.status == Status.VERIFYING:
        return payout.attention == Attention.CHOOSE_TRANSFER.value
    return payout.status in _FREE or (payout.status in _ENDED and payout.settlement_id is None)


def _locked(caller: Caller, payout_id: str) -> tuple[PayoutIntent, list[PayoutIntent]]:
    """Lock the payout and its retries in the order of ids, as payouts.reading does."""
    wanted = Q(id=payout_id) | Q(retry_of_id=payout_id)
    visible = PayoutIntent.objects.visible_to(caller)
    rows = list(visible.filter(wanted).select_for_update().order_by("id"))
    payout = next((row for row in rows if row.id == payout_id), None)
    if payout is None:
        raise NotFound("payout", payout_id)
    return payout, [row for row in rows if row.id != payout_id]


def _chosen(
    caller: Caller, payout: PayoutIntent, *, settlement_id: str, transfer_id: str
) -> _Chosen:
    """Find the transfer, its settlement locked; NotFound for what is none of the caller's."""
    claims = Settlement.objects.visible_to(caller).select_for_update(of=("self",))
    if settlement_id:
        settlement = claims.filter(id=settlement_id).first()
        if settlement is None:
            raise NotFound("settlement", settlement_id)
        transfer = settlement.restored_transfer or settlement.transfer
    else:
        transfer = _transfer(payout, transfer_id)
        settlement = claims.filter(
            chain=transfer.chain, tx_hash=transfer.tx_hash, ordinal=transfer.ordinal
        ).first()
    if settlement is not None:
        _check_free(settlement, transfer)
    place = {"scope": transfer.scope, "key": transfer.key}
    watched = chainwatch.watched(transfer.chain, transfer.tx_hash, **place)
    assert watched is not None, "a transfer is of a watched transaction"
    return _Chosen(transfer, watched, settlement)


def _transfer(payout: PayoutIntent, transfer_id: str) -> Transfer:
    """A transfer that left a source wallet; without any, one of a transaction the payout named."""
    here = Transfer.objects.filter(chain=payout.chain, scope=payout.scope)
    transfer = here.filter(id=transfer_id).first()
    if transfer is not None and _is_ours(payout, transfer):
        return transfer
    raise NotFound("transfer", transfer_id)


def _is_ours(payout: PayoutIntent, transfer: Transfer) -> bool:
    sources = wallets.source_addresses(payout.organization_id, payout.environment, payout.chain)
    if sources:
        return transfer.from_address in sources
    is_named = payout.hashes.filter(tx_hash=transfer.tx_hash).exists()
    return is_named and transfer.key == payout.watch_key


def _check_free(settlement: Settlement, transfer: Transfer) -> None:
    if settlement.payout_id:
        raise TransferClaimed(transfer.id, settlement.payout_id)
    if settlement.resolved_at is not None:
        message = f"Settlement {settlement.id} was resolved as {settlement.resolution}."
        raise InvalidRequest(message, code="settlement_not_open", param="settlement_id")
    if settlement.reversed_at is not None:
        raise TransferNotFinal(transfer.id)


def _check(payout: PayoutIntent, chosen: _Chosen) -> None:
    """Raise where no word of a person makes it the payout's: another amount alone is taken."""
    transfer, watched = chosen.transfer, chosen.watched
    is_standing = transfer.orphaned_at is None and watched.block_hash == transfer.block_hash
    if not (is_standing and watched.succeeded and watched.final_at is not None):
        raise TransferNotFinal(transfer.id)
    if transfer.chain != payout.chain:
        where, meant = Chain(transfer.chain).label, Chain(payout.chain).label
        raise TransferDoesNotFit(payout.id, f"it is on {where}, not on {meant}")
    if transfer.contract != payout.contract:
        raise TransferDoesNotFit(payout.id, f"it moved the token at {transfer.contract}")
    if transfer.to_address != payout.recipient_address:
        raise TransferDoesNotFit(payout.id, f"it went to {transfer.to_address}")
    if transfer.block_time < payout.created_at - AGE_SKEW:
        raise TransferDoesNotFit(payout.id, "it is older than the payout")
    if not 0 < transfer.amount_atomic < 2**63:
        raise TransferDoesNotFit(payout.id, "its amount is none of a dollar token")


def _name(caller: Caller, payout: PayoutIntent, chosen: _Chosen, at: datetime, reason: str) -> None:
    """Keep the hash as one of the payout's, and take it to where a transfer can settle it."""
    transfer = chosen.transfer
    if not payout.hashes.filter(tx_hash=transfer.tx_hash).exists():
        submitted(caller, payout, transfer.tx_hash, at, reason=reason, key=transfer.key)
    if payout.status not in _FREE:
        return
    payout.execute(at=at, tx_hash=transfer.tx_hash)
    payout.save()
    told(caller, EventType.PAYOUT_EXECUTED, payout, reason=reason, matched_by_hand=True)
    payout.verify(block_number=transfer.block_number, block_hash=transfer.block_hash)
    payout.save()
    told(caller, EventType.PAYOUT_VERIFYING, payout, block_number=transfer.block_number)


def _pay(
    reading: Reading, payout: PayoutIntent, chosen: _Chosen, caller: Caller, at: datetime
) -> None:
    movement = Movement(
        transfer_id=chosen.transfer.id,
        tx_hash=chosen.transfer.tx_hash,
        ordinal=chosen.transfer.ordinal,
        contract=chosen.transfer.contract,
        sender=chosen.transfer.from_address,
        recipient=chosen.transfer.to_address,
        amount_atomic=int(chosen.transfer.amount_atomic),
        block_time=chosen.transfer.block_time,
        unexpected_id=chosen.unexpected.id if chosen.unexpected else None,
    )
    pay = settle_late if payout.status in _ENDED else settle
    pay(reading, payout, movement, caller, at)


def _reading(payout: PayoutIntent, retries: list[PayoutIntent], chosen: _Chosen) -> Reading:
    """What the settlement is written from: this payout and this transfer alone."""
    transfer, unexpected = chosen.transfer, chosen.unexpected
    place = (transfer.chain, transfer.scope, transfer.tx_hash, transfer.key)
    sources = wallets.source_addresses(payout.organization_id, payout.environment, payout.chain)
    group = Group(
        network=network(payout.chain),
        payouts=(),
        transactions={transfer.tx_hash: Transaction(transfer.tx_hash)},
        sources=sources,
        awaited=frozenset(),
        now=timezone.now(),
    )
    return Reading(
        groups=[group],
        payouts={payout.id: payout},
        hashes={payout.id: list(payout.hashes.order_by("id"))},
        watched={place: chosen.watched},
        transfers={transfer.id: transfer},
        claims={unexpected.id: unexpected} if unexpected else {},
        retries={payout.id: retries},
        heads=heads_at([payout]),
    )
