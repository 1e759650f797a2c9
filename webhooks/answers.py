"""How an endpoint and a delivery are told: in the API, in events and in the admin, the same.

No secret is ever in here: `with_secret` adds it to the one answer that shows it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from billing.times import iso
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.secrets import is_rotating

# A schedule has eight; where somebody redelivers often, a page of a list still stays small.
ATTEMPTS_SHOWN = 10


def endpoint_json(endpoint: Endpoint) -> dict[str, Any]:
    """The one spelling of an endpoint; the contract's fields come first, then ours."""
    return {
        "webhook_id": endpoint.id,
        "url": endpoint.url,
        "events": endpoint.events,
        "description": endpoint.description,
        "status": endpoint.status,
        "created_at": iso(endpoint.created_at),
        "org_id": endpoint.organization_id,
        "environment": endpoint.environment,
        "updated_at": iso(endpoint.updated_at),
        "disabled_at": _time(endpoint.disabled_at),
        "disabled_because": endpoint.disabled_because or None,
        "failing_since": _time(endpoint.failing_since),
        "last_delivered_at": _time(endpoint.last_delivered_at),
        "old_secret_until": _old_secret_until(endpoint),
        "is_local": endpoint.is_local,
        "expires_at": _time(endpoint.expires_at),
    }


def with_secret(endpoint: Endpoint, secret: str) -> dict[str, Any]:
    """The answer that shows the secret: of create and of rotate, and never again."""
    return {**endpoint_json(endpoint), "secret": secret}


def deliveries_json(deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    """Many deliveries with the latest attempts of each, in one query; their events loaded."""
    rows = list(deliveries)
    attempts: dict[str, list[dict[str, Any]]] = {row.id: [] for row in rows}
    latest = Attempt.objects.filter(
        delivery_id__in=attempts, number__gt=F("delivery__attempts") - ATTEMPTS_SHOWN
    )
    for attempt in latest.order_by("delivery_id", "number"):
        attempts[attempt.delivery_id].append(attempt_json(attempt))
    return [delivery_json(row, attempts[row.id]) for row in rows]


def delivery_json(delivery: Delivery, attempts: list[dict[str, Any]]) -> dict[str, Any]:
    """One event owed to one endpoint, and how far that has come."""
    return {
        "delivery_id": delivery.id,
        "webhook_id": delivery.endpoint_id,
        "event_id": delivery.event_id,
        "type": delivery.event.type,
        "sequence": delivery.sequence,
        "status": delivery.status,
        "attempt_count": delivery.attempts,
        "next_attempt_at": _time(delivery.next_attempt_at),
        "delivered_at": _time(delivery.delivered_at),
        "created_at": iso(delivery.created_at),
        "attempts": attempts,
    }


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """One POST: what was answered, or why nothing was."""
    return {
        "number": attempt.number,
        "at": iso(attempt.at),
        "duration_ms": attempt.duration_ms,
        "address": attempt.address or None,
        "status_code": attempt.status_code,
        "error": attempt.error or None,
        "answer": attempt.answer,
    }


def _old_secret_until(endpoint: Endpoint) -> str | None:
    return _time(endpoint.previous_until) if is_rotating(endpoint, timezone.now()) else None


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
