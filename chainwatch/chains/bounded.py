"""The one HTTP session through which nodes are asked: nothing a node does can hold us or fill us.

web3 and tronpy both speak through a `requests.Session`; they get this one. It retries nothing: the
next pass is the retry, and the next node the fail-over (`providers`).
"""

import socket
import time
from collections.abc import Mapping
from threading import Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from chainwatch.chains.base import Cost

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0  # the longest silence
TOTAL_TIMEOUT_S = 20.0  # for the headers, and once more for the body
MOST_BODY_BYTES = 10 * 1024 * 1024


class BodyTooLarge(requests.RequestException):
    """The answer is longer than any honest one: MOST_BODY_BYTES, after decompression."""


class BoundedSession(requests.Session):
    """A session with time and size limits on every answer, which counts its requests in `cost`."""

    def __init__(
        self, cost: Cost, headers: Mapping[str, str], *, total_timeout_s: float = TOTAL_TIMEOUT_S
    ) -> None:
        super().__init__()
        # A .netrc or a proxy variable must not change who is asked, or with which password.
        self.trust_env = False
        self.headers.update(headers)
        self._cost = cost
        self._total_timeout_s = total_timeout_s
        for scheme in ("http://", "https://"):
            self.mount(scheme, _DeadlineAdapter(total_timeout_s))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        self._cost.http_requests += 1
        silence_s = min(READ_TIMEOUT_S, self._total_timeout_s)
        kwargs |= {
            "stream": True,
            "timeout": (CONNECT_TIMEOUT_S, silence_s),
            "allow_redirects": False,
        }
        response = super().send(request, **kwargs)
        try:
            # What `response.content` returns. requests itself would read without any limit.
            response._content = _body(response, time.monotonic() + self._total_timeout_s)
        finally:
            response.close()
        return response


def _body(response: requests.Response, deadline: float) -> bytes:
    raw: BaseHTTPResponse = response.raw
    parts: list[bytes] = []
    size = 0
    try:
        # read1 returns what has arrived; read would wait for a full part from a node that drips.
        while part := raw.read1(65536, decode_content=True):
            size += len(part)
            if size > MOST_BODY_BYTES:
                raise BodyTooLarge(f"more than {MOST_BODY_BYTES} bytes")
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("the body took too long")
            parts.append(part)
    except HTTPError as broken:
        raise requests.ConnectionError(type(broken).__name__) from broken
    return b"".join(parts)


def _hang_up(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other side was quicker: there is nothing left to hang up.
        return


def _cut_after(connection: HTTPConnection, timeout_s: float) -> Timer:
    """Hang up on a node that has not sent all its headers in time.

    The socket's own time-out bounds one silence alone: a byte every second passes it for ever.
    """
    assert connection.sock is not None
    timer = Timer(timeout_s, _hang_up, [connection.sock])
    timer.daemon = True
    timer.start()
    return timer


class _DeadlineAdapter(HTTPAdapter):
    def __init__(self, total_timeout_s: float) -> None:
        self._total_timeout_s = total_timeout_s
        super().__init__(pool_connections=1, pool_maxsize=4, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        timeout_s = self._total_timeout_s

        class Plain(HTTPConnection):
            def getresponse(self) -> Any:
                timer = _cut_after(self, timeout_s)
                try:
                    return super().getresponse()
                finally:
                    timer.cancel()

        class Secure(HTTPSConnection):
            def getresponse(self) -> Any:
                timer = _cut_after(self, timeout_s)
                try:
                    return super().getresponse()
                finally:
                    timer.cancel()

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
