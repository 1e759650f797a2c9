"""A download and a take back at the same moment: real threads on PostgreSQL."""

import os
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, transaction

from events.models import Event
from payouts import services
from payouts.handover.packing import download
from payouts.models import PayoutBatch
from tests.payouts.making import People, make_payout
from tests.payouts.test_races import at_once

ROUNDS = 100 if os.environ.get("SOAK") else 12

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_file_is_given_out_after_its_batch_is_void(people: People) -> None:
    """Either the download is recorded before the batch is void, or it is refused."""
    for _ in range(ROUNDS):
        ids = [make_payout(people, "approved").id for _ in range(2)]
        batch = services.hand_over(people.operator, ids)
        acts: list[Callable[[], object]] = [
            partial(services.take_back, people.operator, ids[0], "Wrong."),
            *(partial(download, people.operator, batch.id, "pack.zip") for _ in range(2)),
        ]

        answers = at_once(acts)

        assert answers[0] == "done"
        assert set(answers[1:]) <= {"done", "batch_voided"}
        voided_at = PayoutBatch.objects.get(id=batch.id).voided_at
        assert voided_at is not None
        taken = Event.objects.filter(type="payout_batch.downloaded", resource_id=batch.id)
        assert taken.count() == answers.count("done") - 1


def test_a_download_waits_for_a_take_back_under_way_and_is_refused(people: People) -> None:
    payout = make_payout(people, "approved")
    batch = services.hand_over(people.operator, [payout.id])
    answers: list[str] = []
    late = threading.Thread(
        target=lambda: answers.extend(
            at_once([partial(download, people.operator, batch.id, "pack.zip")])
        )
    )

    with transaction.atomic():
        services.take_back(people.operator, payout.id, "Wrong.")
        late.start()
        _until_somebody_waits_for_a_lock(unless=answers)
    late.join()

    assert answers == ["batch_voided"]


def _until_somebody_waits_for_a_lock(*, unless: list[str]) -> None:
    """Until the other thread is stopped by our lock, or was answered, which is what is wrong."""
    limit = time.monotonic() + 20
    waiting = "select count(*) from pg_locks where not granted"
    while not unless and time.monotonic() < limit:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return


def test_a_batch_taken_back_twice_at_once_is_taken_back_once(people: People) -> None:
    for _ in range(ROUNDS):
        ids = [make_payout(people, "approved").id for _ in range(3)]
        batch = services.hand_over(people.operator, ids)

        answers = at_once(
            [partial(services.take_back_batch, people.operator, batch.id, "x") for _ in range(3)]
        )

        assert sorted(answers) == ["batch_not_pending_execution"] * 2 + ["done"]
        told = Event.objects.filter(type="payout.taken_back", resource_id__in=ids)
        assert told.count() == 3
