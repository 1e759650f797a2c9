"""Jobs of the beat."""

import dataclasses

from celery import shared_task
from django.utils import timezone

from billing.locks import advisory_lock
from checkouts import recording, resting, settling


@shared_task
def payments() -> dict[str, int]:
    """Record what customers paid, then move checkouts on: what was paid in time comes first."""
    with advisory_lock("checkouts payments") as is_ours:
        if not is_ours:
            return {}
        try:
            recorded = recording.record()
        finally:  # A payment that cannot be recorded holds up no other checkout.
            moved = settling.settle()
        moved.add(recorded)
        return dataclasses.asdict(moved)


@shared_task
def catch_up_payments() -> dict[str, int]:
    """Record what no pass saw as news: whatever was found while nobody recorded anything."""
    with advisory_lock("checkouts catch up") as is_ours:
        return dataclasses.asdict(recording.catch_up()) if is_ours else {}


@shared_task
def rest_addresses() -> dict[str, int]:
    """Follow addresses once a day whose last checkout closed long ago, no longer at every pass."""
    with advisory_lock("checkouts rest addresses") as is_ours:
        return {"rested": resting.rest(at=timezone.now())} if is_ours else {}
