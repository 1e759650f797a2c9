"""The audit trail as a file: what somebody filtered, with the number and the seal of each event."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from billing import sheets
from billing.api.pagination import NEWEST_FIRST
from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.ids import new_id
from billing.sheets import Cell, Column, Sheet
from billing.times import iso
from events import seals, services
from events.models import Event
from events.sentences import sentence_of, who_of
from events.types import EventType

MOST_IN_XLSX = 20_000  # more would keep a web process busy for longer than ten seconds
ROWS_AT_ONCE = 1_000

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
    if format not in sheets.FORMATS:
        allowed = " or ".join(sheets.FORMATS)
        raise InvalidRequest(f"The format must be {allowed}.", param="format")
    if format == "xlsx" and events.order_by()[: MOST_IN_XLSX + 1].count() > MOST_IN_XLSX:
        raise InvalidRequest(
            f"These are more than {MOST_IN_XLSX:,} events, too many for XLSX. Choose fewer days, "
            "or take CSV.",
            param="format",
        )
    export_id = new_id("exp")
    data = {
        "id": export_id,
        "what": "audit trail",
        "format": format,
        "time_zone": zone.key,
        "filters": dict(filters),
    }
    with transaction.atomic():
        made = services.publish(caller, EventType.EXPORT_MADE, export_id, data)
    sealed = seals.sealed_up_to(caller.organization_id, caller.environment)
    sheet = Sheet("audit-trail", COLUMNS, _rows(events, made, sealed), zone)
    return sheets.download(sheet, format, at=made.created_at)


def _rows(events: QuerySet[Event], made: Event, sealed: int) -> Iterator[list[Cell]]:
    """From the export on backwards, some at a time: memory and statements stay small."""
    place = NEWEST_FIRST.place_of(made)
    ordered = NEWEST_FIRST.sort(events)
    while True:
        rows = list(NEWEST_FIRST.beyond(ordered, place)[:ROWS_AT_ONCE])
        for event in rows:
            yield _row(event, sealed)
        if len(rows) < ROWS_AT_ONCE:
            return
        place = NEWEST_FIRST.place_of(rows[-1])


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
