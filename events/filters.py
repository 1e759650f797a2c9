"""What GET /v1/events can be narrowed by, and what turns it round: `since_sequence`."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from billing.api.pagination import NEWEST_FIRST, Order, Upwards
from billing.errors import InvalidRequest
from billing.fields import AwareDateTimeField, StrictCharField
from events.models import Event
from events.types import EventType

HIGHEST_SEQUENCE = 2**63 - 1  # what the column holds

PARAMETERS = [
    OpenApiParameter(
        "type",
        enum=EventType.values,
        description="Only events of this type. Say it again, or separate by commas, for several.",
    ),
    OpenApiParameter("checkout_id", str, description="Only events of this checkout."),
    OpenApiParameter("resource_id", str, description="Only events of this object, such as `po_…`."),
    OpenApiParameter(
        "since", {"type": "string", "format": "date-time"}, description="At this time or later."
    ),
    OpenApiParameter(
        "until", {"type": "string", "format": "date-time"}, description="Before this time."
    ),
    OpenApiParameter(
        "since_sequence",
        {"type": "integer", "minimum": 0, "maximum": HIGHEST_SEQUENCE},
        description="Only events with a higher `sequence` than this, and the list is upwards by "
        "it: from 0 on, all that ever happened in its order. Nothing appears behind it later.",
    ),
]
FILTERS = tuple(parameter.name for parameter in PARAMETERS)


class EventFilters(serializers.Serializer[Any]):
    """The parts of the query that are looked at one by one; `type` may come several times."""

    checkout_id = StrictCharField(required=False, allow_blank=True)
    resource_id = StrictCharField(required=False, allow_blank=True)
    since = AwareDateTimeField(required=False)
    until = AwareDateTimeField(required=False)


_FIELDS = EventFilters()
_LOOKUPS = {
    "checkout_id": "checkout_id",
    "resource_id": "resource_id",
    "since": "created_at__gte",
    "until": "created_at__lt",
}


def filtered(events: QuerySet[Event], query: QueryDict) -> QuerySet[Event]:
    """Narrow `events` by the query. Raises InvalidRequest or ValidationError, and names what."""
    if types := [word for text in query.getlist("type") for word in text.split(",")]:
        events = events.filter(type__in=_known(types))
    given = {name: query[name] for name in _LOOKUPS if name in query}
    parsed: dict[str, Any] = _FIELDS.run_validation(given) if given else {}
    events = events.filter(**{_LOOKUPS[name]: value for name, value in parsed.items()})
    if (after := query.get("since_sequence")) is not None:
        # What has no number yet is compared as null, and so left out: it comes with a higher one.
        events = events.filter(sequence__gt=_sequence(after))
    return events


def order_of(query: QueryDict) -> Order:
    """Upwards by sequence where the query says since which, else newest first."""
    return Upwards("sequence") if "since_sequence" in query else NEWEST_FIRST


def _known(types: list[str]) -> list[str]:
    for word in types:
        if word not in EventType.values:
            raise InvalidRequest(
                f"No such event type: {word}. There are: {', '.join(EventType.values)}.",
                param="type",
            )
    return types


def _sequence(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= HIGHEST_SEQUENCE:
        return int(text)
    raise InvalidRequest(
        "since_sequence must be a whole number from 0 on: the last sequence that you have.",
        param="since_sequence",
    )
