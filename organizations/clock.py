"""What time it is for an organization: the wall clock, and in the sandbox what it was moved ahead.

Periods, renewals and revenue are reckoned by this time, so that a year of them can be played in a
test. Rows keep `created_at` by the wall clock all the same. Written by the sandbox alone
(POST /v1/sandbox/clock); a live organization's time is never anything but the wall clock.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from billing.chains import Environment
from billing.errors import InvalidRequest

MOST_AT_ONCE = timedelta(days=366)
MOST_AHEAD = timedelta(days=3_652)  # ten years


class SandboxClock(models.Model):
    """How far the time of one organization's sandbox is ahead of the wall clock.

    Made when it is first moved; `ahead` only ever grows, by `advance` alone.
    """

    organization = models.OneToOneField(
        "organizations.Organization",
        on_delete=models.PROTECT,
        related_name="+",
        primary_key=True,
        editable=False,
    )
    ahead = models.DurationField(default=timedelta(0), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ahead__gte=timedelta(0)) & Q(ahead__lte=MOST_AHEAD),
                name="sandbox_clock_is_ahead_by_ten_years_at_most",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} is {self.ahead} ahead"


def now(organization_id: str, environment: str) -> datetime:
    """Return the organization's time: in live without a query, in the sandbox by one."""
    return timezone.now() + ahead(organization_id, environment)


def ahead(organization_id: str, environment: str) -> timedelta:
    """Return by how much its time is ahead of the wall clock: zero in live."""
    if environment == Environment.LIVE:
        return timedelta(0)
    moved = SandboxClock.objects.filter(organization_id=organization_id)
    return moved.values_list("ahead", flat=True).first() or timedelta(0)


def advance(organization_id: str, by: timedelta) -> timedelta:
    """Move the time of its sandbox ahead by so much more; return by how much it is ahead then.

    Two at the same time add up: the row's own update decides, nothing is read before.
    Raises InvalidRequest, code `too_far_ahead`, beyond a year at once or ten in all.
    """
    if not timedelta(0) < by <= MOST_AT_ONCE:
        raise InvalidRequest(
            f"The clock of a sandbox moves ahead only, by {MOST_AT_ONCE.days} days at most at "
            "once. Move it in several calls.",
            code="too_far_ahead",
        )
    with transaction.atomic():
        SandboxClock.objects.get_or_create(organization_id=organization_id)
        rows = SandboxClock.objects.filter(organization_id=organization_id)
        if not rows.filter(ahead__lte=MOST_AHEAD - by).update(ahead=F("ahead") + by):
            raise InvalidRequest(
                f"The clock of a sandbox is ahead by {MOST_AHEAD.days} days at most, and this "
                "would be more. Use another organization to begin anew.",
                code="too_far_ahead",
            )
        return rows.values_list("ahead", flat=True).get()
