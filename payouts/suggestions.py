"""What the system makes of money that left with no intent behind it."""

from collections.abc import Sequence

from django.db import connection

from billing.chains import Chain
from payouts.models import Settlement

SECOND = "second payment of {}"
INSTEAD = "fits {} whose settlement left the chain"
_SENTENCES = {
    "second": SECOND,
    "instead": INSTEAD,
    "failed": "named for failed {} as {how}",
    "draft": "fits draft {} that nobody approved",
    "several": "fits {}: choose",
    "approved": "fits approved {} that has no hash yet",
    "pending_execution": "fits handed over {} that has no hash yet",
    "executed": "fits executed {} whose transaction is in no block yet",
    "elsewhere": "fits {how} {} on {chain}",
    "canceled": "fits canceled {}",
    "wallet": "recipient known as {}",
    "paid": "recipient known as the one of {}",
}
NEVER_SEEN = "never seen before"
MOST_NAMED = 3  # of several, so that the sentence fits its column
MOST_EQUAL = 200  # payouts of one amount to one recipient that are looked at

# The strongest reading wins: a hash that was named for a payout says more than equal money, equal
# money more than a known address. The lookups: payout_by_recipient_amount, submitted_by_hash.
# Several that wait for exactly this money are one reading; they are named in the order of creation.
# Of equal payments to one recipient, of which there may be a million, the newest are looked at; of
# those to a recipient it is enough that one settled, and the index leads from the largest on.
_READINGS = """
SELECT s.id, reading.kind, reading.names, reading.how, reading.chain
  FROM payouts_settlement s
  CROSS JOIN LATERAL (
      WITH equal AS MATERIALIZED (
          SELECT p.id, p.created_at, p.chain, p.token, p.contract, p.status, p.failure_code,
                 p.settlement_id
            FROM payouts_payoutintent p
           WHERE p.organization_id = s.organization_id AND p.environment = s.environment
             AND p.recipient_address = s.to_address AND p.amount_atomic = s.amount_atomic
           ORDER BY p.created_at DESC
           LIMIT %(most)s
      )
      SELECT 1 AS place,
             CASE WHEN paid.reversed_at IS NULL THEN 'second' ELSE 'instead' END AS kind,
             ARRAY[p.id] AS names, p.created_at, '' AS how, p.chain AS chain
        FROM payouts_submittedhash h JOIN payouts_payoutintent p ON p.id = h.payout_id
        JOIN payouts_settlement paid ON paid.id = p.settlement_id
       WHERE h.organization_id = s.organization_id AND h.environment = s.environment
         AND h.chain = s.chain AND h.tx_hash = s.tx_hash AND s.key IN ('', p.id)
         AND p.recipient_address = s.to_address AND p.contract = s.contract
         AND paid.id <> s.id
      UNION ALL
      SELECT 2, 'failed', ARRAY[p.id], p.created_at, p.failure_code, p.chain
        FROM payouts_submittedhash h JOIN payouts_payoutintent p ON p.id = h.payout_id
       WHERE h.organization_id = s.organization_id AND h.environment = s.environment
         AND h.chain = s.chain AND h.tx_hash = s.tx_hash AND s.key IN ('', p.id)
         AND p.failure_code IN ('recipient_mismatch', 'token_mismatch')
         AND p.settlement_id IS NULL
         AND (p.recipient_address <> s.to_address OR p.contract <> s.contract)
      UNION ALL
      SELECT 4, 'several', array_agg(p.id ORDER BY p.created_at, p.id), max(p.created_at),
             CASE (SELECT count(*) FROM equal) WHEN %(most)s THEN 'at least ' ELSE '' END, ''
        FROM equal p
       WHERE p.chain = s.chain AND p.contract = s.contract
         AND p.status IN ('approved', 'pending_execution', 'executed')
      HAVING count(*) > 1
      UNION ALL
      SELECT CASE WHEN p.status = 'settled' AND paid.reversed_at IS NOT NULL THEN 2
                  ELSE CASE p.status WHEN 'draft' THEN 3 WHEN 'executed' THEN 6
                                     WHEN 'canceled' THEN 8 WHEN 'settled' THEN 9 ELSE 5 END END,
             CASE WHEN p.status <> 'settled' THEN p.status
                  WHEN paid.reversed_at IS NULL THEN 'second' ELSE 'instead' END,
             ARRAY[p.id], p.created_at, '', p.chain
        FROM equal p LEFT JOIN payouts_settlement paid ON paid.id = p.settlement_id
       WHERE p.chain = s.chain AND p.contract = s.contract
         AND p.status IN ('draft', 'approved', 'pending_execution', 'executed', 'canceled',
                          'settled')
      UNION ALL
      SELECT 7, 'elsewhere', ARRAY[p.id], p.created_at, p.status, p.chain
        FROM equal p
       WHERE p.chain <> s.chain AND p.token = s.token
         AND (p.status IN ('approved', 'pending_execution', 'executed')
              OR p.failure_code = 'wrong_chain')
      UNION ALL
      SELECT 10, 'wallet', ARRAY[w.name], w.created_at, '', w.chain
        FROM wallets_wallet w
       WHERE w.organization_id = s.organization_id AND w.environment = s.environment
         AND w.chain = s.chain AND w.address = s.to_address
      UNION ALL
      (SELECT 11, 'paid', ARRAY[p.id], p.created_at, '', p.chain
        FROM payouts_payoutintent p
       WHERE p.organization_id = s.organization_id AND p.environment = s.environment
         AND p.recipient_address = s.to_address AND p.status = 'settled'
       ORDER BY p.amount_atomic DESC, p.created_at DESC
       LIMIT 1)
      ORDER BY place, created_at DESC
      LIMIT 1
  ) reading
 WHERE s.id = ANY(%(ids)s)
"""


def suggestions(settlements: Sequence[Settlement]) -> dict[str, str]:
    """Return a sentence per settlement id, for however many, in one query."""
    return suggestions_of([settlement.id for settlement in settlements])


def suggestions_of(ids: Sequence[str]) -> dict[str, str]:
    """The same for settlements of which only the ids are at hand."""
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, {"ids": list(ids), "most": MOST_EQUAL})
        readings = {row[0]: _sentence(*row[1:]) for row in cursor.fetchall()}
    return {id_: readings.get(id_, NEVER_SEEN) for id_ in ids}


def suggestion(settlement: Settlement) -> str:
    """Return what the system makes of one unexpected settlement, such as `fits canceled po_…`."""
    return suggestions([settlement])[settlement.id]


def _sentence(kind: str, names: Sequence[str], how: str, chain: str) -> str:
    label = Chain(chain).label if chain else ""
    how = "handed over" if how == "pending_execution" else how
    at_least = how if kind == "several" else ""
    return _SENTENCES[kind].format(_listed(names, at_least), how=how, chain=label)


def _listed(names: Sequence[str], at_least: str) -> str:
    """`po_a`, `po_a and po_b`, `po_a, po_b, po_c and 4 more`."""
    shown, more = list(names[:MOST_NAMED]), len(names) - MOST_NAMED
    if more > 0:
        shown.append(f"{at_least}{more} more")
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last
