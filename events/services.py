"""Telling what happened: publish in the act's transaction, number afterwards."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from billing.callers import Caller
from billing.ids import new_id
from billing.times import iso
from events.models import Event
from events.types import EventType

NUMBERED_AT_ONCE = 1_000

# The published clients read every event's data as a checkout and stumble over a page on which one
# of these is absent; null is enough for them. So every event has them (contract, Event.data).
CHECKOUT_KEYS = (
    "checkout_id",
    "deposit_address",
    "chain",
    "token",
    "amount_usd",
    "amount_atomic",
    "status",
    "expires_at",
    "created_at",
)

# One statement, so that the rows it counts are the rows it numbers. The lock was taken before it:
# its snapshot therefore has every number that was ever given.
_NUMBER = """
WITH pending AS (
    SELECT id, created_at FROM events_event
    WHERE organization_id = %(organization)s AND environment = %(environment)s
        AND sequence IS NULL
    ORDER BY created_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), last AS (
    SELECT coalesce(max(sequence), 0) AS given FROM events_event
    WHERE organization_id = %(organization)s AND environment = %(environment)s
), numbered AS (
    SELECT id, given + row_number() OVER (ORDER BY created_at, id) AS number FROM pending, last
)
UPDATE events_event AS event SET sequence = numbered.number
FROM numbered WHERE event.id = numbered.id
"""


def publish(
    caller: Caller,
    type: EventType | str,  # the word of the API
    resource_id: str,
    data: Mapping[str, Any],
    *,
    checkout_id: str | None = None,
) -> Event:
    """Write the Event of an act, inside the act's own transaction; its payload never changes.

    `data` is the resource as the API answers it: times are texts already, amounts Decimals.
    The keys of a checkout that it lacks are added as null.
    """
    assert connection.in_atomic_block, "an event is published in the transaction of its act"
    return Event.objects.create(**event_fields(caller, type, resource_id, data, checkout_id))


def event_fields(
    caller: Caller,
    type: EventType | str,  # the word of the API
    resource_id: str,
    data: Mapping[str, Any],
    checkout_id: str | None = None,
) -> dict[str, Any]:
    """The columns of one Event, for those who insert many or fuse the insert with their own."""
    event_id, created_at, type_ = new_id("evt"), timezone.now(), EventType(type)
    return {
        "id": event_id,
        "organization_id": caller.organization_id,
        "environment": caller.environment,
        "type": type_,
        "resource_id": resource_id,
        "checkout_id": checkout_id,
        "actor_id": caller.actor_id,
        "actor_name": caller.actor_name,
        "address": caller.address,
        "created_at": created_at,
        "payload": {
            "event_id": event_id,
            "type": type_.value,
            "checkout_id": checkout_id,
            "data": {**data, **{key: None for key in CHECKOUT_KEYS if key not in data}},
            "created_at": iso(created_at),
            "environment": str(caller.environment),
            "resource_id": resource_id,
        },
    }


def assign_sequences() -> int:
    """Number every committed event that has no number yet; returns how many it numbered.

    Per organization and environment, without a gap, in the order of commits as this pass finds
    them. An organization that another pass is numbering right now is left to that one.
    """
    pending = Event.objects.filter(sequence=None).order_by()
    tenants = list(pending.values_list("organization_id", "environment").distinct())
    return sum(
        _number_all(organization_id, environment) for organization_id, environment in tenants
    )


def event_json(event: Event) -> dict[str, Any]:
    """The event as /events and webhooks tell it: the payload, and its number once it has one."""
    return {**event.payload, "sequence": event.sequence}


def _number_all(organization_id: str, environment: str) -> int:
    numbered = 0
    while True:
        batch = _number_batch(organization_id, environment)
        numbered += batch
        if batch < NUMBERED_AT_ONCE:
            return numbered


def _number_batch(organization_id: str, environment: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"events.sequence {organization_id} {environment}"],
        )
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute(
            _NUMBER,
            {
                "organization": organization_id,
                "environment": environment,
                "most": NUMBERED_AT_ONCE,
            },
        )
        numbered: int = cursor.rowcount
        return numbered
