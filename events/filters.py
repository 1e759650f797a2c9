"""What GET /v1/events can be narrowed by."""

from django.db.models import QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter

from billing.errors import InvalidRequest
from events.models import Event
from events.types import EventType

PARAMETERS = [
    OpenApiParameter(
        "type",
        enum=EventType.values,
        description="Only events of this type. Say it again, or separate by commas, for several.",
    ),
    OpenApiParameter("checkout_id", str, description="Only events of this checkout."),
    OpenApiParameter("resource_id", str, description="Only events of this object, such as `po_…`."),
]
FILTERS = tuple(parameter.name for parameter in PARAMETERS)


def filtered(events: QuerySet[Event], query: QueryDict) -> QuerySet[Event]:
    """Narrow `events` by the query; raises InvalidRequest for a type that does not exist."""
    if types := [word for text in query.getlist("type") for word in text.split(",")]:
        events = events.filter(type__in=_known(types))
    if (checkout_id := query.get("checkout_id")) is not None:
        events = events.filter(checkout_id=checkout_id)
    if (resource_id := query.get("resource_id")) is not None:
        events = events.filter(resource_id=resource_id)
    return events


def _known(types: list[str]) -> list[str]:
    for word in types:
        if word not in EventType.values:
            raise InvalidRequest(
                f"No such event type: {word}. There are: {', '.join(EventType.values)}.",
                param="type",
            )
    return types
