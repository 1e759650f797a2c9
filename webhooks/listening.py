"""A receiver on this machine for `webhook_listen`: it takes, checks and passes on deliveries."""

import hmac
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from urllib.parse import urlsplit

import requests

from billing.errors import InvalidRequest
from webhooks import guard, signing

HOST = "127.0.0.1"
TOLERANCE_S = 300  # as the published clients
BODY_BYTES_MAX = 1024 * 1024
ANSWER_BYTES_MAX = 64 * 1024
FORWARD_LIMIT_S = 8  # the sender waits 10
SIGNED = ("content-type", "user-agent", "x-billing-", "webhook-")  # what is passed on
HERE = ("localhost", *guard.LOOPBACK)


@dataclass(frozen=True, slots=True)
class Heard:
    """One delivery: its two signatures judged ('' is good, else why not), and what was answered.

    `forwarded` says in words what became of it there; '' where it was passed on to nobody.
    """

    headers: Mapping[str, str]  # names in lower case
    body: bytes
    billing_wrong: str
    standard_wrong: str
    status: int
    forwarded: str = ""


class Listener:
    """The server. What it hears comes out of the queue `heard`; None in it means: stop.

    `port` 0 is any free one. Raises OSError where the port is taken.
    """

    def __init__(self, port: int, forward_to: str | None) -> None:
        self.heard: SimpleQueue[Heard | None] = SimpleQueue()
        self.secret = ""
        self.forward_to = forward_to
        self._server = _Server((HOST, port), _Handler)
        self._server.here = self
        self.url = f"http://{HOST}:{self._server.server_port}/"

    def start(self, secret: str) -> None:
        """Begin to answer; what came before waits in the socket until now."""
        self.secret = secret
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        if self.secret:  # else nobody serves, and shutdown would wait for ever
            self._server.shutdown()
        self._server.server_close()


def checked_forward(url: str) -> str:
    """Return the URL to pass deliveries on to if it is on this machine; raises InvalidRequest."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in HERE or "@" in parts.netloc:
        raise InvalidRequest(
            f"Deliveries are passed on within this machine alone: http:// on {', '.join(HERE)}.",
            param="forward_to",
        )
    return url


def billing_wrong(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> str:
    """Say what is wrong with X-Billing-Signature; '' where it is good."""
    said = headers.get("x-billing-signature", "")
    t, _, signatures = said.removeprefix("t=").partition(",v1=")
    if late := _late(t, now):
        return late if said else "missing"
    expected = signing.billing_signature(int(t), body, [secret]).partition(",v1=")[2]
    # While rotating there are two, and one of them is ours.
    return _one_fits(expected, signatures.split(",v1="))


def standard_wrong(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> str:
    """Say what is wrong with the Standard Webhooks headers; '' where they are good."""
    said, t = headers.get("webhook-signature", ""), headers.get("webhook-timestamp", "")
    if late := _late(t, now):
        return late if said else "missing"
    event_id = headers.get("webhook-id", "")
    expected = signing.standard_signature(event_id, int(t), body, [secret])
    return _one_fits(expected, said.split())


def _one_fits(expected: str, signatures: Sequence[str]) -> str:
    for one in signatures:
        # Bytes: the comparison takes no text beyond ASCII, and a header may hold some.
        if hmac.compare_digest(expected.encode(), one.strip().encode()):
            return ""
    return "does not fit"


def _late(t: str, now: float) -> str:
    if not (t.isascii() and t.isdigit() and len(t) <= 12):
        return "has no time"
    return "is older or newer than 5 minutes" if abs(now - int(t)) > TOLERANCE_S else ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    here: Listener

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever sends may leave at any moment, and is told again later."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 60  # of an idle connection

    def do_POST(self) -> None:
        """Read one delivery, judge it, tell the queue, and answer."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= BODY_BYTES_MAX):
            self.close_connection = True
            self._answer(413, b"")
            return
        here, body, now = self.server.here, self.rfile.read(int(length)), time.time()
        headers = {name.lower(): value for name, value in self.headers.items()}
        billing = billing_wrong(headers, body, here.secret, now)
        standard = standard_wrong(headers, body, here.secret, now)
        status, answer, forwarded = 200, b"", ""
        if billing and standard:
            status, answer = 400, b"Neither signature fits."
        elif here.forward_to:
            status, answer, forwarded = _forward(here.forward_to, headers, body)
        here.heard.put(Heard(headers, body, billing, standard, status, forwarded))
        self._answer(status, answer)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the command prints what was heard."""


def _forward(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes, str]:
    """Pass a delivery on as it came; return what to answer, and what happened in words."""
    passed = {name: value for name, value in headers.items() if name.startswith(SIGNED)}
    begun = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between two programs of one machine
        try:
            answer = session.post(
                url,
                data=body,
                headers=passed,
                timeout=FORWARD_LIMIT_S,
                allow_redirects=False,
                stream=True,
            )
            text: bytes = next(answer.iter_content(ANSWER_BYTES_MAX), b"")
        except (requests.RequestException, OSError) as error:
            return 502, b"It could not be passed on.", f"not passed on: {_short(error)}"
    took_ms = round(1000 * (time.monotonic() - begun))
    return answer.status_code, text, f"answered {answer.status_code} in {took_ms} ms"


def _short(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return f"no answer within {FORWARD_LIMIT_S} s"
    return "nobody listens there" if isinstance(error, requests.ConnectionError) else str(error)
