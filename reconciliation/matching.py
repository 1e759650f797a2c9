"""What a run writes down: differences that the facts show and nobody had recorded.

Set-based, and safe to run twice or beside another run: a difference that stands on a settlement is
not added again, and one that a person resolved is never opened again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from billing.callers import Caller
from events.models import Event
from events.services import event_fields
from events.types import EventType
from payouts.answers import payout_json, settlement_json
from payouts.models import Settlement
from payouts.suggestions import suggestions
from reconciliation.books import bounds

AT_ONCE = 1_000

# The digest is made again from the facts of both sides, as approvals.facts.digest makes it: a row
# that was changed behind the services' back, or a settlement elsewhere, no longer has the one that
# was approved. `&&` is checked on the newest row, so that a second run beside this adds nothing.
_RECORD = """
WITH sides AS (
    SELECT s.id, s.discrepancies AS known, p.status <> 'settled' AS is_late,
           s.amount_atomic <> p.amount_atomic AS is_other_amount,
           s.to_address <> p.recipient_address OR s.contract <> p.contract
           OR (p.approval_digest <> '' AND p.approval_digest <> encode(sha256(convert_to(
               'v1|' || p.environment || '|' || p.id || '|' || p.chain || '|' || s.contract || '|'
               || s.to_address || '|' || p.amount_atomic || '|' || coalesce(to_char(
                   p.due_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''),
               'UTF8')), 'hex')) AS is_unapproved
      FROM payouts_settlement s
      JOIN payouts_payoutintent p ON p.id = s.payout_id
     WHERE s.organization_id = %(organization)s AND s.environment = %(environment)s
       AND p.organization_id = %(organization)s AND p.environment = %(environment)s
       AND p.created_at >= %(since)s::timestamptz AND p.created_at < %(until)s::timestamptz
       AND s.resolved_at IS NULL
), found AS (
    SELECT id, array_remove(ARRAY[
               CASE WHEN is_other_amount AND 'amount' <> ALL (known) THEN 'amount' END,
               CASE WHEN is_late AND 'late_settlement' <> ALL (known) THEN 'late_settlement' END,
               CASE WHEN is_unapproved AND 'approval_mismatch' <> ALL (known)
                    THEN 'approval_mismatch' END
           ], NULL)::varchar[] AS kinds
      FROM sides
)
UPDATE payouts_settlement s
   SET discrepancies = s.discrepancies || found.kinds, updated_at = %(now)s
  FROM found
 WHERE s.id = found.id AND found.kinds <> '{}' AND NOT s.discrepancies && found.kinds
   AND s.resolved_at IS NULL
RETURNING s.id
"""


def record_differences(caller: Caller, *, since: datetime | None, until: datetime | None) -> int:
    """Mark the settlements that differ from their payouts, publish payout.discrepancy for each."""
    values: dict[str, Any] = {
        "organization": caller.organization_id,
        "environment": caller.environment.value,
        "now": timezone.now(),
        **bounds(since, until),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)
        ids = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(ids), AT_ONCE):
        _tell(caller, ids[start : start + AT_ONCE])
    return len(ids)


def _tell(caller: Caller, ids: Sequence[str]) -> None:
    rows = Settlement.objects.filter(id__in=ids).select_related("payout").order_by("id")
    Event.objects.bulk_create(Event(**_event(caller, settlement)) for settlement in rows)


def _event(caller: Caller, settlement: Settlement) -> dict[str, Any]:
    payout = settlement.payout
    assert payout is not None, "only claimed settlements were marked"
    data = {
        **payout_json(payout),
        "settlement": settlement_json(settlement),
        "discrepancies": settlement.discrepancies,
        "difference_atomic": str(settlement.amount_atomic - payout.amount_atomic),
        "alarm": None,
    }
    return event_fields(caller, EventType.PAYOUT_DISCREPANCY, payout.id, data)


def record_suggestions(caller: Caller) -> None:
    """Say of each open unexpected settlement what the system makes of it, where nothing is said."""
    unexpected = Settlement.objects.visible_to(caller).filter(payout=None, resolved_at=None)
    silent = list(unexpected.filter(suggestion="").order_by("id")[:AT_ONCE])
    sentences = suggestions(silent) if silent else {}
    for settlement in silent:
        settlement.suggestion = sentences[settlement.id][:255]
    Settlement.objects.bulk_update(silent, ["suggestion"])
