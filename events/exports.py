"""What all exports have in common: what is refused, and the event that tells of each."""

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from billing import sheets
from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.ids import new_id
from events.models import Event
from events.services import publish
from events.types import EventType

MOST_IN_XLSX = 20_000  # more would keep a web process busy for longer than ten seconds


def refuse_format(format: str, formats: Collection[str] = tuple(sheets.FORMATS)) -> None:
    """Raise InvalidRequest where there is no such format."""
    if format not in formats:
        allowed = " or ".join(formats) if len(formats) == 2 else f"one of: {', '.join(formats)}"
        raise InvalidRequest(f"The format must be {allowed}.", param="format")


def refuse_too_many(rows: QuerySet[Any], format: str, what: str) -> None:
    """Raise InvalidRequest where these are more `what` than an XLSX file is made of."""
    if format == "xlsx" and rows.order_by()[: MOST_IN_XLSX + 1].count() > MOST_IN_XLSX:
        raise InvalidRequest(
            f"These are more than {MOST_IN_XLSX:,} {what}, too many for XLSX. Choose fewer days, "
            "or take CSV.",
            param="format",
        )


@transaction.atomic
def publish_made(
    caller: Caller, what: str, *, format: str, zone: ZoneInfo, filters: Mapping[str, str]
) -> Event:
    """Publish export.made: who took what away, in which format, narrowed by which filters."""
    export_id = new_id("exp")
    data = {
        "id": export_id,
        "what": what,
        "format": format,
        "time_zone": zone.key,
        "filters": dict(filters),
    }
    return publish(caller, EventType.EXPORT_MADE, export_id, data)
