"""The HTTP side of the sender: requests of one run, many at once, in a thread with its own loop.

It knows no database. Requests come in by `post`, outcomes come out of the queue `outcomes`, some at
a time: two threads that work in small turns keep each other waiting for the interpreter.
It loads aiohttp: imported by the sender alone, never by a web process.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from time import perf_counter
from types import TracebackType
from typing import Self

import aiohttp
from django.utils import timezone
from yarl import URL

from billing.chains import Environment
from webhooks import signing
from webhooks.claiming import Due
from webhooks.models import Endpoint
from webhooks.recording import Outcome
from webhooks.resolver import DialRefused, VettingConnector, dialled

logger = logging.getLogger(__name__)

GATHERED_FOR_S = 0.002
READ_AT_MOST = 64 * 1024
KEPT_OF_ANSWER = 2 * 1024
LONGEST_ERROR = 500
REDIRECT_REFUSED = "It answered with a redirect, and redirects are not followed."
UNREADABLE = (
    "Nothing was sent. The secret of this webhook cannot be read: the installation's SECRET_KEY is "
    "another than when it was made. Restore it, or rotate the secret without an overlap."
)
OUR_MISTAKE = "The sender made a mistake of its own; the operator finds it in the log."


@dataclass(frozen=True, slots=True)
class Post:
    """A delivery, where it goes, and what signs it, in signing order: nothing if unreadable."""

    endpoint: Endpoint
    secrets: Sequence[str]
    due: Due


class Posting:
    """Sends while its block runs. `deadline_s` is for one whole attempt, connecting included."""

    def __init__(self, *, deadline_s: float) -> None:
        self.outcomes: SimpleQueue[list[Outcome]] = SimpleQueue()
        self._gathered: list[Outcome] = []
        self._awaited = 0  # how many more outcomes can come
        self._deadline_s = deadline_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._under_way: set[asyncio.Task[None]] = set()
        self._sessions: dict[tuple[str, bool], aiohttp.ClientSession] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is under way, which after an orderly run is nothing."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def post(self, posts: Sequence[Post]) -> None:
        """Begin to send these, all at once; the outcome of each will be in the queue."""
        self._loop.call_soon_threadsafe(self._begin, posts)

    def _run(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        async with AsyncExitStack() as ending:
            for session in self._sessions.values():
                ending.push_async_callback(session.close)

    def _begin(self, posts: Sequence[Post]) -> None:
        self._awaited += len(posts)
        for post in posts:
            task = self._loop.create_task(self._attempt(post))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _attempt(self, post: Post) -> None:
        """Make one attempt and queue its outcome, whatever happens."""
        begun, at = perf_counter(), timezone.now()
        said = _Said()
        with dialled() as dial:
            try:
                await self._exchange(post, at, said)
            except _UnreadableSecret:
                said.failed(UNREADABLE)
            except TimeoutError:
                said.failed(_late(said.status_code, self._deadline_s))
            except (aiohttp.ClientError, OSError, ValueError) as error:
                said.failed(_in_words(error))
            except Exception:
                # One delivery that nobody can send must not keep all the others from being sent.
                logger.exception("webhook attempt broke delivery=%s", post.due.delivery_id)
                said.failed(OUR_MISTAKE)
        self._gather(
            Outcome(
                due=post.due,
                at=at,
                duration_ms=round(1000 * (perf_counter() - begun)),
                address=dial.address,
                status_code=said.status_code,
                retry_after=said.retry_after,
                error=said.error,
                answer=said.answer,
            )
        )

    def _gather(self, outcome: Outcome) -> None:
        """Hand it out with others: once there are as many as still can come, or after a moment."""
        if not self._gathered:
            self._loop.call_later(GATHERED_FOR_S, self._hand_out)
        self._gathered.append(outcome)
        self._awaited -= 1
        if len(self._gathered) >= self._awaited:
            self._hand_out()

    def _hand_out(self) -> None:
        if self._gathered:
            self.outcomes.put(self._gathered)
            self._gathered = []

    async def _exchange(self, post: Post, at: datetime, said: "_Said") -> None:
        due, endpoint = post.due, post.endpoint
        if not post.secrets:
            raise _UnreadableSecret
        headers = signing.headers(
            due.event_id, due.body, post.secrets, at, event_type=due.event_type
        )
        async with self._session(endpoint).post(
            # As it was registered, byte for byte: nothing is decoded and encoded again.
            URL(endpoint.url, encoded=True),
            data=due.body,
            headers=headers,
            allow_redirects=False,
        ) as answer:
            said.status_code = answer.status
            said.retry_after = answer.headers.get("Retry-After")
            text = await _read(answer)
        said.answer = _text(text)
        if 300 <= answer.status <= 399:
            said.error = REDIRECT_REFUSED

    def _session(self, endpoint: Endpoint) -> aiohttp.ClientSession:
        """One for each kind of endpoint, as the connector wants it."""
        kind = (endpoint.environment, endpoint.is_local)
        if kind not in self._sessions:
            self._sessions[kind] = aiohttp.ClientSession(
                connector=VettingConnector(
                    Environment(endpoint.environment),
                    is_local=endpoint.is_local,
                    limit=0,  # the sender's lanes are the limit
                ),
                headers={"Accept": "*/*", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=self._deadline_s),
            )
        return self._sessions[kind]


class _UnreadableSecret(Exception):
    """There is nothing to sign with."""


@dataclass(slots=True)
class _Said:
    """What has been answered so far."""

    status_code: int | None = None
    retry_after: str | None = None
    error: str = ""
    answer: str = ""

    def failed(self, error: str) -> None:
        """There is no whole answer: why, in words, stands instead of the half one."""
        self.status_code = self.retry_after = None
        self.error = error[:LONGEST_ERROR]


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """Return the first bytes that are kept. Reads on to the end, so that the connection is kept

    too; of a body that has no end in sight the connection is closed instead.
    """
    kept, size = b"", 0
    while piece := await answer.content.readany():
        size += len(piece)
        if len(kept) < KEPT_OF_ANSWER:
            kept += piece[: KEPT_OF_ANSWER - len(kept)]
        if size >= READ_AT_MOST:
            answer.close()
            break
    return kept


def _text(body: bytes) -> str:
    """What no database text holds is replaced, as is what is no UTF-8."""
    return body.decode(errors="replace").replace("\x00", "\ufffd")


def _late(status_code: int | None, deadline_s: float) -> str:
    if status_code is None:
        return f"There was no answer within {deadline_s:g} s."
    return f"It began to answer {status_code} and had not ended after {deadline_s:g} s."


def _in_words(error: Exception) -> str:
    """Why there was no answer, as whoever runs the receiver understands it."""
    match error:
        case DialRefused():
            return f"Nothing was sent. {error}"
        case aiohttp.ClientConnectorCertificateError():
            return f"Its TLS certificate was refused: {error.certificate_error}"
        case aiohttp.ClientConnectorSSLError():
            return f"TLS could not be agreed: {error.os_error}"
        case aiohttp.ClientConnectorDNSError():
            return f"Its host name did not resolve: {error.os_error}"
        case aiohttp.ClientConnectorError():
            return f"The connection failed: {error.os_error.strerror or error.os_error}"
        case aiohttp.ServerDisconnectedError():
            return "It closed the connection without an answer."
        case aiohttp.ClientPayloadError():
            return "Its answer broke off."
        case aiohttp.ClientResponseError():
            return f"What it answered is not HTTP: {error.message}"
        case OSError():
            return f"The connection broke: {error.strerror or error}"
        case _:
            return f"Nothing could be sent: {error}"
