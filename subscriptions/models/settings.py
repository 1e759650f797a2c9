"""RenewalSettings: how an organization renews, in one environment."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing.models import IdField, Tenanted


def first_attempts() -> list[int]:
    """On which days after a renewal is due its checkouts open, where nobody said otherwise."""
    return [0, 3, 7]


class RenewalSettings(Tenanted):
    """When renewals are asked for and how often, and what follows when nobody pays.

    Written by subscriptions.renewal_settings alone, which also gives the defaults where there is no
    row. A renewal keeps the schedule that it was made with, a subscription its time zone.
    """

    id = IdField("rset")
    ahead_days = models.IntegerField(default=3)
    # The first is 0: it opens `ahead_days` before the period and stays open into it.
    attempt_days = ArrayField(models.IntegerField(), default=first_attempts)
    last_open_days = models.IntegerField(default=3)
    grace_days = models.IntegerField(default=7)
    past_due_keeps_access = models.BooleanField(default=True)
    customer_may_cancel = models.BooleanField(default=True)
    emails_customers = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        verbose_name_plural = "renewal settings"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"], name="one_renewal_settings"
            ),
            models.CheckConstraint(
                condition=Q(ahead_days__range=(0, 30))
                & Q(last_open_days__range=(1, 30))
                & Q(grace_days__range=(0, 365)),
                name="renewal_settings_days_are_sensible",
            ),
            models.CheckConstraint(
                condition=Q(attempt_days__len__range=(1, 10)) & Q(attempt_days__0=0),
                name="renewal_settings_attempts_begin_at_once",
            ),
        ]

    def __str__(self) -> str:
        return f"renewals of {self.organization_id} in {self.environment}"
