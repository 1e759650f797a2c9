"""At the same time, and killed meanwhile: the faults that only whole processes show."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial

import pytest
import requests
from django.db import connection, transaction
from pytest_django import Settings

from organizations.models import Organization, User
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from tests.conftest import MakeApi
from tests.flow.company import somebody
from tests.flow.serving import served
from tests.payouts.making import People, event_types, executed, mined, moved, orphaned, reload
from tests.payouts.replaying import assert_replays

ROUNDS = 4
CALLS = 64


@pytest.mark.django_db(transaction=True)
def test_equal_calls_whose_workers_are_killed_make_one_payout(
    acme: Organization, api: MakeApi, events_of: Callable[[str], list[str]]
) -> None:
    lost = 0
    with served("product", workers=2) as server:
        # Each is killed once: granian gives up on a worker that ends twice within seconds.
        for number, worker in enumerate(server.workers()):
            headers = {
                "Authorization": f"Bearer {api(acme).secret}",
                "Idempotency-Key": f"order-{number}",
            }
            call = partial(called, f"{server.url}/v1/payouts", a_body(), headers)
            with ThreadPoolExecutor(CALLS) as pool:
                calls = [pool.submit(call) for _ in range(CALLS)]
                # The moment is what is tried out; after the first answer others are under way.
                wait(calls, random.uniform(0.005, 0.3), FIRST_COMPLETED)
                worker.kill()
            answers = [each.result() for each in calls]
            last = eventually_answered(call)

            statuses = Counter(status for status, _ in answers)
            assert set(statuses) <= {201, 200, 409, LOST}
            assert statuses[201] <= 1
            assert PayoutIntent.objects.count() == number + 1
            told = {id_ for status, id_ in [*answers, last] if status in (200, 201)}
            assert told == {last[1]}
            assert events_of(last[1]) == ["payout.created"]
            lost += statuses[LOST]
    assert lost > 0, "no call was hit: the kills came too late"


@pytest.mark.django_db(transaction=True)
def test_two_verifiers_and_a_reorganization_settle_once_from_the_block_that_stands(
    people: People,
) -> None:
    for block in range(100, 100 + 10 * ROUNDS, 10):
        payout = executed(people)
        tx_hash = payout.expected_tx_hash
        assert tx_hash is not None
        mined(tx_hash, moved(), block=block, is_final=False)

        def reorganized(tx_hash: str = tx_hash, block: int = block) -> None:
            with transaction.atomic():
                orphaned(tx_hash)
                mined(tx_hash, moved(), block=block + 3, fork="f", is_final=False)

        at_once([verify, reorganized, verify])
        verify()
        mined(tx_hash, moved(), block=block + 3, fork="f")
        at_once([verify, verify, verify])

        assert reload(payout).status == "settled"
        (settlement,) = Settlement.objects.filter(payout=payout)
        assert settlement.block_number == block + 3
        told = [type_.removeprefix("payout.") for type_ in event_types(payout)[3:]]
        assert told in (
            ["verifying", "settled"],
            ["verifying", "reorged", "verifying", "settled"],
        )
        assert_replays(payout.id)


LOST = 0  # the answer of a worker that was killed


def a_body() -> dict[str, object]:
    return {
        "recipient_address": somebody(),
        "chain": "arbitrum",
        "token": "USDC",
        "amount": 500,
        "currency": "USD",
    }


def called(url: str, body: dict[str, object], headers: dict[str, str]) -> tuple[int, str]:
    """The status and the payout's id; LOST where the connection broke, in the body too."""
    try:
        answer = requests.post(url, json=body, headers=headers, timeout=30)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return LOST, ""
    return answer.status_code, str(answer.json().get("id", ""))


def eventually_answered(call: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """Repeat the call, as a client does, until it is told what became of it."""
    deadline = time.monotonic() + 30
    while True:
        status, id_ = call()
        if status in (200, 201):
            return status, id_
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


def at_once(acts: Sequence[Callable[[], object]]) -> None:
    """Run the acts in threads that start together. What one raises is raised here."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result()


@pytest.fixture
def people(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> People:
    """Acme's people in live, where Arbitrum has a node that nobody asks."""
    row = replace(settings.NETWORKS["arbitrum"], rpc_urls=("http://127.0.0.1:9",))
    settings.NETWORKS = {**settings.NETWORKS, "arbitrum": row}
    return People.of(acme, "live", mara, jon, otto, ada)
