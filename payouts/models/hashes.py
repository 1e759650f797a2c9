"""SubmittedHash: which transaction somebody said pays a payout."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.chains import Chain


class SubmittedHash(models.Model):
    """One hash named for one payout. Any of its hashes can settle it; a hash reserves nothing.

    Written by execute, replace_hash and match_by_hand. `judged_change` is the `changed_at` of the
    watched transaction that payouts.verifying judged last. `closed_at` is set when nothing more can
    be learned: every transfer of it is decided and final, or `watch_until` has passed.
    """

    payout = models.ForeignKey(
        "payouts.PayoutIntent", on_delete=models.PROTECT, related_name="hashes"
    )
    # Both again here, so that one index finds every payout of an organization with a hash.
    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    environment = models.CharField(max_length=7, editable=False)
    chain = models.CharField(max_length=16, choices=Chain)
    tx_hash = models.CharField(max_length=255)
    submitted_at = models.DateTimeField()
    # The chain's own time then: a sandbox chain may be ahead of the clock. Limits count from it.
    submitted_at_chain_time = models.DateTimeField()
    submitted_by = models.CharField(max_length=40)
    submitted_by_name = models.CharField(max_length=255)
    reason = models.TextField(default="", blank=True)  # why it replaced another
    # The transaction that took this one's place, where a person said that it pays something else.
    declined_tx_hash = models.CharField(max_length=255, null=True)
    watch_until = models.DateTimeField()
    judged_change = models.DateTimeField(null=True)
    look_again_at = models.DateTimeField(null=True)  # for a decision that waits, whatever the news
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payout", "tx_hash"], name="one_hash_once_per_payout")
        ]
        indexes: ClassVar = [
            # Serves: all payouts that share a hash, decided together; search by hash.
            models.Index(
                fields=["organization", "environment", "chain", "tx_hash"],
                name="submitted_by_hash",
            ),
            # Serves: payouts.paid_already, what was named since a payout was created.
            models.Index(
                fields=["organization", "environment", "chain", "submitted_at"],
                name="submitted_since",
            ),
            # Serves: payouts.verifying, what may still bring news.
            models.Index(
                fields=["chain", "payout"],
                condition=Q(closed_at__isnull=True),
                name="submitted_still_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tx_hash} for {self.payout_id}"
