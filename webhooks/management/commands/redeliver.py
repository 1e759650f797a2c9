"""manage.py redeliver EVENT… | --since T [--endpoint WE]"""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime

from billing.callers import Caller, system
from billing.chains import Environment
from billing.commands import DONE, FOUND, JsonCommand, Outcome
from billing.errors import NotFound
from events.models import Event
from events.types import EventType
from webhooks.models import Delivery, Endpoint, EndpointStatus
from webhooks.redelivering import redeliver

NAME = "manage.py redeliver"


class Command(JsonCommand):
    help = (
        "Sends webhooks again, whether they arrived or not: the events you name, to every endpoint "
        "that wants them or was told of them; or, with --since, everything since then that an "
        "endpoint wants. Receivers get the same event id again. Writes deliveries that are due at "
        "once, and an event for each endpoint; the beat or `tick` sends them. Exit status 1 where "
        "an endpoint is disabled or an event concerns nobody."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("events", metavar="EVENT", nargs="*", help="evt_…")
        parser.add_argument(
            "--since",
            type=moment,
            metavar="T",
            help="all since then; a time with its offset, or a date, which means 00:00 UTC",
        )
        parser.add_argument(
            "--endpoint", metavar="WE", help="we_…: to this one alone, wanted or not, even disabled"
        )

    def run(self, **options: Any) -> Outcome:
        event_ids, since = options["events"], options["since"]
        if bool(event_ids) == (since is not None):
            raise CommandError("Name events, or a time with --since: one of the two.")
        only = _endpoint(options["endpoint"]) if options["endpoint"] else None
        if since is not None:
            rows = self._since(since, [only] if only else _endpoints())
        else:
            # All are looked up before the first is sent: a wrong id sends nothing.
            rows = [
                row
                for event in [_event(event_id) for event_id in event_ids]
                for row in self._again(event, [only] if only else _concerned(event))
            ]
        status = FOUND if any(row["note"] for row in rows) else DONE
        deliveries = sum(row["deliveries"] for row in rows)
        lines = [*map(_line, rows), f"{deliveries} deliveries are due"]
        return Outcome({"deliveries": deliveries, "endpoints": rows}, lines, status)

    def _since(self, since: datetime, endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
        rows = []
        for endpoint in endpoints:
            count = redeliver(_caller(endpoint), endpoint, since=since)
            rows.append(_row(endpoint, count))
            self.progress(_line(rows[-1]))
        return rows

    def _again(self, event: Event, endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
        if not endpoints:
            return [{"event": event.id, "deliveries": 0, "note": "no endpoint wants it"}]
        rows = []
        for endpoint in endpoints:
            count = redeliver(_caller(endpoint), endpoint, event_id=event.id)
            rows.append({"event": event.id, **_row(endpoint, count)})
            self.progress(_line(rows[-1]))
        return rows


def moment(text: str) -> datetime:
    """Read a date (its first moment, UTC) or a time with its offset. Raises ValueError."""
    day = parse_date(text)
    if day is not None:
        return datetime.combine(day, time(), UTC)
    at = parse_datetime(text)
    if at is None or at.tzinfo is None:
        raise ValueError(text)
    return at


def _event(event_id: str) -> Event:
    event = Event.objects.filter(id=event_id).first()
    if event is None:
        raise NotFound("event", event_id)
    return event


def _endpoint(webhook_id: str) -> Endpoint:
    endpoint = Endpoint.objects.filter(id=webhook_id, deleted_at=None).first()
    if endpoint is None:
        raise NotFound("webhook", webhook_id)
    return endpoint


def _endpoints() -> list[Endpoint]:
    """All that are told anything now: what a disabled one missed is sent when somebody asks."""
    return list(
        Endpoint.objects.filter(deleted_at=None, status=EndpointStatus.ACTIVE).order_by("id")
    )


def _concerned(event: Event) -> list[Endpoint]:
    """Those of the event's tenant that want it or were told of it; a test's own one alone."""
    there = Endpoint.objects.filter(
        organization_id=event.organization_id, environment=event.environment, deleted_at=None
    )
    if event.type == EventType.WEBHOOK_TEST:
        return list(there.filter(id=event.resource_id))
    wants = Q(events__contains=["*"]) | Q(events__contains=[event.type])
    was_told = Q(id__in=Delivery.objects.filter(event=event).values("endpoint_id"))
    return list(there.filter(wants | was_told).order_by("id"))


def _caller(endpoint: Endpoint) -> Caller:
    return system(endpoint.organization_id, Environment(endpoint.environment), NAME)


def _row(endpoint: Endpoint, count: int) -> dict[str, Any]:
    is_disabled = endpoint.status == EndpointStatus.DISABLED
    return {
        "endpoint": endpoint.id,
        "url": endpoint.url,
        "deliveries": count,
        "note": "it is disabled: they are sent once it is enabled" if is_disabled else "",
    }


def _line(row: dict[str, Any]) -> str:
    what = row.get("event", f"{row['deliveries']} events")
    where = f" to {row['endpoint']} ({row['url']})" if "endpoint" in row else ""
    return f"{what}{where}" + (f"; {row['note']}" if row["note"] else "")
