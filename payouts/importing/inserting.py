"""Drafts and their events into the tables by COPY: two statements, however many there are."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg import sql

from billing import exact_json
from billing.callers import Caller
from events.models import Event
from events.services import event_fields
from events.types import EventType
from payouts.acts.insert import columns
from payouts.answers import payout_json
from payouts.models import PayoutIntent


def insert_drafts(caller: Caller, payouts: Sequence[PayoutIntent]) -> None:
    """Insert the drafts and a payout.created for each, inside the caller's transaction.

    Raises IntegrityError where an external id was taken meanwhile: then the transaction is over.
    By external id, as a bulk create does, so that of both none waits for the other in a circle.
    """
    # What is null of every draft is left out: it is null without being said.
    names = [name for name in columns() if any(getattr(p, name) is not None for p in payouts)]
    by_external_id = sorted(payouts, key=lambda payout: payout.external_id or "")
    rows = ([_cell(getattr(payout, name)) for name in names] for payout in by_external_id)
    _copy(PayoutIntent._meta.db_table, names, rows)
    events = (_event(caller, payout) for payout in payouts)
    _copy(Event._meta.db_table, _EVENT, ([_cell(row[name]) for name in _EVENT] for row in events))


_EVENT = (
    "id", "organization_id", "environment", "type", "resource_id", "actor_id", "actor_name",
    "address", "created_at", "updated_at", "payload",
)  # fmt: skip


def _event(caller: Caller, payout: PayoutIntent) -> dict[str, Any]:
    event = event_fields(caller, EventType.PAYOUT_CREATED, payout.id, payout_json(payout))
    event["updated_at"] = event["created_at"]
    return event


def _cell(value: Any) -> Any:
    """JSON as its exact text; words of an enumeration as the texts that they are."""
    if isinstance(value, dict | list):
        return exact_json.dumps(value).decode()
    return str(value) if isinstance(value, str) else value


def _copy(table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    # Django turns the driver's errors into its own where it executes, and COPY goes past that.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(row)
