"""How each network is followed: its head, its nodes, the blocks that were read, the scan."""

from django.db import models
from django.db.models import Q

from billing.chains import Chain
from billing.models import Record


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


class ChainNode(Record):
    """One configured node and how it fared, for screens and for who is asked first.

    Written by chainwatch alone, after each pass that asked it. `failures` counts failures in a
    row; while `rests_until` is ahead the node is asked last: only where the others do not suffice.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    name = models.CharField(max_length=200)  # host and port, never a key
    head_number = models.BigIntegerField(null=True)
    head_time = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)  # the last good answer
    failures = models.IntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)
    rests_until = models.DateTimeField(null=True)
    day = models.DateField(null=True)  # the day (UTC) that `requests_today` and `calls_today` count
    requests_today = models.BigIntegerField(default=0)
    calls_today = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "name"], name="one_row_per_chain_and_node")
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.name}"


class Block(Record):
    """An anchor: a block that stood on the chain when it was read. Never edited.

    Kept over the window that can still be replaced, the heads of passes and the ends of scanned
    ranges, not every block: a block's hash vouches for all below it. One that left the chain is
    marked orphaned; those below the last level of finality are removed in time, but for the newest.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40, default="", blank=True)
    number = models.BigIntegerField()
    block_hash = models.CharField(max_length=80)
    parent_hash = models.CharField(max_length=80, default="", blank=True)
    block_time = models.DateTimeField()
    orphaned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "scope", "number"],
                condition=Q(orphaned_at__isnull=True),
                name="one_standing_block_per_height",
            )
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.number} {self.block_hash}"


class Cursor(Record):
    """How far the live-watched addresses of one chain were scanned. Moved by guarded updates alone.

    `next_block` is the first block not scanned yet, None where none ever was. Blocks from before
    the oldest of those addresses was watched are passed over (`scanning`). `version` counts
    everything that would make a scan under way incomplete or stale: each move, and each address
    that is newly watched, but for those that nobody can know yet. `span` is how many blocks are
    asked at once.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    scope = models.CharField(max_length=40, default="", blank=True)
    next_block = models.BigIntegerField(null=True)
    block_time = models.DateTimeField(null=True)  # of the last block scanned; None: not known
    span = models.IntegerField(default=100)
    version = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "scope"], name="one_cursor_per_chain_and_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.next_block}"


class RestingCursor(Record):
    """How far the resting addresses of one live chain were scanned, once a day. One per chain.

    Made with the first address that rests, where live following stood; moved by updates guarded by
    `version`, as a Cursor is. No block before `next_block` can hold anything unfound for any
    resting address; where `since` is set, the blocks from that moment on come first.
    While the day's scan is under way, `until_block` is the head when its range began, and of that
    range the addresses up to `after_id` (a key of WatchedAddress) are done.
    """

    chain = models.CharField(max_length=16, choices=Chain)
    next_block = models.BigIntegerField(null=True)  # None: `since` alone says where it begins
    since = models.DateTimeField(null=True)
    until_block = models.BigIntegerField(null=True)  # None: no scan is under way
    after_id = models.BigIntegerField(default=0)
    block_time = models.DateTimeField(null=True)  # of the last block scanned for all
    span = models.IntegerField(default=100)
    version = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField()  # when it last reached the head

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain"], name="one_resting_cursor_per_chain"),
            models.CheckConstraint(
                condition=Q(next_block__isnull=False) | Q(since__isnull=False),
                name="resting_cursor_begins_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.next_block}"
