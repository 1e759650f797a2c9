"""Running `tests.webhooks.sender`: senders that are processes, on this test's database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.services import ROOT, database_url
from tests.webhooks.receiver import Receiver


class Senders:
    """The nursery. `begin` starts a life, `end` kills it; both return when that is so.

    A sender that ends by itself says why: then whoever waits fails with its last words.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.alive: list[int] = []
        self._expect("ready")

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("live\n")
        self._process.stdin.flush()
        self.alive = [int(number) for number in self._line().split()]

    def kill(self) -> None:
        for number in self.alive:
            with suppress(ProcessLookupError):  # It died of itself, which `end` will tell.
                os.kill(number, signal.SIGKILL)

    def end(self) -> None:
        self.kill()
        self._expect("dead")

    def _expect(self, word: str) -> None:
        line = self._line()
        assert line == word, f"said instead of {word}: {line or 'nothing more'}"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def senders(receiver: Receiver, *, at_once: int = 1, lease_s: float = 30) -> Iterator[Senders]:
    """A nursery of senders that may send to this receiver, with the settings of an operator."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.webhooks.sender", str(at_once), str(lease_s)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "billing.settings",
            "DATABASE_URL": database_url(),
            "WEBHOOK_ALLOWED_HOSTS": receiver.host,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    nursery = None
    try:
        nursery = Senders(process)
        yield nursery
    finally:
        if nursery is not None:
            nursery.kill()
        process.kill()
        process.wait()
