"""The public contract's facts of /webhooks, in the document and in real answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from pytest_django import Settings

from events.services import assign_sequences
from events.types import EventType
from organizations.models import Organization
from webhooks import examples
from webhooks.feeding import feed
from webhooks.models import Attempt, Delivery, Endpoint

Json = dict[str, Any]

CONTRACT_FIELDS = {
    "webhook_id", "url", "events", "description", "status", "created_at",
}  # fmt: skip
CONTRACT_EVENTS = {
    "checkout.created", "checkout.payment_detected", "checkout.confirming", "checkout.completed",
    "checkout.expired", "checkout.failed",
}  # fmt: skip
# Of the guide on webhooks, beside those.
GUIDE_EVENTS = {
    "subscription.renewed", "subscription.past_due", "subscription.paused",
    "subscription.canceled", "payout.settled", "payout.failed",
}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> Json:
    built: Json = SchemaGenerator().get_schema(request=None, public=True)
    return built


@pytest.fixture
def client(acme: Organization, api: Callable[..., Any], settings: Settings) -> Any:
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]
    return api(acme)


@pytest.fixture
def made(client: Any) -> Json:
    body = {"url": "https://receiver.example/", "events": ["payout.settled"]}
    answer: Json = client.post("/v1/webhooks", body).json()
    return answer


def component(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def test_the_operations_have_the_contracts_names(document: Json) -> None:
    paths = document["paths"]
    named = {
        (method, path): operation["operationId"]
        for path, item in paths.items()
        for method, operation in item.items()
        if path in ("/v1/webhooks", "/v1/webhooks/{webhook_id}") and method != "patch"
    }

    assert named == {
        ("post", "/v1/webhooks"): "createWebhookEndpoint",
        ("get", "/v1/webhooks"): "listWebhookEndpoints",
        ("get", "/v1/webhooks/{webhook_id}"): "getWebhookEndpoint",
        ("delete", "/v1/webhooks/{webhook_id}"): "deleteWebhookEndpoint",
    }
    assert "201" in paths["/v1/webhooks"]["post"]["responses"]
    deleted = paths["/v1/webhooks/{webhook_id}"]["delete"]["responses"]["204"]
    assert "content" not in deleted


def test_the_request_is_the_contracts(document: Json) -> None:
    request = component(document, "CreateWebhookRequest")

    assert sorted(request["required"]) == ["events", "url"]
    assert request["properties"]["url"]["format"] == "uri"
    assert request["properties"]["events"]["minItems"] == 1
    assert request["properties"]["description"]["maxLength"] == 256


def test_every_event_that_any_source_names_can_be_wanted(document: Json) -> None:
    words = set(component(document, "WebhookEventType")["enum"])

    assert words == {"*", *EventType.values}
    assert words >= CONTRACT_EVENTS | GUIDE_EVENTS


def test_an_endpoint_has_the_contracts_fields_and_those_documented(
    document: Json, client: Any, made: Json
) -> None:
    properties = component(document, "WebhookEndpoint")["properties"]
    got = client.get(f"/v1/webhooks/{made['webhook_id']}").json()
    (listed,) = client.get("/v1/webhooks").json()["data"]

    assert made.keys() == properties.keys()
    assert got.keys() == listed.keys() == properties.keys() - {"secret"}
    assert made.keys() >= CONTRACT_FIELDS | {"secret"}
    assert made["description"] is None
    assert made["status"] == "active"
    assert component(document, "WebhookStatus")["enum"] == ["active", "disabled"]
    assert "secret" not in component(document, "WebhookEndpoint")["required"]


def test_a_list_has_the_envelope_of_lists(client: Any, made: Json) -> None:
    listed = client.get("/v1/webhooks").json()

    assert listed.keys() == {"data", "has_more", "next_cursor"}
    assert (listed["has_more"], listed["next_cursor"]) == (False, None)


def test_a_delivery_has_the_fields_documented(document: Json, client: Any, made: Json) -> None:
    client.post(f"/v1/webhooks/{made['webhook_id']}/test")
    assign_sequences()
    feed()
    Attempt.objects.create(
        delivery=Delivery.objects.get(), number=1, at=timezone.now(), duration_ms=1
    )
    Delivery.objects.update(attempts=1)

    (told,) = client.get(f"/v1/webhooks/{made['webhook_id']}/deliveries").json()["data"]

    assert told.keys() == component(document, "WebhookDelivery")["properties"].keys()
    (attempt,) = told["attempts"]
    assert attempt.keys() == component(document, "DeliveryAttempt")["properties"].keys()


def test_the_examples_have_the_fields_of_real_answers(document: Json, made: Json) -> None:
    assert examples.CREATED.keys() == made.keys()
    assert examples.WEBHOOK.keys() == made.keys() - {"secret"}
    delivery = component(document, "WebhookDelivery")["properties"]
    assert examples.DELIVERY.keys() == delivery.keys()
    attempt = component(document, "DeliveryAttempt")["properties"]
    assert examples.DELIVERY["attempts"][0].keys() == attempt.keys()
    assert examples.TEST_EVENT.keys() == component(document, "Event")["properties"].keys()


def test_every_field_a_published_client_reads_is_never_missing(client: Any, made: Json) -> None:
    """billingio raises where one of these three is absent, whatever state the endpoint is in."""
    path = f"/v1/webhooks/{made['webhook_id']}"
    client.patch(path, {"status": "disabled"})
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=1))

    assert client.get(path).json().keys() >= {"webhook_id", "url", "created_at"}
