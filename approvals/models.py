"""Who agreed to what."""

from typing import ClassVar

from django.db import models

from billing.models import IdField, Tenanted


class Approval(Tenanted):
    """One person's or key's yes to exactly what the digest says. Evidence, never deleted.

    Written by approvals.services alone. Once written only one thing ever happens to it: it is made
    void, with the time and the reason; the database refuses any other change.
    `subject_id` is what was approved (`po_…`); this app does not know payouts. `person_id` is who
    answers for it: the person, the person who issued the key, or the key where nobody did.
    """

    id = IdField("apr")
    subject_id = models.CharField(max_length=40, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    actor_id = models.CharField(max_length=40, editable=False)
    actor_name = models.CharField(max_length=255, editable=False)
    person_id = models.CharField(max_length=40, editable=False)
    approved_at = models.DateTimeField(editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    void_reason = models.TextField(blank=True, default="", editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_id", "actor_id"],
                condition=models.Q(voided_at=None),
                name="one_approval_per_actor",
            ),
            models.CheckConstraint(
                condition=models.Q(voided_at=None, void_reason="")
                | (models.Q(voided_at__isnull=False) & ~models.Q(void_reason="")),
                name="approval_is_void_for_a_reason",
            ),
        ]
        indexes: ClassVar = [
            # Serves: all approvals of a payout, void ones too, for its timeline.
            models.Index(fields=["subject_id", "approved_at"], name="approval_of_subject")
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} on {self.subject_id}"
