"""Close a period: its figures stand from then on, and what is found later is the next one's.

An entry is written for each settlement that moved until then, with what it adds to what earlier
periods booked of it. So the entries of all periods always add up to the books, and none is changed.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.ids import new_id
from billing.locks import lock_key
from billing.times import iso
from events import services as events
from events.types import EventType
from organizations.roles import ADMINISTER_ORGANIZATION
from payouts.acts.locking import LONGEST_REASON
from reconciliation.models import Period

logger = logging.getLogger(__name__)

# A settlement that left the chain moved nothing. One whose verdict is the same as when it was last
# booked adds nothing new, and has no entry.
_BOOK = """
WITH now AS (
    SELECT s.id, s.block_time,
           CASE WHEN s.reversed_at IS NOT NULL THEN 'reversed'
                WHEN s.payout_id IS NULL AND s.resolved_at IS NULL THEN 'unexpected'
                WHEN s.payout_id IS NULL THEN 'resolved'
                WHEN s.resolved_at IS NOT NULL
                     OR s.discrepancies = '{}' AND p.status = 'settled'
                     AND s.amount_atomic = p.amount_atomic THEN 'matched'
                ELSE 'discrepancy' END AS verdict,
           CASE WHEN s.reversed_at IS NULL THEN s.amount_atomic ELSE 0 END AS actual,
           CASE WHEN s.reversed_at IS NULL THEN coalesce(p.amount_atomic, 0) ELSE 0 END AS intended
      FROM payouts_settlement s
      LEFT JOIN payouts_payoutintent p ON p.id = s.payout_id
     WHERE s.organization_id = %(organization)s AND s.environment = %(environment)s
       AND s.block_time < %(until)s
), booked AS (
    SELECT e.settlement_id, sum(e.actual_atomic) AS actual, sum(e.intended_atomic) AS intended,
           (array_agg(e.verdict ORDER BY q.until DESC))[1] AS verdict
      FROM reconciliation_periodentry e
      JOIN reconciliation_period q ON q.id = e.period_id
     WHERE q.organization_id = %(organization)s AND q.environment = %(environment)s
     GROUP BY e.settlement_id
)
INSERT INTO reconciliation_periodentry
       (period_id, settlement_id, verdict, actual_atomic, intended_atomic, is_late)
SELECT %(period)s, now.id, now.verdict, now.actual - coalesce(booked.actual, 0),
       now.intended - coalesce(booked.intended, 0),
       now.block_time < coalesce(%(since)s::timestamptz, '-infinity')
  FROM now LEFT JOIN booked ON booked.settlement_id = now.id
 WHERE booked.verdict IS DISTINCT FROM now.verdict
"""
_FIGURES = """
SELECT s.chain, s.token, e.verdict, count(*), count(*) FILTER (WHERE e.is_late),
       sum(e.actual_atomic)::text, sum(e.intended_atomic)::text
  FROM reconciliation_periodentry e JOIN payouts_settlement s ON s.id = e.settlement_id
 WHERE e.period_id = %(period)s
 GROUP BY s.chain, s.token, e.verdict ORDER BY s.chain, s.token, e.verdict
"""
_DIGEST = """
SELECT encode(sha256(convert_to(%(head)s || coalesce(string_agg(
           E'\\n' || concat_ws(
               '|', settlement_id, verdict, actual_atomic, intended_atomic, is_late),
           '' ORDER BY settlement_id COLLATE "C"), ''), 'UTF8')), 'hex')
  FROM reconciliation_periodentry WHERE period_id = %(period)s
"""
# What waits for a person of what moved, or failed, before the period ends.
_OPEN = """
SELECT (SELECT count(*) FROM payouts_settlement s
         WHERE s.organization_id = %(organization)s AND s.environment = %(environment)s
           AND s.block_time < %(until)s
           AND (s.resolved_at IS NULL AND (s.payout_id IS NULL OR s.discrepancies <> '{}'
                                           OR s.reversed_at IS NOT NULL)
                OR s.reversed_at > s.resolved_at))
     + (SELECT count(*) FROM payouts_payoutintent p
         WHERE p.organization_id = %(organization)s AND p.environment = %(environment)s
           AND p.outcome = 'unknown' AND p.settlement_id IS NULL AND p.failed_at < %(until)s)
"""
FIGURE = ("chain", "token", "verdict", "count", "late", "actual_atomic", "intended_atomic")


@transaction.atomic
def close(caller: Caller, until: datetime, reason: str = "") -> Period:
    """Close from where the last period ended up to `until` (exclusive); publish period.closed.

    For good: nothing opens it again. Two who close at once wait for each other, and the second is
    told. Raises InsufficientScope, InvalidRequest: `period_not_next` where it ends in the future or
    not after the last one, `period_has_open_work` where something is open and no reason is given.
    """
    caller.require(ADMINISTER_ORGANIZATION)
    _lock(caller)
    last = Period.objects.visible_to(caller).order_by("-until").first()
    _require_next(last, until)
    values: dict[str, Any] = {
        "organization": caller.organization_id,
        "environment": caller.environment.value,
        "period": new_id("per"),
        "since": last.until if last else None,
        "until": until,
    }
    open_count = int(_all(_OPEN, values)[0][0])
    reason = reason.strip()[:LONGEST_REASON]
    _require_reason(open_count, reason)
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, values)
    period = Period(
        id=values["period"],
        organization_id=caller.organization_id,
        environment=caller.environment,
        previous=last,
        since=values["since"],
        until=until,
        figures=[dict(zip(FIGURE, row, strict=True)) for row in _all(_FIGURES, values)],
        open_count=open_count,
        reason=reason,
        closed_by=caller.actor_id,
        closed_by_name=caller.actor_name,
    )
    period.digest = digest_of(period)
    period.save(force_insert=True)
    events.publish(caller, EventType.PERIOD_CLOSED, period.id, _told(period))
    logger.info("period closed period=%s until=%s open=%d", period.id, iso(until), open_count)
    return period


def _require_next(last: Period | None, until: datetime) -> None:
    if until > timezone.now() or (last and until <= last.until):
        began = f"The last one ended at {iso(last.until)}. " if last else ""
        message = f"{began}A period ends after the last one, and not in the future."
        raise InvalidRequest(message, code="period_not_next", param="until")


def _require_reason(open_count: int, reason: str) -> None:
    if open_count and not reason:
        raise InvalidRequest(
            f"{open_count:,} exceptions of this time are open. Resolve them first, or say why it "
            "is closed all the same.",
            code="period_has_open_work",
            param="reason",
        )


def _told(period: Period) -> dict[str, Any]:
    return {
        "id": period.id,
        "name": f"up to {iso(period.until)}",
        "from": iso(period.since) if period.since else None,
        "to": iso(period.until),
        "figures": period.figures,
        "digest": period.digest,
        "open_count": period.open_count,
        "reason": period.reason,
    }


def digest_of(period: Period) -> str:
    """The digest of a period's entries as they stand, bound to its range and the one before."""
    before = period.previous.digest if period.previous else ""
    since = iso(period.since) if period.since else ""
    place = (period.id, period.organization_id, period.environment, since, iso(period.until))
    head = "|".join(["v1", *place, before])
    return str(_all(_DIGEST, {"head": head, "period": period.id})[0][0])


def _all(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _lock(caller: Caller) -> None:
    """One at a time per organization and environment, until the transaction ends."""
    name = f"period {caller.organization_id} {caller.environment}"
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [lock_key(name)])
