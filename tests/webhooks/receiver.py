"""A real HTTP receiver on this machine, in a thread of its own. Each path is a receiver for itself:

    with receiving() as receiver:
        receiver.answer("/orders", Answer(500), Answer(200))   # the last one is repeated
        … deliver to receiver.url("/orders") …
        assert [each.json()["type"] for each in receiver.at("/orders")] == […]

A path nobody said anything of answers 200. HTTP/1.1 with keep-alive; every byte is kept as it came.
"""

import asyncio
import json
import socket
import ssl
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# For receiver.test, localhost and 127.0.0.1, signed by itself and good until 2120.
# Nobody trusts it; with SSL_CERT_FILE a test may.
CERTIFICATE = Path(__file__).with_name("self_signed.pem")


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came. Names of headers are in lower case; `connection` counts from 1."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float  # seconds since 1970
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, `after_s` seconds. A redirect is Answer(302, {"Location": …})."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_s: float = 0.0


class Hang:
    """No answer ever, until `receiver.release()`; then 200."""


class Reset:
    """The request is read, then the connection is reset."""


class Drip:
    """200 at once, then a byte of the body now and then, without an end."""


class Endless:
    """200, then body as fast as it is taken, without an end."""


@dataclass(frozen=True, slots=True)
class Raw:
    """These bytes, whatever they are; then the connection is closed."""

    text: bytes


Behaviour = Answer | Hang | Reset | Drip | Endless | Raw


class Receiver:
    """The receiver's other side: what it shall answer, and what it got. Made by `receiving`."""

    def __init__(self, *, tls: bool = False) -> None:
        self.connections = 0
        self.bytes_sent = 0  # of endless bodies
        self._requests: list[Received] = []
        self._script: defaultdict[str, list[Behaviour]] = defaultdict(lambda: [Answer()])
        self._news = threading.Condition()
        self._released = asyncio.Event()
        self._ended = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._tls = _tls() if tls else None
        self.port: int = self._socket.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def url(self, path: str = "/") -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}{path}"

    def answer(self, path: str, *behaviours: Behaviour) -> None:
        """From now on this is how `path` behaves, one after another; the last is repeated."""
        assert behaviours, "at least one"
        self._script[path] = list(behaviours)

    @property
    def requests(self) -> list[Received]:
        """All that came, in the order in which it came."""
        with self._news:
            return list(self._requests)

    def at(self, path: str) -> list[Received]:
        return [each for each in self.requests if each.path == path]

    def wait_for(self, count: int, path: str | None = None, *, within_s: float = 10) -> None:
        """Return once `count` requests came (at `path`); fail after `within_s` seconds."""

        def came() -> int:
            return sum(path in (None, each.path) for each in self._requests)

        with self._news:
            enough = self._news.wait_for(lambda: came() >= count, timeout=within_s)
            assert enough, f"{came()} of {count} requests came within {within_s} s"

    def forget(self) -> None:
        """Empty what was received."""
        with self._news:
            self._requests.clear()

    def release(self) -> None:
        """Let everything that hangs be answered, from now on at once."""
        self._loop.call_soon_threadsafe(self._released.set)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive(), "the receiver did not end"

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._converse, sock=self._socket, ssl=self._tls)
        await self._ended.wait()
        server.close()
        open_ones = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        # Whoever sends may leave at any moment: that is what many of the tests are about.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                received = await _read(reader, number)
                script = self._script[received.path]
                behaviour = script.pop(0) if len(script) > 1 else script[0]
                with self._news:
                    self._requests.append(received)
                    self._news.notify_all()
                if not await self._behave(behaviour, writer):
                    break
        writer.transport.abort()

    async def _behave(self, behaviour: Behaviour, writer: asyncio.StreamWriter) -> bool:
        """Answer; return whether the connection stays open."""
        if isinstance(behaviour, Hang):
            await self._released.wait()
            behaviour = Answer()
        if isinstance(behaviour, Answer):
            await asyncio.sleep(behaviour.after_s)
            await _send(writer, _written(behaviour))
            return True
        if isinstance(behaviour, Raw):
            await _send(writer, behaviour.text)
            writer.close()
            await writer.wait_closed()
        elif isinstance(behaviour, Reset):
            end = writer.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            await self._pour(writer, is_slow=isinstance(behaviour, Drip))
        return False

    async def _pour(self, writer: asyncio.StreamWriter, *, is_slow: bool) -> None:
        await _send(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        piece = b"x" if is_slow else b"x" * 16_384
        while True:
            await _send(writer, piece)
            self.bytes_sent += len(piece)
            await asyncio.sleep(0.05 if is_slow else 0)


@contextmanager
def receiving(*, tls: bool = False) -> Iterator[Receiver]:
    receiver = Receiver(tls=tls)
    try:
        yield receiver
    finally:
        receiver.close()


async def _read(reader: asyncio.StreamReader, connection: int) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = [line.split(": ", 1) for line in head[1:] if line]
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body, time.time(), connection)


def _written(answer: Answer) -> bytes:
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Said", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


async def _send(writer: asyncio.StreamWriter, text: bytes) -> None:
    writer.write(text)
    await writer.drain()


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def types_of(requests: Sequence[Received]) -> list[str]:
    """The types of the events that were told, in the order in which they arrived."""
    return [each.json()["type"] for each in requests]
