"""A real sender, killed at any moment and started again: nothing is lost, little is repeated.

The sender is a process of its own and sends over HTTP. `SOAK=1` counts 300 kills.
"""

import os
import random
import threading
import time
from collections import Counter

import pytest
from django.db.models import Max

from events.models import Event
from tests.webhooks.receiver import Received
from tests.webhooks.senders import senders
from webhooks.models import Attempt, Delivery, Feed

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 300 if os.environ.get("SOAK") else 20
LEASE_S = 0.3  # What was killed is taken over soon.
SOON_ENOUGH_S = 60


def test_of_a_sender_killed_anywhere_nothing_is_lost_and_each_kill_repeats_one_at_most(
    caller, receiver, endpoint_at, happen
):
    endpoint = endpoint_at(caller, "/orders")
    dice = random.Random(KILLS)
    happened = []

    with senders(receiver, lease_s=LEASE_S) as nursery:
        for _ in range(KILLS):
            happened += happen(caller, dice.randint(2, 6))
            nursery.begin()
            kill_somewhere(nursery, receiver, dice)
            happened += happen(caller, dice.randint(0, 2))
            nursery.end()
        nursery.begin()
        wait_until_all_is_delivered()
        nursery.end()

    received = Counter(each.json()["event_id"] for each in receiver.requests)
    assert set(received) == {event.id for event in happened}
    assert received.total() - len(happened) <= KILLS
    assert_equal_repeats(receiver.requests)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}
    # A repeat stands in the log once: whoever was killed wrote nothing of it.
    assert Attempt.objects.filter(delivery__endpoint=endpoint).count() == len(happened)


def kill_somewhere(nursery, receiver, dice):
    """A moment after what happened was numbered, or after so many requests came.

    So it dies while it feeds, claims, sends or records: the moment is what is tried out.
    """
    requests = len(receiver.requests) + dice.choice([1, 1, 2, 3])
    if dice.random() < 0.4:
        wait_until(lambda: not Event.objects.filter(sequence=None).exists(), within_s=5)
    else:
        wait_until(lambda: len(receiver.requests) >= requests, within_s=2)
    killing = threading.Timer(dice.random() * 0.03, nursery.kill)
    killing.start()
    killing.join()


def wait_until_all_is_delivered():
    """Nothing is pending, and nothing is left that could become so."""
    enough = wait_until(is_all_delivered, within_s=SOON_ENOUGH_S)
    assert enough, f"still pending: {Delivery.objects.filter(status='pending').count()}"


def is_all_delivered():
    last = Event.objects.aggregate(last=Max("sequence"))["last"]
    return (
        not Event.objects.filter(sequence=None).exists()
        and Feed.objects.filter(sequence=last).exists()
        and not Delivery.objects.filter(status="pending").exists()
    )


def wait_until(holds, *, within_s):
    deadline = time.monotonic() + within_s
    while not (does := holds()) and time.monotonic() < deadline:
        time.sleep(0.001)
    return does


def assert_equal_repeats(requests: list[Received]) -> None:
    """Whatever came twice came with the same id and the same bytes."""
    bodies: dict[str, set[bytes]] = {}
    for each in requests:
        bodies.setdefault(each.headers["webhook-id"], set()).add(each.body)
    assert {len(different) for different in bodies.values()} == {1}
