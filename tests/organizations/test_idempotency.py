import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import Event
from organizations import tasks
from organizations.models import IdempotencyKey
from tests.api import acts

pytestmark = pytest.mark.urls("tests.api.acts")


def acts_done() -> int:
    return Event.objects.filter(type="payout.created").count()


def test_the_first_call_answers_as_ever_and_echoes_the_key(acme, api):
    answer = api(acme).post("/v1/acts", {"a": 1}, idempotency_key="order-1")

    assert answer.status_code == 201
    assert answer.headers["Idempotency-Key"] == "order-1"
    assert "Idempotent-Replayed" not in answer.headers


def test_a_repeat_gets_the_stored_answer_and_does_nothing(acme, api):
    first = api(acme).post("/v1/acts", {"amount": Decimal("49.990")}, idempotency_key="order-1")

    again = api(acme).post("/v1/acts", {"amount": Decimal("49.990")}, idempotency_key="order-1")

    assert again.status_code == 200
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Idempotency-Key"] == "order-1"
    assert again.content == first.content
    assert acts_done() == 1


def test_without_a_key_every_call_acts(acme, api):
    for _ in range(2):
        assert api(acme).post("/v1/acts", {"a": 1}).status_code == 201

    assert acts_done() == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b'{"a": 1, "b": 2}', b'{"b":2,"a":1}'),
        (b'{"a": 500.0}', b'{"a": 500.00}'),
        (b'{"a": 500}', b'{"a": 5e2}'),
        (b'{"a": {"x": [1.10, "y"]}}', b'{"a": {"x": [1.1, "y"]}}'),
        (b'{"a": 0.0}', b'{"a": -0}'),
        (b'{"a": "\\u00e9"}', '{"a": "é"}'.encode()),
    ],
)
def test_the_same_body_written_otherwise_is_a_repeat(acme, api, first, second):
    api(acme).post("/v1/acts", first, idempotency_key="order-1")

    again = api(acme).post("/v1/acts", second, idempotency_key="order-1")

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert acts_done() == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b'{"a": 1}', b'{"a": 2}'),
        (b'{"a": 1}', b'{"a": "1"}'),
        (b'{"a": 1}', b'{"a": true}'),
        (b'{"a": 0}', b'{"a": false}'),
        (b'{"a": null}', b"{}"),
        (b'{"a": [1, 2]}', b'{"a": [2, 1]}'),
        (
            b'{"a": 1.00000000000000000000000000000000001}',
            b'{"a": 1.00000000000000000000000000000000002}',
        ),
    ],
)
def test_another_body_is_refused(acme, api, first, second):
    api(acme).post("/v1/acts", first, idempotency_key="order-1")

    answer = api(acme).post("/v1/acts", second, idempotency_key="order-1")

    assert answer.status_code == 409
    assert answer.json()["error"]["type"] == "idempotency_conflict"
    assert answer.json()["error"]["code"] == "idempotency_key_reused"
    assert answer.json()["error"]["param"] is None
    assert acts_done() == 1


def test_a_key_belongs_to_its_organization_environment_and_path(acme, zenith, api):
    calls = [
        (api(acme), "/v1/acts"),
        (api(zenith), "/v1/acts"),
        (api(acme, "live"), "/v1/acts"),
        (api(acme), "/v1/acts/1/again"),
        (api(acme), "/v1/acts/2/again"),
    ]

    statuses = [
        client.post(path, {"a": 1}, idempotency_key="order-1").status_code for client, path in calls
    ]

    assert statuses == [201, 201, 201, 201, 201]
    assert acts_done() == 5


def test_a_second_key_of_the_same_organization_shares_its_idempotency_keys(acme, api):
    api(acme).post("/v1/acts", {"a": 1}, idempotency_key="order-1")

    again = api(acme, name="another").post("/v1/acts", {"a": 1}, idempotency_key="order-1")

    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_malformed_key_is_refused(acme, api, key):
    answer = api(acme).post("/v1/acts", {"a": 1}, idempotency_key=key)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_idempotency_key"
    assert acts_done() == 0


def test_a_key_of_255_characters_is_taken(acme, api):
    answer = api(acme).post("/v1/acts", {"a": 1}, idempotency_key="x" * 255)

    assert answer.status_code == 201


def test_a_refused_call_is_not_stored_so_the_key_is_free_for_a_better_one(acme, api):
    refused = api(acme).post("/v1/acts", {"refuse": True}, idempotency_key="order-1")
    better = api(acme).post("/v1/acts", {"a": 1}, idempotency_key="order-1")

    assert (refused.status_code, better.status_code) == (400, 201)
    assert refused.headers["Idempotency-Key"] == "order-1"
    assert acts_done() == 1


def test_after_24_hours_the_key_is_free_again(acme, api):
    api(acme).post("/v1/acts", {"a": 1}, idempotency_key="order-1")
    IdempotencyKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = api(acme).post("/v1/acts", {"a": 2}, idempotency_key="order-1")
    again = api(acme).post("/v1/acts", {"a": 2}, idempotency_key="order-1")

    assert answer.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert acts_done() == 2


def test_stored_answers_are_kept_for_24_hours(acme, api):
    before = timezone.now()

    api(acme).post("/v1/acts", {"a": 1}, idempotency_key="order-1")

    kept = IdempotencyKey.objects.get()
    assert timedelta(hours=24) - timedelta(minutes=1) < kept.expires_at - before
    assert kept.expires_at - before < timedelta(hours=24, minutes=1)


def test_expired_answers_are_forgotten_by_the_job_and_others_kept(acme, api):
    for name in ("old", "young"):
        api(acme).post("/v1/acts", {"a": 1}, idempotency_key=name)
    IdempotencyKey.objects.filter(key="old").update(expires_at=timezone.now())

    forgotten = tasks.forget_idempotency_keys()

    assert forgotten == 1
    assert IdempotencyKey.objects.get().key == "young"


def test_an_answer_with_a_secret_is_stored_encrypted_and_replayed_readably(acme, api):
    first = api(acme).post("/v1/secrets", {"secret": "whsec_abc"}, idempotency_key="order-1")

    kept = IdempotencyKey.objects.get()
    again = api(acme).post("/v1/secrets", {"secret": "whsec_abc"}, idempotency_key="order-1")

    assert kept.is_encrypted
    assert b"whsec_abc" not in bytes(kept.answer)
    assert again.content == first.content


def test_get_ignores_the_key(acme, api):
    answer = api(acme).get("/v1/acts", idempotency_key="order-1")

    assert answer.status_code == 200
    assert IdempotencyKey.objects.count() == 0


def test_a_malformed_body_is_refused_before_the_key_is_looked_at(acme, api):
    answer = api(acme).post("/v1/acts", b"{", idempotency_key="order-1")

    assert answer.status_code == 400
    assert IdempotencyKey.objects.count() == 0


def test_it_adds_two_statements_to_an_act(acme, api):
    client = api(acme)
    client.post("/v1/acts", {"a": 1}, idempotency_key="warm")

    with CaptureQueriesContext(connection) as queries:
        client.post("/v1/acts", {"a": 1}, idempotency_key="order-1")

    said = [query["sql"].split()[0] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert said == ["SELECT", "SELECT", "INSERT", "INSERT"]  # key, lock, event, answer


@pytest.mark.django_db(transaction=True)
def test_while_the_first_call_runs_a_repeat_is_told_so(acme, api):
    client = api(acme)
    acts.is_acting.clear()
    acts.may_finish.clear()
    first = threading.Thread(target=in_thread, args=(client, {"hold": True}, "order-1"))
    first.start()
    assert acts.is_acting.wait(10)

    during = client.post("/v1/acts", {"hold": True}, idempotency_key="order-1")
    acts.may_finish.set()
    first.join()
    after = client.post("/v1/acts", {"hold": True}, idempotency_key="order-1")

    assert during.status_code == 409
    assert during.json()["error"]["code"] == "idempotency_key_in_use"
    assert after.headers["Idempotent-Replayed"] == "true"
    assert acts_done() == 1


@pytest.mark.django_db(transaction=True)
def test_64_equal_calls_at_once_act_once(acme, api):
    client = api(acme)
    client.get("/v1/acts")
    together = threading.Barrier(16)

    def call(_: int) -> tuple[int, str | None]:
        together.wait(10)
        return in_thread(client, {"a": 1}, "order-1")

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(call, range(64)))

    assert acts_done() == 1
    assert told.count((201, None)) == 1
    assert set(told) <= {(201, None), (200, None), (409, "idempotency_key_in_use")}
    assert client.post("/v1/acts", {"a": 1}, idempotency_key="order-1").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_call_overtaken_between_its_snapshot_and_its_lock_is_answered_from_the_winner(
    acme, api, monkeypatch
):
    """The one window that the lock leaves open: here it is held open until the winner is done."""
    client = api(acme)
    client.get("/v1/acts")
    monkeypatch.setattr("organizations.idempotency.LOCK_AND_FIND", SLOW_LOCK_AND_FIND, raising=True)
    slow = ThreadPoolExecutor(1).submit(in_thread, client, {"a": 1}, "order-1")
    wait_until(lambda: sleeping_statements() == 1)
    monkeypatch.undo()

    winner = client.post("/v1/acts", {"a": 1}, idempotency_key="order-1")

    assert winner.status_code == 201
    assert slow.result(20) == (200, None)
    assert acts_done() == 1


@pytest.mark.django_db(transaction=True)
def test_a_killed_call_leaves_nothing_and_its_key_is_free(acme, api):
    client = api(acme)
    killed = subprocess.Popen(  # our own interpreter
        [sys.executable, "-c", textwrap.dedent(CALLER), client.secret, connection_name()],
        stdout=subprocess.PIPE,
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"in the act\n"

    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    wait_until(lambda: sessions_in_transaction() == 0)
    acts.may_finish.set()
    answer = client.post("/v1/acts", {"hold": 1}, idempotency_key="order-1")

    assert answer.status_code == 201
    assert acts_done() == 1


SLOW_LOCK_AND_FIND = """
WITH waited AS MATERIALIZED (SELECT pg_sleep(1.5) AS w)
SELECT pg_try_advisory_xact_lock(%s), k.body_digest, k.answer, k.is_encrypted
FROM waited LEFT JOIN organizations_idempotencykey k
    ON k.id = %s AND k.expires_at > statement_timestamp() WHERE waited.w IS NOT NULL
"""

CALLER = """
    import sys, threading, django
    from django.conf import settings
    settings.DATABASES["default"]["NAME"] = sys.argv[2]
    django.setup()
    settings.ROOT_URLCONF = "tests.api.acts"
    settings.ALLOWED_HOSTS = ["*"]
    from django.test import Client
    from tests.api import acts

    def tell():
        acts.is_acting.wait(20)
        print("in the act", flush=True)

    threading.Thread(target=tell, daemon=True).start()
    Client().post(
        "/v1/acts", '{"hold": 1}', "application/json",
        headers={"Authorization": "Bearer " + sys.argv[1], "Idempotency-Key": "order-1"},
    )
"""


def in_thread(client, body, key) -> tuple[int, str | None]:
    try:
        answer = client.post("/v1/acts", body, idempotency_key=key)
        return answer.status_code, answer.json().get("error", {}).get("code")
    finally:
        connection.close()


def connection_name() -> str:
    return str(connection.settings_dict["NAME"])


def sleeping_statements() -> int:
    return _count_sessions("query LIKE '%%pg_sleep(1.5)%%' AND state = 'active'")


def sessions_in_transaction() -> int:
    return _count_sessions("state LIKE 'idle in transaction%%'")


def _count_sessions(condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            f"AND pid <> pg_backend_pid() AND {condition}",
            [],
        )
        sessions: int = cursor.fetchone()[0]
        return sessions


def wait_until(is_so) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, "waited 10 s in vain"
        time.sleep(0.02)
