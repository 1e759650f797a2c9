"""What happened: one row per act, written in the act's own transaction and never edited."""

from typing import ClassVar

from django.db import models

from billing.exact_json import ExactJsonField
from billing.models import IdField, Tenanted
from events.types import EventType


class Event(Tenanted):
    """One act of one resource: the outbox, the /events list and the audit of what was told.

    Written by `events.services.publish` alone. Nothing of it changes but `sequence`, null until
    the sequencing pass gives it once; a trigger refuses every other update, and every delete.
    `checkout_id` is null where no checkout is concerned. `actor_id` is `usr_…`, `key_…`, `system`.
    """

    id = IdField("evt")
    type = models.CharField(max_length=48, choices=EventType)
    resource_id = models.CharField(max_length=40)
    checkout_id = models.CharField(max_length=40, null=True)
    actor_id = models.CharField(max_length=40)
    actor_name = models.CharField(max_length=120)
    address = models.CharField(max_length=64, blank=True, default="")
    payload = ExactJsonField()
    sequence = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment", "sequence"],
                name="one_event_per_sequence_number",
            )
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/events, newest first.
            models.Index(
                fields=["organization", "environment", "-created_at", "-id"], name="event_list"
            ),
            # Serves: GET /v1/events?resource_id=…, and a payout's timeline.
            models.Index(fields=["resource_id", "-created_at", "-id"], name="event_of_resource"),
            # Serves: GET /v1/events?checkout_id=….
            models.Index(
                fields=["checkout_id", "-created_at", "-id"],
                condition=models.Q(checkout_id__isnull=False),
                name="event_of_checkout",
            ),
            # Serves: the sequencing pass, which finds what has no number yet.
            models.Index(
                fields=["organization", "environment", "created_at", "id"],
                condition=models.Q(sequence__isnull=True),
                name="event_without_sequence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.resource_id}"
