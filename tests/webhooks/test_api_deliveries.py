"""…/deliveries, …/test and …/redeliver, over HTTP. What is sent by them has its own tests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import models
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings

from billing.times import iso
from events.models import Event
from events.services import assign_sequences
from organizations.models import Organization
from tests.webhooks.conftest import Happen
from webhooks.feeding import feed
from webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
EventsOf = Callable[[models.Model | str], list[str]]


@pytest.fixture
def client(acme: Organization, api: Callable[..., Any], settings: Settings) -> Any:
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]
    return api(acme)


@pytest.fixture
def path(client: Any) -> str:
    """An endpoint that wants payout.created."""
    body = {"url": "https://receiver.example/", "events": ["payout.created"]}
    return f"/v1/webhooks/{client.post('/v1/webhooks', body).json()['webhook_id']}"


@pytest.fixture
def deliveries(client: Any, path: str, happen: Happen) -> list[Delivery]:
    """Three pending ones, in the order of their events."""
    happen(client.caller, 3)
    fed()
    return list(Delivery.objects.order_by("sequence"))


def fed() -> None:
    assign_sequences()
    feed()


def error(answer: HttpResponse) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.content)["error"]
    return told


def attempted(delivery: Delivery, **outcome: Any) -> None:
    """One more attempt, as the sender writes it."""
    delivery.attempts += 1
    delivery.save()
    fields = {"at": AT, "duration_ms": 84, "address": "93.184.215.14", **outcome}
    Attempt.objects.create(delivery=delivery, number=delivery.attempts, **fields)


def test_a_delivery_is_told_with_each_attempt(
    client: Any, path: str, deliveries: list[Delivery]
) -> None:
    first = deliveries[0]
    attempted(first, error="The connection was refused.", duration_ms=3)
    attempted(first, status_code=503, error="It answered 503.", answer="down for maintenance")

    listed = client.get(f"{path}/deliveries", {"event_id": first.event_id}).json()

    assert listed["data"] == [
        {
            "delivery_id": first.id,
            "webhook_id": path.rpartition("/")[2],
            "event_id": first.event_id,
            "type": "payout.created",
            "sequence": first.sequence,
            "status": "pending",
            "attempt_count": 2,
            "next_attempt_at": iso(first.next_attempt_at or AT),
            "delivered_at": None,
            "created_at": iso(first.created_at),
            "attempts": [
                {
                    "number": 1, "at": "2026-01-15T12:00:00Z", "duration_ms": 3,
                    "address": "93.184.215.14", "status_code": None,
                    "error": "The connection was refused.", "answer": "",
                },
                {
                    "number": 2, "at": "2026-01-15T12:00:00Z", "duration_ms": 84,
                    "address": "93.184.215.14", "status_code": 503,
                    "error": "It answered 503.", "answer": "down for maintenance",
                },
            ],
        }
    ]  # fmt: skip
    assert (listed["has_more"], listed["next_cursor"]) == (False, None)


def test_of_many_attempts_the_latest_ten_are_told(
    client: Any, path: str, deliveries: list[Delivery]
) -> None:
    for _ in range(14):
        attempted(deliveries[0], status_code=500, answer="x" * 2048)

    (told,) = client.get(f"{path}/deliveries", {"event_id": deliveries[0].event_id}).json()["data"]

    assert told["attempt_count"] == 14
    assert [each["number"] for each in told["attempts"]] == list(range(5, 15))


def test_the_list_is_narrowed_by_status_and_event(
    client: Any, path: str, deliveries: list[Delivery]
) -> None:
    done = deliveries[1]
    done.status, done.next_attempt_at, done.delivered_at = DeliveryStatus.DELIVERED, None, AT
    done.save()

    def ids(**query: str) -> set[str]:
        rows = client.get(f"{path}/deliveries", query).json()["data"]
        return {row["delivery_id"] for row in rows}

    assert ids() == {each.id for each in deliveries}
    assert ids(status="delivered") == {done.id}
    assert ids(status="pending") == {deliveries[0].id, deliveries[2].id}
    assert ids(status="delivered", event_id=deliveries[0].event_id) == set()
    assert ids(event_id="evt_none") == set()


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({"status": "lost"}, "invalid_field_value", "status"),
        ({"event_id": "x" * 41}, "invalid_field_value", "event_id"),
        ({"limit": "0"}, "invalid_limit", "limit"),
        ({"cursor": "nonsense"}, "invalid_cursor", "cursor"),
    ],
)
def test_a_wrong_query_is_refused(
    client: Any, path: str, query: dict[str, str], code: str, param: str
) -> None:
    answer = client.get(f"{path}/deliveries", query)

    assert answer.status_code == 400
    assert (error(answer)["code"], error(answer)["param"]) == (code, param)


def test_pages_hold_each_delivery_once_and_their_cursors_stay_with_their_endpoint(
    client: Any, path: str, deliveries: list[Delivery]
) -> None:
    other = client.post(
        "/v1/webhooks", {"url": "https://receiver.example/2", "events": ["payout.created"]}
    ).json()["webhook_id"]

    first = client.get(f"{path}/deliveries", {"limit": "2"}).json()
    query = {"limit": "2", "cursor": first["next_cursor"]}
    second = client.get(f"{path}/deliveries", query).json()
    elsewhere = client.get(f"/v1/webhooks/{other}/deliveries", query)

    walked = [row["delivery_id"] for row in first["data"] + second["data"]]
    assert sorted(walked) == sorted(each.id for each in deliveries)
    assert error(elsewhere)["code"] == "invalid_cursor"


def test_a_page_of_a_hundred_costs_four_queries(
    client: Any, path: str, happen: Happen, django_assert_num_queries: Any
) -> None:
    happen(client.caller, 100)
    fed()
    for delivery in Delivery.objects.all():
        attempted(delivery, status_code=500)
    client.get(path)  # notes the key's first use

    with django_assert_num_queries(4):  # the key, the endpoint, the page, its attempts
        rows = client.get(f"{path}/deliveries", {"limit": "100"}).json()["data"]

    assert len(rows) == 100
    assert all(len(row["attempts"]) == 1 for row in rows)


# --- Test ----------------------------------------------------------------------------------------


def test_a_test_event_is_owed_to_its_endpoint_alone(client: Any, path: str) -> None:
    client.post("/v1/webhooks", {"url": "https://receiver.example/all", "events": ["*"]})

    answer = client.post(f"{path}/test")
    fed()

    event = answer.json()
    id_ = path.rpartition("/")[2]
    assert answer.status_code == 200
    assert (event["type"], event["resource_id"]) == ("webhook.test", id_)
    assert client.get(f"/v1/events/{event['event_id']}").json()["type"] == "webhook.test"
    owed = Delivery.objects.filter(event_id=event["event_id"])
    assert [delivery.endpoint_id for delivery in owed] == [id_]


def test_a_disabled_endpoint_takes_no_test(client: Any, path: str) -> None:
    client.patch(path, {"status": "disabled"})

    answer = client.post(f"{path}/test")

    assert (answer.status_code, error(answer)["code"]) == (400, "webhook_disabled")


# --- Redeliver -----------------------------------------------------------------------------------


def test_one_event_is_sent_again(
    client: Any, path: str, deliveries: list[Delivery], events_of: EventsOf
) -> None:
    Delivery.objects.update(
        status=DeliveryStatus.DELIVERED, next_attempt_at=None, delivered_at=timezone.now()
    )

    answer = client.post(f"{path}/redeliver", {"event_id": deliveries[1].event_id})

    assert answer.status_code == 200
    assert answer.json() == {"webhook_id": path.rpartition("/")[2], "redelivered": 1}
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    assert [each.id for each in pending] == [deliveries[1].id]
    assert "webhook.redelivered" in events_of(Endpoint.objects.get())


def test_all_since_a_time_are_sent_again(
    client: Any, path: str, deliveries: list[Delivery]
) -> None:
    since = Event.objects.get(id=deliveries[0].event_id).created_at - timedelta(minutes=1)
    Delivery.objects.all().delete()

    answer = client.post(f"{path}/redeliver", {"since": since.isoformat()})

    assert answer.json()["redelivered"] == 3
    assert {each.event_id for each in Delivery.objects.all()} == {
        each.event_id for each in deliveries
    }


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "event_id"),
        ({"event_id": None}, "invalid_field_value", "event_id"),
        ({"event_id": "evt_1", "since": "2026-01-15T12:00:00Z"}, "invalid_field_value", "since"),
        ({"since": "yesterday"}, "invalid_field_value", "since"),
        ({"since": "2026-01-15T12:00:00"}, "invalid_field_value", "since"),
        ({"since": 5}, "invalid_field_value", "since"),
        ({"event_id": "x" * 41}, "invalid_field_value", "event_id"),
    ],
)
def test_what_to_send_again_is_said_in_one_way(
    client: Any, path: str, body: dict[str, Any], code: str, param: str
) -> None:
    answer = client.post(f"{path}/redeliver", body)

    assert answer.status_code == 400
    assert (error(answer)["code"], error(answer)["param"]) == (code, param)


def test_a_strangers_event_is_not_sent(
    client: Any, path: str, zenith: Organization, api: Callable[..., Any], happen: Happen
) -> None:
    (theirs,) = happen(api(zenith).caller)
    fed()

    answer = client.post(f"{path}/redeliver", {"event_id": theirs.id})

    assert (answer.status_code, error(answer)["code"]) == (404, "event_not_found")
    assert not Delivery.objects.exists()
