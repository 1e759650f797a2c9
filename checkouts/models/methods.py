"""PaymentMethod: how the organization takes money."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billing.chains import Chain, Token
from billing.models import IdField, Tenanted
from checkouts.states import MethodStatus
from wallets.models import Wallet


class PaymentMethod(Tenanted):
    """A token on a chain, the wallet it is paid to, and the rules of payments made so.

    Written by checkouts.services alone. Chain, token and wallet never change, a method is never
    deleted: it is disabled, which is final, and checkouts made before go on. Amounts are atomic.
    """

    id = IdField("pm")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="payment_methods")
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    token = models.CharField(max_length=16, choices=Token, editable=False)
    display_name = models.CharField(max_length=256, null=True, blank=True)
    status = models.CharField(max_length=8, choices=MethodStatus, default=MethodStatus.ACTIVE.value)
    is_default = models.BooleanField(default=False)
    required_confirmations = models.IntegerField()  # never below the network's own
    min_amount_atomic = models.BigIntegerField(null=True)
    max_amount_atomic = models.BigIntegerField(null=True)
    # So much less than was asked still pays a checkout; addresses of extended keys alone.
    tolerance_atomic = models.BigIntegerField(default=0)
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"],
                condition=Q(is_default=True),
                name="one_default_payment_method",
            ),
            models.CheckConstraint(
                condition=Q(status="active", disabled_at__isnull=True)
                | Q(status="disabled", disabled_at__isnull=False, is_default=False),
                name="payment_method_status_fits",
            ),
            models.CheckConstraint(
                condition=Q(required_confirmations__gte=1),
                name="payment_method_wants_a_confirmation",
            ),
            models.CheckConstraint(
                condition=Q(min_amount_atomic__isnull=True)
                | Q(max_amount_atomic__isnull=True)
                | Q(min_amount_atomic__lte=F("max_amount_atomic")),
                name="payment_method_amounts_fit",
            ),
            models.CheckConstraint(
                condition=Q(tolerance_atomic__gte=0), name="payment_method_tolerance_is_no_debt"
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/payment-methods, and which one takes a new checkout.
            models.Index(
                fields=["organization", "environment", "-created_at", "-id"],
                name="payment_method_list",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or f"{self.token} on {self.get_chain_display()}"
