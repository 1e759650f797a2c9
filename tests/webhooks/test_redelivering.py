"""Sending again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.callers import system
from billing.chains import Environment
from billing.errors import InsufficientScope, InvalidRequest, NotFound
from events.models import Event
from events.services import assign_sequences
from tests.webhooks.receiver import Answer
from tests.webhooks.telling import attempts_at, due_now, the_delivery
from webhooks import endpoints
from webhooks.models import Delivery
from webhooks.redelivering import redeliver
from webhooks.sending import deliver


@pytest.fixture
def endpoint(endpoint_at, caller):
    return endpoint_at(caller, "/orders")


def test_a_delivered_event_is_sent_again(caller, receiver, endpoint, happen):
    (event,) = happen(caller)
    deliver()

    assert redeliver(caller, endpoint, event_id=event.id) == 1
    deliver()

    first, second = receiver.requests
    assert first.body == second.body
    delivery = the_delivery(endpoint)
    assert (delivery.status, delivery.attempts, delivery.tries) == ("delivered", 2, 1)
    assert [each.number for each in attempts_at(endpoint)] == [1, 2]


def test_a_failed_event_begins_its_schedule_anew(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(500))
    (event,) = happen(caller)
    for _ in range(8):
        deliver()
        due_now()
    assert the_delivery(endpoint).status == "failed"

    redeliver(caller, endpoint, event_id=event.id)
    deliver()

    delivery = the_delivery(endpoint)
    assert (delivery.status, delivery.attempts, delivery.tries) == ("pending", 9, 1)


def test_an_event_it_was_never_owed_is_sent_whatever_it_wants(caller, receiver, endpoint, happen):
    (event,) = happen(caller, 1, "payout.failed")

    redeliver(caller, endpoint, event_id=event.id)
    deliver()

    assert [each.json()["event_id"] for each in receiver.requests] == [event.id]


def test_all_since_a_time_in_the_old_order_what_was_missed_too(caller, receiver, endpoint, happen):
    first = happen(caller, 2)
    deliver()
    endpoints.disable(caller, endpoint.id)
    missed = happen(caller, 2)
    happen(caller, 1, "payout.failed")  # which it does not want
    deliver()
    endpoints.enable(caller, endpoint.id)
    receiver.forget()

    count = redeliver(caller, endpoint, since=first[1].created_at)
    deliver()

    assert count == 3
    told = [each.json()["event_id"] for each in receiver.requests]
    assert told == [first[1].id, missed[0].id, missed[1].id]


def test_even_of_before_it_was_registered(caller, receiver, happen, endpoint_at):
    happened = happen(caller, 2)
    endpoint = endpoint_at(caller, "/orders")
    deliver()

    assert redeliver(caller, endpoint, since=happened[0].created_at) == 2
    assert deliver().delivered == 2


def test_to_a_disabled_endpoint_it_goes_once_that_is_enabled(caller, endpoint, happen):
    (event,) = happen(caller)
    deliver()
    endpoints.disable(caller, endpoint.id)

    redeliver(caller, endpoint, event_id=event.id)

    assert deliver().attempts == 0
    endpoints.enable(caller, endpoint.id)
    assert deliver().delivered == 1


def test_it_is_told(caller, endpoint, happen, events_of):
    (event,) = happen(caller)

    redeliver(caller, endpoint, event_id=event.id)

    assert events_of(endpoint) == ["webhook.created", "webhook.redelivered"]
    told = Event.objects.get(type="webhook.redelivered").payload["data"]
    assert told["redelivered"] == {"event_id": event.id, "since": None, "count": 1}
    assert "secret" not in told


def test_where_there_is_nothing_to_send_nothing_is_told(caller, endpoint, events_of):
    assert redeliver(caller, endpoint, since=timezone.now()) == 0
    assert events_of(endpoint) == ["webhook.created"]


@pytest.mark.parametrize("whose", ["nobody", "zenith", "live", "another endpoint's test"])
def test_an_event_that_is_not_the_callers_is_not_found(
    caller, zenith, acme, endpoint, endpoint_at, happen, whose
):
    event_id = {
        "nobody": lambda: "evt_000000000000000000000000",
        "zenith": lambda: happen(system(zenith.id, Environment.SANDBOX))[0].id,
        "live": lambda: happen(system(acme.id, Environment.LIVE))[0].id,
        "another endpoint's test": lambda: (
            endpoints.send_test(caller, endpoint_at(caller, "/other").id).id
        ),
    }[whose]()
    assign_sequences()

    with pytest.raises(NotFound) as refused:
        redeliver(caller, endpoint, event_id=event_id)

    assert refused.value.code == "event_not_found"
    assert not Delivery.objects.filter(endpoint=endpoint).exists()


def test_a_strangers_or_a_deleted_endpoint_is_not_found(caller, zenith, endpoint, happen):
    stranger = system(zenith.id, Environment.SANDBOX)
    (event,) = happen(stranger)

    with pytest.raises(NotFound):
        redeliver(stranger, endpoint, event_id=event.id)
    endpoints.delete(caller, endpoint.id)
    with pytest.raises(NotFound):
        redeliver(caller, endpoint, since=timezone.now() - timedelta(days=1))


def test_it_needs_the_scope(acme, api, endpoint):
    reader = api(acme, scopes=["webhooks:read"]).caller

    with pytest.raises(InsufficientScope):
        redeliver(reader, endpoint, since=timezone.now())


def test_more_than_can_be_sent_again_at_once_is_refused_whole(
    caller, endpoint, happen, monkeypatch, events_of
):
    monkeypatch.setattr("webhooks.redelivering.AT_ONCE", 5)
    happened = happen(caller, 6)
    assign_sequences()

    with pytest.raises(InvalidRequest) as refused:
        redeliver(caller, endpoint, since=happened[0].created_at)

    assert refused.value.param == "since"
    assert not Delivery.objects.exists()
    assert events_of(endpoint) == ["webhook.created"]
    assert redeliver(caller, endpoint, since=happened[1].created_at) == 5
