"""What checkouts and settlements of before the ledger say to it: the same as their acts say now.

This floor knows both tables. What was taken back before is left out: it has no line to take back,
and gets its first one where it is restored.
"""

from typing import Final

from revenue.backfilling import BackFilled
from revenue.backfilling import fill as fill_one

_CHECKOUTS: Final = """
SELECT * FROM checkouts_checkout WHERE id > %(after)s ORDER BY id LIMIT %(many)s FOR SHARE
"""
# As checkouts.booking has it.
_OF_CHECKOUT: Final = """
SELECT chunk.organization_id, chunk.environment, 'checkout' AS source_type, chunk.id AS source_id,
       CASE WHEN chunk.renewal_id IS NULL THEN 'checkout_confirmed' ELSE 'subscription_charged'
       END AS event_type,
       least(chunk.amount_received_atomic, chunk.amount_atomic)::bigint AS amount_atomic,
       chunk.chain, chunk.token, chunk.id AS checkout_id, chunk.subscription_id, chunk.renewal_id,
       chunk.customer_id, NULL AS payout_id, chunk.tx_hash, NULL AS description,
       chunk.confirmed_at AS occurred_at
 WHERE chunk.status = 'confirmed' AND chunk.reversed_at IS NULL
   AND chunk.amount_received_atomic > 0
"""
_SETTLEMENTS: Final = """
SELECT settlement.*, payout.settled_at FROM payouts_settlement settlement
  LEFT JOIN payouts_payoutintent payout ON payout.id = settlement.payout_id
 WHERE settlement.id > %(after)s ORDER BY settlement.id LIMIT %(many)s FOR SHARE OF settlement
"""
# As payouts.booking has it. A payout that was settled late stayed failed.
_OF_SETTLEMENT: Final = """
SELECT chunk.organization_id, chunk.environment, 'settlement' AS source_type,
       chunk.id AS source_id, 'payout_settled' AS event_type, chunk.amount_atomic, chunk.chain,
       chunk.token, NULL AS checkout_id, NULL AS subscription_id, NULL AS renewal_id,
       NULL AS customer_id, chunk.payout_id, chunk.tx_hash, NULL AS description,
       coalesce(chunk.settled_at, chunk.created_at) AS occurred_at
 WHERE chunk.payout_id IS NOT NULL AND chunk.reversed_at IS NULL
"""
TABLES = (
    BackFilled("checkouts", _CHECKOUTS, _OF_CHECKOUT),
    BackFilled("settlements", _SETTLEMENTS, _OF_SETTLEMENT),
)


def fill() -> int:
    """Go on with both tables; return how many lines were written. Nothing, once it is done."""
    return sum(fill_one(table) for table in TABLES)
