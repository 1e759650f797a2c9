"""Endpoints, deliveries and attempts as a sender leaves them, for tests of pages."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from events.models import Event
from events.services import assign_sequences, publish
from webhooks import endpoints, guard
from webhooks.models import Attempt, Delivery, Endpoint

HOST = "hooks.example.com"  # WEBHOOK_ALLOWED_HOSTS of these tests: a name that nobody looks up
URL = f"https://{HOST}/billing"


def an_endpoint(caller: Caller, url: str = URL, *events: str, **facts: Any) -> Endpoint:
    """An endpoint made by its service; `facts` are then so of it, as the sender writes them."""
    draft = endpoints.NewEndpoint(guard.vetted(url, caller.environment), events or ("*",))
    endpoint, _ = endpoints.create(caller, draft)
    if facts:
        Endpoint.objects.filter(pk=endpoint.pk).update(**facts)
        endpoint.refresh_from_db()
    return endpoint


def an_event(caller: Caller, type_: str = "payout.settled", **data: Any) -> Event:
    """An event with its number."""
    with transaction.atomic():
        event = publish(caller, type_, "po_1a2b3c4d5e6f708192a3b4c5", data)
    assign_sequences()
    event.refresh_from_db()
    return event


def a_delivery(endpoint: Endpoint, event: Event, **facts: Any) -> Delivery:
    """What a feed makes of an event; pending and due now unless `facts` say otherwise."""
    assert event.sequence is not None
    values: dict[str, Any] = {"next_attempt_at": timezone.now(), **facts}
    if values.get("status", "pending") != "pending":
        values["next_attempt_at"] = None
    return Delivery.objects.create(
        endpoint=endpoint, event=event, sequence=event.sequence, **values
    )


def an_attempt(delivery: Delivery, at: datetime | None = None, **facts: Any) -> Attempt:
    """One more attempt, answered 200 in 84 ms unless `facts` say otherwise."""
    delivery.attempts += 1
    delivery.tries += 1
    delivery.save(update_fields=["attempts", "tries"])
    values = {"duration_ms": 84, "address": "93.184.216.34", "status_code": 200, **facts}
    at = at or timezone.now() - timedelta(minutes=1)
    return Attempt.objects.create(delivery=delivery, number=delivery.attempts, at=at, **values)


def delivered(endpoint: Endpoint, event: Event, **facts: Any) -> Delivery:
    """A delivery that arrived at its first attempt, a minute ago."""
    now = timezone.now() - timedelta(minutes=1)
    delivery = a_delivery(endpoint, event, status="delivered", delivered_at=now)
    an_attempt(delivery, now, **facts)
    Endpoint.objects.filter(pk=endpoint.pk).update(last_delivered_at=now)
    return delivery
