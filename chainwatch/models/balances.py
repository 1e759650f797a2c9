"""What addresses hold, as far as a node was asked."""

from django.db import models

from billing.chains import Chain
from billing.models import Record


class Balance(Record):
    """How much of one asset an address held when a node was last asked. One per address and asset.

    Written by chainwatch.balances alone, over what was there before: one node's word, for a person
    to plan by, and no evidence. `asset` is a token's contract (canonical), or one of Asset. Of live
    networks only: simulated ones keep no balances.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    address = models.CharField(max_length=64)  # canonical
    asset = models.CharField(max_length=64)
    # A word of an EVM holds 78 digits. Of the fee coin: wei on EVM, sun on Tron.
    amount_atomic = models.DecimalField(max_digits=78, decimal_places=0)
    block_number = models.BigIntegerField()  # the newest block of the node that answered
    node = models.CharField(max_length=200)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "address", "asset"], name="one_balance_per_address_and_asset"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_atomic__gte=0), name="balance_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.address} {self.asset}"
