"""At the same time: real threads on PostgreSQL. `SOAK=1` runs 1,000 races, else 60."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection

from billing.errors import BillingError
from payouts import services
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from tests.payouts.making import (
    People,
    a_hash,
    event_types,
    executed,
    make_payout,
    mined,
    moved,
    reload,
)
from tests.payouts.replaying import assert_replays

ROUNDS = 334 if os.environ.get("SOAK") else 20  # each is three races

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(acts: Sequence[Callable[[], object]]) -> list[str]:
    """Run the acts in threads that start together; say `done` or the code of the refusal."""
    answers = ["never ended"] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
            answers[place] = "done"
        except BillingError as error:
            answers[place] = error.code
        except Exception as error:  # A thread's error must fail the test, whatever it is.
            answers[place] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_approve_and_cancel_exactly_one_wins(people: People) -> None:
    winners: Counter[str] = Counter()
    for _ in range(ROUNDS):
        payout = make_payout(people, "draft")

        answers = at_once(
            [
                partial(services.approve, people.approver, payout.id),
                partial(services.cancel, people.preparer, payout.id),
            ]
        )

        assert sorted(answers) == ["done", "payout_not_draft"]
        winners[reload(payout).status] += 1
        assert_replays(payout.id)
    assert sum(winners.values()) == ROUNDS


def test_of_cancel_and_execute_exactly_one_wins(people: People) -> None:
    for _ in range(ROUNDS):
        payout = make_payout(people, "approved")
        tx_hash = a_hash()

        answers = at_once(
            [
                partial(services.execute, people.operator, payout.id, tx_hash),
                partial(services.cancel, people.admin, payout.id, reason="stop", from_admin=True),
            ]
        )

        assert sorted(answers) in (["done", "payout_not_draft"], ["done", "payout_not_executable"])
        assert reload(payout).status in ("executed", "canceled")
        assert_replays(payout.id)


def test_of_approve_cancel_and_execute_no_two_contradict_each_other(people: People) -> None:
    for _ in range(ROUNDS):
        payout = make_payout(people, "draft")
        tx_hash = a_hash()

        at_once(
            [
                partial(services.approve, people.approver, payout.id),
                partial(services.cancel, people.preparer, payout.id),
                partial(services.execute, people.operator, payout.id, tx_hash),
            ]
        )

        told = event_types(payout)
        assert ("payout.approved" in told) is not ("payout.canceled" in told)
        assert "payout.executed" not in told or "payout.approved" in told
        assert_replays(payout.id)


def test_two_hashes_at_once_leave_one(people: People) -> None:
    payout = make_payout(people, "approved")
    hashes = [a_hash() for _ in range(6)]

    answers = at_once(
        [partial(services.execute, people.operator, payout.id, tx_hash) for tx_hash in hashes]
    )

    assert sorted(answers) == ["done"] + ["payout_not_executable"] * 5
    assert payout.hashes.count() == 1


@pytest.mark.parametrize("logs", [1, 5])
def test_of_sixty_four_payouts_with_one_hash_as_many_settle_as_there_are_logs(
    people: People, logs: int
) -> None:
    tx_hash = a_hash()
    for _ in range(64):
        executed(people, tx_hash)
    mined(tx_hash, *[moved()] * logs)

    answers = at_once([verify] * 4)

    assert answers == ["done"] * 4
    states = Counter(PayoutIntent.objects.values_list("status", flat=True))
    assert states == {"settled": logs, "failed": 64 - logs}
    assert Settlement.objects.count() == logs
    for payout in PayoutIntent.objects.all():
        assert_replays(payout.id)


def test_payouts_that_name_a_hash_while_it_is_judged_never_share_a_transfer(
    people: People,
) -> None:
    tx_hash = a_hash()
    payouts = [make_payout(people, "approved") for _ in range(12)]
    mined(tx_hash, *[moved()] * 4)

    at_once(
        [
            *(partial(services.execute, people.operator, payout.id, tx_hash) for payout in payouts),
            *[verify] * 4,
        ]
    )
    verify()

    states = Counter(reload(p).status for p in payouts)
    assert states == {"settled": 4, "failed": 8}
    assert Settlement.objects.count() == 4


def test_settling_and_failing_by_hand_never_both_happen(people: People) -> None:
    for number in range(ROUNDS // 2):
        payout = executed(people, amount=Decimal(500 + number))
        assert payout.expected_tx_hash is not None
        mined(payout.expected_tx_hash, moved(payout.amount_atomic))

        at_once(
            [
                verify,
                partial(services.fail_by_hand, people.operator, payout.id, "x"),
                partial(services.replace_hash, people.operator, payout.id, a_hash(), "x"),
            ]
        )
        verify()

        told = event_types(payout)
        assert ("payout.settled" in told) is not ("payout.failed" in told)
        assert Settlement.objects.filter(payout_id=payout.id).count() == 1
        assert_replays(payout.id)
