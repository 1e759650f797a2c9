"""From events to deliveries: who is owed what."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, transaction

from billing.callers import system
from billing.chains import Environment
from events.models import Event
from events.services import assign_sequences, publish
from tests.payouts.test_races import at_once
from webhooks import endpoints
from webhooks.feeding import feed
from webhooks.models import Delivery
from webhooks.redelivering import redeliver
from webhooks.sending import deliver

ROUNDS = 10


def fed():
    assign_sequences()
    return feed()


def owed(endpoint):
    """The events this endpoint is owed, in their order."""
    rows = Delivery.objects.filter(endpoint=endpoint).order_by("sequence")
    return list(rows.values_list("event_id", flat=True))


def ids(events):
    return [event.id for event in events]


def test_an_endpoint_is_owed_the_types_it_wants(caller, endpoint_at, happen):
    created = endpoint_at(caller, events=("payout.created",))
    both = endpoint_at(caller, events=("payout.created", "payout.settled"))
    other = endpoint_at(caller, events=("payout.failed",))
    first, second = happen(caller), happen(caller, 1, "payout.settled")

    assert fed() == 3

    assert owed(created) == ids(first)
    assert owed(both) == ids([*first, *second])
    assert owed(other) == []


def test_a_star_is_everything_even_its_own_beginning(caller, endpoint_at, happen):
    endpoint = endpoint_at(caller, events=("*",))
    happened = happen(caller, 2)

    fed()

    registered = Event.objects.get(type="webhook.created")
    assert owed(endpoint) == ids([registered, *happened])


def test_a_test_goes_to_the_endpoint_that_asked_and_to_no_other(caller, endpoint_at):
    endpoint = endpoint_at(caller, events=("payout.settled",))
    everything = endpoint_at(caller, events=("*",))
    fed()
    before = owed(everything)

    event = endpoints.send_test(caller, endpoint.id)
    fed()

    assert owed(endpoint) == [event.id]
    assert owed(everything) == before


def test_what_happened_before_it_was_registered_is_not_owed(caller, endpoint_at, happen):
    first = endpoint_at(caller)
    before = happen(caller, 3)
    second = endpoint_at(caller)
    after = happen(caller, 2)

    fed()

    assert owed(first) == ids([*before, *after])
    assert owed(second) == ids(after)


def test_a_feed_begins_with_the_first_endpoint_and_not_with_history(
    caller, endpoint_at, happen, monkeypatch
):
    happen(caller, 30)
    assign_sequences()
    endpoint = endpoint_at(caller)
    after = happen(caller, 2)
    assign_sequences()
    monkeypatch.setattr("webhooks.feeding.EVENTS_AT_ONCE", 3)

    with count_steps() as steps:
        feed()

    assert owed(endpoint) == ids(after)
    assert len(steps) <= 2


def test_of_another_organization_or_environment_nothing_is_owed(
    acme, zenith, caller, endpoint_at, happen
):
    endpoint = endpoint_at(caller, events=("*",))
    fed()
    before = owed(endpoint)
    happen(system(zenith.id, Environment.SANDBOX))
    happen(system(acme.id, Environment.LIVE))

    fed()

    assert owed(endpoint) == before


def test_a_disabled_endpoint_is_owed_nothing_of_what_happens_meanwhile(caller, endpoint_at, happen):
    endpoint = endpoint_at(caller)
    before = happen(caller)
    fed()
    endpoints.disable(caller, endpoint.id)
    happen(caller)
    fed()
    endpoints.enable(caller, endpoint.id)
    after = happen(caller)

    fed()

    assert owed(endpoint) == ids([*before, *after])


def test_a_deleted_endpoint_is_owed_nothing(caller, endpoint_at, happen):
    endpoint = endpoint_at(caller)
    endpoints.delete(caller, endpoint.id)
    happen(caller)

    assert fed() == 0

    assert owed(endpoint) == []


def test_a_second_feed_finds_nothing_new(caller, endpoint_at, happen):
    endpoint_at(caller)
    happen(caller, 3)

    assert (fed(), fed(), feed()) == (3, 0, 0)


def test_an_event_without_a_number_waits_for_it(caller, endpoint_at, happen):
    endpoint_at(caller)
    happen(caller)

    assert feed() == 0
    assert fed() == 1


def test_more_than_one_step_makes_each_delivery_once(caller, endpoint_at, happen, monkeypatch):
    monkeypatch.setattr("webhooks.feeding.DELIVERIES_AT_ONCE", 10)
    every = [endpoint_at(caller) for _ in range(3)]
    happened = happen(caller, 20)

    assert fed() == 60

    assert [owed(endpoint) for endpoint in every] == [ids(happened)] * 3


def test_a_delivery_begins_due_and_untried(caller, endpoint_at, happen):
    endpoint = endpoint_at(caller)
    (event,) = happen(caller)

    fed()

    (delivery,) = Delivery.objects.filter(endpoint=endpoint)
    event.refresh_from_db()
    assert delivery.id.startswith("whd_") and len(delivery.id) == 28
    assert (delivery.status, delivery.attempts, delivery.tries) == ("pending", 0, 0)
    assert delivery.sequence == event.sequence


@pytest.mark.django_db(transaction=True)
def test_feeds_at_once_make_each_delivery_once(caller, endpoint_at, happen):
    endpoint = endpoint_at(caller)
    happened = []
    for number in range(ROUNDS):
        happened += happen(caller, 1 + number)
        assign_sequences()

        assert at_once([feed, feed, feed, feed]) == ["done"] * 4
        feed()

        assert owed(endpoint) == ids(happened)


@pytest.mark.django_db(transaction=True)
def test_a_feed_and_a_redelivery_at_once_make_each_delivery_once(caller, endpoint_at, happen):
    endpoint = endpoint_at(caller)
    happened = []
    for number in range(ROUNDS):
        happened += happen(caller, 1 + number)
        assign_sequences()
        again = partial(redeliver, caller, endpoint, since=endpoint.created_at)

        assert at_once([feed, again, feed, again]) == ["done"] * 4
        feed()

        assert owed(endpoint) == ids(happened)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["feed", "redeliver"])
def test_of_an_endpoint_deleted_meanwhile_nothing_stays_pending(caller, endpoint_at, happen, act):
    for _ in range(2 * ROUNDS):
        endpoint = endpoint_at(caller)
        happen(caller, 3)
        assign_sequences()
        again = partial(redeliver, caller, endpoint, since=endpoint.created_at)
        makes: Callable[[], object] = feed if act == "feed" else again

        answers = at_once([makes, partial(endpoints.delete, caller, endpoint.id), makes])

        assert answers[1] == "done"
        assert set(answers) <= {"done", "webhook_not_found"}
        assert not Delivery.objects.filter(endpoint=endpoint, status="pending").exists()
        feed()


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_whose_end_is_under_way_becomes_owed_nothing(caller, endpoint_at, happen):
    """It is the tenant's first: nothing was ever fed, so there was no Feed row to lock."""
    endpoint = endpoint_at(caller)
    happen(caller, 3)
    assign_sequences()
    is_deleted, may_commit = threading.Event(), threading.Event()

    def slow_end():
        with transaction.atomic():
            endpoints.delete(caller, endpoint.id)
            is_deleted.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=slow_end)
    slow.start()
    assert is_deleted.wait(10)
    feeding = threading.Thread(target=at_once, args=([feed],))
    feeding.start()
    feeding.join(0.3)  # It may wait for the end, but not forget about it.
    may_commit.set()
    slow.join()
    feeding.join()

    assert not Delivery.objects.filter(endpoint=endpoint, status="pending").exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_committed_late_is_delivered_late_and_never_lost(
    caller, receiver, endpoint_at, happen
):
    endpoint_at(caller)
    is_written, may_commit = threading.Event(), threading.Event()

    def slow_act():
        with transaction.atomic():
            publish(caller, "payout.created", "po_slow", {})
            is_written.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=slow_act)
    slow.start()
    assert is_written.wait(10)
    happen(caller, 3)
    assert deliver().delivered == 3
    may_commit.set()
    slow.join()

    assert deliver().delivered == 1

    assert receiver.requests[-1].json()["resource_id"] == "po_slow"


class count_steps:
    """The statements that write deliveries while the block runs."""

    def __enter__(self):
        self._seen: list[str] = []
        self._wrapped = connection.execute_wrapper(self._note)
        self._wrapped.__enter__()
        return self._seen

    def __exit__(self, *ending):
        self._wrapped.__exit__(*ending)

    def _note(self, execute, sql, params, many, context):
        if "INSERT INTO webhooks_delivery" in sql:
            self._seen.append(sql)
        return execute(sql, params, many, context)
