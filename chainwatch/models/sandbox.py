"""The simulated chains, which are kept in rows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from billing.chains import Chain
from billing.models import Record


class SandboxChain(Record):
    """One simulated chain of one scope: how far it was moved ahead of the clock, where it forked.

    Made with its first transaction or its first advance. Blocks need no rows: a block's hash and
    time are functions of its number and of the forks below it (chainwatch.sandbox).
    """

    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40)
    blocks_ahead = models.BigIntegerField(default=0)
    # One entry per fork: the first block number that it replaced.
    forks = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # Blocks replaced alone, once per time, since a transaction was taken out of them: the newest.
    remade = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # When anything was last put on it, or it was moved ahead.
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "chain"], name="one_sandbox_chain_per_scope_and_chain"
            )
        ]
        indexes = [
            # Serves: every pass, "on which may something be new?" Most have long been left alone.
            models.Index(fields=["chain", "used_at"], name="sandbox_chain_used"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} of {self.scope}"


class SandboxTransaction(Record):
    """A transaction on a simulated chain: in `block_number` once the head is there, unless dropped.

    `first_ordinal` numbers its logs after those of earlier ones with the same hash and another key,
    so that a hash string used again names new transfers.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40)
    tx_hash = models.CharField(max_length=255)
    key = models.CharField(max_length=40, default="", blank=True)
    block_number = models.BigIntegerField()
    first_ordinal = models.IntegerField()
    succeeded = models.BooleanField(default=True)
    sender = models.CharField(max_length=64, default="", blank=True)
    nonce = models.BigIntegerField(null=True)  # where a simulation wants one; None: no matter
    # [{contract, from_address, to_address, amount_atomic: "…"}], in the order of the logs.
    transfers = models.JSONField(default=list)
    broadcast_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "chain", "tx_hash", "key"], name="one_sandbox_transaction_per_key"
            )
        ]
        indexes = [
            # Serves: scans of a range, and the nonces that are used up to the head.
            models.Index(fields=["scope", "chain", "block_number"], name="sandbox_by_block"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.tx_hash} of {self.scope}"
