"""Use or decline the hash that the watcher proposes in place of a payout's own."""

import logging

from django.db import transaction

from billing.callers import Caller
from chainwatch.models import WatchedTransaction
from events.types import EventType
from payouts.acts.execute import replace_hash
from payouts.acts.locking import locked, reason_of, require_execute, told
from payouts.errors import IllegalTransition, ProposalWithdrawn
from payouts.models import PayoutIntent, Status

logger = logging.getLogger(__name__)
PROPOSED = "proposed by the watcher: same sender and nonce"
_ON_ITS_WAY = frozenset({Status.EXECUTED, Status.VERIFYING})


@transaction.atomic
def use_proposed_hash(caller: Caller, payout_id: str, tx_hash: str) -> PayoutIntent:
    """Take the hash that the watcher proposes in place of the payout's own, as `replace_hash` does.

    `tx_hash` is the proposal that the person saw. Raises `payout_not_executed`,
    `proposal_withdrawn` where another is proposed by now, or none.
    """
    _proposed_to(caller, payout_id, tx_hash)
    return replace_hash(caller, payout_id, tx_hash, PROPOSED)


@transaction.atomic
def decline_proposed_hash(
    caller: Caller, payout_id: str, tx_hash: str, reason: str
) -> PayoutIntent:
    """Note that the proposed transaction pays something else: it is not proposed to it again.

    The payout keeps its own hash. What the transaction moved is then judged like all that left a
    wallet: it pays another payout, or is unexpected. Raises what `use_proposed_hash` does, and
    ReasonMissing.
    """
    payout = _proposed_to(caller, payout_id, tx_hash)
    reason = reason_of(reason)
    replaced = WatchedTransaction.objects.filter(
        chain=payout.chain, scope=payout.scope, key=payout.watch_key, replaced_by=tx_hash
    )
    payout.hashes.filter(tx_hash__in=replaced.values("tx_hash")).update(declined_tx_hash=tx_hash)
    payout.proposed_tx_hash = None
    payout.save()
    logger.info("proposal declined payout=%s tx=%s by=%s", payout.id, tx_hash, caller.actor_id)
    return told(
        caller,
        EventType.PAYOUT_UPDATED,
        payout,
        changed=["proposed_tx_hash"],
        declined_tx_hash=tx_hash,
        reason=reason,
    )


def _proposed_to(caller: Caller, payout_id: str, tx_hash: str) -> PayoutIntent:
    """Lock the payout, and make sure that just this is proposed to it."""
    require_execute(caller)
    payout = locked(caller, payout_id)
    if payout.status not in _ON_ITS_WAY:
        raise IllegalTransition(payout, "replace_hash")
    if payout.proposed_tx_hash != tx_hash:
        raise ProposalWithdrawn(payout)
    return payout
