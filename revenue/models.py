"""The ledger: what was earned, what was given back, what was paid out. Written, never changed."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Mod
from django.db.models.lookups import Exact

from billing.chains import Chain, Token
from billing.models import IdField, Record, Tenanted
from revenue.types import REVERSED_BY, AdjustmentType, RevenueType, SourceType

_TAKES_BACK = [word.value for word in REVERSED_BY.values()]
_IS_EVEN = Q(Exact(Mod(F("ordinal"), 2), 0))
_IS_ODD = Q(Exact(Mod(F("ordinal"), 2), 1))


class RevenueEvent(Tenanted):
    """One line of the ledger, in the transaction of what caused it. Amounts are atomic.

    Written by revenue.ledger and revenue.backfilling alone. The database refuses every update,
    delete and truncate (revenue_append_only). `source_id` is what it comes from. The lines of one
    source count up from 0: even ones say that its money is there, odd ones take that back, so that
    nothing is booked twice, whatever runs twice. `occurred_at` is the organization's time
    (organizations.clock), `created_at` the wall clock. `chain` and `token` are null where an
    adjustment names nothing that was paid.
    """

    id = IdField("rev")
    event_type = models.CharField(max_length=24, choices=RevenueType)
    amount_atomic = models.BigIntegerField()
    chain = models.CharField(max_length=16, choices=Chain, null=True)
    token = models.CharField(max_length=16, choices=Token, null=True)
    source_type = models.CharField(max_length=10, choices=SourceType)
    source_id = models.CharField(max_length=40)
    ordinal = models.IntegerField(default=0)
    checkout_id = models.CharField(max_length=40, null=True)
    subscription_id = models.CharField(max_length=40, null=True)
    renewal_id = models.CharField(max_length=40, null=True)
    customer_id = models.CharField(max_length=40, null=True)
    payout_id = models.CharField(max_length=40, null=True)
    tx_hash = models.CharField(max_length=255, null=True)
    description = models.CharField(max_length=1024, null=True)
    occurred_at = models.DateTimeField()

    class Meta:
        ordering = ("-occurred_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "source_type", "source_id", "ordinal"],
                name="one_revenue_line_per_source_and_ordinal",
            ),
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="revenue_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(event_type__in=RevenueType.values), name="revenue_type_is_known"
            ),
            # Serves: that a source is never booked twice in a row, nor taken back twice.
            models.CheckConstraint(
                condition=Q(event_type__in=_TAKES_BACK) & _IS_ODD
                | ~Q(event_type__in=_TAKES_BACK) & _IS_EVEN,
                name="revenue_lines_of_a_source_alternate",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/revenue/events and the admin's list; accounting, a range of time.
            models.Index(
                "organization",
                "environment",
                F("occurred_at").desc(),
                F("id").desc(),
                name="revenue_list",
            ),
            # Serves: the same lists of one type, of which there may be few among very many.
            models.Index(
                "organization",
                "environment",
                "event_type",
                F("occurred_at").desc(),
                F("id").desc(),
                name="revenue_list_by_type",
            ),
            # Serves: GET /v1/revenue/events?checkout_id=…, a few lines each.
            models.Index(
                fields=["checkout_id"],
                condition=Q(checkout_id__isnull=False),
                name="revenue_of_checkout",
            ),
            # Serves: GET /v1/revenue/events?customer_id=…
            models.Index(
                "organization",
                "environment",
                "customer_id",
                F("occurred_at").desc(),
                F("id").desc(),
                condition=Q(customer_id__isnull=False),
                name="revenue_list_by_customer",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def adjustment_id(self) -> str | None:
        return self.source_id if self.source_type == SourceType.ADJUSTMENT else None

    @property
    def settlement_id(self) -> str | None:
        return self.source_id if self.source_type == SourceType.SETTLEMENT else None


class Adjustment(Tenanted):
    """What somebody booked by hand, and why; with it stands its one line of the ledger.

    Written by revenue.adjusting alone, and as little changed as the ledger: what was wrong is
    countered by another adjustment. `applied_by` is `usr_…` or `key_…`. `source_type` and
    `source_id` say what it is about in the words of published clients; null where it names nothing.
    """

    id = IdField("adj")
    type = models.CharField(max_length=10, choices=AdjustmentType)
    amount_atomic = models.BigIntegerField()
    reason = models.CharField(max_length=1024)
    checkout_id = models.CharField(max_length=40, null=True)
    subscription_id = models.CharField(max_length=40, null=True)
    customer_id = models.CharField(max_length=40, null=True)
    source_type = models.CharField(max_length=40, null=True)
    source_id = models.CharField(max_length=256, null=True)
    metadata = models.JSONField(default=dict)
    applied_by = models.CharField(max_length=40)
    applied_by_name = models.CharField(max_length=120)
    revenue_event = models.OneToOneField(
        RevenueEvent, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="adjustment_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(type__in=AdjustmentType.values), name="adjustment_type_is_known"
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/revenue/adjustments, of all types or one, and the admin's list.
            models.Index(
                fields=["organization", "environment", "-created_at", "-id"],
                name="adjustment_list",
            ),
            models.Index(
                fields=["organization", "environment", "type", "-created_at", "-id"],
                name="adjustment_list_by_type",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class BackFill(Record):
    """How far the ledger was filled with what one table held before there was a ledger.

    Written by revenue.backfilling alone, with each chunk in one transaction. `cursor` is the last
    id of that table that was looked at, empty at the beginning of a pass.
    """

    name = models.CharField(max_length=40, primary_key=True)
    cursor = models.CharField(max_length=40, default="", blank=True)
    written = models.BigIntegerField(default=0)
    passes = models.IntegerField(default=0)
    pass_ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
