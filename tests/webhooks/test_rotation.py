"""Two secrets for a while: who signs last, until when, and what happens at the same time."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import models
from django.utils import timezone
from pytest_django import Settings

from billing.callers import Caller
from billing.errors import InvalidRequest
from webhooks import endpoints
from webhooks.answers import endpoint_json
from webhooks.endpoints import NewEndpoint
from webhooks.guard import vetted
from webhooks.models import Endpoint
from webhooks.secrets import in_signing_order

DAY = timedelta(hours=24)
ROUNDS = 12
EventsOf = Callable[[models.Model | str], list[str]]
Made = tuple[Endpoint, str]


@pytest.fixture(autouse=True)
def _no_lookups(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]


def create(caller: Caller) -> Made:
    url = vetted("https://receiver.example/hooks", caller.environment)
    return endpoints.create(caller, NewEndpoint(url, ["*"]))


@pytest.fixture
def made(caller: Caller) -> Made:
    """An endpoint and its first secret."""
    return create(caller)


def test_while_it_runs_both_sign_and_the_old_secret_last(
    caller: Caller, made: Made, events_of: EventsOf
) -> None:
    endpoint, old = made
    at = timezone.now()

    rotated, new = endpoints.rotate(caller, endpoint.id)

    row = Endpoint.objects.get()
    assert new != old
    assert in_signing_order(row, timezone.now()) == [new, old]
    assert row.previous_until is not None
    assert DAY <= row.previous_until - at < DAY + timedelta(minutes=1)
    assert endpoint_json(rotated)["old_secret_until"] is not None
    assert events_of(row) == ["webhook.created", "webhook.rotated"]


def test_once_confirmed_the_new_secret_signs_alone(
    caller: Caller, made: Made, events_of: EventsOf
) -> None:
    endpoint, _ = made
    _, new = endpoints.rotate(caller, endpoint.id)

    confirmed = endpoints.confirm(caller, endpoint.id)

    row = Endpoint.objects.get()
    assert in_signing_order(row, timezone.now()) == [new]
    assert (row.previous_secret, row.previous_until) == (None, None)
    assert endpoint_json(confirmed)["old_secret_until"] is None
    assert events_of(row) == ["webhook.created", "webhook.rotated", "webhook.rotation_confirmed"]


def test_the_overlap_ends_by_itself(caller: Caller, made: Made) -> None:
    endpoint, old = made
    _, new = endpoints.rotate(caller, endpoint.id, overlap=timedelta(hours=2))
    until = Endpoint.objects.get().previous_until
    assert until is not None

    row = Endpoint.objects.get()

    assert in_signing_order(row, until - timedelta(microseconds=1)) == [new, old]
    assert in_signing_order(row, until) == [new]


def test_without_an_overlap_the_old_secret_ends_at_once(caller: Caller, made: Made) -> None:
    _, new = endpoints.rotate(caller, made[0].id, overlap=timedelta(0))

    row = Endpoint.objects.get()
    assert in_signing_order(row, timezone.now()) == [new]
    assert (row.previous_secret, row.previous_until) == (None, None)


def test_a_second_rotation_is_refused_while_one_runs(
    caller: Caller, made: Made, events_of: EventsOf
) -> None:
    endpoint, old = made
    _, new = endpoints.rotate(caller, endpoint.id)

    with pytest.raises(InvalidRequest) as refused:
        endpoints.rotate(caller, endpoint.id, overlap=timedelta(0))

    assert refused.value.code == "rotation_running"
    assert in_signing_order(Endpoint.objects.get(), timezone.now()) == [new, old]
    assert events_of(endpoint) == ["webhook.created", "webhook.rotated"]


def test_a_lost_new_secret_is_replaced_and_the_old_one_goes_on_signing_last(
    caller: Caller, made: Made
) -> None:
    endpoint, old = made
    _, lost = endpoints.rotate(caller, endpoint.id)

    _, new = endpoints.rotate(caller, endpoint.id, replace=True)

    assert new not in (lost, old)
    assert in_signing_order(Endpoint.objects.get(), timezone.now()) == [new, old]


def test_replacing_without_an_overlap_ends_every_earlier_secret(caller: Caller, made: Made) -> None:
    endpoint, _ = made
    endpoints.rotate(caller, endpoint.id)

    _, new = endpoints.rotate(caller, endpoint.id, overlap=timedelta(0), replace=True)

    assert in_signing_order(Endpoint.objects.get(), timezone.now()) == [new]


def test_where_none_runs_replacing_is_a_plain_rotation(caller: Caller, made: Made) -> None:
    endpoint, old = made

    _, new = endpoints.rotate(caller, endpoint.id, replace=True)

    assert in_signing_order(Endpoint.objects.get(), timezone.now()) == [new, old]


def test_after_the_overlap_the_next_rotation_keeps_the_secret_that_signs_then(
    caller: Caller, made: Made
) -> None:
    endpoint, first = made
    _, second = endpoints.rotate(caller, endpoint.id)
    Endpoint.objects.update(previous_until=timezone.now() - timedelta(seconds=1))

    _, third = endpoints.rotate(caller, endpoint.id)

    order = in_signing_order(Endpoint.objects.get(), timezone.now())
    assert order == [third, second]
    assert first not in order


@pytest.mark.parametrize("is_over", [False, True])
def test_nothing_is_confirmed_where_one_secret_signs(
    caller: Caller, made: Made, is_over: bool, events_of: EventsOf
) -> None:
    endpoint, _ = made
    if is_over:
        endpoints.rotate(caller, endpoint.id)
        Endpoint.objects.update(previous_until=timezone.now())

    with pytest.raises(InvalidRequest) as refused:
        endpoints.confirm(caller, endpoint.id)

    assert refused.value.code == "rotation_not_running"
    assert "webhook.rotation_confirmed" not in events_of(endpoint)
