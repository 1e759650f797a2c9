"""The audit trail as a file: what somebody filtered, with the number and the seal of each event."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from billing import sheets
from billing.api.pagination import NEWEST_FIRST
from billing.callers import Caller
from billing.sheets import Cell, Column, Sheet
from billing.times import iso
from events import seals
from events.exports import publish_made, refuse_format, refuse_too_many
from events.models import Event
from events.sentences import sentence_of, who_of

COLUMNS = (
    Column("Number"),
    Column("When", is_time=True),
    Column("When (UTC)"),
    Column("What happened"),
    Column("Type"),
    Column("About"),
    Column("Checkout"),
    Column("Who"),
    Column("Actor"),
    Column("From"),
    Column("Sealed"),
    Column("Event"),
)


def export(
    caller: Caller,
    events: QuerySet[Event],
    *,
    format: str,
    zone: ZoneInfo,
    filters: Mapping[str, str],
) -> HttpResponseBase:
    """Answer `events` as a file, newest first, and publish export.made with the filters.

    Raises InsufficientScope, and InvalidRequest for another format than sheets.FORMATS or too many
    rows for XLSX. The export itself is not in the file.
    """
    caller.require("events:read")
    refuse_format(format)
    refuse_too_many(events, format, "events")
    made = publish_made(caller, "audit trail", format=format, zone=zone, filters=filters)
    sealed = seals.sealed_up_to(caller.organization_id, caller.environment)
    sheet = Sheet("audit-trail", COLUMNS, _rows(events, made, sealed), zone)
    return sheets.download(sheet, format, at=made.created_at)


def _rows(events: QuerySet[Event], made: Event, sealed: int) -> Iterator[list[Cell]]:
    """From the export on backwards."""
    before = NEWEST_FIRST.beyond(events, NEWEST_FIRST.place_of(made))
    return (_row(event, sealed) for page in NEWEST_FIRST.walked(before) for event in page)


def _row(event: Event, sealed: int) -> list[Cell]:
    is_sealed = event.sequence is not None and event.sequence <= sealed
    return [
        event.sequence,
        event.created_at,
        iso(event.created_at),
        sentence_of(event),
        event.type,
        event.resource_id,
        event.checkout_id,
        who_of(event),
        event.actor_id,
        event.address,
        "yes" if is_sealed else "not yet",
        event.id,
    ]
