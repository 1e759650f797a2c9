"""`make run`, without the installing: up, answering, stopped, and up again with its data."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.ground.processes import ROOT, data_directory, environment, eventually, naming
from tests.services import free_port

START_LIMIT_S = 90


class System:
    """The supervisor in a process of its own, and what it printed."""

    def __init__(
        self, data_dir: Path, *names: str, port: int | None = None, below_make: bool = False
    ) -> None:
        self.port = port or free_port()
        self.log = data_dir / f"log-{self.port}-{len(list(data_dir.iterdir()))}"
        command = [sys.executable, "-m", "billing.supervisor", *names]
        if below_make:
            recipe = data_dir / "Makefile"
            recipe.write_text(f"run:\n\t@cd {ROOT} && exec {' '.join(command)}\n")
            command = ["make", "--no-print-directory", "-f", str(recipe), "run"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(
                    DATA_DIR=str(data_dir), DATABASE_URL="", SECRET_KEY="", PORT=str(self.port)
                ),
                stdout=log,
                stderr=log,
                start_new_session=True,
                # CI starts in the background, where a shell has SIGINT ignored, and make would keep
                # to that.
                preexec_fn=_heed_interrupts,
            )

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def ready(self) -> "System":
        eventually(
            lambda: "Ready at" in self.printed or self.process.poll() is not None, START_LIMIT_S
        )
        assert self.process.poll() is None, self.printed
        return self

    def get(self, path: str, key: str = "") -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def key(self) -> str:
        """The sandbox key as printed."""
        word = next(w for w in self.printed.split() if w.startswith("sk_test_"))
        return word.strip("'\"")

    def end(self, sign: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(sign)
        return self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A DATA_DIR on which a supervisor came up and was stopped."""
    with data_directory() as path:
        assert System(path, "web").ready().end() == 0
        yield path


@pytest.fixture
def used(made_once: Path, data_dir: Path) -> Path:
    """A DATA_DIR of the test's own that was used before: coming up on it takes no migration."""
    # Owners are kept, for the server does not run as root.
    subprocess.run(["cp", "-a", f"{made_once}/.", data_dir], check=True)
    return data_dir


def test_it_comes_up_stops_and_keeps_its_data(data_dir: Path) -> None:
    first = System(data_dir).ready()
    assert first.get("/v1/health")["status"]
    payouts = first.get("/v1/payouts?limit=100", first.key())["data"]
    assert payouts
    for word in ("/admin/", "curl -s http", "sk_test_"):
        assert word in first.printed

    assert first.end(signal.SIGINT) == 0
    assert naming(data_dir) == []

    second = System(data_dir).ready()
    again = second.get("/v1/payouts?limit=100", second.key())["data"]
    assert {row["id"] for row in again} == {row["id"] for row in payouts}

    down = subprocess.run(
        [sys.executable, "-m", "billing.supervisor", "down"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(data_dir)},
        check=False,
    )
    assert down.returncode == 0
    assert second.process.wait(timeout=1) == 0
    assert naming(data_dir) == []


def test_killed_by_9_it_leaves_nothing_behind(used: Path) -> None:
    system = System(used, "web", "worker", "beat").ready()

    system.process.kill()
    system.process.wait()

    eventually(lambda: not naming(used) and not _granians(system.port))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_make_that_started_it(used: Path, sign: signal.Signals) -> None:
    """The signal goes to make alone, as from a script: no terminal tells the whole group."""
    system = System(used, "web", below_make=True).ready()

    system.end(sign)

    eventually(lambda: not naming(used) and not _granians(system.port))


def test_metrics_are_those_of_every_web_worker_together(used: Path) -> None:
    system = System(used, "web").ready()

    for _ in range(12):
        with urllib.request.urlopen(f"http://127.0.0.1:{system.port}/v1/openapi.json", timeout=10):
            pass
    with urllib.request.urlopen(f"http://127.0.0.1:{system.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()

    counted = next(line for line in lines if "requests_total" in line and "openapi.json" in line)
    assert float(counted.split()[-1]) == 12
    assert system.end() == 0


def test_a_second_one_says_what_is_in_its_way_before_it_starts_anything(used: Path) -> None:
    first = System(used, "web").ready()
    elsewhere = used / "elsewhere"
    elsewhere.mkdir()

    same_data = System(used, "web")
    same_port = System(elsewhere, "web", port=first.port)

    assert same_data.process.wait(timeout=30) == 2
    assert "runs already on" in same_data.printed
    assert "make down" in same_data.printed
    assert same_port.process.wait(timeout=30) == 2
    assert f"PORT {first.port} cannot be used" in same_port.printed
    assert not (elsewhere / "postgres").exists()
    assert first.end(signal.SIGTERM) == 0


def test_a_process_that_ends_by_itself_ends_the_others(used: Path) -> None:
    system = System(used, "web").ready()
    web = next(p for p in psutil.Process(system.process.pid).children() if _is_granian(p))

    web.kill()

    assert system.process.wait(timeout=30) == 1
    assert "error: web ended by itself" in system.printed


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _is_granian(process: psutil.Process) -> bool:
    return "granian" in " ".join(process.cmdline())


def _granians(port: int) -> list[str]:
    """Web servers name no DATA_DIR; their port tells whose they are."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "--port" in words and str(port) in words:
            found.append(" ".join(words))
    return found
