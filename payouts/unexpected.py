"""Note money that left a source wallet with no intent behind it, and raise the alarm.

Who calls has made sure that the transfer is final, of a pinned token, and from a source wallet.
"""

import logging
from datetime import datetime

from django.db import IntegrityError, transaction

from billing.callers import Caller
from billing.chains import network
from chainwatch import services as chainwatch
from chainwatch.models import Transfer
from events import services as events
from events.types import EventType
from payouts.answers import settlement_json
from payouts.evidence import evidence
from payouts.models import Settlement
from payouts.resolutions import Resolution
from payouts.suggestions import suggestion
from wallets import services as wallets

logger = logging.getLogger(__name__)


def note(
    caller: Caller, transfer: Transfer, *, at: datetime, is_internal: bool
) -> Settlement | None:
    """Write an unexpected settlement, and publish settlement.unexpected.

    One to an own wallet is written as resolved, and alarms nobody. None where the transfer was
    claimed or noted meanwhile.
    """
    settlement = _settlement(caller, transfer)
    if is_internal:
        settlement.resolution, settlement.resolved_at = Resolution.INTERNAL.value, at
        settlement.resolved_by = caller.actor_id
        settlement.resolution_note = "From one wallet of your own to another."
    try:
        with transaction.atomic():
            settlement.save(force_insert=True)
    except IntegrityError as error:
        # A payout claimed the transfer since we looked: then it is not unexpected.
        if "one_claim_per_transfer" not in str(error):
            raise
        return None
    if not is_internal:
        _alarm(caller, settlement)
    return settlement


def _alarm(caller: Caller, settlement: Settlement) -> None:
    settlement.suggestion = suggestion(settlement)[:255]
    settlement.save(update_fields=["suggestion", "updated_at"])
    data = settlement_json(settlement)
    events.publish(caller, EventType.SETTLEMENT_UNEXPECTED, settlement.id, data)
    logger.error(
        "unexpected settlement settlement=%s tx=%s what=%s",
        settlement.id,
        settlement.tx_hash,
        settlement.suggestion,
    )


def _settlement(caller: Caller, transfer: Transfer) -> Settlement:
    place = {"scope": transfer.scope, "key": transfer.key}
    watched = chainwatch.watched(transfer.chain, transfer.tx_hash, **place)
    token = network(transfer.chain).token_of(transfer.contract)
    assert watched is not None, "who calls joined it"
    assert watched.final_at is not None, "who calls asked for what is final"
    assert token is not None, "who calls asked for pinned contracts"
    head = chainwatch.head(transfer.chain, transfer.scope)
    confirmations = chainwatch.confirmations_of(watched, head)
    sources = wallets.source_addresses(caller.organization_id, caller.environment, transfer.chain)
    return Settlement(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        chain=transfer.chain,
        tx_hash=transfer.tx_hash,
        key=transfer.key,
        ordinal=transfer.ordinal,
        log_index=transfer.log_index,
        token=token.value,
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
        evidence=evidence(transfer, watched, confirmations=confirmations, sources=sources),
        transfer=transfer,
    )
