"""The shapes of answers about webhooks, for the OpenAPI document; webhooks.answers writes them.

The contract's fields come first, then ours. Tests hold both against real answers.
"""

from typing import Any

from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.chains import Environment
from events.types import EventType
from webhooks.models import DeliveryStatus, DisabledBecause, EndpointStatus

EVENT_WORDS = ["*", *EventType.values]


def time(text: str | None = None) -> serializers.DateTimeField:
    """A time that is null until it happens."""
    return serializers.DateTimeField(allow_null=True, help_text=text)


class WebhookEndpointSerializer(serializers.Serializer[Any]):
    """A URL of yours that is told of events, each signed with its secret."""

    webhook_id = serializers.CharField()
    url = serializers.URLField()
    events = serializers.ListField(
        child=NamedWord("WebhookEventType", EVENT_WORDS),
        help_text="The types of events it is told of, or `*` alone: every one.",
    )
    secret = serializers.CharField(
        required=False,
        help_text="`whsec_` and base64 of 24 bytes. In the answer of create and of rotate alone, "
        "this once; kept encrypted.",
    )
    description = serializers.CharField(allow_null=True)
    status = NamedWord(
        "WebhookStatus", EndpointStatus.values, help_text="A disabled one is told nothing."
    )
    created_at = serializers.DateTimeField()
    org_id = serializers.CharField()
    environment = NamedWord("Environment", Environment.values)
    updated_at = serializers.DateTimeField()
    disabled_at = time()
    disabled_because = NamedWord(
        "WebhookDisabledBecause",
        DisabledBecause.values,
        allow_null=True,
        help_text="`by_hand`; `failing`: nothing arrived for three days; `gone`: it answered 410.",
    )
    failing_since = time("The first failure since anything was last delivered.")
    last_delivered_at = time()
    old_secret_until = time(
        "While a rotation runs: until when the old secret signs beside the new one."
    )
    is_local = serializers.BooleanField(
        help_text="Made by the operator's `webhook_listen`, for a program on the same machine."
    )
    expires_at = time("Of a local one: when it ends.")


class DeliveryAttemptSerializer(serializers.Serializer[Any]):
    """One POST: what was answered, or why nothing was."""

    number = serializers.IntegerField(help_text="From 1, over all redeliveries.")
    at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    address = serializers.CharField(allow_null=True, help_text="The address that was dialled.")
    status_code = serializers.IntegerField(allow_null=True, help_text="Null: nothing was answered.")
    error = serializers.CharField(allow_null=True, help_text="Why it did not arrive, in words.")
    answer = serializers.CharField(help_text="The first 2 kB of what was answered, as text.")


class WebhookDeliverySerializer(serializers.Serializer[Any]):
    """One event owed to one endpoint, and how far that has come."""

    delivery_id = serializers.CharField()
    webhook_id = serializers.CharField()
    event_id = serializers.CharField()
    type = serializers.ChoiceField(choices=EventType.choices)
    sequence = serializers.IntegerField(help_text="The event's: deliveries are in its order.")
    status = NamedWord("WebhookDeliveryStatus", DeliveryStatus.values)
    attempt_count = serializers.IntegerField()
    next_attempt_at = time("Null where nothing more will be sent by itself.")
    delivered_at = time()
    created_at = serializers.DateTimeField()
    attempts = DeliveryAttemptSerializer(many=True, help_text="The latest ten, oldest first.")


class RedeliveredSerializer(serializers.Serializer[Any]):
    """How many deliveries were put on their way again."""

    webhook_id = serializers.CharField()
    redelivered = serializers.IntegerField()
