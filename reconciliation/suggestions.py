"""What the system makes of money that left with no intent behind it."""

from collections.abc import Sequence

from django.db import connection

from payouts.models import Settlement

_SENTENCES = {
    "second": "second payment of {}",
    "draft": "fits draft {} that nobody approved",
    "approved": "fits approved {} that has no hash yet",
    "pending_execution": "fits handed over {} that has no hash yet",
    "canceled": "fits canceled {}",
    "wallet": "recipient known as {}",
    "paid": "recipient known as the one of {}",
}
NEVER_SEEN = "never seen before"

# The strongest reading wins: a hash that was named for a payout says more than equal money, equal
# money more than a known address. payout_by_recipient and submitted_by_hash serve the lookups.
_READINGS = """
SELECT s.id, reading.kind, reading.name
  FROM payouts_settlement s
  CROSS JOIN LATERAL (
      SELECT 1 AS place, 'second' AS kind, p.id AS name, p.created_at
        FROM payouts_submittedhash h JOIN payouts_payoutintent p ON p.id = h.payout_id
       WHERE h.organization_id = s.organization_id AND h.environment = s.environment
         AND h.chain = s.chain AND h.tx_hash = s.tx_hash AND s.key IN ('', p.id)
         AND p.recipient_address = s.to_address AND p.contract = s.contract
         AND p.settlement_id IS NOT NULL AND p.settlement_id <> s.id
      UNION ALL
      SELECT CASE p.status WHEN 'draft' THEN 2 WHEN 'canceled' THEN 5
                           WHEN 'settled' THEN 6 ELSE 3 END,
             CASE p.status WHEN 'settled' THEN 'second' ELSE p.status END, p.id, p.created_at
        FROM payouts_payoutintent p
       WHERE p.organization_id = s.organization_id AND p.environment = s.environment
         AND p.recipient_address = s.to_address AND p.chain = s.chain
         AND p.contract = s.contract AND p.amount_atomic = s.amount_atomic
         AND p.status IN ('draft', 'approved', 'pending_execution', 'canceled', 'settled')
      UNION ALL
      SELECT 7, 'wallet', w.name, w.created_at
        FROM wallets_wallet w
       WHERE w.organization_id = s.organization_id AND w.environment = s.environment
         AND w.chain = s.chain AND w.address = s.to_address
      UNION ALL
      SELECT 8, 'paid', p.id, p.created_at
        FROM payouts_payoutintent p
       WHERE p.organization_id = s.organization_id AND p.environment = s.environment
         AND p.recipient_address = s.to_address AND p.status = 'settled'
      ORDER BY place, created_at DESC
      LIMIT 1
  ) reading
 WHERE s.id = ANY(%(ids)s)
"""


def suggestions(settlements: Sequence[Settlement]) -> dict[str, str]:
    """Return a sentence per settlement id, for however many, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, {"ids": [settlement.id for settlement in settlements]})
        readings = {row[0]: _SENTENCES[row[1]].format(row[2]) for row in cursor.fetchall()}
    return {s.id: readings.get(s.id, NEVER_SEEN) for s in settlements}


def suggestion(settlement: Settlement) -> str:
    """Return what the system makes of one unexpected settlement, such as `fits canceled po_…`."""
    return suggestions([settlement])[settlement.id]
