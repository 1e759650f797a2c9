"""What is not kept for ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.webhooks.receiver import Answer
from tests.webhooks.telling import due_now
from webhooks import endpoints, forgetting
from webhooks.endpoints import NewEndpoint
from webhooks.guard import local
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.redelivering import redeliver
from webhooks.sending import deliver


@pytest.fixture
def endpoint(endpoint_at, caller):
    return endpoint_at(caller, "/orders")


def aged(**age):
    moment = timezone.now() - timedelta(**age)
    Delivery.objects.update(created_at=moment, updated_at=moment)


def test_what_ended_a_month_ago_is_deleted_with_its_attempts(caller, endpoint, happen):
    happen(caller, 3)
    deliver()
    aged(days=30)

    assert forgetting.forget() == 3

    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)


def test_what_is_younger_or_still_owed_stays(caller, receiver, endpoint, happen):
    happen(caller, 2)
    deliver()
    aged(days=29, hours=23)
    assert forgetting.forget() == 0

    receiver.answer("/orders", Answer(500))
    happen(caller)
    deliver()
    aged(days=300)

    assert forgetting.forget() == 2
    assert list(Delivery.objects.values_list("status", flat=True)) == ["pending"]


def test_one_that_ended_lately_stays_however_old(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(500), Answer(200))
    happen(caller)
    deliver()
    aged(days=60)
    due_now()
    deliver()

    assert forgetting.forget() == 0


def test_many_are_deleted_a_few_at_a_time(caller, endpoint, happen, monkeypatch):
    monkeypatch.setattr(forgetting, "AT_ONCE", 4)
    happen(caller, 10)
    deliver()
    aged(days=31)

    assert forgetting.forget() == 10


def test_what_is_forgotten_can_be_sent_again(caller, endpoint, happen):
    (event,) = happen(caller)
    deliver()
    aged(days=31)
    forgetting.forget()

    redeliver(caller, endpoint, event_id=event.id)

    assert deliver().delivered == 1


def test_the_deliveries_of_a_deleted_endpoint_are_forgotten_too(caller, endpoint, happen):
    happen(caller, 2)
    deliver()
    endpoints.delete(caller, endpoint.id)
    aged(days=31)

    assert forgetting.forget() == 2


def test_a_local_endpoint_is_deleted_after_its_hour(caller, receiver, events_of):
    until = timezone.now() + timedelta(hours=1)
    draft = NewEndpoint(local(receiver.url("/")), ["*"], local_until=until)
    endpoint, _ = endpoints.create(caller, draft)
    forgetting.forget()
    assert events_of(endpoint) == ["webhook.created"]

    Endpoint.objects.filter(pk=endpoint.pk).update(expires_at=timezone.now())
    forgetting.forget()

    endpoint.refresh_from_db()
    assert endpoint.deleted_at is not None
    assert events_of(endpoint) == ["webhook.created", "webhook.deleted"]
