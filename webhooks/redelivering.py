"""Sending again: one event, or all since a time, whether it arrived or not, in the old order.

The tenant's Feed row is locked meanwhile, as a feed and the end of an endpoint lock it. An attempt
that is under way is not stopped: its outcome is logged, and the event is sent once more.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.times import iso
from events.models import Event
from events.services import assign_sequences, publish
from events.types import EventType
from webhooks.answers import endpoint_json
from webhooks.feeding import NEW_ID, WANTS, begin
from webhooks.models import Endpoint, Feed

logger = logging.getLogger(__name__)

AT_ONCE = 100_000  # some seconds; who has more chooses a later time, and is told so

_CHOSEN = {
    "one": "event.id = %(event_id)s",
    "since": f"event.created_at >= %(since)s AND {WANTS}",
}

_TO_SEND = """
SELECT event.id, event.sequence FROM events_event AS event
JOIN webhooks_endpoint AS endpoint ON endpoint.id = %(endpoint)s
WHERE event.organization_id = %(organization)s AND event.environment = %(environment)s
    AND event.sequence IS NOT NULL AND {chosen}
LIMIT %(most)s
"""

_SEND = """
INSERT INTO webhooks_delivery (
    id, created_at, updated_at, endpoint_id, event_id, sequence, status, attempts, tries,
    next_attempt_at
)
SELECT {new_id}, statement_timestamp(), statement_timestamp(), %(endpoint)s, event.id,
    event.sequence, 'pending', 0, 0, statement_timestamp()
FROM ({to_send}) AS event
ON CONFLICT (endpoint_id, event_id) DO UPDATE
SET status = 'pending', tries = 0, delivered_at = NULL,
    next_attempt_at = statement_timestamp(), updated_at = statement_timestamp()
"""


def redeliver(
    caller: Caller,
    endpoint: Endpoint,
    *,
    event_id: str | None = None,
    since: datetime | None = None,
) -> int:
    """Owe an endpoint one event, or all it wants of what happened since a time; return how many.

    One event is sent whatever the endpoint wants. To a disabled endpoint it goes once that is
    enabled. Publishes webhook.redelivered. Raises NotFound for an event that is not the caller's,
    and InvalidRequest for more than 100,000 events.
    """
    assert (event_id is None) != (since is None), "one event or a time, not both"
    caller.require("webhooks:write")
    if event_id is not None:
        _require_event(caller, endpoint, event_id)
    with transaction.atomic():
        begin(caller.organization_id, caller.environment)
        tenant = {"organization_id": caller.organization_id, "environment": caller.environment}
        Feed.objects.select_for_update().get(**tenant)
        endpoint = _still_there(caller, endpoint)
        count = _send(endpoint, event_id, since)
        if count:
            _tell(caller, endpoint, count, event_id, since)
    return count


def _require_event(caller: Caller, endpoint: Endpoint, event_id: str) -> None:
    """Raise NotFound unless it is the caller's; a test of another endpoint is nobody else's."""
    event = Event.objects.visible_to(caller).filter(id=event_id).first()
    is_for_another = event is not None and (
        event.type == EventType.WEBHOOK_TEST and event.resource_id != endpoint.id
    )
    if event is None or is_for_another:
        raise NotFound("event", event_id, param="event_id")
    if event.sequence is None:
        assign_sequences()


def _still_there(caller: Caller, endpoint: Endpoint) -> Endpoint:
    found = Endpoint.objects.visible_to(caller).filter(id=endpoint.id, deleted_at=None).first()
    if found is None:
        raise NotFound("webhook", endpoint.id, param="webhook_id")
    return found


def _send(endpoint: Endpoint, event_id: str | None, since: datetime | None) -> int:
    to_send = _TO_SEND.format(chosen=_CHOSEN["one" if since is None else "since"])
    parameters: dict[str, Any] = {
        "endpoint": endpoint.id,
        "organization": endpoint.organization_id,
        "environment": endpoint.environment,
        "event_id": event_id,
        "since": since,
        "most": AT_ONCE + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEND.format(new_id=NEW_ID, to_send=to_send), parameters)
        count: int = cursor.rowcount
    if count > AT_ONCE:
        raise InvalidRequest(
            f"More than {AT_ONCE:,} events have happened since then. Choose a later time.",
            param="since",
        )
    return count


def _tell(
    caller: Caller, endpoint: Endpoint, count: int, event_id: str | None, since: datetime | None
) -> None:
    asked = {"event_id": event_id, "since": None if since is None else iso(since), "count": count}
    data = {**endpoint_json(endpoint), "redelivered": asked}
    publish(caller, EventType.WEBHOOK_REDELIVERED, endpoint.id, data)
    logger.info("webhook redelivered webhook=%s deliveries=%d", endpoint.id, count)
