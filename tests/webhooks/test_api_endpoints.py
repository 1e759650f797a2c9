"""/v1/webhooks: create, list, get, change and delete, over HTTP."""

import json
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models
from django.http import HttpResponse
from pytest_django import Settings

from billing.callers import ALL_SCOPES
from events.models import Event
from organizations.models import IdempotencyKey, Organization
from organizations.services import create_organization, issue_api_key
from tests.conftest import Api
from webhooks.models import Endpoint
from webhooks.secrets import opened

URL = "https://receiver.example/hooks"
EventsOf = Callable[[models.Model | str], list[str]]
MakeClient = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_lookups(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example", "other.example"]


def a_body(**changes: Any) -> dict[str, Any]:
    return {"url": URL, "events": ["payout.settled"], **changes}


def create(client: Any, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", a_body(**changes))
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def error(answer: HttpResponse) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.content)["error"]
    return told


def test_create_answers_the_endpoint_with_its_secret(acme: Organization, api: MakeClient) -> None:
    answer = api(acme).post("/v1/webhooks", a_body(description="Shop"))

    assert answer.status_code == 201
    made = answer.json()
    row = Endpoint.objects.get()
    assert made["webhook_id"] == row.id
    assert (made["url"], made["events"]) == (URL, ["payout.settled"])
    assert (made["description"], made["status"]) == ("Shop", "active")
    assert made["secret"] == opened(row.secret)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{32}", made["secret"])
    assert (made["org_id"], made["environment"]) == (acme.id, "sandbox")
    assert made["old_secret_until"] is made["disabled_because"] is made["failing_since"] is None


def test_the_secret_is_in_no_other_answer(acme: Organization, api: MakeClient) -> None:
    client = api(acme)
    made = create(client)
    secret = made.pop("secret")
    path = f"/v1/webhooks/{made['webhook_id']}"

    got = client.get(path)
    others = [
        client.get("/v1/webhooks"),
        client.patch(path, {"description": "Shop"}),
        client.post(f"{path}/test"),
        client.get(f"{path}/deliveries"),
        client.get("/v1/events"),
        client.call("DELETE", path),
    ]

    assert got.json() == made
    for answer in (got, *others):
        assert answer.status_code in (200, 204)
        assert b'secret":' not in answer.content.replace(b"old_secret_until", b"")
        assert secret.encode() not in answer.content


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "url"),
        ({"url": URL}, "missing_required_field", "events"),
        (a_body(url=None), "missing_required_field", "url"),
        (a_body(url=5), "invalid_field_value", "url"),
        (a_body(url=""), "invalid_field_value", "url"),
        (a_body(url="https://receiver.example/" + "x" * 2000), "invalid_field_value", "url"),
        (a_body(url="receiver.example"), "invalid_url", "url"),
        (a_body(url="ftp://receiver.example/"), "invalid_url", "url"),
        (a_body(url="https://mara:word@receiver.example/"), "invalid_url", "url"),
        (a_body(url="https://mara@receiver.example/"), "invalid_url", "url"),
        (a_body(url="https://127.0.0.1/"), "address_refused", "url"),
        (a_body(url="https://93.184.215.14:22/"), "port_refused", "url"),
        (a_body(events=[]), "invalid_field_value", "events"),
        (a_body(events="payout.settled"), "invalid_field_value", "events"),
        (a_body(events=["payout.paid"]), "invalid_field_value", "events"),
        (a_body(events=[5]), "invalid_field_value", "events.0"),
        (a_body(events=["*", None]), "invalid_field_value", "events.1"),
        (a_body(events=[["*"]]), "invalid_field_value", "events.0"),
        (a_body(events=["*", "payout.settled"]), "invalid_field_value", "events"),
        (a_body(description="x" * 257), "invalid_field_value", "description"),
        (a_body(description=5), "invalid_field_value", "description"),
        (a_body(description="ab" * 32), "private_key_refused", "description"),
    ],
)
def test_what_is_wrong_is_refused_and_named(
    acme: Organization, api: MakeClient, body: dict[str, Any], code: str, param: str
) -> None:
    client = api(acme)
    answers = [
        client.post("/v1/webhooks", body),
        client.post("/v1/webhooks", body, idempotency_key="once"),
    ]

    for answer in answers:
        assert answer.status_code == 400
        assert (error(answer)["code"], error(answer)["param"]) == (code, param)
    assert not Endpoint.objects.exists()
    assert not Event.objects.filter(type__startswith="webhook.").exists()


def test_an_unknown_event_is_named_with_those_that_there_are(
    acme: Organization, api: MakeClient
) -> None:
    answer = api(acme).post("/v1/webhooks", a_body(events=["payout.settled", "payout.paid"]))

    assert error(answer)["message"].startswith("No such event type: payout.paid. There are: *, ")
    assert "payout.settled" in error(answer)["message"]


def test_live_takes_https_alone_and_the_sandbox_http_too(
    acme: Organization, api: MakeClient
) -> None:
    plain = a_body(url="http://receiver.example/hooks")

    in_live = api(acme, "live").post("/v1/webhooks", plain)

    assert (in_live.status_code, error(in_live)["code"]) == (400, "https_required")
    assert api(acme).post("/v1/webhooks", plain).status_code == 201
    assert api(acme, "live").post("/v1/webhooks", a_body()).status_code == 201


# --- Once ----------------------------------------------------------------------------------------


def test_a_repeat_answers_the_same_secret_and_makes_no_second_endpoint(
    acme: Organization, api: MakeClient
) -> None:
    client = api(acme)

    first = client.post("/v1/webhooks", a_body(), idempotency_key="hook-1")
    again = client.post("/v1/webhooks", a_body(), idempotency_key="hook-1")
    other = client.post("/v1/webhooks", a_body(description="b"), idempotency_key="hook-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert first.json()["secret"].startswith("whsec_")
    assert (other.status_code, error(other)["code"]) == (409, "idempotency_key_reused")
    assert Endpoint.objects.count() == 1


def test_the_answer_kept_for_a_repeat_is_encrypted(acme: Organization, api: MakeClient) -> None:
    client = api(acme)
    made = client.post("/v1/webhooks", a_body(), idempotency_key="hook-1").json()
    path = f"/v1/webhooks/{made['webhook_id']}/rotate"
    rotated = client.post(path, {}, idempotency_key="hook-2").json()

    for row, secret in zip(
        IdempotencyKey.objects.order_by("created_at"),
        (made["secret"], rotated["secret"]),
        strict=True,
    ):
        assert row.is_encrypted
        assert b"whsec_" not in bytes(row.answer)
        assert secret.encode() not in bytes(row.answer)


def test_a_used_key_is_told_so_first_whatever_is_wrong_with_the_new_body(
    acme: Organization, api: MakeClient
) -> None:
    client = api(acme)
    client.post("/v1/webhooks", a_body(), idempotency_key="hook-1")

    for wrong in (a_body(events=["nonsense"]), a_body(url="https://127.0.0.1/"), {}):
        answer = client.post("/v1/webhooks", wrong, idempotency_key="hook-1")
        assert (answer.status_code, error(answer)["code"]) == (409, "idempotency_key_reused")


@pytest.mark.django_db(transaction=True)
def test_no_name_is_looked_up_inside_a_transaction(
    api: MakeClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repeat's transaction and the act's: two seconds of DNS in either would hold locks."""
    settings.WEBHOOK_ALLOWED_HOSTS = []
    client = api(create_organization("Acme GmbH"))
    inside: list[bool] = []
    name = "hooks.billing-test.example"

    def resolved(*args: Any, **kwargs: Any) -> Any:
        idle = "select state from pg_stat_activity where datname = current_database()"
        inside.append(is_in_transaction(idle))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]

    def is_in_transaction(query: str) -> bool:
        # From another connection than the request's, for it is looked up in another thread.
        with connection.cursor() as cursor:
            cursor.execute(query)
            states = [row[0] for row in cursor.fetchall()]
        connection.close()
        return "idle in transaction" in states

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    made = client.post("/v1/webhooks", a_body(url=f"https://{name}/"), idempotency_key="k")
    path = f"/v1/webhooks/{made.json()['webhook_id']}"
    changed = client.patch(path, {"url": f"https://{name}/other"})

    assert (made.status_code, changed.status_code) == (201, 200)
    assert inside == [False, False]


# --- Who may -------------------------------------------------------------------------------------

CALLS = [
    ("GET", "/v1/webhooks", "webhooks:read"),
    ("POST", "/v1/webhooks", "webhooks:write"),
    ("GET", "/v1/webhooks/ID", "webhooks:read"),
    ("PATCH", "/v1/webhooks/ID", "webhooks:write"),
    ("DELETE", "/v1/webhooks/ID", "webhooks:write"),
    ("POST", "/v1/webhooks/ID/rotate", "webhooks:write"),
    ("POST", "/v1/webhooks/ID/rotate/confirm", "webhooks:write"),
    ("POST", "/v1/webhooks/ID/test", "webhooks:write"),
    ("POST", "/v1/webhooks/ID/redeliver", "webhooks:write"),
    ("GET", "/v1/webhooks/ID/deliveries", "webhooks:read"),
]
BODIES = {"/v1/webhooks": a_body(), "/v1/webhooks/ID/redeliver": {"since": "2025-01-01T00:00:00Z"}}


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_every_call_needs_its_scope(
    acme: Organization, api: MakeClient, method: str, path: str, scope: str
) -> None:
    id_ = create(api(acme))["webhook_id"]
    lacking = api(acme, scopes=ALL_SCOPES - {scope})

    answer = lacking.call(method, path.replace("ID", id_), BODIES.get(path))

    assert (answer.status_code, error(answer)["code"]) == (403, "insufficient_scope")
    assert scope in error(answer)["message"]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_in_live_every_call_needs_a_plan_and_in_the_sandbox_none(
    method: str, path: str, scope: str, db: None
) -> None:
    free = create_organization("Free AG", plan="free")
    live, sandbox = (Api(*issue_api_key(free, each)) for each in ("live", "sandbox"))
    id_ = create(sandbox)["webhook_id"]

    refused = live.call(method, path.replace("ID", id_), BODIES.get(path))
    allowed = sandbox.call(method, path.replace("ID", id_), BODIES.get(path))

    assert (refused.status_code, error(refused)["code"]) == (403, "plan_required")
    assert allowed.status_code in (200, 201, 204, 400)  # 400: no rotation runs
    assert b"plan_required" not in allowed.content


@pytest.mark.parametrize("stranger", ["organization", "environment"])
@pytest.mark.parametrize(("method", "path", "scope"), CALLS[2:])
def test_a_strangers_endpoint_is_answered_as_a_missing_one(
    acme: Organization,
    zenith: Organization,
    api: MakeClient,
    events_of: EventsOf,
    method: str,
    path: str,
    scope: str,
    stranger: str,
) -> None:
    id_ = create(api(acme))["webhook_id"]
    client = api(zenith) if stranger == "organization" else api(acme, "live")

    def ask(id_: str) -> tuple[int, str]:
        answer = client.call(method, path.replace("ID", id_), BODIES.get(path))
        return answer.status_code, answer.content.decode().replace(id_, "ID")

    foreign, missing = ask(id_), ask("we_" + "0" * 24)

    assert foreign == missing
    assert foreign[0] == 404
    assert json.loads(foreign[1])["error"] == {
        "type": "not_found", "code": "webhook_not_found", "message": "No such webhook: ID.",
        "param": "webhook_id",
    }  # fmt: skip
    assert events_of(id_) == ["webhook.created"]


# --- List, change, delete ------------------------------------------------------------------------


def test_the_list_is_newest_first_in_pages_and_of_the_caller_alone(
    acme: Organization, zenith: Organization, api: MakeClient
) -> None:
    client = api(acme)
    made = [create(client, description=str(n))["webhook_id"] for n in range(5)]
    create(api(zenith))
    create(api(acme, "live"))

    first = client.get("/v1/webhooks", {"limit": "3"}).json()
    second = client.get("/v1/webhooks", {"limit": "3", "cursor": first["next_cursor"]}).json()

    walked = [row["webhook_id"] for row in first["data"] + second["data"]]
    assert walked == made[::-1]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)


def test_a_change_is_answered_and_told(
    acme: Organization, api: MakeClient, events_of: EventsOf
) -> None:
    client = api(acme)
    path = f"/v1/webhooks/{create(client)['webhook_id']}"
    changes = {"url": "https://other.example/", "events": ["*"], "description": None}

    changed = client.patch(path, changes)
    disabled = client.patch(path, {"status": "disabled"}).json()
    both = client.patch(path, {"description": "Shop", "status": "active"}).json()

    assert changed.status_code == 200
    assert changes.items() <= changed.json().items()
    assert (disabled["status"], disabled["disabled_because"]) == ("disabled", "by_hand")
    assert disabled["disabled_at"] is not None
    assert (both["description"], both["status"], both["disabled_at"]) == ("Shop", "active", None)
    assert events_of(path.rpartition("/")[2]) == [
        "webhook.created", "webhook.updated", "webhook.disabled", "webhook.updated",
        "webhook.enabled",
    ]  # fmt: skip
    assert client.patch(path, {}).json() == both


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"url": "https://169.254.169.254/"}, "address_refused", "url"),
        ({"url": "https://user:word@receiver.example/"}, "invalid_url", "url"),
        ({"url": None}, "invalid_field_value", "url"),
        ({"events": []}, "invalid_field_value", "events"),
        ({"events": ["nonsense"]}, "invalid_field_value", "events"),
        ({"status": "deleted"}, "invalid_field_value", "status"),
        ({"status": None}, "invalid_field_value", "status"),
        ({"secret": "whsec_mine"}, "field_immutable", "secret"),
        ({"is_local": True}, "field_immutable", "is_local"),
        ({"webhook_id": "we_1"}, "field_immutable", "webhook_id"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(
    acme: Organization,
    api: MakeClient,
    events_of: EventsOf,
    changes: dict[str, Any],
    code: str,
    param: str,
) -> None:
    client = api(acme)
    made = create(client)
    path = f"/v1/webhooks/{made['webhook_id']}"

    answer = client.patch(path, {"description": "Shop", **changes})

    assert answer.status_code == 400
    assert (error(answer)["code"], error(answer)["param"]) == (code, param)
    assert client.get(path).json()["description"] is None
    assert events_of(made["webhook_id"]) == ["webhook.created"]


def test_a_deleted_endpoint_is_gone_and_its_event_stays(
    acme: Organization, api: MakeClient, events_of: EventsOf
) -> None:
    client = api(acme)
    id_ = create(client)["webhook_id"]

    deleted = client.call("DELETE", f"/v1/webhooks/{id_}")
    again = client.call("DELETE", f"/v1/webhooks/{id_}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (again.status_code, error(again)["code"]) == (404, "webhook_not_found")
    assert client.get("/v1/webhooks").json()["data"] == []
    assert events_of(id_) == ["webhook.created", "webhook.deleted"]


def test_a_list_of_a_hundred_costs_one_query_beside_the_keys(
    acme: Organization, api: MakeClient, django_assert_num_queries: Any
) -> None:
    client = api(acme)
    for _ in range(3):
        create(client)
    client.get("/v1/webhooks")  # notes the key's first use

    with django_assert_num_queries(2):
        client.get("/v1/webhooks", {"limit": "100"})
