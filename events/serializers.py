"""The shape of an event, for the OpenAPI document; answers are written by services.event_json."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.chains import Environment
from events.types import EventType


# The upper floor that knows checkouts, named by the component that its answers have: this floor
# imports none. Other events' data have the keys of a checkout too, as null (services.publish).
@extend_schema_field(
    {
        "anyOf": [
            {"$ref": "#/components/schemas/Checkout"},
            {"type": "object", "additionalProperties": {}},
        ]
    }
)
class DataField(serializers.DictField):
    """The object an event is about: a checkout, or another one."""


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened. `data` is the object as it was then."""

    event_id = serializers.CharField()
    type = serializers.ChoiceField(choices=EventType.choices)
    checkout_id = serializers.CharField(allow_null=True)
    data = DataField(  # type: ignore[assignment]  # fields are taken off the class
        help_text="The object the event is about, as it was then: a checkout for all `checkout.` "
        "events."
    )
    created_at = serializers.DateTimeField()
    environment = serializers.ChoiceField(choices=Environment.choices)
    resource_id = serializers.CharField()
    sequence = serializers.IntegerField(
        allow_null=True,
        help_text="Gapless per organization and environment; null until it is given.",
    )
