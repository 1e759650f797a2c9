"""Payment: one transfer that reached an address customers were told to pay to."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billing.chains import Chain
from billing.models import IdField, Tenanted
from chainwatch.models import Transfer
from checkouts.models.intents import Checkout
from checkouts.states import PaymentKind, PaymentResolution
from wallets.models import DepositAddress


class Payment(Tenanted):
    """The organization's record of money that came in: of a checkout, or unassigned.

    Written by checkouts.recording from chainwatch's rows, one for each transfer to a deposit
    address, whatever its token and time; never deleted. Where it stands on the chain is kept up to
    date: `transfer` is the newest sighting, `reversed_at` is set while its transaction is in no
    block, `final_at` once its network's rule holds (and kept where a final one left the chain).
    `checkout` and `kind` are judged when it is first seen, and anew where it is mined in another
    block, unless a person resolved it.
    All that is not `on_time` is a work item until a person says what became of it.
    """

    id = IdField("pay")
    deposit_address = models.ForeignKey(
        DepositAddress, on_delete=models.PROTECT, related_name="payments", editable=False
    )
    checkout = models.ForeignKey(
        Checkout, null=True, on_delete=models.PROTECT, related_name="payments"
    )
    kind = models.CharField(max_length=12, choices=PaymentKind)

    # --- which transfer -----------------------------------------------------------------------
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    tx_hash = models.CharField(max_length=255, editable=False)
    key = models.CharField(max_length=40, default="", blank=True, editable=False)
    ordinal = models.IntegerField(editable=False)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="+")
    contract = models.CharField(max_length=64, editable=False)
    token = models.CharField(max_length=16, default="", blank=True, editable=False)  # "": not ours
    from_address = models.CharField(max_length=64, editable=False)
    amount_atomic = models.DecimalField(max_digits=78, decimal_places=0, editable=False)

    # --- where it stands ----------------------------------------------------------------------
    log_index = models.BigIntegerField()
    block_number = models.BigIntegerField()
    block_hash = models.CharField(max_length=80)
    block_time = models.DateTimeField()
    detected_at = models.DateTimeField()
    final_at = models.DateTimeField(null=True)
    finalized_at = models.DateTimeField(null=True)  # no reorganization can take it away any more
    reversed_at = models.DateTimeField(null=True)
    # The `changed_at` of the watched transaction that was judged last.
    judged_change = models.DateTimeField(null=True)

    # --- what a person says of it -------------------------------------------------------------
    resolution = models.CharField(max_length=12, choices=PaymentResolution, default="", blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=120, default="", blank=True)
    note = models.TextField(default="", blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            # The address too: a transaction that is mined again can pay another one of ours with
            # the same log.
            models.UniqueConstraint(
                fields=[
                    "organization",
                    "environment",
                    "chain",
                    "tx_hash",
                    "key",
                    "ordinal",
                    "deposit_address",
                ],
                name="one_payment_per_transfer",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PaymentKind.values), name="payment_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="unassigned", checkout__isnull=True)
                | ~Q(kind="unassigned") & Q(checkout__isnull=False),
                name="payment_checkout_fits_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="payment_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(resolution="", resolved_at__isnull=True)
                | ~Q(resolution="") & Q(resolved_at__isnull=False),
                name="payment_resolution_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            # Serves: the admin's list of payments, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="payment_list",
            ),
            # Serves: the work items, on the home page and in the admin (few at any time).
            models.Index(
                fields=["organization", "environment", "created_at"],
                condition=~Q(kind="on_time") & Q(resolution=""),
                name="payment_work",
            ),
            # Serves: every pass, which payments can still change.
            models.Index(
                fields=["chain"],
                condition=Q(finalized_at__isnull=True),
                name="payment_not_finalized",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def needs_a_person(self) -> bool:
        return self.kind != PaymentKind.ON_TIME and not self.resolution
