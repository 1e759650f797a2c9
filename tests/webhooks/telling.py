"""What tests of the sender share: limits that are over soon, and time that moves by rows."""

from datetime import timedelta

from django.utils import timezone

from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.sending import Limits

# A receiver that hangs is given up soon, and the run with it.
SOON = Limits(deadline_s=0.5, budget_s=0.2)


def due_now() -> None:
    """Let whatever waits for its next attempt be due."""
    waiting = Delivery.objects.exclude(next_attempt_at=None)
    waiting.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def the_delivery(endpoint: Endpoint) -> Delivery:
    """The only one there is of this endpoint."""
    return Delivery.objects.get(endpoint=endpoint)


def attempts_at(endpoint: Endpoint) -> list[Attempt]:
    """Every attempt at this endpoint, in the order of events and then of numbers."""
    attempts = Attempt.objects.filter(delivery__endpoint=endpoint)
    return list(attempts.order_by("delivery__sequence", "number"))


def minutes_until(delivery: Delivery) -> float:
    """How long from now to its next attempt."""
    assert delivery.next_attempt_at is not None
    return (delivery.next_attempt_at - timezone.now()).total_seconds() / 60
