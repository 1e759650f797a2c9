"""Plan and Entitlement: what is sold by the period, and what it opens to whoever has it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from billing.chains import Chain, Token
from billing.models import IdField, Tenanted
from subscriptions.states import Interval, PlanStatus, ValueType

LONGEST_TRIAL_DAYS = 3_650
MOST_INTERVALS = 1_000


class Plan(Tenanted):
    """What is sold by the period: so much of a token, every so many intervals.

    Written by subscriptions.plans alone. Price, interval, trial, chain and token never change (the
    database refuses it): another price is another plan. The amount is atomic.
    """

    id = IdField("plan")
    name = models.CharField(max_length=256)
    description = models.CharField(max_length=1024, null=True, blank=True)
    amount_atomic = models.BigIntegerField(editable=False)
    interval = models.CharField(max_length=8, choices=Interval, editable=False)
    interval_count = models.IntegerField(default=1, editable=False)
    trial_days = models.IntegerField(default=0, editable=False)
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    token = models.CharField(max_length=16, choices=Token, editable=False)
    status = models.CharField(max_length=8, choices=PlanStatus, default=PlanStatus.ACTIVE.value)
    metadata: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="plan_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(interval__in=Interval.values), name="plan_interval_is_known"
            ),
            models.CheckConstraint(
                condition=Q(interval_count__range=(1, MOST_INTERVALS)),
                name="plan_interval_count_is_sensible",
            ),
            models.CheckConstraint(
                condition=Q(trial_days__range=(0, LONGEST_TRIAL_DAYS)),
                name="plan_trial_is_ten_years_at_most",
            ),
            models.CheckConstraint(
                condition=Q(status__in=PlanStatus.values), name="plan_status_is_known"
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/subscriptions/plans and the admin's list, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="plan_list",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Entitlement(Tenanted):
    """One feature that a plan opens, and how far: a yes or no, a number or a word.

    Written by subscriptions.entitlements alone; edits and deletion reach all subscribers at once.
    Exactly the value of its type is there, the others are null.
    """

    id = IdField("ent")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="entitlements")
    feature_key = models.CharField(max_length=256)
    value_type = models.CharField(max_length=8, choices=ValueType)
    value_boolean = models.BooleanField(null=True)
    value_numeric = models.DecimalField(null=True, max_digits=40, decimal_places=12)
    value_string = models.CharField(null=True, max_length=1024)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "feature_key"], name="one_entitlement_per_plan_and_feature"
            ),
            models.CheckConstraint(
                condition=Q(
                    value_type="boolean",
                    value_boolean__isnull=False,
                    value_numeric__isnull=True,
                    value_string__isnull=True,
                )
                | Q(
                    value_type="numeric",
                    value_boolean__isnull=True,
                    value_numeric__isnull=False,
                    value_string__isnull=True,
                )
                | Q(
                    value_type="string",
                    value_boolean__isnull=True,
                    value_numeric__isnull=True,
                    value_string__isnull=False,
                ),
                name="entitlement_value_fits_its_type",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/subscriptions/entitlements, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="entitlement_list",
            ),
        ]

    def __str__(self) -> str:
        return self.feature_key
