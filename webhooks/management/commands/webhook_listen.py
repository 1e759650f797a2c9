"""manage.py webhook_listen [--organization ORG] [--events a,b] [--port N] [--forward-to URL]"""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from queue import Empty
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Environment
from billing.commands import DONE, FOUND, JsonCommand, Outcome
from billing.errors import NotFound
from organizations.models import Organization
from organizations.queries import organization_named
from webhooks import endpoints, guard
from webhooks.endpoints import NewEndpoint
from webhooks.listening import Heard, Listener, checked_forward

LIFE_S = 3600
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(JsonCommand):
    help = (
        "Shows webhooks of the sandbox as they arrive, on this machine: registers an endpoint on a "
        "loopback address (which no other door lets in), checks both signatures of each delivery, "
        "prints it, and passes it on where you say. On Ctrl-C, and after an hour at the latest, "
        "the endpoint is deleted; where this process is killed it ends within that hour by itself. "
        "Writes the endpoint and its events. The beat, or `tick`, on this machine sends. Exit "
        "status 1 where a signature did not fit."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--organization", metavar="ORG", help="its org_… id, or its name; unsaid: the only one"
        )
        parser.add_argument(
            "--events", default="*", metavar="a,b", help="types of events (default: all)"
        )
        parser.add_argument("--port", type=int, default=0, help="default: any free one")
        parser.add_argument(
            "--forward-to",
            metavar="URL",
            help="pass each delivery on to this http:// URL of this machine, and answer what it "
            "answers",
        )
        parser.add_argument(
            "--for",
            dest="life_s",
            type=int,
            default=LIFE_S,
            metavar="SECONDS",
            help="end after so long (default and most: an hour)",
        )
        parser.add_argument("--bodies", action="store_true", help="print the bodies too")

    def run(self, **options: Any) -> Outcome:
        life_s, port, forward_to = options["life_s"], options["port"], options["forward_to"]
        if not 1 <= life_s <= LIFE_S:
            raise CommandError(f"--for takes 1 to {LIFE_S} seconds.")
        if not 0 <= port <= 65535:
            raise CommandError("--port takes 0 to 65535.")
        caller = system(_organization(options["organization"]).id, Environment.SANDBOX, "listen")
        self._tell = self.progress if options["json"] else self._print
        self._shows_bodies = options["bodies"]
        forward_to = checked_forward(forward_to) if forward_to else None
        with closing(_listener(port, forward_to)) as here:
            return self._listen(caller, here, options["events"].split(","), life_s)

    def _listen(self, caller: Caller, here: Listener, events: list[str], life_s: int) -> Outcome:
        until = time.monotonic() + life_s
        with _ended_by_signals(here):
            draft = NewEndpoint(
                guard.local(here.url),
                [event.strip() for event in events],
                f"webhook_listen on {socket.gethostname()}"[:256],
                local_until=timezone.now() + timedelta(seconds=life_s),
            )
            endpoint, secret = endpoints.create(caller, draft)
            try:
                here.start(secret)
                connection.close()  # no session of the database is kept for an hour
                self._tell(f"{endpoint.id} listens on {here.url} with the secret {secret}")
                ends = timezone.localtime(endpoint.expires_at).strftime("%H:%M:%S %Z")
                self._tell(f"It ends on Ctrl-C, and at {ends}. `make run` or `tick` sends.")
                told = self._hear(here, until)
            finally:
                self._end(caller, endpoint.id)
        wrong = sum(not row["is_verified"] for row in told)
        data = {"webhook_id": endpoint.id, "url": here.url, "deliveries": told}
        line = f"{len(told)} deliveries, {wrong} with a signature that did not fit"
        return Outcome(data, [line], FOUND if wrong else DONE)

    def _hear(self, here: Listener, until: float) -> list[dict[str, Any]]:
        """Tell each delivery as it comes, until a signal or the end."""
        told: list[dict[str, Any]] = []
        while (left_s := until - time.monotonic()) > 0:
            try:
                heard = here.heard.get(timeout=left_s)
            except Empty:
                break
            if heard is None:
                break
            told.append(_row(heard))
            self._tell(_line(told[-1]))
            if self._shows_bodies:
                self._tell(heard.body.decode(errors="replace"))
        return told

    def _end(self, caller: Caller, webhook_id: str) -> None:
        try:
            endpoints.delete(caller, webhook_id)
        except NotFound:  # Somebody deleted it before us, which is just as well.
            self._tell(f"{webhook_id} was deleted already")
        else:
            self._tell(f"{webhook_id} is deleted")

    def _print(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def _ended_by_signals(here: Listener) -> Iterator[None]:
    """Let Ctrl-C and its like end the waiting, not the process: what was made is deleted first."""
    before = {number: signal.signal(number, lambda *_: here.heard.put(None)) for number in ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listener(port: int, forward_to: str | None) -> Listener:
    try:
        return Listener(port, forward_to)
    except OSError as error:
        raise CommandError(f"Port {port} cannot be listened on: {error.strerror}.") from error


def _organization(named: str | None) -> Organization:
    if named is not None:
        return organization_named(named)
    organizations = list(Organization.objects.order_by("created_at")[:2])
    if len(organizations) != 1:
        raise CommandError("Say whose events: --organization ORG, an org_… id or a name.")
    return organizations[0]


def _row(heard: Heard) -> dict[str, Any]:
    event = _event(heard.body)
    return {
        "event_id": heard.headers.get("x-billing-event-id"),
        "type": event.get("type"),
        "resource_id": event.get("resource_id"),
        "sequence": event.get("sequence"),
        "is_verified": not heard.billing_wrong and not heard.standard_wrong,
        "x_billing_signature": heard.billing_wrong or "good",
        "webhook_signature": heard.standard_wrong or "good",
        "answered": heard.status,
        "forwarded": heard.forwarded or None,
    }


def _event(body: bytes) -> dict[str, Any]:
    """The event in a body; empty where it is none, since anybody on this machine may send."""
    try:
        event = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return event if isinstance(event, dict) else {}


def _line(row: dict[str, Any]) -> str:
    forwarded = f"; {row['forwarded']}" if row["forwarded"] else ""
    return (
        f"#{row['sequence']} {row['type']} {row['resource_id']} {row['event_id']}: "
        f"X-Billing-Signature {row['x_billing_signature']}, "
        f"webhook-signature {row['webhook_signature']}; answered {row['answered']}{forwarded}"
    )
