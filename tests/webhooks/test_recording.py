"""What a lane keeps and tells while it goes on, and records of the same deliveries at once."""

import random
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from events.services import assign_sequences
from tests.payouts.test_races import at_once
from tests.webhooks.receiver import Answer, Hang
from tests.webhooks.telling import attempts_at, due_now
from tests.webhooks.test_senders_at_once import delivering
from webhooks import claiming, endpoints, recording
from webhooks.claiming import AT_ONCE
from webhooks.feeding import feed
from webhooks.models import Delivery, Endpoint
from webhooks.recording import Entry, Outcome
from webhooks.sending import Limits, deliver

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 15


@pytest.mark.parametrize("count", [1, 2, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1])
def test_after_any_number_of_deliveries_the_endpoint_says_when_the_last_one_arrived(
    caller, receiver, endpoint_at, happen, count
):
    endpoint = endpoint_at(caller, "/orders")
    happen(caller, count)

    assert deliver().delivered == count

    last = endpoint.deliveries.latest("sequence")
    endpoint.refresh_from_db()
    assert endpoint.last_delivered_at == last.delivered_at
    assert endpoint.lease == ""


def test_the_first_arrival_ends_the_failing_though_more_are_waiting(
    caller, receiver, endpoint_at, happen
):
    endpoint = endpoint_at(caller, "/orders")
    receiver.answer("/orders", Answer(500), Answer(200), Hang())
    (first, *_) = happen(caller)
    deliver()
    happen(caller, 3)
    due_now()

    with delivering():
        receiver.wait_for(3)
        endpoint.refresh_from_db()
        receiver.release()

    assert endpoint.failing_since is None
    assert endpoint.last_delivered_at == endpoint.deliveries.get(event=first).delivered_at


def test_a_lane_that_goes_on_keeps_its_lease(caller, receiver, endpoint_at, happen):
    """For several times as long as one lease is, without ever letting it run out."""
    endpoint = endpoint_at(caller, "/orders")
    receiver.answer("/orders", Answer(200, after_s=0.1))
    happen(caller, 20)

    with delivering(Limits(lease_s=0.6)) as result:
        receiver.wait_for(1)
        leases = set()
        while len(receiver.requests) < 19:
            endpoint.refresh_from_db()
            assert endpoint.leased_until > timezone.now()
            leases.add(endpoint.leased_until)

    assert result[0].delivered == 20
    # Begun anew after a third of it each time, and not with every delivery.
    assert 3 <= len(leases) <= 12


def test_a_lane_that_another_took_over_is_told_no_more(caller, receiver, endpoint_at, happen):
    endpoint = endpoint_at(caller, "/orders")
    receiver.answer("/orders", Answer(200), Answer(200, after_s=0.3), Answer(200))
    happen(caller, 5)

    with delivering():
        receiver.wait_for(2)
        later = timezone.now() + timedelta(minutes=1)
        Endpoint.objects.filter(pk=endpoint.pk).update(lease="another", leased_until=later)

    assert len(receiver.requests) == 2
    assert len(attempts_at(endpoint)) == 2
    endpoint.refresh_from_db()
    assert (endpoint.lease, endpoint.leased_until) == ("another", later)


def test_who_holds_a_lane_does_not_begin_it_again_when_its_lease_runs_out(
    caller, receiver, endpoint_at, happen
):
    endpoint = endpoint_at(caller, "/orders")
    receiver.answer("/orders", Answer(200, after_s=0.5))
    happen(caller, 2)

    sent = deliver(Limits(lease_s=0.1, look_s=0.02))

    assert sent.delivered == len(receiver.requests) == 2
    assert [each.number for each in attempts_at(endpoint)] == [1, 1]


def test_records_of_the_same_deliveries_at_once_wait_for_no_circle(caller, endpoint_at, happen):
    """Two that both believe they hold the lanes, and one who deletes an endpoint meanwhile."""
    for number in range(20):
        endpoint_at(caller, f"/{number}")
    for _ in range(ROUNDS):
        happen(caller)
        assign_sequences()
        feed()
        lease = claiming.new_lease()
        lanes = claiming.claim(lease, most=50, lease_s=30)
        claiming.read_ahead(lanes)
        entries = [
            # Some of the endpoints' rows change, and are locked for it, and some do not.
            Entry(arrived(lane), lane.endpoint.updated_at, True, number % 3 > 0)
            for number, lane in enumerate(lanes)
        ]

        one, two = (partial(recording.record, lease, shuffled(entries), lease_s=30) for _ in "12")
        deleted = entries[0].outcome.due.endpoint_id
        outcomes = at_once([one, two, partial(endpoints.delete, caller, deleted)])

        assert outcomes == ["done"] * 3
        told = Delivery.objects.filter(id__in=[e.outcome.due.delivery_id for e in entries])
        assert set(told.values_list("attempts", flat=True)) <= {0, 1}
        kept = told.exclude(endpoint=deleted)
        assert set(kept.values_list("status", "attempts")) == {("delivered", 1)}
        claiming.release(lease, [lane.endpoint.id for lane in lanes])


def arrived(lane):
    return Outcome(lane.waiting[0], timezone.now(), duration_ms=1, status_code=204)


def shuffled(entries):
    return random.sample(entries, len(entries))
