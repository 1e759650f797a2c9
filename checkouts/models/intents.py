"""Checkout: one payment that a customer shall make, and its transitions."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django_fsm import ConcurrentTransitionMixin, FSMField

from billing.chains import Chain, Token
from billing.models import IdField, Tenanted
from billing.transitions import moves
from checkouts.models.links import PaymentLink
from checkouts.models.methods import PaymentMethod
from checkouts.states import CLOSED, OPEN, Purpose, Status
from wallets.models import DepositAddress


class Checkout(ConcurrentTransitionMixin, Tenanted):
    """What a customer was asked to pay, where to, and how far the payment has come.

    Written by checkouts.services and checkouts.settling alone. What was asked (address, chain,
    token, amounts, times) never changes after the insert, the status only along an edge of
    checkouts.states.EDGES, and no row is ever deleted: the database refuses all three
    (checkouts_refuse_illegal_edges). Amounts are atomic.
    """

    id = IdField("co")

    # --- what is asked: never changes ---------------------------------------------------------
    payment_method = models.ForeignKey(
        PaymentMethod, on_delete=models.PROTECT, related_name="checkouts", editable=False
    )
    deposit_address = models.ForeignKey(
        DepositAddress, on_delete=models.PROTECT, related_name="checkouts", editable=False
    )
    address = models.CharField(max_length=64, editable=False)  # of the deposit address
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    token = models.CharField(max_length=16, choices=Token, editable=False)
    contract = models.CharField(max_length=64, editable=False)  # as pinned when it was created
    # On a shared address `amount_atomic` may be a little more than was requested, so that the
    # exact amount names this checkout (AskedAmount).
    amount_requested_atomic = models.BigIntegerField(editable=False)
    amount_atomic = models.BigIntegerField(editable=False)
    tolerance_atomic = models.BigIntegerField(default=0, editable=False)
    required_confirmations = models.IntegerField(editable=False)
    expires_at = models.DateTimeField(editable=False)
    # How far its chain's clock was ahead of ours when it was made: zero in live. A simulated chain
    # that was moved ahead must not expire what is made after that.
    clock_ahead = models.DurationField(default=timedelta(0), editable=False)

    # --- what else is known of it -------------------------------------------------------------
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.ONE_TIME.value)
    payment_link = models.ForeignKey(
        PaymentLink, null=True, on_delete=models.PROTECT, related_name="checkouts", editable=False
    )
    # Of the chapter above, which alone knows what they name; null where no renewal asked for it.
    subscription_id = models.CharField(max_length=40, null=True, blank=True, editable=False)
    renewal_id = models.CharField(max_length=40, null=True, blank=True, editable=False)
    customer_id = models.CharField(max_length=40, null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    success_url = models.CharField(max_length=2048, null=True, blank=True)
    cancel_url = models.CharField(max_length=2048, null=True, blank=True)

    # --- its state ----------------------------------------------------------------------------
    status = FSMField(
        max_length=10, choices=Status.choices, default=Status.PENDING.value, protected=True
    )
    # All that reached it on time in its token and still stands, final or not.
    amount_received_atomic = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    tx_hash = models.CharField(max_length=255, null=True)  # of the first payment that counts
    block_number = models.BigIntegerField(null=True)  # of the last block that it needs
    confirmations = models.BigIntegerField(null=True)  # as of when it was confirmed
    detected_at = models.DateTimeField(null=True)
    confirming_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    expired_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)  # expired because it was canceled
    failed_at = models.DateTimeField(null=True)
    failure_reason = models.TextField(null=True)
    underpaid_at = models.DateTimeField(null=True)  # when that was told
    overpaid_at = models.DateTimeField(null=True)  # when that was told first
    reversed_at = models.DateTimeField(null=True)  # a payment of a confirmed one left the chain
    restored_at = models.DateTimeField(null=True)  # and came back

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_requested_atomic__gt=0)
                & Q(amount_atomic__gte=F("amount_requested_atomic")),
                name="checkout_amount_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="checkout_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(tolerance_atomic__gte=0) & Q(tolerance_atomic__lt=F("amount_atomic")),
                name="checkout_tolerance_is_less_than_all",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["detected", "confirming", "confirmed"],
                    detected_at__isnull=False,
                    tx_hash__isnull=False,
                    block_number__isnull=False,
                )
                | Q(
                    status__in=["pending", "expired", "failed"],
                    detected_at__isnull=True,
                    tx_hash__isnull=True,
                    block_number__isnull=True,
                ),
                name="checkout_payment_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    purpose="renewal", subscription_id__isnull=False, renewal_id__isnull=False
                )
                | Q(purpose="one_time", subscription_id__isnull=True, renewal_id__isnull=True),
                name="checkout_renewal_fits_its_purpose",
            ),
            models.CheckConstraint(
                condition=Q(status="confirmed", confirmed_at__isnull=False)
                | ~Q(status="confirmed") & Q(confirmed_at__isnull=True),
                name="checkout_confirmation_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(status="expired", expired_at__isnull=False)
                | ~Q(status="expired") & Q(expired_at__isnull=True, canceled_at__isnull=True),
                name="checkout_expiry_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(status="failed", failed_at__isnull=False, failure_reason__isnull=False)
                | ~Q(status="failed") & Q(failed_at__isnull=True, failure_reason__isnull=True),
                name="checkout_failure_fits_its_status",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/checkouts and the admin's list, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="checkout_list",
            ),
            # Serves: the same lists filtered by status.
            models.Index(
                "organization",
                "environment",
                "status",
                F("created_at").desc(),
                F("id").desc(),
                name="checkout_list_by_status",
            ),
            # Serves: GET /v1/checkouts?customer_id=…
            models.Index(
                "organization",
                "environment",
                "customer_id",
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(customer_id__isnull=False),
                name="checkout_list_by_customer",
            ),
            # Serves: GET /v1/checkouts?metadata[order_id]=…, by which a shop finds the checkouts of
            # its own order. Without it that reads all checkouts of the organization. Containment is
            # all that is asked, so the operator class that knows nothing else is small and quick.
            GinIndex(fields=["metadata"], opclasses=["jsonb_path_ops"], name="checkout_metadata"),
            # Serves: the admin, what ended otherwise than asked (few rows), and the first page.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(underpaid_at__isnull=False)
                | Q(overpaid_at__isnull=False)
                | Q(reversed_at__isnull=False),
                name="checkout_unusual",
            ),
            # Serves: every pass over subscriptions, whether a renewal was paid (few have one).
            models.Index(
                "renewal_id",
                condition=Q(renewal_id__isnull=False),
                name="checkout_of_renewal",
            ),
            # Serves: every pass, what is open (few rows at any time), and what expires next.
            models.Index(
                fields=["chain", "expires_at"],
                condition=Q(status__in=["pending", "detected", "confirming"]),
                name="checkout_open",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def scope(self) -> str:
        """Which network of chainwatch it lives on: the live one, or its organization's own."""
        return "" if self.environment == "live" else self.organization_id

    @property
    def deadline(self) -> datetime:
        """Its `expires_at` in the time of its chain: a block after that is late."""
        return self.expires_at + self.clock_ahead

    @property
    def enough_atomic(self) -> int:
        """What must come in at least."""
        return self.amount_atomic - self.tolerance_atomic

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def closed_at(self) -> datetime | None:
        """When it was confirmed, expired or failed; None while it is open."""
        if self.status not in CLOSED:
            return None
        return self.confirmed_at or self.expired_at or self.failed_at

    # --- transitions: set the fields of their state, nothing else -------------------------------

    @moves([Status.PENDING, Status.EXPIRED], Status.DETECTED)
    def detect(self, *, at: datetime, tx_hash: str, block_number: int) -> None:
        self.detected_at, self.tx_hash, self.block_number = at, tx_hash, block_number
        self.expired_at = self.canceled_at = self.underpaid_at = None

    @moves(Status.DETECTED, Status.CONFIRMING)
    def begin_confirming(self, *, at: datetime) -> None:
        self.confirming_at = at

    @moves(Status.CONFIRMING, Status.CONFIRMED)
    def confirm(self, *, at: datetime, tx_hash: str, block_number: int, confirmations: int) -> None:
        self.confirmed_at, self.confirmations = at, confirmations
        self.tx_hash, self.block_number = tx_hash, block_number

    @moves([Status.DETECTED, Status.CONFIRMING], Status.PENDING)
    def reorg(self) -> None:
        self.detected_at = self.confirming_at = self.tx_hash = self.block_number = None

    @moves(Status.PENDING, Status.EXPIRED)
    def expire(self, *, at: datetime) -> None:
        self.expired_at = at

    @moves(Status.PENDING, Status.EXPIRED)
    def cancel(self, *, at: datetime) -> None:
        self.expired_at = self.canceled_at = at

    @moves(Status.PENDING, Status.FAILED)
    def fail(self, *, at: datetime, reason: str) -> None:
        self.failed_at, self.failure_reason = at, reason
