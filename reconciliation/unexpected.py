"""Money that left beside a payout: transfers of a submitted transaction that nobody intended.

Only what a registered source wallet sent can be unexpected: whatever else a transaction moves is
strangers' affairs, and what the wallet sent before it was registered is history. Second payments
of a payout are noted by payouts.verifying itself, transfers whose hash nobody named by
payouts.outflows.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from billing.callers import Caller
from billing.chains import Chain, Environment, Token, network
from chainwatch.models import Transfer
from payouts.matching import AGE_SKEW
from payouts.unexpected import note

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
   AND t.block_time >= source.source_since - %(skew)s
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
        "skew": AGE_SKEW,
        "pinned": [
            f"{chain} {network(chain).contracts[token]}" for chain in Chain for token in Token
        ],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SIBLINGS, values)
        found = dict(cursor.fetchall())
    transfers = Transfer.objects.filter(id__in=found).order_by("id")
    noted = (note(caller, each, at=at, is_internal=found[each.id]) for each in transfers)
    return sum(settlement is not None for settlement in noted)
