"""The organization's own addresses and extended keys, and the addresses given to customers."""

from typing import ClassVar

from django.db import models

from billing.chains import Chain, Environment
from billing.models import IdField, Record, Tenanted


class ExtendedKey(Record):
    """An account-level extended public key (BIP-32) and the counter of its addresses.

    One for all wallets that use the key, on whatever chains: what names it is the public key and
    the chain code, not the text it was given as. Written by wallets.services; `next_index` only
    ever grows, in the transaction that issues an address, so that no index is given twice.
    Another organization that brings the same key is refused.
    """

    id = IdField("xkey")
    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.PROTECT, related_name="+", editable=False
    )
    environment = models.CharField(max_length=7, choices=Environment, editable=False)
    public_key = models.CharField(max_length=66, editable=False)  # compressed, hexadecimal
    chain_code = models.CharField(max_length=64, editable=False)  # hexadecimal
    xpub = models.CharField(max_length=120, editable=False)  # as every wallet program writes it
    first_index = models.BigIntegerField(default=0, editable=False)
    next_index = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment", "public_key", "chain_code"],
                name="one_counter_per_extended_key",
            ),
            models.CheckConstraint(
                condition=models.Q(first_index__gte=0)
                & models.Q(next_index__gte=models.F("first_index"))
                & models.Q(next_index__lte=2**31),  # from there on indexes are hardened
                name="extended_key_counts_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.xpub[:8]}…{self.xpub[-6:]}"


class Wallet(Tenanted):
    """What belongs to the organization itself, and what it is used for.

    Either one address, or an extended key of which every checkout gets a fresh address; then
    `address` is empty. Written by wallets.services alone. Chain, address and key never change; a
    wallet is never deleted, because what once left it is judged by it. Payouts are paid from
    source wallets: where a chain has one, only money sent from one settles a payout, and what
    leaves it is watched.
    """

    id = IdField("wal")
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    name = models.CharField(max_length=120, blank=True, default="")
    address = models.CharField(max_length=64, blank=True, default="", editable=False)
    # billing.addresses.lookalike_key of the address, so that look-alikes are found by equality.
    lookalike_key = models.CharField(max_length=8, blank=True, default="", editable=False)
    extended_key = models.ForeignKey(
        ExtendedKey, null=True, on_delete=models.PROTECT, related_name="wallets", editable=False
    )
    is_source = models.BooleanField(default=False)
    source_since = models.DateTimeField(null=True)  # when it last became a source; None: is none

    class Meta:
        constraints: ClassVar = [
            # Serves too: the source wallets of one chain, read whenever a hash is judged.
            models.UniqueConstraint(
                fields=["organization", "environment", "chain", "address"],
                condition=~models.Q(address=""),
                name="one_wallet_per_address",
            ),
            models.UniqueConstraint(
                fields=["extended_key", "chain"],
                condition=models.Q(extended_key__isnull=False),
                name="one_wallet_per_extended_key_and_chain",
            ),
            models.CheckConstraint(
                condition=models.Q(extended_key__isnull=True) & ~models.Q(address="")
                | models.Q(extended_key__isnull=False, address="", is_source=False),
                name="wallet_is_an_address_or_a_key",
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
        return self.name or self.address or str(self.extended_key)


class DepositAddress(Tenanted):
    """An address that customers were told to pay to. Issued once, and never unknown again.

    Written by wallets.deposits alone, in the transaction of the checkout that asks for it; never
    deleted. Of an extended key each address is issued for one checkout, at `index` of the path
    /0/i. A single-address wallet has one, which all its checkouts share; its `index` is None.
    What it gets is followed at every pass until `rests_since`, from then on once a day.
    """

    id = IdField("dep")
    wallet = models.ForeignKey(
        Wallet, on_delete=models.PROTECT, related_name="deposit_addresses", editable=False
    )
    extended_key = models.ForeignKey(
        ExtendedKey, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    index = models.BigIntegerField(null=True, editable=False)
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    address = models.CharField(max_length=64, editable=False)
    rests_since = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["extended_key", "index"],
                condition=models.Q(extended_key__isnull=False),
                name="an_index_is_given_once",
            ),
            # Serves too: whose address did this transfer reach? (chain and address lead)
            models.UniqueConstraint(
                fields=["chain", "address", "organization", "environment"],
                name="one_deposit_address_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(extended_key__isnull=True, index__isnull=True)
                | models.Q(extended_key__isnull=False, index__isnull=False),
                name="deposit_address_index_fits_its_key",
            ),
        ]
        indexes: ClassVar = [
            # Serves: the hourly look for addresses that may rest.
            models.Index(
                fields=["created_at"],
                condition=models.Q(rests_since__isnull=True),
                name="deposit_address_followed_live",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_shared(self) -> bool:
        """Whether all checkouts of its wallet share it, so that only exact amounts name one."""
        return self.index is None
