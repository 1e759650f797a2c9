"""What is open and stands in no payout's settlement, with its owner, and who owns the differences.

One statement, for a page that is looked at all day: the newest of each kind by its own index.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from billing.callers import Caller
from reconciliation.books import Discrepancy

MOST_READ = 1_000  # of each kind; the newest


@dataclass(frozen=True, slots=True)
class Open:
    """One thing that waits for a person. `owner_id` is empty where nobody took it.

    `kind` is `unexpected` (a settlement without a payout) or `unknown` (a failed payout of which
    nobody knows whether its money moved); `is_gone` says that its block left the chain.
    """

    kind: str
    id: str
    chain: str
    token: str
    address: str
    amount_atomic: int
    since: datetime
    is_gone: bool
    owner_id: str
    owner: str


# The name is that of User.__str__.
_OPEN = """
WITH found AS (
    (SELECT 'unexpected' AS kind, s.id, s.chain, s.token, s.to_address AS address,
            s.amount_atomic, s.block_time AS since, s.reversed_at IS NOT NULL AS is_gone
       FROM payouts_settlement s
      WHERE s.organization_id = %(organization)s AND s.environment = %(environment)s
        AND s.payout_id IS NULL AND s.resolved_at IS NULL
      ORDER BY s.block_time DESC, s.id DESC LIMIT %(most)s)
    UNION ALL
    (SELECT 'unknown', p.id, p.chain, p.token, p.recipient_address, p.amount_atomic,
            p.failed_at, FALSE
       FROM payouts_payoutintent p
      WHERE p.organization_id = %(organization)s AND p.environment = %(environment)s
        AND p.status = 'failed' AND p.outcome = 'unknown' AND p.settlement_id IS NULL
      ORDER BY p.created_at DESC, p.id DESC LIMIT %(most)s)
    UNION ALL
    SELECT '', id, '', '', '', 0, NULL, FALSE FROM unnest(%(others)s::varchar[]) AS id
)
SELECT found.*, coalesce(u.id, ''), coalesce(nullif(u.name, ''), u.email, '')
  FROM found
  LEFT JOIN reconciliation_case of_settlement ON of_settlement.settlement_id = found.id
  LEFT JOIN reconciliation_case of_payout ON of_payout.payout_id = found.id
  LEFT JOIN organizations_user u ON u.id = coalesce(of_settlement.owner_id, of_payout.owner_id)
 ORDER BY found.since DESC, found.id DESC
"""


def read(
    caller: Caller, differences: Iterable[Discrepancy]
) -> tuple[list[Open], dict[str, tuple[str, str]]]:
    """Return what is open, newest first, and the owner (id and name) of each difference.

    By the id of its settlement, only where somebody took it.
    """
    values: dict[str, Any] = {
        "organization": caller.organization_id,
        "environment": caller.environment.value,
        "others": [each.settlement_id for each in differences],
        "most": MOST_READ,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, values)
        rows = [Open(*row) for row in cursor.fetchall()]
    owners = {row.id: (row.owner_id, row.owner) for row in rows if not row.kind and row.owner_id}
    return [row for row in rows if row.kind], owners
