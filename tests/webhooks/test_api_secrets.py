"""POST …/rotate and …/rotate/confirm, over HTTP, and whose signature is looked at when."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from billingio.errors import WebhookVerificationError
from billingio.webhooks import verify_webhook_signature
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings

from events.models import Event
from organizations.models import Organization
from webhooks import signing
from webhooks.models import Endpoint
from webhooks.secrets import in_signing_order

BODY = b'{"type": "payout.settled"}'


@pytest.fixture
def client(acme: Organization, api: Callable[..., Any], settings: Settings) -> Any:
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]
    return api(acme)


@pytest.fixture
def made(client: Any) -> dict[str, Any]:
    """An endpoint as create answered it, with its first secret."""
    body = {"url": "https://receiver.example/", "events": ["*"]}
    answer: dict[str, Any] = client.post("/v1/webhooks", body).json()
    return answer


def error(answer: HttpResponse) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.content)["error"]
    return told


def is_taken_with(secret: str) -> bool:
    """Whether the published client, knowing `secret`, takes what is sent now."""
    order = in_signing_order(Endpoint.objects.get(), timezone.now())
    told = signing.headers("evt_1", BODY, order, timezone.now(), event_type="payout.settled")
    try:
        verify_webhook_signature(BODY.decode(), told["X-Billing-Signature"], secret)
    except WebhookVerificationError:
        return False
    return True


def test_a_receiver_switches_without_refusing_one_delivery(
    client: Any, made: dict[str, Any]
) -> None:
    path = f"/v1/webhooks/{made['webhook_id']}/rotate"
    assert is_taken_with(made["secret"])

    rotated = client.post(path)
    assert is_taken_with(made["secret"])
    confirmed = client.post(f"{path}/confirm")

    assert (rotated.status_code, confirmed.status_code) == (200, 200)
    assert is_taken_with(rotated.json()["secret"])
    assert not is_taken_with(made["secret"])
    assert "secret" not in confirmed.json()
    assert confirmed.json()["old_secret_until"] is None


@pytest.mark.parametrize(
    ("body", "hours"), [({}, 24), ({"overlap_hours": 1}, 1), ({"overlap_hours": 168}, 168)]
)
def test_the_overlap_is_a_day_or_as_long_as_was_asked(
    client: Any, made: dict[str, Any], body: dict[str, Any], hours: int
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    rotated = client.post(f"/v1/webhooks/{made['webhook_id']}/rotate", body).json()

    until = datetime.fromisoformat(rotated["old_secret_until"]) - timedelta(hours=hours)
    assert before <= until <= before + timedelta(minutes=1)


def test_without_an_overlap_the_old_secret_is_void_at_once(
    client: Any, made: dict[str, Any]
) -> None:
    path = f"/v1/webhooks/{made['webhook_id']}/rotate"

    rotated = client.post(path, {"overlap_hours": 0}).json()

    assert rotated["old_secret_until"] is None
    assert is_taken_with(rotated["secret"])
    assert not is_taken_with(made["secret"])


def test_a_second_rotation_says_what_is_so_and_what_to_do(
    client: Any, made: dict[str, Any]
) -> None:
    path = f"/v1/webhooks/{made['webhook_id']}/rotate"
    first = client.post(path).json()

    refused = client.post(path)
    replaced = client.post(path, {"replace": True}).json()

    assert (refused.status_code, error(refused)["code"]) == (400, "rotation_running")
    assert first["old_secret_until"] in error(refused)["message"]
    assert "replace: true" in error(refused)["message"]
    assert replaced["secret"] not in (first["secret"], made["secret"])
    assert is_taken_with(made["secret"])


def test_nothing_is_confirmed_where_no_rotation_runs(client: Any, made: dict[str, Any]) -> None:
    answer = client.post(f"/v1/webhooks/{made['webhook_id']}/rotate/confirm")

    assert (answer.status_code, error(answer)["code"]) == (400, "rotation_not_running")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"overlap_hours": -1}, "overlap_hours"),
        ({"overlap_hours": 169}, "overlap_hours"),
        ({"overlap_hours": 1.5}, "overlap_hours"),
        ({"overlap_hours": "24"}, "overlap_hours"),
        ({"overlap_hours": True}, "overlap_hours"),
        ({"replace": 1}, "replace"),
    ],
)
def test_a_wrong_rotation_is_refused(
    client: Any, made: dict[str, Any], body: dict[str, Any], param: str
) -> None:
    answer = client.post(f"/v1/webhooks/{made['webhook_id']}/rotate", body)

    assert (answer.status_code, error(answer)["code"]) == (400, "invalid_field_value")
    assert error(answer)["param"] == param
    assert is_taken_with(made["secret"])


def test_a_repeat_with_a_key_answers_the_same_new_secret(client: Any, made: dict[str, Any]) -> None:
    """So a lost answer costs nothing: the same call again has the secret in it."""
    path = f"/v1/webhooks/{made['webhook_id']}/rotate"

    first = client.post(path, {}, idempotency_key="rotate-1")
    again = client.post(path, {}, idempotency_key="rotate-1")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert Event.objects.filter(type="webhook.rotated").count() == 1
