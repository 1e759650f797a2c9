"""The simulated chain: what integrators and demonstrations pay on, instead of money.

One chain per scope and chain. Its head is the clock, in blocks of SANDBOX_BLOCK_TIME_S, plus the
blocks it was moved ahead; a block's time and hash follow from its number, so that nothing has to
run while nobody looks, and moving ahead moves the chain's time too. What is on it, rows say.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from billing.chains import Chain
from billing.errors import InvalidRequest
from chainwatch.models import SandboxChain, SandboxTransaction, WatchedTransaction

MOST_BLOCKS_AT_ONCE = 1_000_000
MOST_BLOCKS_AHEAD = 400_000_000  # about twelve years of blocks of a second: times stay sensible
MOST_REMADE = 1_000  # the older ones have long been final
MOST_REMADE_AT_ONCE = 50
# A transaction is put into the next block, and is there for all once its sender's transaction of
# the database is committed: so much later at the most.
MOST_LATE_S = 60
NOBODY = {
    Chain.TRON: "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
    Chain.ARBITRUM: "0x0000000000000000000000000000000000000000",
    Chain.BASE: "0x0000000000000000000000000000000000000000",
}


@dataclass(frozen=True, slots=True)
class PlannedTransfer:
    """One token transfer that a simulated transaction will make. Addresses canonical."""

    contract: str
    from_address: str
    to_address: str
    amount_atomic: int


def broadcast(
    scope: str,
    chain: str,
    tx_hash: str,
    key: str,
    *,
    transfers: Sequence[PlannedTransfer],
    succeeded: bool = True,
    nonce: int | None = None,
    in_blocks: int = 1,
    at: datetime,
) -> SandboxTransaction:
    """Put a transaction into the next block of the simulated chain, or let it wait for a later one.

    Sent again it stays what it was; after `drop` it may be sent with another plan. The same hash
    with another key is another transaction, whose transfers are numbered after the earlier ones'.
    `nonce` is given where it shall be replaced (`free_nonce`): without it watchers learn none.
    """
    with transaction.atomic():
        # The row lock lets two senders of one hash number their logs one after the other.
        ledger = _locked(scope, chain)
        same_hash = SandboxTransaction.objects.filter(scope=scope, chain=chain, tx_hash=tx_hash)
        known = same_hash.filter(key=key).first()
        if known is not None and known.dropped_at is None:
            return known
        sent = known or SandboxTransaction(scope=scope, chain=chain, tx_hash=tx_hash, key=key)
        sent.first_ordinal = _next_ordinal(same_hash)
        sent.block_number = head_number(ledger, at) + in_blocks
        sent.succeeded, sent.nonce = succeeded, nonce
        sent.sender = transfers[0].from_address if transfers else NOBODY[Chain(chain)]
        sent.transfers = [
            asdict(each) | {"amount_atomic": str(each.amount_atomic)} for each in transfers
        ]
        sent.broadcast_at, sent.dropped_at = at, None
        sent.save()
        _note_change(scope, chain, tx_hash=tx_hash, key=key)
    return sent


def drop(scope: str, chain: str, tx_hash: str, key: str, *, at: datetime) -> bool:
    """Take a transaction off the simulated chain. Returns whether there was one.

    If it was in a block, that block is replaced and the newest ones above it with it, as far as
    they are empty: those of other transactions keep their hashes, as no real chain could, so that
    simulating one payout disturbs no other.
    """
    with transaction.atomic():
        ledger = _locked(scope, chain)
        sent = _standing(scope, chain, tx_hash, key)
        if sent is None:
            return False
        _remake(ledger, sent.block_number, head_number(ledger, at))
        sent.dropped_at = at
        sent.save(update_fields=["dropped_at"])
        _note_change(scope, chain, tx_hash=tx_hash, key=key)
    return True


def replace(
    scope: str, chain: str, tx_hash: str, key: str, by_hash: str, *, at: datetime
) -> SandboxTransaction | None:
    """Send the same transfers under another hash, with the same sender and nonce, in its place.

    It is what a wallet does that speeds a transaction up. One without a nonce is given one first.
    Returns the new transaction, None where there was none to replace.
    """
    with transaction.atomic():
        _locked(scope, chain)
        first = _standing(scope, chain, tx_hash, key)
        if first is None:
            return None
        if first.nonce is None:
            first.nonce = free_nonce(scope, chain, first.sender)
            first.save(update_fields=["nonce"])
        drop(scope, chain, tx_hash, key, at=at)
        planned = [
            PlannedTransfer(**each | {"amount_atomic": int(each["amount_atomic"])})
            for each in first.transfers
        ]
        return broadcast(
            scope,
            chain,
            by_hash,
            key,
            transfers=planned,
            succeeded=first.succeeded,
            nonce=first.nonce,
            at=at,
        )


def remine(scope: str, chain: str, tx_hash: str, key: str, *, at: datetime) -> bool:
    """Move a mined transaction into the next block: a reorganization, after which it comes back.

    Its block is replaced as by `drop`, so that watchers see it leave. Returns whether it had one.
    """
    with transaction.atomic():
        ledger = _locked(scope, chain)
        sent = _standing(scope, chain, tx_hash, key)
        head = head_number(ledger, at)
        if sent is None or sent.block_number > head:
            return False
        _remake(ledger, sent.block_number, head)
        sent.block_number = head + 1
        sent.save(update_fields=["block_number"])
        _note_change(scope, chain, tx_hash=tx_hash, key=key)
    return True


def free_nonce(scope: str, chain: str, sender: str) -> int:
    """Return the first nonce of a sender that no transaction of it had, not even a dropped one."""
    had = SandboxTransaction.objects.filter(scope=scope, chain=chain, sender=sender)
    highest: int | None = had.aggregate(highest=Max("nonce"))["highest"]
    return 0 if highest is None else highest + 1


def fork(ledger: SandboxChain, from_block: int) -> None:
    """Replace every block from `from_block` on: same numbers and times, other hashes."""
    ledger.forks = sorted([*ledger.forks, from_block])
    ledger.save(update_fields=["forks"])


def advance(scope: str, chain: str, blocks: int) -> None:
    """Move the head ahead of the clock by so many blocks more, and the chain's time with it.

    Raises InvalidRequest, code `too_many_blocks`, beyond what keeps times sensible.
    """
    if not 1 <= blocks <= MOST_BLOCKS_AT_ONCE:
        raise InvalidRequest(
            f"The head moves by 1 to {MOST_BLOCKS_AT_ONCE} blocks at once.",
            code="too_many_blocks",
            param="blocks",
        )
    with transaction.atomic():
        SandboxChain.objects.get_or_create(scope=scope, chain=chain)
        moved = SandboxChain.objects.filter(
            scope=scope, chain=chain, blocks_ahead__lte=MOST_BLOCKS_AHEAD - blocks
        ).update(blocks_ahead=F("blocks_ahead") + blocks)
        if not moved:
            raise InvalidRequest(
                f"This chain is {MOST_BLOCKS_AHEAD} blocks ahead of the clock at most.",
                code="too_many_blocks",
                param="blocks",
            )
        _note_change(scope, chain)


def ledger_of(scope: str, chain: str) -> SandboxChain:
    """Return the chain's row; one that nobody used yet needs none."""
    row = SandboxChain.objects.filter(scope=scope, chain=chain).first()
    return row or SandboxChain(scope=scope, chain=chain)


def head_number(ledger: SandboxChain, at: datetime) -> int:
    """Return the number of the newest block."""
    return int(at.timestamp()) // _block_time_s() + ledger.blocks_ahead


def clock_ahead(scope: str, chain: str) -> timedelta:
    """Return by how much the chain's time is ahead of the clock: what it was moved by in all."""
    return timedelta(seconds=ledger_of(scope, chain).blocks_ahead * _block_time_s())


def block_time(number: int) -> datetime:
    """Return when a block was mined: a function of its number, so ahead of the clock it is too."""
    return datetime.fromtimestamp(number * _block_time_s(), UTC)


def block_hash(ledger: SandboxChain, number: int) -> str:
    """Return a block's hash: another one for each fork at or below it, and each time remade."""
    forks, remade = bisect_right(ledger.forks, number), ledger.remade.count(number)
    text = f"{ledger.scope}|{ledger.chain}|{number}|{forks}|{remade}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    # A Tron block id begins with its height.
    return f"{number:016x}{digest[16:]}" if ledger.chain == Chain.TRON else f"0x{digest}"


def late_blocks() -> int:
    """Return how many blocks below the head may still be given a transaction."""
    return MOST_LATE_S // _block_time_s() + 1


def _locked(scope: str, chain: str) -> SandboxChain:
    SandboxChain.objects.get_or_create(scope=scope, chain=chain)
    return SandboxChain.objects.select_for_update().get(scope=scope, chain=chain)


def _standing(scope: str, chain: str, tx_hash: str, key: str) -> SandboxTransaction | None:
    return SandboxTransaction.objects.filter(
        scope=scope, chain=chain, tx_hash=tx_hash, key=key, dropped_at=None
    ).first()


def _remake(ledger: SandboxChain, number: int, head: int) -> None:
    """Replace a mined block, and of those above it the newest that hold no transaction.

    With the newest, so that watchers who remember the head they read last see the chain change.
    """
    if number > head:
        return
    newest = range(max(number, head - MOST_REMADE_AT_ONCE) + 1, head + 1)
    kept = SandboxTransaction.objects.filter(
        scope=ledger.scope, chain=ledger.chain, block_number__range=(number, head), dropped_at=None
    ).values_list("block_number", flat=True)
    remade = [number, *sorted(set(newest) - set(kept))]
    ledger.remade = [*ledger.remade, *remade][-MOST_REMADE:]
    ledger.save(update_fields=["remade"])


def _next_ordinal(same_hash: models.QuerySet[SandboxTransaction]) -> int:
    return max((each.first_ordinal + len(each.transfers) for each in same_hash), default=0)


def _note_change(scope: str, chain: str, **which: str) -> None:
    """Let the next pass look at a chain that has just changed, and ask for what nobody has seen."""
    SandboxChain.objects.filter(scope=scope, chain=chain).update(used_at=timezone.now())
    was_asked = Q(asked_at__isnull=False) | Q(nonce_asked_at__isnull=False)
    unseen = WatchedTransaction.objects.filter(
        was_asked, scope=scope, chain=chain, block_hash=None, **which
    )
    # In one order, as everybody who locks several of these rows takes them.
    locked = unseen.select_for_update().order_by("pk").values_list("pk", flat=True)
    WatchedTransaction.objects.filter(pk__in=list(locked)).update(
        asked_at=None, nonce_asked_at=None
    )


def _block_time_s() -> int:
    seconds: int = settings.SANDBOX_BLOCK_TIME_S
    return seconds
