"""Who connects where, as Python's own audit events see it; and a canary that nobody may reach."""

import errno
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import pytest

from webhooks.guard import SANDBOX_PORTS
from webhooks.lookups import LookUp, LookUpFailed


@dataclass
class Wire:
    """What was tried while it was watched: connections to addresses, look-ups of names."""

    connected: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)


_watched: list[Wire] = []


@contextmanager
def watched() -> Iterator[Wire]:
    """Note every connection this process tries, and end those that would leave the machine."""
    wire = Wire()
    _watched.append(wire)
    try:
        yield wire
    finally:
        _watched.remove(wire)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched or event not in ("socket.connect", "socket.getaddrinfo"):
        return
    if event == "socket.getaddrinfo":
        for wire in _watched:
            wire.looked_up.append(str(arguments[0]))
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return
    for wire in _watched:
        wire.connected.append(str(address[0]))
    if not ip_address(address[0]).is_loopback:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "this would have left the machine")


sys.addaudithook(_audit)


class Canary:
    """Listens on every address of this machine, on a port the guard takes; counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = _listening()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()


def _listening() -> socket.socket:
    """A socket for both families on the first port that is free. Nothing else is refused then."""
    for port in reversed(SANDBOX_PORTS):
        with suppress(OSError):
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64
            )
    raise AssertionError(f"none of {SANDBOX_PORTS} is free on this machine")


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    bird = Canary()
    yield bird
    bird.close()


class Names:
    """A DNS of the test's own: each name with its answers in turn, the last one repeated.

    Another name does not resolve, or `otherwise` is asked.
    """

    def __init__(self, otherwise: LookUp | None = None, **answers: list[list[str]]) -> None:
        self._else = otherwise
        self._answers = {name.replace("_", "."): turns for name, turns in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> "Future[list[str]]":
        self.asked.append(host)
        answer: Future[list[str]] = Future()
        turns = self._answers.get(host)
        if turns is None and self._else is not None:
            return self._else(host, port)
        if turns is None:
            answer.set_exception(LookUpFailed("the name does not resolve"))
        else:
            answer.set_result(turns.pop(0) if len(turns) > 1 else turns[0])
        return answer
