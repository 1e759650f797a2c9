"""Calls the site as its web server does, without one: WSGI in this process, every signal sent.

Django's test client is not used: it keeps `close_old_connections` quiet, and with it the health
check of the database connection, which is a round trip that every real request pays.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def caller(application: WSGIApplication, key: str) -> Callable[..., Answer]:
    """Return `call(method, path, body=None, **headers)`, which asks with the API key."""

    def call(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return _ask(application, _environ(method, path, body, key, headers))

    return call


def _environ(
    method: str, path: str, body: Any, key: str, headers: dict[str, str]
) -> dict[str, Any]:
    raw = b"" if body is None else json.dumps(body).encode()
    path_info, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path_info,
        "QUERY_STRING": query,
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": io.BytesIO(raw),
    }
    environ.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    setup_testing_defaults(environ)
    return environ


def _ask(application: WSGIApplication, environ: dict[str, Any]) -> Answer:
    lines: list[str] = []

    def start_response(status: str, *_: Any) -> Callable[[bytes], object]:
        lines.append(status)
        return lambda _: None

    result = application(environ, start_response)
    body = b"".join(result)
    close = getattr(result, "close", None)
    if close is not None:
        close()
    return Answer(int(lines[0].split()[0]), body)
