"""What the chains say. Facts only: chainwatch knows chains, hashes and addresses, never customers.

`scope` is opaque here: empty for the live networks, else the name of one simulated network.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing.chains import Chain
from billing.models import IdField, Record


class ChainHead(Record):
    """The highest head read of one chain, and what came of the last read. One per (chain, scope).

    Written by chainwatch alone. `number` goes down only where a block that we recorded was seen to
    be replaced: a node that merely lags behind another proves nothing.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40, default="", blank=True)
    number = models.BigIntegerField(default=0)
    block_hash = models.CharField(max_length=80, default="", blank=True)
    block_time = models.DateTimeField(null=True)
    safe_number = models.BigIntegerField(null=True)
    finalized_number = models.BigIntegerField(null=True)
    node = models.CharField(max_length=200, default="", blank=True)  # who answered last
    read_at = models.DateTimeField(null=True)  # the last good read
    last_error = models.TextField(default="", blank=True)  # empty after a good read
    failed_at = models.DateTimeField(null=True)  # the last read that failed, or failed in part
    http_requests = models.BigIntegerField(default=0)
    rpc_calls = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "scope"], name="one_head_per_chain_and_scope")
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.number}"


class WatchedTransaction(Record):
    """A hash somebody waits for, and the newest that is known of it. Written by chainwatch alone.

    `block_*` and `succeeded` are None until it was seen in a block, and None again when that block
    left the chain and the transaction was not yet seen in another. `final_at` is set once the
    network's rule (count and level) holds and the receipt, asked again, still named the same block.
    `absent_block_time` is the block time of the oldest head among nodes in the last round in which
    every configured node said "not found"; None while any node has seen it or did not answer.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40, default="", blank=True)
    tx_hash = models.CharField(max_length=255)
    key = models.CharField(max_length=40, default="", blank=True)  # sandbox: one per payout
    watched_at = models.DateTimeField()  # when it was last submitted
    watch_until = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # None: ask in the next pass
    block_number = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=80, null=True)  # None: in no block
    block_time = models.DateTimeField(null=True)
    succeeded = models.BooleanField(null=True)
    sender = models.CharField(max_length=64, default="", blank=True)
    seen_at = models.DateTimeField(null=True)
    final_at = models.DateTimeField(null=True)
    orphaned_at = models.DateTimeField(null=True)  # when its block last left the chain
    absent_block_time = models.DateTimeField(null=True)
    node = models.CharField(max_length=200, default="", blank=True)
    # Another one, later, at every change that a reader could care about: so readers find news by
    # index, or by comparing it with the one they judged.
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "scope", "tx_hash", "key"], name="one_watch_per_transaction"
            )
        ]
        # `asked_at` stands in no index on purpose: it moves in every pass, and so the update stays
        # within its page and touches no index.
        indexes = [
            # Serves: every pass, "which hashes of this chain were seen in no block yet?"
            models.Index(
                fields=["chain", "scope", "watch_until"],
                name="watched_unseen",
                condition=Q(block_hash__isnull=True),
            ),
            # Serves: every pass, "which are in a block deep enough to become final?"
            models.Index(
                fields=["chain", "scope", "block_number"],
                name="watched_not_final",
                condition=Q(block_hash__isnull=False, final_at__isnull=True),
            ),
            # Serves: payouts, "what is new on this chain since …?"
            models.Index(fields=["chain", "changed_at"], name="watched_news"),
            # Serves: trace, a hash whose chain and network nobody named.
            models.Index(fields=["tx_hash"], name="watched_by_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.tx_hash}"


class Transfer(Record):
    """One sighting of one token transfer in one block. Never edited.

    A reorganization marks it orphaned; the same transaction mined again is a new sighting, even in
    the very block that had left the chain.
    """

    id = IdField("tr")
    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40, default="", blank=True)
    tx_hash = models.CharField(max_length=255)
    key = models.CharField(max_length=40, default="", blank=True)
    ordinal = models.IntegerField()
    log_index = models.BigIntegerField()
    contract = models.CharField(max_length=64)
    from_address = models.CharField(max_length=64)
    to_address = models.CharField(max_length=64)
    # uint256: a hostile token can say any amount.
    amount_atomic = models.DecimalField(max_digits=78, decimal_places=0)
    block_number = models.BigIntegerField()
    block_hash = models.CharField(max_length=80)
    block_time = models.DateTimeField()
    node = models.CharField(max_length=200)
    seen_at = models.DateTimeField()
    orphaned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "scope", "block_hash", "tx_hash", "key", "ordinal"],
                condition=Q(orphaned_at__isnull=True),
                name="one_standing_sighting_per_block_and_log",
            )
        ]
        indexes = [
            # Serves: the transfers of a watched hash, for verification and trace.
            models.Index(fields=["chain", "scope", "tx_hash"], name="transfer_by_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.tx_hash} #{self.ordinal}"


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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "chain"], name="one_sandbox_chain_per_scope_and_chain"
            )
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

    def __str__(self) -> str:
        return f"{self.chain} {self.tx_hash} of {self.scope}"
