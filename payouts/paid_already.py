"""Whether money that fits a payout has left already, without any payout claiming it."""

from datetime import datetime

from django.db import connection

from payouts.models import PayoutIntent

# Four ways to be paid already, the surest first. The amount must be exact here: another amount to
# the same recipient is more likely another invoice. Of all transfers of a live chain only those
# count that left one of this organization's source wallets, or whose hash it named; and of those
# that were named, none for an open payout to the same recipient. They need not be final: what may
# yet leave the chain is no reason to pay again now.
_PAID = """
SELECT sentence FROM (
    SELECT 1 AS place, 'payout ' || r.id || ', which it retries, was settled late' AS sentence
      FROM payouts_payoutintent r JOIN payouts_settlement s ON s.id = r.settlement_id
     WHERE r.id = %(retry_of)s AND r.status <> 'settled' AND s.resolved_at IS NULL
    UNION ALL
    SELECT 2, 'settlement ' || s.id || ' is unexpected and pays exactly this'
      FROM payouts_settlement s
     WHERE s.organization_id = %(org)s AND s.environment = %(environment)s
       AND s.payout_id IS NULL AND s.resolved_at IS NULL AND s.reversed_at IS NULL
       AND s.chain = %(chain)s AND s.contract = %(contract)s AND s.to_address = %(recipient)s
       AND s.amount_atomic = %(amount)s AND s.block_time >= %(since)s
    UNION ALL
    SELECT 3, 'transaction ' || t.tx_hash || ' pays exactly this and no payout claims it'
      FROM payouts_submittedhash n
      JOIN chainwatch_transfer t ON t.chain = n.chain AND t.scope = %(scope)s
       AND t.tx_hash = n.tx_hash AND t.key IN ('', n.payout_id)
     WHERE n.organization_id = %(org)s AND n.environment = %(environment)s
       AND n.chain = %(chain)s AND n.submitted_at >= %(since)s AND t.orphaned_at IS NULL
       AND t.contract = %(contract)s AND t.to_address = %(recipient)s
       AND t.amount_atomic = %(amount)s AND t.block_time >= %(since)s
       AND NOT EXISTS (
            SELECT FROM payouts_settlement s
             WHERE s.organization_id = %(org)s AND s.environment = %(environment)s
               AND s.chain = t.chain AND s.tx_hash = t.tx_hash AND s.ordinal = t.ordinal)
       AND NOT EXISTS (
            SELECT FROM payouts_submittedhash h JOIN payouts_payoutintent o ON o.id = h.payout_id
             WHERE h.organization_id = %(org)s AND h.environment = %(environment)s
               AND h.chain = t.chain AND h.tx_hash = t.tx_hash AND t.key IN ('', o.id)
               AND o.status IN ('executed', 'verifying') AND o.recipient_address = %(recipient)s
               AND o.contract = %(contract)s)
    UNION ALL
    SELECT 4, 'transaction ' || t.tx_hash || ' left your wallet, pays exactly this, and nobody '
              'named it for a payout'
      FROM wallets_wallet x
      JOIN chainwatch_transfer t ON t.chain = x.chain AND t.scope = %(scope)s
       AND t.from_address = x.address AND t.key IN ('', %(payout)s)
     WHERE x.organization_id = %(org)s AND x.environment = %(environment)s
       AND x.chain = %(chain)s AND x.is_source AND t.orphaned_at IS NULL
       AND t.contract = %(contract)s AND t.to_address = %(recipient)s
       AND t.amount_atomic = %(amount)s AND t.block_time >= %(since)s
       AND NOT EXISTS (
            SELECT FROM payouts_settlement s
             WHERE s.organization_id = %(org)s AND s.environment = %(environment)s
               AND s.chain = t.chain AND s.tx_hash = t.tx_hash AND s.ordinal = t.ordinal)
       AND NOT EXISTS (
            SELECT FROM payouts_submittedhash h
             WHERE h.organization_id = %(org)s AND h.environment = %(environment)s
               AND h.chain = t.chain AND h.tx_hash = t.tx_hash AND t.key IN ('', h.payout_id))
) found
ORDER BY place LIMIT 1
"""


def paid_already(payout: PayoutIntent) -> str | None:
    """Say which money may have paid this payout before anybody sent any for it, None for none."""
    values: dict[str, str | int | datetime | None] = {
        "retry_of": payout.retry_of_id,
        "payout": payout.id,
        "org": payout.organization_id,
        "environment": payout.environment,
        "chain": payout.chain,
        "scope": payout.scope,
        "contract": payout.contract,
        "recipient": payout.recipient_address,
        "amount": payout.amount_atomic,
        "since": payout.created_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAID, values)
        row = cursor.fetchone()
    return None if row is None else str(row[0])
