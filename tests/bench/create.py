"""POST /v1/payouts, complete, beside a bare view with one INSERT on the same server."""

import http.client
import itertools
import json
import uuid

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from tests.bench.arms import interleaved, ratio
from tests.bench.calling import caller
from tests.bench.figures import Figure
from tests.bench.payouts import a_body
from tests.bench.place import Tenant, new_tenant
from tests.bench.server import ask, cpu_per_request, server
from tests.bench.turns import counted
from tests.bench.urls import TABLE

WORKLOAD = "POST /v1/payouts"
ROUNDS = 24


def run() -> list[Figure]:
    tenant = new_tenant("Create")
    return [*_cpu(tenant), _round_trips(tenant)]


def _cpu(tenant: Tenant) -> list[Figure]:
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    with server() as port:
        client = http.client.HTTPConnection("127.0.0.1", port)
        arms = {
            "ours": cpu_per_request(client, lambda: _create(client, tenant.secret)),
            "bare": cpu_per_request(client, lambda: ask(client, "POST", "/bench/insert")),
        }
        answers = interleaved(arms, ROUNDS, warm_up=2)
        client.close()
    ours, bare = (sum(answers[arm]) / ROUNDS for arm in ("ours", "bare"))
    beside = f"bare view with one INSERT {bare * 1000:.2f} ms"
    return [
        Figure(WORKLOAD, "CPU per request", ours * 1000, "ms", beside),
        Figure(
            WORKLOAD, "CPU against the bare view", ratio(answers, "ours", "bare"), "×", beside, 2.2
        ),
    ]


def _round_trips(tenant: Tenant) -> Figure:
    """Count one request's turns on the wire, once statements are prepared; it must not vary."""
    call = caller(WSGIHandler(), tenant.secret)
    counts = set()
    with counted() as turns:
        for number in range(30):
            before = turns.count
            answer = call("POST", "/v1/payouts", _body(number), idempotency_key=str(uuid.uuid4()))
            assert answer.status == 201, answer.body
            if number >= 20:
                counts.add(turns.count - before)
    beside = "the wire, health check, BEGIN and COMMIT included"
    return Figure(WORKLOAD, "database round trips", max(counts), "", beside, 4)


NUMBERS = itertools.count(1)


def _body(number: int) -> dict[str, object]:
    """Every payout another amount: a second like the first would be answered with a warning."""
    return a_body() | {"amount": round(100 + number / 100, 2), "reference_id": f"inv_{number}"}


def _create(client: http.client.HTTPConnection, secret: str) -> bytes:
    body = json.dumps(_body(next(NUMBERS)))
    headers = {
        "Authorization": f"Bearer {secret}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    return ask(client, "POST", "/v1/payouts", body, headers)
