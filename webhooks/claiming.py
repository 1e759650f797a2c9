"""Lanes: an endpoint that one sender is telling, one delivery after another, under a lease.

A lease is taken by one statement that skips what others hold, ends by itself where its sender was
killed, and is timed by the database's clock, since machines disagree. An endpoint whose deliveries
all failed to arrive goes to the back of the queue: who was told longest ago comes first.
"""

import secrets
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from billing import exact_json
from events.models import Event
from events.services import event_json
from webhooks.models import Endpoint
from webhooks.secrets import in_signing_order

AT_ONCE = 32  # deliveries that are read ahead for one lane

_CLAIM = """
WITH free AS (
    SELECT endpoint.id FROM webhooks_endpoint AS endpoint
    WHERE endpoint.deleted_at IS NULL AND endpoint.status = 'active'
        AND (endpoint.expires_at IS NULL OR endpoint.expires_at > statement_timestamp())
        AND (endpoint.leased_until IS NULL OR endpoint.leased_until <= statement_timestamp())
        AND endpoint.id <> ALL(%(held)s)
        AND EXISTS (
            SELECT FROM webhooks_delivery AS delivery
            WHERE delivery.endpoint_id = endpoint.id AND delivery.status = 'pending'
                AND delivery.next_attempt_at <= statement_timestamp()
        )
    ORDER BY endpoint.leased_until NULLS FIRST, endpoint.id
    LIMIT %(most)s
    FOR NO KEY UPDATE OF endpoint SKIP LOCKED
)
UPDATE webhooks_endpoint AS endpoint
SET lease = %(lease)s,
    leased_until = statement_timestamp() + %(lease_s)s * interval '1 second'
FROM free WHERE endpoint.id = free.id
RETURNING endpoint.*
"""

_DUE = """
SELECT due.endpoint_id, due.id, due.event_id, due.attempts, due.tries
FROM unnest(%(endpoints)s::varchar[]) AS lane (endpoint_id)
CROSS JOIN LATERAL (
    SELECT delivery.* FROM webhooks_delivery AS delivery
    WHERE delivery.endpoint_id = lane.endpoint_id AND delivery.status = 'pending'
        AND delivery.next_attempt_at <= statement_timestamp()
    ORDER BY delivery.sequence LIMIT %(most)s
) AS due
ORDER BY due.endpoint_id, due.sequence
"""

# Not null: since when it is free orders the queue.
_RELEASE = """
UPDATE webhooks_endpoint SET lease = '', leased_until = statement_timestamp()
WHERE lease = %(lease)s AND id = ANY(%(endpoints)s)
"""


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery to be attempted. `body` is the same, byte for byte, in every attempt."""

    delivery_id: str
    endpoint_id: str
    event_id: str
    event_type: str
    body: bytes
    attempts: int
    tries: int


@dataclass(slots=True)
class Lane:
    """An endpoint under our lease, as it was when claimed, and what it is told next.

    `secrets` in signing order; none where they cannot be read.
    """

    endpoint: Endpoint
    secrets: tuple[str, ...]
    waiting: deque[Due] = field(default_factory=deque)
    may_have_more: bool = True


def new_lease() -> str:
    """A name for one sender's run, which no other has."""
    return secrets.token_hex(16)


def claim(lease: str, *, most: int, lease_s: float, held: Collection[str] = ()) -> list[Lane]:
    """Lease up to `most` endpoints that have something due and that nobody is telling.

    Not those that are `held`: their lease may have run out, but a delivery is still under way.
    """
    parameters = {"lease": lease, "most": most, "lease_s": lease_s, "held": list(held)}
    return [
        Lane(endpoint, _secrets_of(endpoint))
        for endpoint in Endpoint.objects.raw(_CLAIM, parameters)
    ]


def read_ahead(lanes: Collection[Lane]) -> None:
    """Give each lane what is due next, in the order of the events' numbers."""
    if not lanes:
        return
    by_endpoint = {lane.endpoint.id: lane for lane in lanes}
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"endpoints": list(by_endpoint), "most": AT_ONCE})
        rows = cursor.fetchall()
    told = _told({event_id for _, _, event_id, _, _ in rows})
    for endpoint_id, delivery_id, event_id, attempts, tries in rows:
        type_, body = told[event_id]
        due = Due(delivery_id, endpoint_id, event_id, type_, body, attempts, tries)
        by_endpoint[endpoint_id].waiting.append(due)
    for lane in lanes:
        lane.may_have_more = len(lane.waiting) == AT_ONCE


def release(lease: str, endpoint_ids: Collection[str]) -> None:
    """Give endpoints back, those of them that are still ours."""
    if endpoint_ids:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, {"lease": lease, "endpoints": list(endpoint_ids)})


def _secrets_of(endpoint: Endpoint) -> tuple[str, ...]:
    try:
        return tuple(in_signing_order(endpoint, timezone.now()))
    except ValueError:  # SECRET_KEY is another: each delivery says so, and the other lanes go on.
        return ()


def _told(event_ids: Collection[str]) -> dict[str, tuple[str, bytes]]:
    """The type and the body of each event."""
    events = Event.objects.only("id", "type", "payload", "sequence").in_bulk(list(event_ids))
    return {
        event.id: (event.type, exact_json.dumps(event_json(event))) for event in events.values()
    }
