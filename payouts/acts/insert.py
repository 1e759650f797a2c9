"""The hot path of create: what is known against a draft, the draft and its event, in one statement.

Measured (docs, "Found by measuring"): separate statements through the ORM cost three times the
processor time of this. The statement looks first, inserts only where nothing speaks against it,
and says what it saw, so that a refusal leaves nothing behind and needs no rollback.

The row and its event travel as one JSON text each: forty parameters cost more than the insert.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.db import IntegrityError, connection

from billing import exact_json
from billing.api.repeats import Answer, Call
from billing.callers import Caller
from events.services import event_fields
from events.types import EventType
from organizations import idempotency
from payouts.answers import payout_json
from payouts.models import PayoutIntent


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Which of the things that speak against a draft the caller has confirmed."""

    duplicate: bool
    lookalike: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement saw, each None where there is none.

    `lookalike` is a known address; `duplicate` the id of an equal payout whose money may have
    moved; `same_reference` and `same_amount` the ids of payouts that are worth a warning.
    """

    is_inserted: bool
    confirmed: Unwanted
    lookalike: str | None
    duplicate: str | None
    duplicate_outcome: str
    retry_is_known: bool
    same_reference: str | None
    same_amount: str | None

    @property
    def is_unwanted(self) -> bool:
        return (
            not self.retry_is_known
            or (self.lookalike is not None and not self.confirmed.lookalike)
            or (self.duplicate is not None and not self.confirmed.duplicate)
        )


def insert_draft(caller: Caller, payout: PayoutIntent, confirmed: Unwanted) -> Found:
    """Insert the draft and its payout.created unless something unconfirmed speaks against it.

    What was seen and only has to be told is put into `payout`: its warnings, and `retry_of`.
    """
    found = _inserted(_INSERT, _rows(caller, payout, payout_json(payout)), confirmed)
    if not found.is_inserted and _tell(payout, found):
        rows = _rows(caller, payout, payout_json(payout))
        found = _inserted(_INSERT, rows, confirmed, is_told=True)
    payout._state.adding = False
    return found


def insert_draft_once(call: Call, payout: PayoutIntent, confirmed: Unwanted) -> Answer | None:
    """Insert the draft, its event and the stored answer of `call`, or answer the call's repeat.

    One statement and so one transaction; a second one where there is a warning to tell. None, and
    nothing written, where the draft is refused or another first call overtook this one: the
    caller then takes the long way, which finds out. Raises IdempotencyConflict.
    """
    answer, found = _attempt(call, payout, confirmed, is_told=False)
    if answer is None and found is not None and _tell(payout, found):
        answer, _ = _attempt(call, payout, confirmed, is_told=True)
    return answer


def _attempt(
    call: Call, payout: PayoutIntent, confirmed: Unwanted, *, is_told: bool
) -> tuple[Answer | None, Found | None]:
    told = payout_json(payout)
    answer = Answer(201, exact_json.dumps(told))
    values = _rows(call.caller, payout, told) | idempotency.call_parameters(call, answer)
    try:
        row = _executed(_INSERT_ONCE, values, confirmed, is_told=is_told)
    except IntegrityError:
        # Another call took the external id between this one's look and its insert.
        return None, None
    found, call_row = _found(row[:-4], confirmed), row[-4:]
    return answer if found.is_inserted else idempotency.stored_answer(call, *call_row), found


def _inserted(
    sql: str, values: dict[str, Any], confirmed: Unwanted, *, is_told: bool = False
) -> Found:
    return _found(_executed(sql, values, confirmed, is_told=is_told), confirmed)


def _executed(
    sql: str, values: dict[str, Any], confirmed: Unwanted, *, is_told: bool
) -> tuple[Any, ...]:
    values |= {
        "confirm_duplicate": confirmed.duplicate,
        "confirm_lookalike": confirmed.lookalike,
        "is_told": is_told,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    assert row is not None, "the statement selects from one row of what was seen"
    return row


def _tell(payout: PayoutIntent, found: Found) -> bool:
    """Put into the draft what was seen; False where nothing was, or the draft is refused."""
    if found.is_unwanted:
        return False
    warnings = []
    if found.same_reference:
        warnings.append(f"same_reference: payout {found.same_reference} has the same reference.")
    if found.same_amount:
        warnings.append(
            f"same_amount: payout {found.same_amount} pays the same recipient the same amount "
            "and is less than 30 days old."
        )
    payout.warnings = [*payout.warnings, *warnings]
    if found.duplicate is None or payout.retry_of_id:
        return bool(warnings)
    payout.retry_of_id = found.duplicate
    return True


# The facts are read in the snapshot from before the insert, so a draft never finds itself. A failed
# payout that was paid by its retry, or late and resolved by a person, is no duplicate any more.
_SEEN: Final = """
draft AS (
    SELECT * FROM jsonb_populate_record(NULL::payouts_payoutintent, %(payout)s::jsonb)
), seen AS (
    SELECT
        (SELECT k.a FROM (
            SELECT p.recipient_address AS a FROM payouts_payoutintent p
             WHERE p.organization_id = n.organization_id AND p.environment = n.environment
               AND p.recipient_key = n.recipient_key AND p.status = 'settled'
            UNION ALL
            SELECT w.address AS a FROM wallets_wallet w
             WHERE w.organization_id = n.organization_id AND w.environment = n.environment
               AND w.lookalike_key = n.recipient_key
        ) k
        WHERE left(k.a, 1) = left(n.recipient_address, 1)
          AND CASE WHEN k.a LIKE '0x%%' THEN lower(k.a) <> lower(n.recipient_address)
                   ELSE k.a <> n.recipient_address END
        LIMIT 1) AS lookalike,
        d.id AS duplicate,
        coalesce(d.outcome, '') AS outcome,
        n.retry_of_id IS NULL OR EXISTS (
            SELECT FROM payouts_payoutintent p
             WHERE p.id = n.retry_of_id AND p.organization_id = n.organization_id
               AND p.environment = n.environment) AS retry_is_known,
        (SELECT p.id FROM payouts_payoutintent p
          WHERE p.organization_id = n.organization_id AND p.environment = n.environment
            AND p.reference_id = n.reference_id AND p.reference_type = n.reference_type
            AND p.status <> 'canceled'
          ORDER BY p.created_at DESC LIMIT 1) AS same_reference,
        (SELECT p.id FROM payouts_payoutintent p
          WHERE p.organization_id = n.organization_id AND p.environment = n.environment
            AND p.recipient_address = n.recipient_address AND p.token = n.token
            AND p.amount_atomic = n.amount_atomic AND p.status <> 'canceled'
            AND p.created_at > n.created_at - interval '30 days'
          ORDER BY p.created_at DESC LIMIT 1) AS same_amount
      FROM draft n
      LEFT JOIN LATERAL (
        SELECT p.id, p.outcome FROM payouts_payoutintent p
         WHERE p.organization_id = n.organization_id AND p.environment = n.environment
           AND p.recipient_address = n.recipient_address AND p.token = n.token
           AND p.amount_atomic = n.amount_atomic
           AND p.status = 'failed' AND p.outcome IN ('moved', 'unknown')
           AND NOT EXISTS (SELECT FROM payouts_payoutintent r
                            WHERE r.retry_of_id = p.id AND r.status = 'settled')
           AND NOT EXISTS (SELECT FROM payouts_settlement s
                            WHERE s.id = p.settlement_id AND s.resolved_at IS NOT NULL)
         ORDER BY p.created_at DESC LIMIT 1
      ) d ON true
)
"""
# Two statements for one draft, where there is something to tell: the answer, the event and the row
# then say it alike. Between the two, another warning could arise; it is as good as one too late.
_IS_WANTED: Final = """
seen, draft n
WHERE (lookalike IS NULL OR %(confirm_lookalike)s)
  AND (duplicate IS NULL OR %(confirm_duplicate)s) AND retry_is_known
  AND (%(is_told)s OR same_reference IS NULL AND same_amount IS NULL
       AND (duplicate IS NULL OR n.retry_of_id IS NOT NULL))
"""
_EVENT: Final = """
, event AS (
    INSERT INTO events_event
    SELECT row.* FROM payout, jsonb_populate_record(NULL::events_event, %(event)s::jsonb) row
)
SELECT EXISTS (SELECT FROM payout), seen.*
"""
# ON CONFLICT: of two calls with one external id the second inserts nothing, and no error breaks
# the transaction of the rows beside it.
_PAYOUT: Final = """
, payout AS (
    INSERT INTO payouts_payoutintent SELECT n.* FROM {wanted}
    ON CONFLICT (organization_id, environment, external_id) WHERE external_id IS NOT NULL DO NOTHING
    RETURNING id
)
"""
# The row of the key decides between two first calls, so the draft is selected from it; and so an
# external id that is taken must be seen before, or undo the whole statement.
_PAYOUT_ONCE: Final = """
, payout AS (
    INSERT INTO payouts_payoutintent SELECT draft.* FROM draft, kept RETURNING id
)
"""
_IS_WANTED_ONCE: Final = f"""
{_IS_WANTED}
  AND NOT EXISTS (SELECT FROM payouts_payoutintent p
                   WHERE p.organization_id = n.organization_id AND p.environment = n.environment
                     AND p.external_id = n.external_id)
"""
_MOST_CHARACTERS = 4_096  # psycopg keeps a parsed statement up to here; parsing costs half of this.


def _statement(*parts: str) -> str:
    sql = " ".join("".join(parts).split())
    assert len(sql) <= _MOST_CHARACTERS, f"{len(sql)} characters"
    return sql


_INSERT: Final = _statement("WITH", _SEEN, _PAYOUT.format(wanted=_IS_WANTED), _EVENT, "FROM seen")
_INSERT_ONCE: Final = _statement(
    "WITH", _SEEN, ",", idempotency.CALL, ",", idempotency.kept(_IS_WANTED_ONCE), _PAYOUT_ONCE,
    _EVENT, ", call.* FROM seen, call",
)  # fmt: skip


def _rows(caller: Caller, payout: PayoutIntent, told: dict[str, Any]) -> dict[str, Any]:
    """The two rows to insert, as parameters."""
    event = event_fields(caller, EventType.PAYOUT_CREATED, payout.id, told)
    event["updated_at"] = event["created_at"]
    row = {name: getattr(payout, name) for name in _columns()}
    return {
        "payout": exact_json.dumps(row).decode(),
        "event": exact_json.dumps(event).decode(),
    }


@cache
def _columns() -> tuple[str, ...]:
    """The names of the row's columns: the attributes of the model have the same ones."""
    fields = PayoutIntent._meta.concrete_fields
    assert all(field.column == field.attname for field in fields), "a column of another name"
    return tuple(field.attname for field in fields)


def _found(row: tuple[Any, ...], confirmed: Unwanted) -> Found:
    is_inserted, *seen = row
    return Found(is_inserted, confirmed, *seen)
