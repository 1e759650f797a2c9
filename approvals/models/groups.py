"""Groups of people whose approvals a rule may ask for."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from billing.models import IdField, Tenanted


class ApproverGroup(Tenanted):
    """People whose approval a rule may ask for by the group's name.

    Written by approvals.groups alone. Its members change while a policy is published: who belongs
    to finance is no part of the rule that finance must agree.
    """

    id = IdField("agr")
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    # Whether a key counts that a member issued. A key of nobody's never counts for a group.
    keys_count = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization", "environment", Lower("name"), name="one_approver_group_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name
