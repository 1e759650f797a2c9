"""What narrows the list of deliveries: each query parameter, checked strictly."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers

from billing.fields import StrictCharField, StrictChoiceField
from webhooks.models import Delivery, DeliveryStatus, Endpoint


class DeliveryFilters(serializers.Serializer[Any]):
    """Query of GET /v1/webhooks/{webhook_id}/deliveries."""

    status = StrictChoiceField(
        choices=DeliveryStatus.choices, required=False, help_text="Only deliveries in this state."
    )
    event_id = StrictCharField(
        required=False, max_length=40, help_text="The one delivery of this event (`evt_…`)."
    )


_DELIVERIES = DeliveryFilters()
# For the document, which unfolds a serializer into one parameter per field.
DELIVERY_QUERY: list[Any] = [DeliveryFilters]
DELIVERY_LOOKUPS: Mapping[str, str] = {"status": "status", "event_id": "event_id"}


def deliveries(endpoint: Endpoint, query: QueryDict) -> QuerySet[Delivery]:
    """Return the deliveries of `endpoint` that the query asks for. Raises ValidationError."""
    given = {name: query[name] for name in DELIVERY_LOOKUPS if name in query}
    parsed: dict[str, Any] = _DELIVERIES.run_validation(given) if given else {}
    rows = Delivery.objects.filter(endpoint=endpoint, **parsed)
    return rows.select_related("event").defer("event__payload")
