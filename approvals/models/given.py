"""The approvals that were given."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.models import IdField, Tenanted


class Approval(Tenanted):
    """One person's or key's yes to exactly what the digest says. Evidence, never deleted.

    Written by approvals.services alone. Once written only two things ever happen to it: it no
    longer decides, because the subject went back to being undecided, and it is made void, with the
    time and the reason; the database refuses any other change.
    `subject_id` is what was approved (`po_…`); this app does not know payouts. `person_id` is who
    answers for it: the person, the person who issued the key, or the key where nobody did.
    What moves (`chain` … `recipient`) stands here too, because limits are sums of these rows.
    """

    id = IdField("apr")
    subject_id = models.CharField(max_length=40, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    actor_id = models.CharField(max_length=40, editable=False)
    actor_name = models.CharField(max_length=255, editable=False)
    person_id = models.CharField(max_length=40, editable=False)
    approved_at = models.DateTimeField(editable=False)
    # Empty and 0 where it was given before limits were counted.
    chain = models.CharField(max_length=16, default="", editable=False)
    token = models.CharField(max_length=16, default="", editable=False)
    amount_atomic = models.BigIntegerField(default=0, editable=False)
    recipient = models.CharField(max_length=64, default="", editable=False)
    # Whether it is the one that made the subject approved.
    decides = models.BooleanField(default=False, editable=False)
    # What asked for it: the version of the policy and the rule; None and "" for the default.
    policy_version = models.PositiveIntegerField(null=True, editable=False)
    rule = models.CharField(max_length=100, default="", editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    void_reason = models.TextField(blank=True, default="", editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_id", "actor_id"],
                condition=Q(voided_at=None),
                name="one_approval_per_actor",
            ),
            models.UniqueConstraint(
                fields=["subject_id", "digest"],
                condition=Q(voided_at=None, decides=True),
                name="one_approval_decides",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="")
                | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="approval_is_void_for_a_reason",
            ),
        ]
        indexes: ClassVar = [
            # Serves: all approvals of a payout, void ones too, for its timeline.
            models.Index(fields=["subject_id", "approved_at"], name="approval_of_subject"),
            # Serves: what was decided lately, for limits of the organization and of a recipient.
            models.Index(
                fields=["organization", "environment", "approved_at"],
                condition=Q(voided_at=None, decides=True),
                name="approval_decided",
            ),
            # Serves: what a person approved lately, for limits of an approver.
            models.Index(
                fields=["organization", "environment", "person_id", "approved_at"],
                condition=Q(voided_at=None),
                name="approval_of_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} on {self.subject_id}"
