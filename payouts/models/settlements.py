"""Settlement: an organization's claim on one transfer, with its evidence."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing.chains import Chain, Token
from billing.models import IdField, Tenanted


class Discrepancy(models.TextChoices):
    """In what a settlement differs from its payout."""

    AMOUNT = "amount"
    LATE_SETTLEMENT = "late_settlement"
    APPROVAL_MISMATCH = "approval_mismatch"


class Settlement(Tenanted):
    """That one transfer is this organization's: for a payout, or unexpected where `payout` is None.

    Written by payouts.verifying. The facts never change (payouts_settlements_are_facts); what may:
    `payout` from None to one payout, discrepancies, reversal, restoration and resolution.
    `reversed_at` is set while its transfer has left the chain. Mined again it is restored: then
    `restored_transfer` is the sighting that stands now, and `reversed_at` is None again.
    The claim is unique by the transfer's identity, so that two payouts never share one.
    """

    id = IdField("stl")
    payout = models.ForeignKey(
        "payouts.PayoutIntent", null=True, on_delete=models.PROTECT, related_name="settlements"
    )
    chain = models.CharField(max_length=16, choices=Chain)
    tx_hash = models.CharField(max_length=255)
    key = models.CharField(max_length=40, default="", blank=True)  # sandbox: one per payout
    ordinal = models.IntegerField()
    log_index = models.BigIntegerField()
    token = models.CharField(max_length=16, choices=Token)
    contract = models.CharField(max_length=64)
    from_address = models.CharField(max_length=64)
    to_address = models.CharField(max_length=64)
    amount_atomic = models.BigIntegerField()
    block_number = models.BigIntegerField()
    block_hash = models.CharField(max_length=80)
    block_time = models.DateTimeField()
    confirmations = models.BigIntegerField()
    confirmed_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    evidence = models.JSONField(default=dict)  # see payouts.evidence
    transfer = models.ForeignKey(
        "chainwatch.Transfer", on_delete=models.PROTECT, related_name="+", editable=False
    )
    # For an unexpected one: what the system makes of it, "second payment of po_…".
    suggestion = models.CharField(max_length=255, default="", blank=True)
    discrepancies = ArrayField(
        models.CharField(max_length=32, choices=Discrepancy), default=list, blank=True
    )
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=40, default="", blank=True)
    resolution = models.CharField(max_length=32, default="", blank=True)
    resolution_note = models.TextField(default="", blank=True)
    reversed_at = models.DateTimeField(null=True)
    restored_at = models.DateTimeField(null=True)
    restored_transfer = models.ForeignKey(
        "chainwatch.Transfer", null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment", "chain", "tx_hash", "ordinal"],
                name="one_claim_per_transfer",
            ),
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="settlement_amount_is_positive"
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/payouts/settlements, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="settlement_list",
            ),
            # Serves: unexpected settlements by block time, in reconciliation.
            models.Index(
                fields=["organization", "environment", "block_time"],
                condition=Q(payout__isnull=True),
                name="settlement_unexpected",
            ),
            # Serves: the open discrepancies, in reconciliation and the admin.
            models.Index(
                fields=["organization", "environment", "created_at"],
                condition=~Q(discrepancies=[]) & Q(resolved_at__isnull=True),
                name="settlement_open_discrepancy",
            ),
            # Serves: those whose block left the chain, among the admin's exceptions.
            models.Index(
                fields=["organization", "environment", "created_at"],
                condition=Q(reversed_at__isnull=False),
                name="settlement_reversed",
            ),
            # Serves: money out per day, chain and token on the first page, from the index alone.
            models.Index(
                fields=["organization", "environment", "chain", "token", "created_at"],
                include=["amount_atomic"],
                condition=Q(payout__isnull=False, reversed_at__isnull=True),
                name="settlement_money_out",
            ),
        ]

    def __str__(self) -> str:
        return self.id
