"""The web server of the tests' own database: granian, as the supervisor starts it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from tests.flow.company import ROOT
from tests.services import database_url, free_port

PATIENCE_S = 60


@dataclass(frozen=True)
class Served:
    """A running server and its URL."""

    url: str
    process: subprocess.Popen[bytes]

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return psutil.Process(self.process.pid).children()


@contextmanager
def served(name: str, workers: int = 1) -> Iterator[Served]:
    """Serve one of tests.flow.web_processes."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--http", "1"]
    command += ["--port", str(port), "--workers", str(workers), "--blocking-threads", "4"]
    command += ["--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5"]
    command += ["--log-level", "critical"]
    server = subprocess.Popen(
        [*command, f"tests.flow.web_processes:{name}"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), "API_RATE_LIMIT": "off"},
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE_S
        while not _answers(f"{url}/diagnostics"):
            assert server.poll() is None and time.monotonic() < deadline, name
            time.sleep(0.1)
        yield Served(url, server)
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE_S)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).status_code == 200
    except requests.ConnectionError:
        return False
