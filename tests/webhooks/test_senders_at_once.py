"""Any number of senders at once: each delivery is sent by one of them, and people act meanwhile."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from events.services import assign_sequences
from tests.payouts.test_races import at_once
from tests.webhooks.receiver import Answer, Hang
from tests.webhooks.senders import senders
from tests.webhooks.telling import attempts_at, the_delivery
from tests.webhooks.test_kills import wait_until_all_is_delivered
from webhooks import claiming, endpoints
from webhooks.feeding import feed
from webhooks.models import Delivery, Endpoint
from webhooks.redelivering import redeliver
from webhooks.sending import Limits, Sent, deliver

pytestmark = pytest.mark.django_db(transaction=True)

PATIENT = Limits(deadline_s=5, budget_s=5, look_s=0.05)


@contextmanager
def delivering(limits=PATIENT):
    """A sender in another thread while the block runs; its result in the list it yields."""
    results = []

    def run():
        results.append(deliver(limits))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield results
    finally:
        thread.join()


def test_processes_at_once_send_each_delivery_once(caller, receiver, endpoint_at, happen):
    for number in range(12):
        endpoint_at(caller, f"/{number}")

    with senders(receiver, at_once=4) as nursery:
        nursery.begin()
        for _ in range(8):
            happen(caller, 5)
        receiver.wait_for(12 * 40, within_s=60)
        wait_until_all_is_delivered()
        nursery.end()

    sent = Counter((each.path, each.json()["event_id"]) for each in receiver.requests)
    assert len(sent) == 12 * 40
    assert set(sent.values()) == {1}
    for number in range(12):
        told = [each.json()["sequence"] for each in receiver.at(f"/{number}")]
        assert told == sorted(told)


def test_of_claims_at_once_each_endpoint_is_leased_by_one(caller, endpoint_at, happen):
    for number in range(30):
        endpoint_at(caller, f"/{number}")
    happen(caller, 2)
    assign_sequences()
    feed()
    claimed: list[str] = []

    def claim():
        lanes = claiming.claim(claiming.new_lease(), most=30, lease_s=30)
        claimed.extend(lane.endpoint.id for lane in lanes)

    assert at_once([claim] * 6) == ["done"] * 6

    assert sorted(claimed) == sorted(Endpoint.objects.values_list("id", flat=True))


def test_in_one_process_a_second_run_leaves_it_to_the_first(caller, receiver, endpoint_at, happen):
    endpoint_at(caller, "/orders")
    endpoint_at(caller, "/other", events=("payout.settled",))
    receiver.answer("/orders", Hang())
    happen(caller)

    with delivering(Limits(look_s=60)) as first:
        receiver.wait_for(1)
        happen(caller, 1, "payout.settled")
        assert deliver() == Sent()
        receiver.release()

    assert first == [Sent(owed=2, delivered=2)]


def test_once_a_run_begins_nothing_more_another_may(caller, receiver, endpoint_at, happen):
    endpoint_at(caller, "/hang")
    other = endpoint_at(caller, "/good", events=("payout.settled",))
    receiver.answer("/hang", Hang())
    happen(caller)

    with delivering(Limits(deadline_s=10, budget_s=0.1, look_s=0.05)) as first:
        receiver.wait_for(1)
        happen(caller, 1, "payout.settled")
        until_delivered(other)
        assert first == []  # It still waits for the one that hangs.
        receiver.release()

    assert first[0].delivered >= 1


def test_what_happens_while_one_hangs_is_sent_meanwhile(caller, receiver, endpoint_at, happen):
    endpoint_at(caller, "/hang")
    endpoint_at(caller, "/good")
    receiver.answer("/hang", Hang())
    happen(caller)

    with delivering() as result:
        receiver.wait_for(1, "/hang")
        for number in range(3):
            happen(caller)
            receiver.wait_for(2 + number, "/good")
        assert result == []
        receiver.release()

    assert len(receiver.at("/good")) == 4


def test_who_lost_its_lease_counts_nothing_twice(caller, receiver, endpoint_at, happen):
    endpoint = endpoint_at(caller, "/orders")
    receiver.answer("/orders", Hang(), Answer(200))
    happen(caller)

    with delivering(Limits(deadline_s=10, budget_s=0)) as lost:
        pass
    assert lost == [Sent()]
    with delivering(Limits(deadline_s=10, budget_s=0.1)) as lost:
        receiver.wait_for(1)
        # It is stuck, as far as anybody can see, and another takes over.
        until_free_to_begin(endpoint)
        receiver.release()

    assert len(receiver.requests) == 2
    delivery = the_delivery(endpoint)
    assert (delivery.status, delivery.attempts) == ("delivered", 1)
    assert [each.number for each in attempts_at(endpoint)] == [1]
    endpoint.refresh_from_db()
    assert endpoint.lease == ""
    assert lost[0].attempts == 1


def test_a_failure_told_late_does_not_undo_a_delivery(caller, receiver, endpoint_at, happen):
    endpoint = endpoint_at(caller, "/orders")
    receiver.answer("/orders", Hang(), Answer(200))
    happen(caller)

    with delivering(Limits(deadline_s=1, budget_s=0.1)) as late:
        receiver.wait_for(1)
        until_free_to_begin(endpoint)

    assert late[0].failed == 1
    assert the_delivery(endpoint).status == "delivered"


def test_one_disabled_or_deleted_meanwhile_is_told_no_more(caller, receiver, endpoint_at, happen):
    for path, act in (("/a", endpoints.disable), ("/b", endpoints.delete)):
        endpoint = endpoint_at(caller, path)
        receiver.answer(path, Answer(200, after_s=0.3))
        happen(caller, 3)

        with delivering():
            receiver.wait_for(1, path)
            act(caller, endpoint.id)

        assert len(receiver.at(path)) == 1
        endpoint.refresh_from_db()
        assert endpoint.lease == ""
    # What arrived while its endpoint was deleted is in the log; it stays canceled.
    states = list(endpoint.deliveries.order_by("sequence").values_list("status", "attempts"))
    assert states == [("canceled", 1), ("canceled", 0), ("canceled", 0)]
    assert [each.status_code for each in attempts_at(endpoint)] == [200]


def test_a_changed_url_or_secret_counts_from_the_next_delivery(
    caller, receiver, endpoint_at, happen
):
    from webhooks.guard import vetted

    endpoint = endpoint_at(caller, "/old")
    receiver.answer("/old", Answer(200, after_s=0.3))
    happen(caller, 4)

    with delivering():
        receiver.wait_for(1, "/old")
        endpoints.update(caller, endpoint.id, {"url": vetted(receiver.url("/new"), "sandbox")})

    assert (len(receiver.at("/old")), len(receiver.at("/new"))) == (1, 3)


def test_redelivered_while_it_is_under_way_it_is_sent_once_more(
    caller, receiver, endpoint_at, happen
):
    endpoint = endpoint_at(caller, "/orders")
    receiver.answer("/orders", Answer(500), Answer(500, after_s=0.3), Answer(200))
    (event,) = happen(caller)
    deliver()
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))

    with delivering():
        receiver.wait_for(2)
        redeliver(caller, endpoint, event_id=event.id)
        receiver.wait_for(3)

    assert [each.status_code for each in attempts_at(endpoint)] == [500, 500, 200]
    delivery = the_delivery(endpoint)
    assert (delivery.status, delivery.attempts, delivery.tries) == ("delivered", 3, 1)


def until_free_to_begin(endpoint):
    """Let the lease run out, and deliver as soon as the other run begins nothing more."""
    Endpoint.objects.filter(pk=endpoint.pk).update(leased_until=timezone.now())
    until_delivered(endpoint)


def until_delivered(endpoint):
    deadline = time.monotonic() + 10
    while not endpoint.deliveries.filter(status="delivered").exists():
        assert time.monotonic() < deadline, "never delivered"
        deliver(PATIENT)
        time.sleep(0.01)
