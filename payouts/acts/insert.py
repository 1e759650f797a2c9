"""The hot path of create: what is known against a draft, the draft and its event, in one statement.

Measured (docs, "Found by measuring"): separate statements through the ORM cost three times the
processor time of this. The statement looks first, inserts only where nothing speaks against it,
and says what it saw, so that a refusal leaves nothing behind and needs no rollback.

The row and its event travel as one JSON text each: forty parameters cost more than the insert.
"""

from functools import cache
from typing import Any, Final

from django.db import IntegrityError, connection

from billing import exact_json
from billing.api.repeats import Answer, Call
from billing.callers import Caller
from events.services import event_fields
from events.types import EventType
from organizations import idempotency
from payouts.acts.found import Found, Unwanted, tell
from payouts.answers import payout_json
from payouts.models import PayoutIntent


def insert_draft(caller: Caller, payout: PayoutIntent, confirmed: Unwanted) -> Found:
    """Insert the draft and its payout.created unless something unconfirmed speaks against it.

    What was seen and only has to be told is put into `payout`: its warnings, `retry_of`, and whose
    address it is. Should the address leave the book just then, it is told once more, without.
    """
    found = _inserted(_INSERT, _rows(caller, payout, payout_json(payout)), confirmed)
    for _ in range(_MOST_TELLINGS):
        if found.is_inserted or not tell(payout, found):
            break
        rows = _rows(caller, payout, payout_json(payout))
        found = _inserted(_INSERT, rows, confirmed, is_told=True)
    payout._state.adding = False
    return found


def insert_draft_once(call: Call, payout: PayoutIntent, confirmed: Unwanted) -> Answer | None:
    """Insert the draft, its event and the stored answer of `call`, or answer the call's repeat.

    One statement and so one transaction; a second one where there is a warning to tell, or the
    address book knows the address. None, and nothing written, where the draft is refused or
    another first call overtook this one: the caller then takes the long way, which finds out.
    Raises IdempotencyConflict.
    """
    answer, found = _attempt(call, payout, confirmed, is_told=False)
    for _ in range(_MOST_TELLINGS):
        if answer is not None or found is None or not tell(payout, found):
            break
        answer, found = _attempt(call, payout, confirmed, is_told=True)
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


# The facts are read in the snapshot from before the insert, so a draft never finds itself. A failed
# payout that was paid by its retry, or late and resolved by a person, is no duplicate any more.
# An import asks the same of many drafts at once: `populated` is the function for one or for many
# rows, `whose` the draft's id where it must be known.
# Of the addresses that were paid, those next to the draft's own: that one may have been paid
# a million times itself, and for just any of them the planner may read the whole table.
# Of a payout: `o` organization, `e` environment, `a` recipient's address, `k` its look-alike key.
SEEN: Final = """
draft AS (
    SELECT * FROM {populated}(NULL::payouts_payoutintent, %(payout)s::jsonb)
), known AS NOT MATERIALIZED (
    SELECT *, organization_id o, environment e, recipient_address a, recipient_key k
      FROM payouts_payoutintent
), seen AS (
    SELECT {whose}
        (SELECT k.a FROM (
            SELECT min(a) a FROM known
             WHERE (o, e, k, status) = (n.o, n.e, n.k, 'settled') AND a > n.a
               AND (a ^@ 'T' OR lower(a) <> lower(n.a))
            UNION ALL
            SELECT max(a) FROM known
             WHERE (o, e, k, status) = (n.o, n.e, n.k, 'settled') AND a < n.a
               AND (a ^@ 'T' OR lower(a) <> lower(n.a))
            UNION ALL
            SELECT w.address FROM wallets_wallet w
             WHERE (w.organization_id, w.environment, w.lookalike_key) = (n.o, n.e, n.k)
            UNION ALL
            SELECT r.address FROM payouts_recipientaddress r
             WHERE (r.organization_id, r.environment, r.lookalike_key, r.status)
                 = (n.o, n.e, n.k, 'approved')
        ) k
        WHERE left(k.a, 1) = left(n.a, 1)
          AND CASE WHEN k.a LIKE '0x%%' THEN lower(k.a) <> lower(n.a)
                   ELSE k.a <> n.a END
        LIMIT 1) AS lookalike,
        d.id AS duplicate,
        d.outcome,
        n.retry_of_id IS NULL OR EXISTS (
            SELECT FROM known WHERE (id, o, e) = (n.retry_of_id, n.o, n.e)
        ) AS retry_is_known,
        (SELECT id FROM known
          WHERE (o, e, reference_id, reference_type)
              = (n.o, n.e, n.reference_id, n.reference_type) AND status <> 'canceled'
          ORDER BY created_at DESC LIMIT 1) AS same_reference,
        (SELECT id FROM known
          WHERE (o, e, a, token, amount_atomic) = (n.o, n.e, n.a, n.token, n.amount_atomic)
            AND status <> 'canceled' AND created_at > n.created_at - interval '30 days'
          ORDER BY created_at DESC LIMIT 1) AS same_amount,
        b.recipient_id AS book_id,
        r.name
      FROM (
        SELECT *, organization_id o, environment e, recipient_address a, recipient_key k FROM draft
      ) n
      LEFT JOIN LATERAL (
        SELECT p.id, p.outcome FROM known p
         WHERE (p.o, p.e, p.a, p.token, p.amount_atomic)
             = (n.o, n.e, n.a, n.token, n.amount_atomic)
           AND p.status = 'failed' AND p.outcome IN ('moved', 'unknown')
           AND NOT EXISTS (SELECT FROM payouts_payoutintent r
                            WHERE r.retry_of_id = p.id AND r.status = 'settled')
           AND NOT EXISTS (SELECT FROM payouts_settlement s
                            WHERE s.id = p.settlement_id AND s.resolved_at IS NOT NULL)
         ORDER BY p.created_at DESC LIMIT 1
      ) d ON true
      LEFT JOIN payouts_recipientaddress b
        ON (b.organization_id, b.environment, b.chain, b.address, b.status)
         = (n.o, n.e, n.chain, n.a, 'approved') AND b.usable_at <= n.created_at
      LEFT JOIN payouts_recipient r ON r.id = b.recipient_id
)
"""
# Two statements for one draft, where there is something to tell: the answer, the event and the row
# then say it alike. Between the two, another warning could arise; it is as good as one too late.
_IS_WANTED: Final = """
seen, draft n
WHERE (lookalike IS NULL OR %(confirm_lookalike)s)
  AND (duplicate IS NULL OR %(confirm_duplicate)s) AND retry_is_known
  AND (n.recipient_id IS NULL OR n.recipient_id = book_id)
  AND (%(is_told)s OR same_reference IS NULL AND same_amount IS NULL
       AND (duplicate IS NULL OR n.retry_of_id IS NOT NULL)
       AND (book_id IS NULL OR n.recipient_id IS NOT NULL))
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
                   WHERE (p.organization_id, p.environment, p.external_id)
                       = (n.organization_id, n.environment, n.external_id))
"""
_MOST_TELLINGS = 2
_MOST_CHARACTERS = 4_096  # psycopg keeps a parsed statement up to here; parsing costs half of this.


def _statement(*parts: str) -> str:
    sql = " ".join("".join(parts).split())
    assert len(sql) <= _MOST_CHARACTERS, f"{len(sql)} characters"
    return sql


_SEEN: Final = SEEN.format(populated="jsonb_populate_record", whose="")
_INSERT: Final = _statement("WITH", _SEEN, _PAYOUT.format(wanted=_IS_WANTED), _EVENT, "FROM seen")
_INSERT_ONCE: Final = _statement(
    "WITH", _SEEN, ",", idempotency.CALL, ",", idempotency.kept(_IS_WANTED_ONCE), _PAYOUT_ONCE,
    _EVENT, ", call.* FROM seen, call",
)  # fmt: skip


def _rows(caller: Caller, payout: PayoutIntent, told: dict[str, Any]) -> dict[str, Any]:
    """The two rows to insert, as parameters."""
    event = event_fields(caller, EventType.PAYOUT_CREATED, payout.id, told)
    event["updated_at"] = event["created_at"]
    values = payout.__dict__
    row = {name: values[name] for name in columns()}
    return {
        "payout": exact_json.dumps(row).decode(),
        "event": exact_json.dumps(event).decode(),
    }


@cache
def columns() -> tuple[str, ...]:
    """The names of the row's columns: the attributes of the model have the same ones."""
    fields = PayoutIntent._meta.concrete_fields
    assert all(field.column == field.attname for field in fields), "a column of another name"
    return tuple(field.attname for field in fields)


def _found(row: tuple[Any, ...], confirmed: Unwanted) -> Found:
    is_inserted, *seen = row
    return Found(is_inserted, confirmed, *seen)
