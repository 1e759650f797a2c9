"""Reads what left source wallets and is nobody's yet: no payout claims it, none named its hash.

Zero values, amounts that no dollar token has and contracts that are not pinned are left out here:
address poisoning (a `transferFrom` of nothing out of somebody else's wallet) ends in this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from billing.chains import Chain, Token, network
from chainwatch.models import Transfer
from payouts.hashless import Outflow, Waiting
from payouts.matching import AGE_SKEW, MOST_AMOUNT
from payouts.models import PayoutIntent, Status


@dataclass(frozen=True, slots=True)
class Place:
    """One transaction of a chain, as one organization sees it."""

    organization_id: str
    environment: str
    chain: str
    tx_hash: str
    key: str

    @property
    def scope(self) -> str:
        return "" if self.environment == "live" else self.organization_id


# A live transaction is named by any payout's hash, one of the sandbox by that of its own payout
# alone, since there a hash string is used again and again. A hash that is proposed for an open
# payout in place of its own waits until somebody has decided about that.
_JOINED = """
  FROM chainwatch_watchedtransaction w
  JOIN chainwatch_transfer t
    ON t.chain = w.chain AND t.scope = w.scope AND t.tx_hash = w.tx_hash AND t.key = w.key
   AND t.block_hash = w.block_hash AND t.orphaned_at IS NULL
"""
_OURS = """
  JOIN wallets_wallet x
    ON x.chain = t.chain AND x.address = t.from_address AND x.is_source
   AND t.scope = CASE x.environment WHEN 'live' THEN '' ELSE x.organization_id END
   AND t.block_time >= x.source_since - %(skew)s
 WHERE w.succeeded AND t.amount_atomic BETWEEN 1 AND %(most)s
   AND t.chain || ' ' || t.contract = ANY (%(pinned)s)
   AND NOT EXISTS (
       SELECT FROM payouts_submittedhash h
        WHERE h.organization_id = x.organization_id AND h.environment = x.environment
          AND h.chain = t.chain AND h.tx_hash = t.tx_hash
          AND (t.scope = '' OR t.key = h.payout_id))
"""
_LEFT = f"{_JOINED} {_OURS}"
_TO_JUDGE = """
   AND w.final_at IS NOT NULL
   AND NOT EXISTS (
       SELECT FROM payouts_settlement s
        WHERE s.organization_id = x.organization_id AND s.environment = x.environment
          AND s.chain = t.chain AND s.tx_hash = t.tx_hash AND s.ordinal = t.ordinal)
   AND NOT EXISTS (
       SELECT FROM payouts_payoutintent p
        WHERE p.organization_id = x.organization_id AND p.environment = x.environment
          AND p.status = 'executed' AND p.chain = t.chain AND p.proposed_tx_hash = t.tx_hash
          AND (t.scope = '' OR t.key = p.id))
"""
_PLACE = "SELECT DISTINCT x.organization_id, x.environment, t.chain, t.tx_hash, t.key, w.final_at"
_IN_ORDER = " ORDER BY w.final_at, t.tx_hash, t.key, x.organization_id"
# The news first, then its transfers one by one: left to itself the planner begins with a wallet and
# reads all that ever left it.
_NEWS = f"""
WITH news AS MATERIALIZED (
    SELECT chain, scope, tx_hash, key, block_hash, final_at, succeeded
      FROM chainwatch_watchedtransaction
     WHERE chain = ANY (%(chains)s) AND changed_at >= %(since)s AND final_at IS NOT NULL
)
{_PLACE}
  FROM news w
 CROSS JOIN LATERAL (
    SELECT *
      FROM chainwatch_transfer
     WHERE chain = w.chain AND scope = w.scope AND tx_hash = w.tx_hash AND key = w.key
       AND block_hash = w.block_hash AND orphaned_at IS NULL
    OFFSET 0
 ) t
{_OURS} {_TO_JUDGE} {_IN_ORDER}
"""  # noqa: S608  # built of the constants above
_OF_ONE = f"""
{_PLACE} {_LEFT} {_TO_JUDGE}
   AND x.organization_id = %(organization)s AND x.environment = %(environment)s {_IN_ORDER}
"""
_AT = """
   AND x.organization_id = %(organization)s AND x.environment = %(environment)s
   AND t.chain = %(chain)s AND t.scope = %(scope)s
"""
_IDS = (
    f"SELECT t.id {_LEFT} {_TO_JUDGE} {_AT}"
    " AND t.tx_hash = %(tx_hash)s AND t.key = %(key)s ORDER BY t.ordinal"
)
# All that could be meant for these recipients, final or not. What was noted as unexpected counts as
# long as no person has said what it was.
_RIVALS = f"""
SELECT t.id, t.contract, t.to_address, t.amount_atomic, t.block_time, t.key,
       w.final_at IS NOT NULL
       {_LEFT} {_AT}
   AND t.to_address = ANY (%(recipients)s) AND t.block_time >= %(since)s
   AND NOT EXISTS (
       SELECT FROM payouts_settlement s
        WHERE s.organization_id = x.organization_id AND s.environment = x.environment
          AND s.chain = t.chain AND s.tx_hash = t.tx_hash AND s.ordinal = t.ordinal
          AND (s.payout_id IS NOT NULL OR s.resolved_at IS NOT NULL))
"""  # noqa: S608  # built of the constants above
_FREE = (Status.APPROVED, Status.PENDING_EXECUTION)


def news(*, since: datetime) -> list[Place]:
    """Return the transactions with something to judge that changed since then, oldest first."""
    return _places(_NEWS, chains=list(Chain.values), since=since)


def places(organization_id: str, environment: str) -> list[Place]:
    """Return all transactions of one organization with something to judge, however old."""
    return _places(_OF_ONE, organization=organization_id, environment=environment)


def left(place: Place) -> list[Transfer]:
    """Return the final transfers of one transaction that are still to be judged."""
    ids = [row[0] for row in _rows(_IDS, **_values(place))]
    return list(Transfer.objects.filter(id__in=ids).order_by("ordinal")) if ids else []


def waiting(place: Place, transfers: Sequence[Transfer]) -> list[Waiting]:
    """Return the payouts that wait for money of just this kind: to one of these recipients.

    Those without a hash, and those whose own transaction is in no block.
    """
    payouts = PayoutIntent.objects.filter(
        Q(status__in=_FREE) | Q(status=Status.EXECUTED),
        organization_id=place.organization_id,
        environment=place.environment,
        chain=place.chain,
        recipient_address__in={each.to_address for each in transfers},
        amount_atomic__in={int(each.amount_atomic) for each in transfers},
    )
    return [_waiting(payout) for payout in payouts.order_by("id")] if transfers else []


def outflows(place: Place, payouts: Sequence[Waiting]) -> list[Outflow]:
    """Return all transfers, final or not, that may be meant for one of these payouts."""
    if not payouts:
        return []
    found = _rows(
        _RIVALS,
        **_values(place),
        recipients=sorted({each.recipient for each in payouts}),
        since=min(each.approved_at for each in payouts) - AGE_SKEW,
    )
    return [
        Outflow(id_, contract, to, int(amount), at, key, is_final)
        for id_, contract, to, amount, at, key, is_final in found
    ]


def _waiting(payout: PayoutIntent) -> Waiting:
    assert payout.approved_at is not None, "a check constraint of the table"
    return Waiting(
        payout_id=payout.id,
        contract=payout.contract,
        recipient=payout.recipient_address,
        amount_atomic=payout.amount_atomic,
        approved_at=payout.approved_at,
        key=payout.watch_key,
        has_hash=payout.status == Status.EXECUTED,
    )


def _values(place: Place) -> dict[str, Any]:
    return {
        "organization": place.organization_id,
        "environment": place.environment,
        "chain": place.chain,
        "scope": place.scope,
        "tx_hash": place.tx_hash,
        "key": place.key,
    }


def _places(statement: str, **values: Any) -> list[Place]:
    return [Place(*row[:5]) for row in _rows(statement, **values)]


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    pinned = [f"{chain} {network(chain).contracts[token]}" for chain in Chain for token in Token]
    always: dict[str, Any] = {"skew": AGE_SKEW, "most": MOST_AMOUNT, "pinned": pinned}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**always, **values})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
