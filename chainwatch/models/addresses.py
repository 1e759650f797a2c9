"""AddressFacts: what a chain says of an address itself, whatever moves to or from it."""

from typing import ClassVar

from django.db import models

from billing.chains import Chain
from billing.models import Record


class AddressFacts(Record):
    """Whether an address of a live EVM chain is a contract, and when a node said so.

    Written by chainwatch.addresses alone, anew with each answer: a contract can be made at an
    address that had none. One per (chain, address).
    """

    chain = models.CharField(max_length=16, choices=Chain)
    address = models.CharField(max_length=64)  # canonical
    has_code = models.BooleanField()
    node = models.CharField(max_length=200)
    asked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "address"], name="one_row_of_address_facts")
        ]

    def __str__(self) -> str:
        return f"{self.address} {'is a contract' if self.has_code else 'has no code'}"
