"""Events arrive in their order, and nobody waits for a receiver that does not answer."""

from datetime import timedelta
from itertools import pairwise

from tests.webhooks.receiver import Answer, Hang
from tests.webhooks.telling import SOON, attempts_at, due_now
from webhooks.models import Delivery
from webhooks.sending import Limits, deliver

HANGS_FOR_S = 3


def numbers(requests):
    return [each.json()["sequence"] for each in requests]


def test_an_endpoint_is_told_in_the_order_of_the_numbers(caller, receiver, endpoint_at, happen):
    for path in ("/a", "/b", "/c"):
        endpoint_at(caller, path)
    for _ in range(3):
        happen(caller, 40)

    deliver()

    for path in ("/a", "/b", "/c"):
        assert len(receiver.at(path)) == 120
        assert numbers(receiver.at(path)) == sorted(numbers(receiver.at(path)))


def test_it_is_the_number_that_counts_not_when_the_row_was_written(
    caller, receiver, endpoint_at, happen
):
    endpoint = endpoint_at(caller, "/a")
    receiver.answer("/a", Answer(500))
    happen(caller, 6)
    deliver()
    receiver.forget()
    receiver.answer("/a", Answer(200))
    rows = list(Delivery.objects.filter(endpoint=endpoint).order_by("-sequence"))
    for age, row in enumerate(rows):
        Delivery.objects.filter(pk=row.pk).update(
            created_at=row.created_at + timedelta(seconds=age),
            next_attempt_at=row.created_at + timedelta(microseconds=age),
        )

    deliver()

    assert len(receiver.requests) == 6
    assert numbers(receiver.requests) == sorted(numbers(receiver.requests))


def test_the_next_is_sent_when_the_one_before_has_been_answered(
    caller, receiver, endpoint_at, happen
):
    endpoint = endpoint_at(caller, "/a")
    receiver.answer("/a", Answer(200, after_s=0.05))
    happen(caller, 5)

    deliver()

    attempts = attempts_at(endpoint)
    for before, after in pairwise(attempts):
        assert before.at + timedelta(milliseconds=before.duration_ms) <= after.at
    assert receiver.connections == 1


def test_one_that_fails_holds_up_no_other_and_comes_later(caller, receiver, endpoint_at, happen):
    endpoint_at(caller, "/a")
    receiver.answer("/a", Answer(200), Answer(500), Answer(200))
    happen(caller, 4)

    deliver()
    due_now()
    deliver()

    first, second, third, fourth, again = numbers(receiver.requests)
    assert first < second < third < fourth
    assert again == second


def test_one_that_hangs_starves_nobody(caller, receiver, endpoint_at, happen):
    hanging = endpoint_at(caller, "/hang")
    receiver.answer("/hang", Hang())
    for number in range(10):
        endpoint_at(caller, f"/{number}")
    happen(caller, 20)

    sent = deliver(Limits(deadline_s=HANGS_FOR_S, budget_s=HANGS_FOR_S / 2))

    (attempt,) = attempts_at(hanging)
    gave_up_at = attempt.at.timestamp() + attempt.duration_ms / 1000
    others = [each for each in receiver.requests if each.path != "/hang"]
    assert sent.delivered == len(others) == 200
    assert attempt.duration_ms >= 1000 * HANGS_FOR_S
    assert max(each.at for each in others) < gave_up_at


def test_more_that_hang_than_there_are_lanes_do_not_keep_the_others_out(
    caller, receiver, endpoint_at, happen
):
    for number in range(6):
        endpoint_at(caller, f"/hang{number}")
        receiver.answer(f"/hang{number}", Hang())
    endpoint_at(caller, "/good")
    happen(caller, 3)
    limits = Limits(deadline_s=0.2, budget_s=3, lanes=2)

    deliver(limits)

    assert len(receiver.at("/good")) == 3
    # Each hanging one had its turn before any had its second.
    paths = [each.path for each in receiver.requests if each.path != "/good"]
    assert set(paths[:6]) == {f"/hang{number}" for number in range(6)}


def test_one_that_answers_late_is_told_no_more_in_its_turn(caller, receiver, endpoint_at, happen):
    endpoint_at(caller, "/hang")
    receiver.answer("/hang", Hang())
    happen(caller, 3)

    deliver(SOON)

    assert len(receiver.requests) == 1
