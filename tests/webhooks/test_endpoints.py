"""The acts on endpoints, by themselves: what each writes, tells and refuses."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from pytest_django import Settings

from billing.callers import ALL_SCOPES, Caller, system
from billing.chains import Environment
from billing.errors import InsufficientScope, InvalidRequest, NotFound
from events.models import Event
from events.services import assign_sequences, publish
from organizations.models import Organization
from webhooks import endpoints
from webhooks.endpoints import NewEndpoint
from webhooks.guard import local, vetted
from webhooks.models import (
    Delivery,
    DeliveryStatus,
    DisabledBecause,
    Endpoint,
    EndpointStatus,
)
from webhooks.secrets import in_signing_order, opened

URL = "https://receiver.example/hooks"
EventsOf = Callable[[models.Model | str], list[str]]


@pytest.fixture(autouse=True)
def _no_lookups(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example", "other.example"]


def draft(caller: Caller, url: str = URL, events: tuple[str, ...] = ("*",)) -> NewEndpoint:
    return NewEndpoint(vetted(url, caller.environment), events)


@pytest.fixture
def endpoint(caller: Caller) -> Endpoint:
    return endpoints.create(caller, draft(caller))[0]


def owed(endpoint: Endpoint, caller: Caller, status: str = DeliveryStatus.PENDING) -> Delivery:
    """One delivery of a new event, as a feed makes it."""
    with transaction.atomic():
        event = publish(caller, "payout.created", "po_1", {})
    is_pending = status == DeliveryStatus.PENDING
    return Delivery.objects.create(
        endpoint=endpoint,
        event=event,
        sequence=1,
        status=status,
        next_attempt_at=timezone.now() if is_pending else None,
    )


def test_a_new_endpoint_is_active_and_its_secret_is_kept_encrypted(
    caller: Caller, events_of: EventsOf
) -> None:
    endpoint, secret = endpoints.create(
        caller, NewEndpoint(vetted(URL, caller.environment), ["payout.settled"], "Shop")
    )

    row = Endpoint.objects.get()
    assert (row.id, row.url, row.events) == (endpoint.id, URL, ["payout.settled"])
    assert (row.description, row.status) == ("Shop", "active")
    assert (row.organization_id, row.environment) == (caller.organization_id, "sandbox")
    assert row.id.startswith("we_")
    assert opened(row.secret) == secret
    assert secret.encode() not in bytes(row.secret)
    assert in_signing_order(row, timezone.now()) == [secret]
    assert events_of(row) == ["webhook.created"]


def test_no_act_tells_a_secret_in_its_event_or_in_the_log(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint, first = endpoints.create(caller, draft(caller))
    _, second = endpoints.rotate(caller, endpoint.id)
    endpoints.confirm(caller, endpoint.id)
    endpoints.update(caller, endpoint.id, {"description": "Shop"})
    endpoints.send_test(caller, endpoint.id)
    endpoints.delete(caller, endpoint.id)

    told = json.dumps([event.payload for event in Event.objects.all()], default=str)
    for secret in (first, second):
        assert secret not in told
        assert secret not in caplog.text
        assert secret.removeprefix("whsec_") not in told + caplog.text
    assert "webhook.created webhook=" in caplog.text


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        (("*",), ["*"]),
        (("payout.settled", "payout.failed"), ["payout.settled", "payout.failed"]),
        (("payout.failed", "payout.failed"), ["payout.failed"]),
        (("webhook.disabled",), ["webhook.disabled"]),
    ],
)
def test_known_events_are_kept_each_once(events: tuple[str, ...], kept: list[str]) -> None:
    assert endpoints.wanted(events) == kept


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ((), "at least one"),
        (("payout.paid",), "payout.paid"),
        (("payout.settled", "nonsense", "*.settled"), r"nonsense, \*\.settled"),
        (("*", "payout.settled"), "stands alone"),
        (("PAYOUT.SETTLED",), "PAYOUT.SETTLED"),
    ],
)
def test_other_events_are_refused_by_name(events: tuple[str, ...], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as refused:
        endpoints.wanted(events)

    assert (refused.value.code, refused.value.param) == ("invalid_field_value", "events")


def test_a_private_key_is_refused_and_not_kept(caller: Caller) -> None:
    with pytest.raises(InvalidRequest) as refused:
        endpoints.create(caller, replace(draft(caller), description="ab" * 32))

    assert refused.value.code == "private_key_refused"
    assert not Endpoint.objects.exists()


ACTS: dict[str, Callable[[Caller, str], Any]] = {
    "update": lambda caller, id_: endpoints.update(caller, id_, {"description": "mine"}),
    "enable": endpoints.enable,
    "disable": endpoints.disable,
    "delete": endpoints.delete,
    "rotate": endpoints.rotate,
    "confirm": endpoints.confirm,
    "send_test": endpoints.send_test,
}


@pytest.mark.parametrize("act", ACTS)
def test_nobody_reaches_an_endpoint_that_is_not_theirs_or_is_gone(
    act: str, acme: Organization, zenith: Organization, caller: Caller, endpoint: Endpoint
) -> None:
    stranger = system(zenith.id, Environment.SANDBOX)
    elsewhere = system(acme.id, Environment.LIVE)
    gone = endpoints.create(caller, draft(caller))[0]
    endpoints.delete(caller, gone.id)
    before = Event.objects.count()

    for who, id_ in ((stranger, endpoint.id), (elsewhere, endpoint.id), (caller, gone.id)):
        with pytest.raises(NotFound) as missing:
            ACTS[act](who, id_)
        assert (missing.value.code, missing.value.param) == ("webhook_not_found", "webhook_id")

    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.status, endpoint.deleted_at) == (None, "active", None)
    assert Event.objects.count() == before


@pytest.mark.parametrize("act", [*ACTS, "create"])
def test_every_act_needs_its_scope(act: str, caller: Caller, endpoint: Endpoint) -> None:
    reader = replace(caller, scopes=ALL_SCOPES - {"webhooks:write"})
    acts = {**ACTS, "create": lambda who, _: endpoints.create(who, draft(who))}

    with pytest.raises(InsufficientScope, match="webhooks:write"):
        acts[act](reader, endpoint.id)


def test_an_update_changes_what_it_names_and_tells_it_once(
    caller: Caller, endpoint: Endpoint, events_of: EventsOf
) -> None:
    other = vetted("https://other.example/", caller.environment)

    endpoints.update(caller, endpoint.id, {"url": other, "events": ["payout.failed"]})

    row = Endpoint.objects.get()
    assert (row.url, row.events, row.description) == (
        "https://other.example/", ["payout.failed"], None,
    )  # fmt: skip
    assert row.updated_at > endpoint.updated_at
    assert events_of(row) == ["webhook.created", "webhook.updated"]


def test_an_update_that_changes_nothing_tells_nothing(
    caller: Caller, endpoint: Endpoint, events_of: EventsOf
) -> None:
    same = {"url": vetted(URL, caller.environment), "events": ["*"], "status": "active"}

    endpoints.update(caller, endpoint.id, {})
    endpoints.update(caller, endpoint.id, same)

    assert events_of(endpoint) == ["webhook.created"]
    assert Endpoint.objects.get().updated_at == endpoint.updated_at


def test_an_update_is_all_or_nothing(
    caller: Caller, endpoint: Endpoint, events_of: EventsOf
) -> None:
    with pytest.raises(InvalidRequest):
        endpoints.update(
            caller, endpoint.id,
            {"description": "Shop", "events": ["payout.paid"], "status": "disabled"},
        )  # fmt: skip

    row = Endpoint.objects.get()
    assert (row.description, row.status) == (None, "active")
    assert events_of(row) == ["webhook.created"]


def test_another_url_begins_without_the_failures_of_the_old_one(
    caller: Caller, endpoint: Endpoint
) -> None:
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=2))
    endpoints.update(caller, endpoint.id, {"description": "Shop"})
    assert Endpoint.objects.get().failing_since is not None

    endpoints.update(
        caller, endpoint.id, {"url": vetted("https://other.example/", caller.environment)}
    )

    assert Endpoint.objects.get().failing_since is None


def test_disabling_says_why_and_keeps_what_is_owed(
    caller: Caller, endpoint: Endpoint, events_of: EventsOf
) -> None:
    delivery = owed(endpoint, caller)

    endpoints.disable(caller, endpoint.id, DisabledBecause.GONE)
    again = endpoints.disable(caller, endpoint.id)

    assert (again.status, again.disabled_because) == ("disabled", "gone")
    assert again.disabled_at is not None
    delivery.refresh_from_db()
    assert delivery.status == "pending"
    assert events_of(endpoint) == ["webhook.created", "webhook.disabled"]
    told = Event.objects.get(type="webhook.disabled").payload["data"]
    assert (told["status"], told["disabled_because"]) == ("disabled", "gone")


def test_enabling_begins_afresh(caller: Caller, endpoint: Endpoint, events_of: EventsOf) -> None:
    long_ago = timezone.now() - timedelta(days=4)
    Endpoint.objects.update(failing_since=long_ago)
    endpoints.disable(caller, endpoint.id, DisabledBecause.FAILING)
    Endpoint.objects.update(owners_told_at=timezone.now())

    endpoints.enable(caller, endpoint.id)
    endpoints.enable(caller, endpoint.id)

    row = Endpoint.objects.get()
    assert (row.status, row.disabled_because) == ("active", "")
    assert row.disabled_at is row.owners_told_at is row.failing_since is None
    assert events_of(row) == ["webhook.created", "webhook.disabled", "webhook.enabled"]


def test_deleting_cancels_what_is_owed_and_keeps_the_record(
    caller: Caller, endpoint: Endpoint, events_of: EventsOf
) -> None:
    pending = owed(endpoint, caller)
    delivered = owed(endpoint, caller, DeliveryStatus.DELIVERED)

    endpoints.delete(caller, endpoint.id)

    pending.refresh_from_db()
    delivered.refresh_from_db()
    assert (pending.status, pending.next_attempt_at) == ("canceled", None)
    assert delivered.status == "delivered"
    assert Endpoint.objects.get().deleted_at is not None
    assert events_of(endpoint) == ["webhook.created", "webhook.deleted"]
    with pytest.raises(NotFound):
        endpoints.get(caller, endpoint.id)


def test_a_test_is_an_event_of_its_own(caller: Caller, endpoint: Endpoint) -> None:
    event = endpoints.send_test(caller, endpoint.id)
    assign_sequences()

    assert (event.type, event.resource_id) == ("webhook.test", endpoint.id)
    assert event.payload["data"]["webhook_id"] == endpoint.id


def test_a_disabled_endpoint_is_sent_no_test(caller: Caller, endpoint: Endpoint) -> None:
    endpoints.disable(caller, endpoint.id)

    with pytest.raises(InvalidRequest) as refused:
        endpoints.send_test(caller, endpoint.id)

    assert refused.value.code == "webhook_disabled"
    assert not Event.objects.filter(type="webhook.test").exists()


def test_a_local_endpoint_stays_what_it_was_made_for(caller: Caller) -> None:
    until = timezone.now() + timedelta(hours=1)
    url = local("http://127.0.0.1:9999/")
    endpoint, _ = endpoints.create(caller, NewEndpoint(url, ["*"], local_until=until))

    with pytest.raises(InvalidRequest) as refused:
        endpoints.update(caller, endpoint.id, {"url": vetted(URL, caller.environment)})

    assert (refused.value.code, refused.value.param) == ("field_immutable", "url")
    row = Endpoint.objects.get()
    assert (row.url, row.is_local, row.expires_at) == ("http://127.0.0.1:9999/", True, until)


def test_what_was_vetted_for_the_sandbox_is_not_taken_in_live(acme: Organization) -> None:
    live = system(acme.id, Environment.LIVE)

    with pytest.raises(AssertionError, match="another environment"):
        endpoints.create(live, NewEndpoint(vetted(URL, "sandbox"), ["*"]))
    with pytest.raises(AssertionError):
        endpoints.create(live, NewEndpoint(local("http://127.0.0.1/"), ["*"]))


@pytest.mark.parametrize(
    "change",
    [
        {"events": []},
        {"status": EndpointStatus.DISABLED},
        {"disabled_because": "gone"},
        {"previous_secret": b"x"},
        {"is_local": True},
        {"environment": "staging"},
    ],
)
def test_the_database_refuses_an_endpoint_that_cannot_be(
    endpoint: Endpoint, change: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Endpoint.objects.filter(id=endpoint.id).update(**change)
