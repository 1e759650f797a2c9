"""Programs that the tests of the ground start, watch and kill."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 30


class Holder:
    """A process of its own that holds the embedded server of `data_dir` and runs SQL on request."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ground.holder", str(data_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def ready(self) -> "Holder":
        assert self._line() == "held"
        return self

    def sql(self, statement: str) -> str:
        """Run one statement on a new connection and return its first value as text."""
        assert self.process.stdin is not None
        self.process.stdin.write(statement + "\n")
        return self._line()

    def leave(self) -> None:
        """End as a program ends: let go, wait for the server to stop where this was the last."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(timeout=PATIENCE_S) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line: str = self.process.stdout.readline()
        return line.strip()


@contextmanager
def data_directory() -> Iterator[Path]:
    """An empty DATA_DIR. At the end nothing may run on it any more, and it is deleted."""
    # Not pytest's tmp_path: that is closed to other users and long; both are tested on purpose.
    path = Path(tempfile.mkdtemp(prefix="billing-ground-"))
    path.chmod(0o755)
    try:
        yield path
        eventually(lambda: not naming(path))
    finally:
        end(path)
        shutil.rmtree(path)


def naming(path: Path) -> list[str]:
    """The command lines of living processes that name `path`: what was started for it."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        is_ours = process.info["pid"] != os.getpid()
        if is_ours and str(path) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(words)
    return found


def end(path: Path) -> None:
    """Kill what a failed test left running for `path`: what names it, or was told by DATA_DIR."""
    for process in psutil.process_iter(["pid", "cmdline", "environ"]):
        told = (process.info["environ"] or {}).get("DATA_DIR") == str(path)
        is_for_it = told or str(path) in " ".join(process.info["cmdline"] or [])
        if is_for_it and process.pid != os.getpid():
            with suppress(psutil.NoSuchProcess):  # Its parent may have taken it along.
                process.kill()


def environment(**changes: str) -> Mapping[str, str]:
    """The environment of a program that a person starts: nothing of ours above it, and changes."""
    above = ("PYTEST", "MAKE", "MFLAGS")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(above)}
    return {**inherited, **changes}


def eventually(holds: Callable[[], object], limit_s: float = PATIENCE_S) -> None:
    """Wait until `holds()` is true; fail where it is not in time."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
