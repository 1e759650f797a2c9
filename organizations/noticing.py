"""How somebody wants to hear by e-mail what waits for them, and what they were told already."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import TextChoices

from billing.models import Record

FIRST_HOUR, LAST_HOUR = 0, 23


class Notices(TextChoices):
    AT_ONCE = "at_once", "At once, when something new waits for me"
    DAILY = "daily", "Once a day, what waits for me then"
    NONE = "none", "No e-mail"


class NoticeChoice(Record):
    """One membership's choice. Where there is none yet, it is a daily mail at eight.

    `hour` is of `time_zone`, or of the organization's where that is empty. `told` names what the
    last mail counted, so that the next "at once" is about something new. `claimed_until`: a sender
    is at it, and no other may be before then. Written by its person and by the job.
    """

    membership = models.OneToOneField(
        "organizations.Membership", on_delete=models.CASCADE, related_name="notice_choice"
    )
    how = models.CharField(max_length=8, choices=Notices, default=Notices.DAILY)
    hour = models.PositiveSmallIntegerField(default=8)
    time_zone = models.CharField(max_length=64, blank=True, default="")
    told: models.JSONField[Any, Any] = models.JSONField(default=list, editable=False)
    told_at = models.DateTimeField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(how__in=Notices.values), name="notices_are_known"
            ),
            models.CheckConstraint(
                condition=models.Q(hour__lte=LAST_HOUR), name="notice_hour_is_of_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.how} of {self.membership_id}"
