"""AskedAmount: which amounts are taken on an address that all checkouts of a wallet share."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.chains import Token
from checkouts.models.intents import Checkout
from wallets.models import DepositAddress


class AskedAmount(models.Model):
    """One exact amount of one token, which on a shared address names one checkout and no other.

    Made with the checkout, under the lock of its deposit address, so that two at the same time do
    not choose the same. Kept until `free_at`, seven days after the checkout closed (None: it is
    open); after that a new checkout may take the amount, which removes this row.
    """

    deposit_address = models.ForeignKey(
        DepositAddress, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    token = models.CharField(max_length=16, choices=Token)
    amount_atomic = models.BigIntegerField()
    checkout = models.OneToOneField(Checkout, on_delete=models.PROTECT, related_name="asked_amount")
    free_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            # Serves too: which checkout does this payment name, and which amount is free?
            models.UniqueConstraint(
                fields=["deposit_address", "token", "amount_atomic"],
                name="one_checkout_per_asked_amount",
            ),
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="asked_amount_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_atomic} {self.token}"
