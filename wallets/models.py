"""The organization's own addresses."""

from typing import ClassVar

from django.db import models

from billing.chains import Chain, Environment
from billing.models import IdField, Tenanted


class Wallet(Tenanted):
    """An address that belongs to the organization itself, and what it is used for.

    Written by wallets.services alone. Chain and address never change; a wallet is never deleted,
    because what once left it is judged by it. Payouts are paid from source wallets: where a chain
    has one, only money sent from one settles a payout, and what leaves it is watched.
    """

    id = IdField("wal")
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    name = models.CharField(max_length=120, blank=True, default="")
    address = models.CharField(max_length=64, editable=False)
    # billing.addresses.lookalike_key of the address, so that look-alikes are found by equality.
    lookalike_key = models.CharField(max_length=8, editable=False)
    is_source = models.BooleanField(default=False)
    source_since = models.DateTimeField(null=True)  # when it last became a source; None: is none

    class Meta:
        constraints: ClassVar = [
            # Serves too: the source wallets of one chain, read whenever a hash is judged.
            models.UniqueConstraint(
                fields=["organization", "environment", "chain", "address"],
                name="one_wallet_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(chain__in=Chain.values), name="wallet_chain_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(environment__in=Environment.values),
                name="wallet_environment_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(is_source=True, source_since__isnull=False)
                | models.Q(is_source=False, source_since__isnull=True),
                name="wallet_source_since_fits_its_use",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/wallets and the admin's list, newest first.
            models.Index(
                fields=["organization", "environment", "-created_at", "-id"], name="wallet_list"
            ),
            # Serves: whose wallet a transfer left (payouts.outflows), and who else has an address.
            models.Index(
                fields=["chain", "address"],
                condition=models.Q(is_source=True),
                name="wallet_sources",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.address
