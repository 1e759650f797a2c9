"""PayoutBatch: payouts that were handed over to a signer together."""

from typing import ClassVar

from django.db import models
from django.db.models import F

from billing.models import IdField, Tenanted


class PayoutBatch(Tenanted):
    """One hand-over. Written by hand_over; its files are void once a payout was taken back.

    `digest` binds it to what was approved (payouts.handover.digest) and never changes; it is empty
    where the batch was void before digests were kept.
    """

    id = IdField("bat")
    handed_over_by = models.CharField(max_length=40)
    handed_over_by_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, default="", editable=False)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "batch"
        verbose_name_plural = "batches"
        ordering = ("-created_at", "-id")
        indexes: ClassVar = [
            # Serves: GET /v1/payouts/batches, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="batch_list",
            )
        ]

    def __str__(self) -> str:
        return self.id


class BatchItem(models.Model):
    """That one payout was in one batch; kept when taken back, so that the next one names it."""

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="items")
    payout = models.ForeignKey(
        "payouts.PayoutIntent", on_delete=models.PROTECT, related_name="batch_items"
    )
    taken_back_at = models.DateTimeField(null=True)
    take_back_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "payout"], name="one_item_per_batch_and_payout"
            )
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} in {self.batch_id}"
