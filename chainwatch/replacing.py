"""Replaced transactions: one that vanished since its sender used the same nonce for another.

Wallets call it speeding up. The hash that was submitted can then never be mined, and another one,
which nobody named, may make the same transfer. It is found by the sender's transfers, and watched
like the first; whether it pays what was meant, payouts decide. EVM only: Tron has no nonces.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from chainwatch import due
from chainwatch.chains import providers
from chainwatch.chains.base import ChainReader, RangeTooLarge, Sent, place_of
from chainwatch.models import WatchedTransaction
from chainwatch.passes import Pass
from chainwatch.ranges import block_time_ms
from chainwatch.watching import watch

logger = logging.getLogger(__name__)
ASK_EVERY = timedelta(minutes=1)
# A replacement may have been mined before the hash it replaces was submitted.
EARLIER = timedelta(minutes=30)
MOST_ROWS = 100
MOST_RANGES = 20


def search(now: Pass, unseen: Sequence[WatchedTransaction]) -> None:
    """Learn the nonces of what waits to be mined, and look for what used them instead.

    `unseen` are the rows as the pass read them. Raises ChainUnavailable or ChainRefused for what a
    node does.
    """
    rows = _due(now, unseen)
    if not rows:
        return
    _learn_nonces(now, [row for row in rows if row.nonce is None])
    known = [row for row in rows if row.nonce is not None]
    used = _whose_nonce_is_used(now, known)
    WatchedTransaction.objects.filter(pk__in=[row.pk for row in rows]).update(nonce_asked_at=now.at)
    for sender, mine in used.items():
        _find_replacements(now, sender, mine)


def _due(now: Pass, unseen: Sequence[WatchedTransaction]) -> list[WatchedTransaction]:
    """The rows asked for in vain in an earlier pass, not looked at in this minute.

    Most are mined before their second pass, and so cost nothing here.
    """
    asked_before = [row.pk for row in unseen if row.asked_at is not None and row.found_at is None]
    if not asked_before or not now.network.is_evm:
        return []
    missing = WatchedTransaction.objects.filter(
        pk__in=asked_before, block_hash=None, replaced_by=""
    )
    never = missing.filter(nonce_asked_at=None)
    again = missing.filter(nonce_asked_at__lte=now.at - ASK_EVERY)
    return list((never | again).order_by("pk")[:MOST_ROWS])


def _learn_nonces(now: Pass, rows: Sequence[WatchedTransaction]) -> None:
    said = _sent(now, [due.reference_of(row) for row in rows])
    for row in rows:
        sent = said.get(due.reference_of(row))
        if sent is not None:
            row.sender, row.nonce = sent.sender, sent.nonce
            row.save(update_fields=["sender", "nonce", "updated_at"])


def _whose_nonce_is_used(
    now: Pass, rows: Sequence[WatchedTransaction]
) -> Mapping[str, list[WatchedTransaction]]:
    """Return the rows, by sender, whose nonce a mined transaction has used already."""
    senders = sorted({row.sender for row in rows})
    if not senders:
        return {}

    def question(node: ChainReader) -> Mapping[str, int]:
        return node.next_nonces(senders)

    following, _, errors = providers.first_answer(now.nodes, question, tally=now.tally)
    now.errors += errors
    used: dict[str, list[WatchedTransaction]] = defaultdict(list)
    for row in rows:
        if row.nonce is not None and following.get(row.sender, 0) > row.nonce:
            used[row.sender].append(row)
    return used


def _find_replacements(now: Pass, sender: str, rows: Sequence[WatchedTransaction]) -> None:
    """Find, among what the sender moved since, the transactions with these rows' nonces."""
    found = _moved_by(now, sender, since=min(row.watched_at for row in rows) - EARLIER)
    sent = _sent(now, found)
    nonces = {by.nonce: each for each, by in sent.items() if by is not None and by.sender == sender}
    for row in rows:
        used_by = nonces.get(row.nonce) if row.nonce is not None else None
        if used_by == due.reference_of(row):
            continue  # It was mined itself just now: the next pass sees it.
        _record(now, row, used_by)


def _record(now: Pass, row: WatchedTransaction, used_by: str | None) -> None:
    """Record what took the row's place, None where that moves no pinned token."""
    tx_hash = place_of(used_by, scope=now.scope)[0] if used_by is not None else ""
    with transaction.atomic():
        locked = WatchedTransaction.objects.select_for_update().get(pk=row.pk)
        if locked.block_hash is not None or (
            locked.superseded_at and locked.replaced_by == tx_hash
        ):
            return
        locked.superseded_at = locked.superseded_at or now.at
        locked.replaced_by = tx_hash
        locked.changed_at = max(now.at, (locked.changed_at or now.at) + timedelta(microseconds=1))
        locked.save(update_fields=["superseded_at", "replaced_by", "changed_at", "updated_at"])
        if tx_hash:
            until = now.at + now.network.not_found_limit
            watch(now.chain, tx_hash, scope=now.scope, key=row.key, at=now.at, until=until)
    logger.warning(
        "transaction was replaced chain=%s tx=%s nonce=%s by=%s",
        now.chain,
        row.tx_hash,
        row.nonce,
        tx_hash or "one that moves nothing",
    )


def _moved_by(now: Pass, sender: str, *, since: datetime) -> list[str]:
    """Return what moved a pinned token from this sender, newest ranges first, as far as asked."""
    head = now.known_head()
    age_s = max(0.0, (now.at - since).total_seconds())
    first = max(0, head.number - int(age_s * 1000) // block_time_ms(now) - 1)
    span, last, found = now.nodes[0].most_blocks, head.number, list[str]()
    for _ in range(MOST_RANGES):
        if last < first:
            break
        begin = max(first, last - span + 1)
        try:
            said = providers.scanned(
                now.nodes, begin, last, senders=[sender], quorum=1, tally=now.tally
            )
        except RangeTooLarge:
            span = max(1, span // 4)
            continue
        found += said.found
        last = begin - 1
    return found


def _sent(now: Pass, references: Sequence[str]) -> Mapping[str, Sent | None]:
    if not references:
        return {}

    def question(node: ChainReader) -> Mapping[str, Sent | None]:
        return node.sent(references)

    said, _, errors = providers.first_answer(now.nodes, question, tally=now.tally)
    now.errors += errors
    return said
