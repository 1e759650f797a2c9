"""What is looked for on the networks, and what was found: hashes, addresses, transfers."""

from django.db import models
from django.db.models import Q

from billing.chains import Chain, Finality
from billing.models import IdField, Record


class WatchedAddress(Record):
    """An address whose transfers of our tokens are all looked for. Whose it is, others know.

    Written by chainwatch.watching alone, never deleted. Followed live, in every pass, while either
    flag is set: since `watched_at`. Since `rests_since` it is in the scan of once a day, for what
    it gets; that never ends, also where the address is followed live again.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40, default="", blank=True)
    address = models.CharField(max_length=64)
    is_outgoing = models.BooleanField(default=False)  # what it sends
    is_incoming = models.BooleanField(default=False)  # what it gets
    watched_at = models.DateTimeField()
    rests_since = models.DateTimeField(null=True)  # None: not in the daily scan

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "scope", "address"], name="one_watch_per_address"
            )
        ]
        # Resting addresses only ever become more: no pass may read past them.
        indexes = [
            # Serves: every pass, "which are followed live?"
            models.Index(
                fields=["chain", "scope"],
                name="watched_live",
                condition=Q(is_outgoing=True) | Q(is_incoming=True),
            ),
            # Serves: the daily scan, "which are the next thousands that rest?"
            models.Index(
                fields=["chain", "scope", "id"],
                name="watched_resting",
                condition=Q(rests_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.address}"


class WatchedTransaction(Record):
    """A hash somebody waits for, or a scan found, and the newest that is known of it.

    Written by chainwatch alone. `block_*` and `succeeded` are None until it was seen in a block,
    and None again when that block left the chain and the transaction was not yet seen in another.
    `final_at` is set once its rule (the network's count, and the level `finality`) holds and the
    receipt, asked again, still named the same block; None again should that block leave the chain
    after all. `finalized_at` is set once the network's last level has reached the block and it
    still stood: nothing is asked after that.
    `sender` and `nonce` are known on EVM chains from the first look at a transaction that waits;
    `replaced_by` is the hash of a mined transaction that used the same nonce of the same sender and
    moves a pinned token; `superseded_at` is when that nonce was first seen used by any other.
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
    nonce = models.BigIntegerField(null=True)
    nonce_asked_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)
    replaced_by = models.CharField(max_length=255, default="", blank=True)
    found_at = models.DateTimeField(null=True)  # None: submitted, not found by a scan
    finality = models.CharField(
        max_length=16, choices=Finality.choices, default="confirmations"
    )  # the level it must reach
    seen_at = models.DateTimeField(null=True)
    final_at = models.DateTimeField(null=True)
    finalized_at = models.DateTimeField(null=True)
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
            # Serves: every pass, "which final ones can a reorganization still take away?"
            models.Index(
                fields=["chain", "scope", "block_number"],
                name="watched_not_finalized",
                condition=Q(final_at__isnull=False, finalized_at__isnull=True),
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
            # Serves: payouts, what left a source wallet; checkouts, what reached an address.
            models.Index(
                fields=["chain", "scope", "from_address", "block_time"], name="transfer_by_sender"
            ),
            models.Index(
                fields=["chain", "scope", "to_address", "block_time"], name="transfer_by_recipient"
            ),
            # Serves: payouts, which settled transfers left the chain (few at any time).
            models.Index(
                fields=["orphaned_at"],
                condition=Q(orphaned_at__isnull=False),
                name="transfer_orphaned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.tx_hash} #{self.ordinal}"
