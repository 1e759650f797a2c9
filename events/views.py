"""GET /v1/events and GET /v1/events/{event_id}."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import pagination, schema
from billing.api.views import ApiView
from billing.errors import NotFound
from events.filters import FILTERS, PARAMETERS, filtered, order_of
from events.models import Event
from events.serializers import EventSerializer
from events.services import event_json


class Events(ApiView):
    """Everything that happened in the key's organization and environment."""

    scopes: ClassVar = {"GET": "events:read"}

    @schema.described(
        "Newest first; with `since_sequence` upwards by sequence, so that state can be rebuilt and "
        "kept up: go on from the last sequence that you have. Filters can be combined."
    )
    @schema.operation(
        "listEvents", "Events", "List events", answers=schema.list_of(EventSerializer),
        query=PARAMETERS, is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        query = request.query_params
        events = filtered(Event.objects.visible_to(self.caller), query)
        page = pagination.page(
            events, request, name="events", filters=FILTERS, order=order_of(query)
        )
        return Response(pagination.envelope(page, [event_json(event) for event in page.rows]))


class OneEvent(ApiView):
    """One event, as it was told."""

    scopes: ClassVar = {"GET": "events:read"}

    @schema.operation("getEvent", "Events", "Get an event", answers=EventSerializer)
    def get(self, request: Request, event_id: str) -> Response:
        event = Event.objects.visible_to(self.caller).filter(id=event_id).first()
        if event is None:
            raise NotFound("event", event_id, param="event_id")
        return Response(event_json(event))
