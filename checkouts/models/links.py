"""PaymentLink: a page that anybody may open to pay a fixed amount."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.models import IdField, Tenanted
from checkouts.models.methods import PaymentMethod


class PaymentLink(Tenanted):
    """An amount and a payment method behind a public page; whoever pays there gets a checkout.

    Written by checkouts.services alone; nothing of it changes but that it is closed, once.
    `expires_at` None: it never expires. The amount is atomic.
    """

    id = IdField("pl")
    payment_method = models.ForeignKey(
        PaymentMethod, on_delete=models.PROTECT, related_name="payment_links"
    )
    amount_atomic = models.BigIntegerField(editable=False)
    description = models.CharField(max_length=512, null=True, blank=True)
    expires_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="payment_link_amount_is_positive"
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/payment-links and the admin's list.
            models.Index(
                fields=["organization", "environment", "-created_at", "-id"],
                name="payment_link_list",
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.id
