"""POST /v1/payouts with an Idempotency-Key: draft, event and stored answer in one statement."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import exact_json
from events.models import Event
from organizations.idempotency import lock_of
from organizations.models import IdempotencyKey
from payouts.acts import insert
from payouts.models import PayoutIntent
from tests.bench.calling import caller as wsgi_caller
from tests.organizations.test_idempotency import wait_until
from tests.payouts.api.conftest import a_body


def written() -> tuple[int, int, int]:
    """How many payouts, events of them, and stored answers there are."""
    created = Event.objects.filter(type="payout.created").count()
    return PayoutIntent.objects.count(), created, IdempotencyKey.objects.count()


def test_it_takes_one_statement_besides_the_keys_look_up(acme, api):
    client = api(acme)
    client.post("/v1/payouts", a_body(amount=1), idempotency_key="warm")

    with CaptureQueriesContext(connection) as queries:
        answer = client.post("/v1/payouts", a_body(amount=2), idempotency_key="k-1")

    assert answer.status_code == 201
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "WITH"]


def test_answer_event_and_row_say_the_same(acme, api):
    body = a_body(
        amount=49.99, due_date="2030-01-15T12:00:00.123Z", metadata={"a": "ä"}, description="'%s'"
    )

    told = api(acme).post("/v1/payouts", body, idempotency_key="k-1").json()

    (event,) = Event.objects.filter(type="payout.created")
    assert {name: event.payload["data"][name] for name in told} == exact_json.loads(
        exact_json.dumps(told)
    )
    assert api(acme).get(f"/v1/payouts/{told['id']}").json() == told | {
        "timeline": api(acme).get(f"/v1/payouts/{told['id']}").json()["timeline"]
    }
    assert (event.actor_id, event.resource_id) == (api(acme).key.id, told["id"])
    assert bytes(IdempotencyKey.objects.get().answer) == exact_json.dumps(told)


def test_a_used_key_is_told_so_before_what_is_wrong_with_the_body(acme, api):
    client = api(acme)
    client.post("/v1/payouts", a_body(), idempotency_key="k-1")

    answer = client.post("/v1/payouts", a_body(amount="much"), idempotency_key="k-1")

    assert answer.json()["error"]["code"] == "idempotency_key_reused"
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": "much"}, "invalid_field_value"),
        ({"recipient_address": "0x" + "0" * 40}, "invalid_recipient"),
        ({"external_id": "x-1"}, "external_id_taken"),
        ({"retry_of": "po_000000000000000000000000"}, "payout_not_found"),
    ],
)
def test_a_refused_call_writes_nothing_and_its_key_stays_free(acme, api, changes, code):
    client = api(acme)
    client.post("/v1/payouts", a_body(external_id="x-1", amount=7))

    refused = client.post("/v1/payouts", a_body(**changes), idempotency_key="k-1")
    before = written()
    better = client.post("/v1/payouts", a_body(), idempotency_key="k-1")

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
    assert refused.headers["Idempotency-Key"] == "k-1"
    assert before == (1, 1, 0)
    assert better.status_code == 201
    assert written() == (2, 2, 1)


def test_a_warning_is_in_the_answer_the_event_and_the_repeat(acme, api):
    client = api(acme)
    first = client.post("/v1/payouts", a_body(reference_id="inv"), idempotency_key="k-1").json()

    second = client.post("/v1/payouts", a_body(reference_id="inv", amount=6), idempotency_key="k-2")
    again = client.post("/v1/payouts", a_body(reference_id="inv", amount=6), idempotency_key="k-2")

    warning = f"same_reference: payout {first['id']} has the same reference."
    assert (second.status_code, second.json()["warnings"]) == (201, [warning])
    assert again.content == second.content
    event = Event.objects.get(type="payout.created", resource_id=second.json()["id"])
    assert event.payload["data"]["warnings"] == [warning]
    assert written() == (2, 2, 2)


def test_a_retry_and_an_impossible_sandbox_address_keep_what_they_say(acme, api):
    client = api(acme)
    first = client.post("/v1/payouts", a_body(), idempotency_key="k-1").json()
    odd = a_body(retry_of=first["id"], recipient_address="0x" + "1a" * 19, amount=7)

    told = client.post("/v1/payouts", odd, idempotency_key="k-2").json()

    assert told["retry_of"] == first["id"]
    assert [warning[:24] for warning in told["warnings"]] == ["Live refuses the address"]
    assert client.get(f"/v1/payouts/{told['id']}").json()["warnings"] == told["warnings"]


def test_after_24_hours_the_key_is_free_again(acme, api):
    client = api(acme)
    client.post("/v1/payouts", a_body(), idempotency_key="k-1")
    IdempotencyKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    second = client.post("/v1/payouts", a_body(amount=6), idempotency_key="k-1")
    again = client.post("/v1/payouts", a_body(amount=6), idempotency_key="k-1")

    assert second.status_code == 201
    assert again.content == second.content
    assert written() == (2, 2, 1)
    kept = IdempotencyKey.objects.get()
    assert timedelta(hours=23, minutes=59) < kept.expires_at - timezone.now()
    assert kept.expires_at - kept.created_at == timedelta(hours=24)


@pytest.mark.django_db(transaction=True)
def test_while_the_first_call_runs_a_repeat_is_told_so(acme, api):
    client = api(acme)
    client.post("/v1/payouts", a_body(amount=1), idempotency_key="other")
    kept = IdempotencyKey.objects.get()
    may_end = threading.Event()
    holds = threading.Event()

    def first_call() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [lock_of(kept.id)])
                holds.set()
                may_end.wait(10)
        finally:
            connection.close()

    IdempotencyKey.objects.all().delete()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(first_call)
        assert holds.wait(10)
        answer = client.post("/v1/payouts", a_body(amount=1), idempotency_key="other")
        may_end.set()

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "idempotency_key_in_use"
    assert written() == (1, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_64_equal_calls_at_once_make_one_payout(acme, api):
    client = api(acme)
    client.get("/v1/payouts")

    told = at_once(16, 64, lambda _: client.post("/v1/payouts", a_body(), idempotency_key="k-1"))

    assert told.count((201, None)) == 1
    assert set(told) <= {(201, None), (200, None), (409, "idempotency_key_in_use")}
    assert written() == (1, 1, 1)
    assert client.post("/v1/payouts", a_body(), idempotency_key="k-1").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_calls_with_one_external_id_and_keys_of_their_own_one_is_made(acme, api):
    client = api(acme)
    client.get("/v1/payouts")

    told = at_once(
        16,
        64,
        lambda number: client.post(
            "/v1/payouts",
            a_body(external_id="x-1", amount=number + 1),
            idempotency_key=f"k-{number}",
        ),
    )

    assert sorted(told, key=str) == [(201, None), *[(400, "external_id_taken")] * 63]
    assert written() == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_call_overtaken_between_its_snapshot_and_its_lock_is_answered_from_the_winner(
    acme, api, monkeypatch
):
    client = api(acme)
    client.get("/v1/payouts")
    slow_statement = insert._INSERT_ONCE.replace("(SELECT) one", "(SELECT pg_sleep(1.5)) one")
    monkeypatch.setattr(insert, "_INSERT_ONCE", slow_statement)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(
            in_thread, lambda: client.post("/v1/payouts", a_body(), idempotency_key="k-1")
        )
        wait_until(lambda: sleeping_statements() == 1)
        monkeypatch.undo()
        winner = client.post("/v1/payouts", a_body(), idempotency_key="k-1")

    assert winner.status_code == 201
    assert slow.result() == (200, None)
    assert written() == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_between_two_requests_is_replaced(acme, api):
    call = wsgi_caller(WSGIHandler(), api(acme).secret)
    assert call("GET", "/v1/payouts").status == 200
    for method, body in (("GET", None), ("POST", a_body())):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        ThreadPoolExecutor(1).submit(terminate, pid).result()

        answer = call(method, "/v1/payouts", body, idempotency_key="k-1")

        assert answer.status in (200, 201), answer.body
    assert written() == (1, 1, 1)


def sleeping_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        (sleeping,) = cursor.fetchone()
    return int(sleeping)


def terminate(pid: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone() == (True,)
    finally:
        connection.close()


def in_thread(call: Callable[[], Any]) -> tuple[int, str | None]:
    try:
        answer = call()
        return answer.status_code, answer.json().get("error", {}).get("code")
    finally:
        connection.close()


def at_once(threads: int, calls: int, call: Callable[[int], Any]) -> list[tuple[int, str | None]]:
    together = threading.Barrier(threads)

    def one(number: int) -> tuple[int, str | None]:
        together.wait(20)
        return in_thread(lambda: call(number))

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(calls)))
