"""How endpoints fare, read for a whole page of them in one query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from webhooks.feeding import WANTS
from webhooks.models import Attempt, Endpoint

MOST_COUNTED = 1_000
# The newest answer is looked for among the newest deliveries and among the first that wait, which
# are the ones being tried: reading every delivery of a busy endpoint would cost the page seconds.
_LOOKED_AT = 20

_HEALTH = """
SELECT endpoint.id, waiting.count, last.id
FROM unnest(%(endpoints)s::text[]) AS endpoint (id)
CROSS JOIN LATERAL (
    SELECT count(*) FROM (
        SELECT FROM webhooks_delivery
        WHERE endpoint_id = endpoint.id AND status = 'pending' LIMIT %(most)s
    ) AS pending
) AS waiting
LEFT JOIN LATERAL (
    SELECT attempt.id FROM (
        (SELECT id, attempts FROM webhooks_delivery WHERE endpoint_id = endpoint.id
            ORDER BY created_at DESC, id DESC LIMIT %(looked_at)s)
        UNION
        (SELECT id, attempts FROM webhooks_delivery
            WHERE endpoint_id = endpoint.id AND status = 'pending'
            ORDER BY sequence LIMIT %(looked_at)s)
    ) AS near
    JOIN webhooks_attempt AS attempt
        ON attempt.delivery_id = near.id AND attempt.number = near.attempts
    ORDER BY attempt.at DESC LIMIT 1
) AS last ON true
"""

MOST_EVENTS_COUNTED = 10_000
_WANTED_LATELY = f"""
SELECT event.created_at FROM events_event AS event
JOIN webhooks_endpoint AS endpoint ON endpoint.id = %(endpoint)s
WHERE event.organization_id = %(organization)s AND event.environment = %(environment)s
    AND event.created_at >= %(since)s AND {WANTS}
ORDER BY event.created_at DESC LIMIT {MOST_EVENTS_COUNTED + 1}
"""  # noqa: S608  # constants of ours alone


@dataclass(frozen=True, slots=True)
class Health:
    """How many deliveries wait (counted up to MOST_COUNTED), and what was answered last."""

    pending: int
    last: Attempt | None

    @property
    def pending_words(self) -> str:
        """`999+` where nobody counted further."""
        return f"{MOST_COUNTED - 1}+" if self.pending >= MOST_COUNTED else str(self.pending)


def health_of(endpoints: Iterable[Endpoint]) -> dict[str, Health]:
    """The health of each, by its id. Two queries, however many there are."""
    asked: dict[str, Any] = {
        "endpoints": [endpoint.pk for endpoint in endpoints],
        "most": MOST_COUNTED,
        "looked_at": _LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, asked)
        rows = cursor.fetchall()
    attempts = Attempt.objects.in_bulk([last for _, _, last in rows if last is not None])
    return {key: Health(count, attempts.get(last)) for key, count, last in rows}


def wanted_since(endpoint: Endpoint, moments: Sequence[datetime]) -> list[str]:
    """How many events it wants have happened since each moment: `12`, or `10,000+`. One query."""
    asked: dict[str, Any] = {
        "endpoint": endpoint.pk,
        "organization": endpoint.organization_id,
        "environment": endpoint.environment,
        "since": min(moments),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WANTED_LATELY, asked)
        happened = [row[0] for row in cursor.fetchall()]
    counts = [sum(at >= moment for at in happened) for moment in moments]
    return [
        f"{MOST_EVENTS_COUNTED:,}+" if count > MOST_EVENTS_COUNTED else f"{count:,}"
        for count in counts
    ]
