"""Whom we tell: endpoints, the deliveries owed to each, and every attempt at one."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing.chains import Environment
from billing.models import IdField, Record, Tenanted


class EndpointStatus(models.TextChoices):
    ACTIVE = "active"
    DISABLED = "disabled"


class DeliveryStatus(models.TextChoices):
    """The value is the word of the API; the label is what a person reads."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # every attempt of its schedule failed
    CANCELED = "canceled"  # its endpoint was deleted


class DisabledBecause(models.TextChoices):
    """Why an endpoint is told nothing."""

    BY_HAND = "by_hand", "somebody switched it off"
    FAILING = "failing", "nothing arrived for three days"
    GONE = "gone", "it answered 410 Gone"


class Endpoint(Tenanted):
    """A URL of the integrator's that is told of events, signed with its secret.

    Secrets are kept encrypted (organizations.secrets). While rotating there are two: `secret` is
    the new one; `previous_secret` signs too until `previous_until`, or until the switch is
    confirmed.
    A deleted endpoint is seen nowhere any more; its row stays, for its deliveries are a record.
    `failing_since` is the first failure since anything was last delivered. `last_delivered_at`
    is exact once it is told no more; meanwhile it may be some deliveries old. `lease` names the
    sender that is telling it right now: one at a time, so that events arrive in order.
    A local endpoint is one on this machine, made by `webhook_listen` in the sandbox alone.
    """

    id = IdField("we")
    url = models.CharField(max_length=2000)
    events = ArrayField(models.CharField(max_length=48))  # types of events, or "*" alone
    description = models.CharField(max_length=256, null=True)  # null: none was given
    status = models.CharField(max_length=8, choices=EndpointStatus, default=EndpointStatus.ACTIVE)
    disabled_at = models.DateTimeField(null=True)
    disabled_because = models.CharField(
        max_length=8, choices=DisabledBecause, blank=True, default=""
    )
    owners_told_at = models.DateTimeField(null=True)  # by e-mail, that we disabled it
    failing_since = models.DateTimeField(null=True)
    last_delivered_at = models.DateTimeField(null=True)
    secret = models.BinaryField()
    previous_secret = models.BinaryField(null=True)
    previous_until = models.DateTimeField(null=True)
    is_local = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)  # of a local one: it dies after an hour
    lease = models.CharField(max_length=32, blank=True, default="")
    leased_until = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(environment__in=Environment.values),
                name="endpoint_environment_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status=EndpointStatus.ACTIVE, disabled_at=None, disabled_because="")
                | Q(
                    status=EndpointStatus.DISABLED,
                    disabled_at__isnull=False,
                    disabled_because__in=DisabledBecause.values,
                ),
                name="endpoint_is_disabled_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(previous_secret=None, previous_until=None)
                | Q(previous_secret__isnull=False, previous_until__isnull=False),
                name="endpoint_rotation_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(is_local=False, expires_at=None)
                | Q(is_local=True, expires_at__isnull=False, environment=Environment.SANDBOX),
                name="local_endpoint_is_in_the_sandbox_and_ends",
            ),
            models.CheckConstraint(condition=~Q(events=[]), name="endpoint_wants_some_events"),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/webhooks and the admin's list, newest first; feeding a tenant.
            models.Index(
                fields=["organization", "environment", "-created_at", "-id"],
                condition=Q(deleted_at=None),
                name="endpoint_list",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class Delivery(Record):
    """One event owed to one endpoint, until it has arrived or its schedule ends.

    Its place in an endpoint's order is the event's `sequence`. `attempts` counts all that were
    made; `tries` those of the schedule it is in: a redelivery begins a new one.
    Pending has `next_attempt_at`, what has ended has none (a constraint says so).
    """

    id = IdField("whd")
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey("events.Event", on_delete=models.PROTECT, related_name="+")
    sequence = models.BigIntegerField()  # the event's
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            # Closes the race of two feeds, and of a feed with a redelivery.
            models.UniqueConstraint(
                fields=["endpoint", "event"], name="one_delivery_per_endpoint_and_event"
            ),
            models.CheckConstraint(
                condition=Q(status=DeliveryStatus.PENDING, next_attempt_at__isnull=False)
                | (~Q(status=DeliveryStatus.PENDING) & Q(next_attempt_at=None)),
                name="pending_delivery_has_a_next_attempt",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/webhooks/{id}/deliveries, newest first.
            models.Index(fields=["endpoint", "-created_at", "-id"], name="delivery_list"),
            # Serves: what failed, in the admin and in the API: a few rows among very many.
            models.Index(
                fields=["endpoint", "-created_at", "-id"],
                condition=Q(status=DeliveryStatus.FAILED),
                name="delivery_failed",
            ),
            # Serves: what is due for an endpoint, and in which order.
            models.Index(
                fields=["endpoint", "sequence"],
                include=["next_attempt_at"],
                condition=Q(status=DeliveryStatus.PENDING),
                name="delivery_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}"


class Attempt(models.Model):
    """One POST of a delivery and what came of it. Append-only.

    Either an answer (`status_code`, `answer`) or, in words, why there was none (`error`).
    """

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="log", db_index=False
    )
    number = models.PositiveIntegerField()  # from 1, over all schedules
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    address = models.CharField(max_length=64, blank=True, default="")  # the one that was dialled
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")
    answer = models.TextField(blank=True, default="")  # its first 2 kB, as text

    class Meta:
        constraints: ClassVar = [
            # Serves too: a delivery's attempts in their order.
            models.UniqueConstraint(fields=["delivery", "number"], name="one_attempt_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} attempt {self.number}"


class Feed(models.Model):
    """How far one organization's events have been handed to its endpoints: up to this sequence.

    Numbers are given without a gap and become visible in their order, so nothing is committed
    below it afterwards. Moved on its locked row.
    """

    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    environment = models.CharField(max_length=7, choices=Environment)
    sequence = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"], name="one_feed_per_tenant"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.environment} up to {self.sequence}"
