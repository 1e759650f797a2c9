"""What happened: one row per act, written in the act's own transaction, and how it is sealed."""

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
            # Serves: the audit trail of one person or key, and the list of those who acted.
            models.Index(
                fields=["organization", "environment", "actor_id", "-created_at", "-id"],
                name="event_of_actor",
            ),
            # Serves: the audit trail of one act or one kind of thing.
            models.Index(
                fields=["organization", "environment", "type", "-created_at", "-id"],
                name="event_of_type",
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


class Seal(Tenanted):
    """The links that seal a run of events, 32 bytes each, in their order (events.chain).

    Written by `events.sealing` alone; a trigger refuses every change. It stands apart from the
    events, so that sealing them rewrites none of them.
    """

    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    links = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            # Serves also: finding the links of some sequences.
            models.UniqueConstraint(
                fields=["organization", "environment", "first_sequence"],
                name="one_seal_per_first_sequence",
            ),
            models.CheckConstraint(
                condition=models.Q(first_sequence__gte=1)
                & models.Q(last_sequence__gte=models.F("first_sequence")),
                name="a_seal_spans_at_least_one_event",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_sequence} to {self.last_sequence}"


class SealHead(Tenanted):
    """How far the events of an organization and environment are sealed, and the last link (hex).

    Written by `events.sealing` alone, once per run of events. `mac` binds it to SECRET_KEY, which
    no one who has the database alone can do; `key_mark` tells which key that was. `begun_at` is
    when sealing began; `told_sequence` is how far heads were written outside the database.
    """

    sequence = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    begun_at = models.DateTimeField()
    key_mark = models.CharField(max_length=16)
    mac = models.CharField(max_length=64)
    told_sequence = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"], name="one_seal_head_per_environment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.digest[:8]}"
