"""Whether recipients are contracts: what the worker has still to ask the chains."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from billing.chains import Chain, network
from chainwatch import services as chainwatch

MOST_ADDRESSES = 100  # of a chain in one pass: one request, and the code of each may be long
ASK_EVERY = timedelta(days=1)  # A contract can be made at an address that had none.

# Of what is not paid yet, by the index of each organization's list, and of the book. What was
# never asked comes first.
_TO_ASK = """
WITH wanted AS (
    SELECT p.recipient_address AS address
      FROM organizations_organization o
      JOIN payouts_payoutintent p ON p.organization_id = o.id AND p.environment = 'live'
       AND p.status IN ('draft', 'approved', 'pending_execution') AND p.chain = %(chain)s
     UNION
    SELECT a.address FROM payouts_recipientaddress a
     WHERE a.environment = 'live' AND a.chain = %(chain)s AND a.status IN ('proposed', 'approved')
)
SELECT w.address FROM wanted w
  LEFT JOIN chainwatch_addressfacts f ON f.chain = %(chain)s AND f.address = w.address
 WHERE f.asked_at IS NULL OR f.asked_at <= %(before)s
 ORDER BY f.asked_at NULLS FIRST, w.address
 LIMIT %(most)s
"""


def ask(*, at: datetime | None = None) -> int:
    """Ask the chains about recipients nobody has asked about lately; returns how many were told.

    Not inside a transaction: it waits for nodes.
    """
    at = at or timezone.now()
    chains = [chain for chain in Chain if network(chain).is_evm and network(chain).is_configured]
    return sum(chainwatch.learn_addresses(chain, _to_ask(chain, at), at=at) for chain in chains)


def _to_ask(chain: str, at: datetime) -> list[str]:
    values: dict[str, str | int | datetime] = {
        "chain": chain,
        "before": at - ASK_EVERY,
        "most": MOST_ADDRESSES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TO_ASK, values)
        return [row[0] for row in cursor.fetchall()]
