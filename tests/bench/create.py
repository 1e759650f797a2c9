"""POST /v1/payouts, complete, beside a bare view with one INSERT on the same server."""

import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from tests.bench.arms import interleaved, ratio
from tests.bench.calling import caller
from tests.bench.figures import Figure
from tests.bench.payouts import a_body
from tests.bench.place import Tenant, new_tenant
from tests.bench.turns import counted
from tests.bench.urls import TABLE

WORKLOAD = "POST /v1/payouts"
ROUNDS, REQUESTS = 24, 100


def run() -> list[Figure]:
    tenant = new_tenant("Create")
    return [*_cpu(tenant), _round_trips(tenant)]


def _cpu(tenant: Tenant) -> list[Figure]:
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    with _server() as port:
        client = http.client.HTTPConnection("127.0.0.1", port)
        arms = {
            "ours": _cpu_per_request(client, lambda: _create(client, tenant.secret)),
            "bare": _cpu_per_request(client, lambda: _ask(client, "POST", "/bench/insert")),
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


@contextmanager
def _server() -> Iterator[int]:
    """Run one granian worker with one thread on the benchmark's site; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--blocking-threads", "1", "--log-level", "warning",
        "--no-access-log", "tests.bench.site:application",
    ]  # fmt: skip
    environment = {**os.environ, "BENCH_DATABASE": connection.settings_dict["NAME"]}
    server = subprocess.Popen(command, env=environment)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(port: int, patience_s: float = 60) -> None:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:  # Not listening yet.
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"no web server on port {port} after {patience_s} s")


def _cpu_per_request(
    client: http.client.HTTPConnection, request: Callable[[], bytes]
) -> Callable[[], float]:
    def block() -> float:
        before = float(_ask(client, "GET", "/bench/cpu"))
        for _ in range(REQUESTS):
            request()
        return (float(_ask(client, "GET", "/bench/cpu")) - before) / REQUESTS

    return block


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
    return _ask(client, "POST", "/v1/payouts", body, headers)


def _ask(
    client: http.client.HTTPConnection,
    method: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    client.request(method, path, body, headers or {})
    answer = client.getresponse()
    content = answer.read()
    assert answer.status in (200, 201), content
    return content
