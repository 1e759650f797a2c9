"""What a request about webhooks may say. Parsed here once, trusted inside."""

from datetime import timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.errors import InvalidRequest
from billing.fields import (
    AwareDateTimeField,
    Messages,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
)
from webhooks.endpoints import LONGEST_OVERLAP, OVERLAP
from webhooks.guard import URL_LENGTH_MAX
from webhooks.models import EndpointStatus
from webhooks.schema import EVENT_WORDS

_WORD = StrictCharField(max_length=100)

HOUR = timedelta(hours=1)
FIXED = ("webhook_id", "org_id", "environment", "secret", "is_local")


@extend_schema_field({"type": "string", "format": "uri", "maxLength": 2000})
class UrlField(StrictCharField):
    """A URL as text; webhooks.guard judges it, and says in words what is wrong with it."""

    def __init__(self, **kwargs: Any) -> None:
        where = "Where events are POSTed: https, or http in the sandbox; a public address."
        super().__init__(max_length=URL_LENGTH_MAX, help_text=where, **kwargs)


class WordField(NamedWord):
    """A type of event, or `*`, as a string; webhooks.endpoints.wanted says which there are not."""

    def to_internal_value(self, data: Any) -> str:
        return _WORD.run_validation(data)  # type: ignore[no-any-return]  # a string


class EventsField(serializers.ListField):
    """The types of events to be told of, at least one."""

    default_error_messages: ClassVar[Messages] = {
        "not_a_list": "This must be a list of types of events.",
        "min_length": 'Name at least one type of event, or "*".',
    }

    def __init__(self, **kwargs: Any) -> None:
        which = "The types of events to be told of, or `*` alone for every one."
        child = WordField("WebhookEventType", EVENT_WORDS)
        super().__init__(child=child, min_length=1, help_text=which, **kwargs)


class CreateWebhookRequest(serializers.Serializer[Any]):
    """Body of POST /v1/webhooks."""

    url = UrlField()
    events = EventsField()
    description = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=256, help_text="For people."
    )


class UpdateWebhookRequest(serializers.Serializer[Any]):
    """Body of PATCH /v1/webhooks/{webhook_id}: fields first, then the status, all or nothing."""

    url = UrlField(required=False)
    events = EventsField(required=False)
    description = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=256, help_text="For people."
    )
    status = StrictChoiceField(
        choices=EndpointStatus.choices,
        required=False,
        help_text="`disabled`: it is told nothing. `active`: what it was owed goes on.",
    )


class RotateWebhookRequest(serializers.Serializer[Any]):
    """Body of POST /v1/webhooks/{webhook_id}/rotate; may be empty."""

    overlap_hours = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=LONGEST_OVERLAP // HOUR,
        help_text=f"How long the old secret signs too; {OVERLAP // HOUR} where not given, "
        "0 ends it at once.",
    )
    replace = StrictBooleanField(
        required=False,
        help_text="While a rotation runs: drop its new secret, which was lost, for a newer one.",
    )


class RedeliverWebhookRequest(serializers.Serializer[Any]):
    """Body of POST /v1/webhooks/{webhook_id}/redeliver: exactly one of the two."""

    event_id = StrictCharField(
        required=False, max_length=40, help_text="This one event (`evt_…`), delivered or not."
    )
    since = AwareDateTimeField(
        required=False, help_text="Every event it wants that happened since then."
    )


CREATE = CreateWebhookRequest()
UPDATE = UpdateWebhookRequest()
ROTATE = RotateWebhookRequest()
REDELIVER = RedeliverWebhookRequest()


def changes(data: Any) -> dict[str, Any]:
    """Read the body of a PATCH: only what it names. Raises `field_immutable` for what is fixed."""
    named = next((name for name in FIXED if name in data), None)
    if named is not None:
        how = "Rotate it instead." if named == "secret" else "Create another webhook instead."
        message = f"{named} never changes by this call. {how}"
        raise InvalidRequest(message, code="field_immutable", param=named)
    values: dict[str, Any] = UPDATE.run_validation(data)
    return values


def rotation(data: Any) -> dict[str, Any]:
    """Read the body of a rotate as the keyword arguments of webhooks.endpoints.rotate."""
    values = ROTATE.run_validation(data)
    if (hours := values.pop("overlap_hours", None)) is not None:
        values["overlap"] = hours * HOUR
    return dict(values)


def redelivery(data: Any) -> dict[str, Any]:
    """Read the body of a redeliver: `event_id` or `since`."""
    values: dict[str, Any] = REDELIVER.run_validation(data)
    if len(values) != 1:
        raise InvalidRequest(
            "Say either event_id, for one event, or since, for all from a time on.",
            code="invalid_field_value" if values else "missing_required_field",
            param="since" if values else "event_id",
        )
    return values
