"""Execute, replace hash, fail by hand: what somebody says happened outside."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from billing.addresses import parse_tx_hash
from billing.callers import Caller
from billing.errors import InvalidRequest
from chainwatch import sandbox
from chainwatch import services as chainwatch
from events.types import EventType
from payouts.acts.locking import locked, reason_of, require_execute, told
from payouts.errors import IllegalTransition
from payouts.models import FailureCode, Outcome, PayoutIntent, Status, SubmittedHash
from payouts.sandboxing import fitting_transfer

logger = logging.getLogger(__name__)

WATCHED_FOR = timedelta(days=30)
_EXECUTABLE = frozenset({Status.APPROVED, Status.PENDING_EXECUTION})
_ON_ITS_WAY = frozenset({Status.EXECUTED, Status.VERIFYING})


@transaction.atomic
def execute(
    caller: Caller, payout_id: str, tx_hash: str, *, mines_itself: bool = True
) -> PayoutIntent:
    """Note that `tx_hash` pays this payout, and watch for it. Naming a hash reserves nothing.

    A hash that this payout was given before changes nothing, whatever state it is in. In the
    sandbox any hash then mines a fitting transfer, unless `mines_itself` is off, as a simulation
    with another outcome wants it. Raises `payout_not_executable`, `invalid_tx_hash`.
    """
    require_execute(caller)
    payout = locked(caller, payout_id)
    canonical = parse_tx_hash(tx_hash, payout.chain, payout.environment)
    if payout.hashes.filter(tx_hash=canonical).exists():
        return payout
    if payout.status not in _EXECUTABLE:
        raise IllegalTransition(payout, "execute")
    at = timezone.now()
    submitted(caller, payout, canonical, at)
    payout.execute(at=at, tx_hash=canonical)
    payout.save()
    if mines_itself:
        _mined_in_sandbox(payout, canonical, at)
    logger.info("payout executed payout=%s tx=%s by=%s", payout.id, canonical, caller.actor_id)
    return told(caller, EventType.PAYOUT_EXECUTED, payout)


@transaction.atomic
def replace_hash(caller: Caller, payout_id: str, tx_hash: str, reason: str) -> PayoutIntent:
    """Watch another hash for a payout on its way; the earlier ones stay watched and can settle it.

    Raises `payout_not_executed`, `hash_known` for one it has, ReasonMissing.
    """
    require_execute(caller)
    payout = locked(caller, payout_id)
    if payout.status not in _ON_ITS_WAY:
        raise IllegalTransition(payout, "replace_hash")
    reason = reason_of(reason)
    canonical = parse_tx_hash(tx_hash, payout.chain, payout.environment)
    if payout.hashes.filter(tx_hash=canonical).exists():
        raise InvalidRequest(
            f"Payout {payout.id} has this hash already. Give the one that replaced it.",
            code="hash_known",
            param="tx_hash",
        )
    at, replaced = timezone.now(), payout.expected_tx_hash
    submitted(caller, payout, canonical, at, reason=reason)
    payout.replace_hash(at=at, tx_hash=canonical)
    payout.save()
    # What the earlier hashes said was judged for a payout that this one is no longer.
    payout.hashes.update(judged_change=None)
    _mined_in_sandbox(payout, canonical, at)
    logger.info("payout hash replaced payout=%s tx=%s", payout.id, canonical)
    return told(caller, EventType.PAYOUT_EXECUTED, payout, reason=reason, replaced=replaced)


@transaction.atomic
def fail_by_hand(caller: Caller, payout_id: str, reason: str) -> PayoutIntent:
    """Give up on a payout on its way: its outcome is `moved`, since nobody proved otherwise.

    Its hashes stay watched; a transfer that fits after all is recorded as a late settlement.
    """
    require_execute(caller)
    payout = locked(caller, payout_id)
    if payout.status not in _ON_ITS_WAY:
        raise IllegalTransition(payout, "fail_by_hand")
    reason = reason_of(reason)
    payout.fail(
        at=timezone.now(),
        code=FailureCode.FAILED_BY_HAND,
        reason=f"{FailureCode.FAILED_BY_HAND.value}: {reason}",
        outcome=Outcome.MOVED,
    )
    payout.save()
    logger.info("payout failed by hand payout=%s by=%s", payout.id, caller.actor_id)
    return told(caller, EventType.PAYOUT_FAILED, payout, reason=reason)


def submitted(
    caller: Caller,
    payout: PayoutIntent,
    tx_hash: str,
    at: datetime,
    *,
    reason: str = "",
    key: str | None = None,
) -> None:
    """Keep the hash and have chainwatch look for it. Its limits count from the chain's own time.

    `key` is what its transaction is keyed by, None for the payout's own key. The caller says in
    an event what it was submitted for.
    """
    until = at + WATCHED_FOR
    chain_time = at
    if payout.scope:
        ledger = sandbox.ledger_of(payout.scope, payout.chain)
        chain_time = max(at, sandbox.block_time(sandbox.head_number(ledger, at)))
    SubmittedHash.objects.create(
        payout=payout,
        organization_id=payout.organization_id,
        environment=payout.environment,
        chain=payout.chain,
        tx_hash=tx_hash,
        submitted_at=at,
        submitted_at_chain_time=chain_time,
        submitted_by=caller.actor_id,
        submitted_by_name=caller.actor_name,
        reason=reason,
        watch_until=until,
    )
    chainwatch.watch(
        payout.chain,
        tx_hash,
        scope=payout.scope,
        key=payout.watch_key if key is None else key,
        at=at,
        until=until,
        amount_atomic=payout.amount_atomic,
    )


def _mined_in_sandbox(payout: PayoutIntent, tx_hash: str, at: datetime) -> None:
    if payout.scope:
        sandbox.broadcast(
            payout.scope,
            payout.chain,
            tx_hash,
            payout.watch_key,
            transfers=[fitting_transfer(payout)],
            at=at,
        )
