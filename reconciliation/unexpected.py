"""Money that left beside a payout: transfers of a submitted transaction that nobody intended.

Only what a registered source wallet sent can be unexpected: whatever else a transaction moves is
strangers' affairs. Second payments of a payout are noted by payouts.verifying itself.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from billing.callers import Caller
from billing.chains import Chain, Environment, Token, network
from chainwatch import services as chainwatch
from chainwatch.models import Transfer
from events import services as events
from events.types import EventType
from payouts.answers import settlement_json
from payouts.evidence import evidence
from payouts.models import Settlement
from reconciliation.resolving import Resolution
from reconciliation.suggestions import suggestion
from wallets import services as wallets

logger = logging.getLogger(__name__)
SIBLINGS_WAIT = timedelta(hours=1)  # Somebody may still name the hash for another payout.

# A transfer that an open payout waits for is that one's. A fee log completes the settled transfer
# beside it: together they are what was meant, so it belongs to that discrepancy.
_SIBLINGS = """
SELECT DISTINCT t.id, t.to_address IN (
           SELECT own.address FROM wallets_wallet own
            WHERE own.organization_id = %(organization)s AND own.environment = %(environment)s
              AND own.chain = t.chain) AS is_internal
  FROM payouts_submittedhash h
  JOIN chainwatch_watchedtransaction w
    ON w.chain = h.chain AND w.tx_hash = h.tx_hash AND w.scope = %(scope)s
   AND w.key = CASE %(scope)s WHEN '' THEN '' ELSE h.payout_id END
  JOIN chainwatch_transfer t
    ON t.chain = w.chain AND t.scope = w.scope AND t.tx_hash = w.tx_hash AND t.key = w.key
   AND t.block_hash = w.block_hash AND t.orphaned_at IS NULL
  JOIN wallets_wallet source
    ON source.organization_id = h.organization_id AND source.environment = h.environment
   AND source.chain = t.chain AND source.address = t.from_address AND source.is_source
  LEFT JOIN chainwatch_chainhead head ON head.chain = t.chain AND head.scope = t.scope
 WHERE h.organization_id = %(organization)s AND h.environment = %(environment)s
   AND w.succeeded AND w.final_at + %(wait)s < greatest(%(at)s, head.block_time)
   AND t.amount_atomic BETWEEN 1 AND 9223372036854775807
   AND t.chain || ' ' || t.contract = ANY (%(pinned)s)
   AND NOT EXISTS (
       SELECT FROM payouts_settlement s
        WHERE s.organization_id = h.organization_id AND s.environment = h.environment
          AND s.chain = t.chain AND s.tx_hash = t.tx_hash AND s.ordinal = t.ordinal)
   AND NOT EXISTS (
       SELECT FROM payouts_submittedhash other JOIN payouts_payoutintent p ON p.id = other.payout_id
        WHERE other.organization_id = h.organization_id AND other.environment = h.environment
          AND other.chain = t.chain AND other.tx_hash = t.tx_hash
          AND p.status IN ('executed', 'verifying')
          AND p.recipient_address = t.to_address AND p.contract = t.contract)
   AND NOT EXISTS (
       SELECT FROM payouts_settlement s JOIN payouts_payoutintent p ON p.id = s.payout_id
        WHERE s.organization_id = h.organization_id AND s.environment = h.environment
          AND s.chain = t.chain AND s.tx_hash = t.tx_hash AND s.contract = t.contract
          AND s.from_address = t.from_address
          AND s.amount_atomic + t.amount_atomic = p.amount_atomic)
 ORDER BY t.id
"""


def record_siblings(caller: Caller, *, at: datetime) -> int:
    """Note each as an unexpected settlement, one to an own wallet as resolved; return how many."""
    values: dict[str, Any] = {
        "organization": caller.organization_id,
        "environment": caller.environment.value,
        "scope": "" if caller.environment == Environment.LIVE else caller.organization_id,
        "at": at,
        "wait": SIBLINGS_WAIT,
        "pinned": [
            f"{chain} {network(chain).contracts[token]}" for chain in Chain for token in Token
        ],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SIBLINGS, values)
        found = dict(cursor.fetchall())
    transfers = Transfer.objects.filter(id__in=found).order_by("id")
    return sum(_noted(caller, each, at=at, is_internal=found[each.id]) for each in transfers)


def _noted(caller: Caller, transfer: Transfer, *, at: datetime, is_internal: bool) -> bool:
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
        return False
    if not is_internal:
        settlement.suggestion = suggestion(settlement)[:255]
        settlement.save(update_fields=["suggestion", "updated_at"])
        data = settlement_json(settlement)
        events.publish(caller, EventType.SETTLEMENT_UNEXPECTED, settlement.id, data)
        logger.error("unexpected settlement settlement=%s tx=%s", settlement.id, transfer.tx_hash)
    return True


def _settlement(caller: Caller, transfer: Transfer) -> Settlement:
    place = {"scope": transfer.scope, "key": transfer.key}
    watched = chainwatch.watched(transfer.chain, transfer.tx_hash, **place)
    token = network(transfer.chain).token_of(transfer.contract)
    assert watched is not None, "the statement joined it"
    assert watched.final_at is not None, "the statement asked for what is final"
    assert token is not None, "the statement asked for pinned contracts"
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
