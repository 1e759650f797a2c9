"""A web server on the benchmarks' site, and what one client asks of it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

REQUESTS = 100  # in one turn


@contextmanager
def server() -> Iterator[int]:
    """Run one granian worker with one thread on the benchmark's site; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--blocking-threads", "1", "--log-level", "warning",
        "--no-access-log", "tests.bench.site:application",
    ]  # fmt: skip
    environment = {**os.environ, "BENCH_DATABASE": connection.settings_dict["NAME"]}
    process = subprocess.Popen(command, env=environment)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


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


def cpu_per_request(
    client: http.client.HTTPConnection, request: Callable[[], bytes]
) -> Callable[[], float]:
    def block() -> float:
        before = float(ask(client, "GET", "/bench/cpu"))
        for _ in range(REQUESTS):
            request()
        return (float(ask(client, "GET", "/bench/cpu")) - before) / REQUESTS

    return block


def ask(
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
