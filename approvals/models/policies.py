"""Policies: rules of who must approve what, and limits of how much."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from approvals.models.groups import ApproverGroup
from billing.chains import Chain, Token
from billing.models import IdField, Record, Tenanted

LAPSE_AFTER = timedelta(days=7)  # product.md, section 4
SHORTEST_WINDOW_H, LONGEST_WINDOW_H = 1, 31 * 24


class PolicyStatus(models.TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class RecipientIs(models.TextChoices):
    """What a rule asks of the recipient. Who is in the address book is known too."""

    ANY = "any", "any recipient"
    KNOWN = "known", "a known recipient"
    NEW = "new", "a new recipient"
    ADDRESS_BOOK = "address_book", "a recipient of the address book"


class CreatedVia(models.TextChoices):
    """Who made what is to be approved."""

    ANY = "any", "anybody"
    PERSON = "person", "a person"
    KEY = "key", "an API key"
    IMPORT = "import", "an import"


class Outcome(models.TextChoices):
    APPROVALS = "approvals", "asks approvals"
    BLOCK = "block", "is blocked"


class LimitScope(models.TextChoices):
    """Whose sum a limit counts."""

    ORGANIZATION = "organization", "all together"
    RECIPIENT = "recipient", "to one recipient"
    APPROVER = "approver", "by one approver"


class Policy(Tenanted):
    """One version of an organization's rules in one environment.

    Written by approvals.drafts and approvals.publishing alone. A draft is edited; once published,
    neither it nor its rules and limits ever change: the database refuses it. The next published
    version retires it.
    """

    id = IdField("pol")
    version = models.PositiveIntegerField(editable=False)
    status = models.CharField(max_length=9, choices=PolicyStatus, default=PolicyStatus.DRAFT)
    note = models.CharField(max_length=500, blank=True, default="")
    lapse_after = models.DurationField(default=LAPSE_AFTER)
    # Grows with each edit of the draft, so that nobody publishes what they have not seen.
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.CharField(max_length=40, editable=False)
    created_by_name = models.CharField(max_length=255, editable=False)
    edited_by = models.CharField(max_length=40, editable=False)
    edited_by_name = models.CharField(max_length=255, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.CharField(max_length=40, default="", editable=False)
    published_by_name = models.CharField(max_length=255, default="", editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "policies"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment", "version"],
                name="one_policy_per_version",
            ),
            models.UniqueConstraint(
                fields=["organization", "environment"],
                condition=Q(status=PolicyStatus.DRAFT),
                name="one_draft_policy",
            ),
            models.UniqueConstraint(
                fields=["organization", "environment"],
                condition=Q(status=PolicyStatus.PUBLISHED),
                name="one_published_policy",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", published_at=None, retired_at=None)
                | Q(status="published", published_at__isnull=False, retired_at=None)
                | Q(status="retired", published_at__isnull=False, retired_at__isnull=False),
                name="policy_times_fit_its_status",
            ),
            models.CheckConstraint(
                condition=Q(lapse_after__gte=timedelta(hours=1))
                & Q(lapse_after__lte=timedelta(days=90)),
                name="policy_lapses_within_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class Rule(Record):
    """One line of a policy: which payments it is about, and what they need. First match wins.

    A condition that is empty (None, an empty list, `any`) holds for every payment. Amounts are
    inclusive, in atomic units; every token has six decimals.
    """

    id = IdField("rul")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    chains: models.JSONField[Any, Any] = models.JSONField(default=list)
    tokens: models.JSONField[Any, Any] = models.JSONField(default=list)
    min_atomic = models.BigIntegerField(null=True)
    max_atomic = models.BigIntegerField(null=True)
    recipient_is = models.CharField(
        max_length=12, choices=RecipientIs, default=RecipientIs.ANY.value
    )
    reference_types: models.JSONField[Any, Any] = models.JSONField(default=list)
    created_via = models.CharField(max_length=6, choices=CreatedVia, default=CreatedVia.ANY.value)
    outcome = models.CharField(max_length=9, choices=Outcome, default=Outcome.APPROVALS.value)
    needed = models.PositiveSmallIntegerField(default=1)
    group = models.ForeignKey(
        ApproverGroup, null=True, on_delete=models.PROTECT, related_name="rules"
    )
    people_only = models.BooleanField(default=False)

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="one_rule_per_position",
                deferrable=models.Deferrable.DEFERRED,  # Two rules change places.
            ),
            models.UniqueConstraint(fields=["policy", "name"], name="one_rule_per_name"),
            models.CheckConstraint(
                condition=Q(outcome="block", needed=0, group=None, people_only=False)
                | Q(outcome="approvals", needed__gte=1, needed__lte=20),
                name="rule_asks_what_it_can",
            ),
            models.CheckConstraint(
                condition=Q(min_atomic=None)
                | Q(max_atomic=None)
                | Q(min_atomic__lte=F("max_atomic")),
                name="rule_range_is_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.position} “{self.name}”"


class Limit(Record):
    """How much may be approved in a rolling window, whatever the rules say.

    `chain` and `token` are empty where any counts: the tokens are then added, one as one dollar.
    """

    id = IdField("lim")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="limits")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=12, choices=LimitScope)
    chain = models.CharField(max_length=16, choices=Chain, blank=True, default="")
    token = models.CharField(max_length=16, choices=Token, blank=True, default="")
    amount_atomic = models.BigIntegerField()
    window_h = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("created_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "name"], name="one_limit_per_name"),
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="limit_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(window_h__gte=SHORTEST_WINDOW_H, window_h__lte=LONGEST_WINDOW_H),
                name="limit_window_is_1_hour_to_31_days",
            ),
            models.CheckConstraint(
                condition=Q(scope__in=LimitScope.values), name="limit_scope_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def window(self) -> timedelta:
        return timedelta(hours=self.window_h)
