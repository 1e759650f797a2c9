"""One range of blocks: ask what it holds for us, ask for the receipts, write what was learned.

A scan only discovers transactions. Each becomes a watched transaction like a submitted one, and its
receipt, not the log that led to it, is what is recorded. So one node's invention costs a question
and is never believed.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from billing.chains import network
from chainwatch import due, sightings
from chainwatch.chains import providers
from chainwatch.chains.base import ChainRefused, ChainUnavailable, Head, Known, Receipt, place_of
from chainwatch.chains.providers import Scanned
from chainwatch.models import WatchedTransaction
from chainwatch.passes import Pass
from chainwatch.sightings import Sighting

QUICK_S, SLOW_S = 1.0, 5.0  # an answer quicker than the one doubles the range, slower halves it
UNTOLD_FOR = timedelta(hours=1)  # what was found and no node knows a receipt of
MARGIN_BLOCKS = 20  # where a scan begins anew, it begins so much earlier than it would have to
SURE_FOR = timedelta(minutes=1)  # over so short a time blocks cannot come so unevenly
MOST_BEHIND = timedelta(hours=1)  # a chain is behind the clock while it comes back from a stop


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a scan looks for. `known` tells which of some addresses rest (`ChainReader.scan`)."""

    senders: frozenset[str] = frozenset()
    recipients: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    known: Known | None = None

    @classmethod
    def of_recipients(cls, addresses: Iterable[str]) -> "Wanted":
        return cls(recipients=frozenset(addresses))


def ask(now: Pass, first: int, last: int, want: Wanted) -> tuple[Scanned, float]:
    """Return what a range holds by the answers of enough nodes, and how many seconds that took.

    Raises RangeTooLarge, and ChainUnavailable where too few nodes answered or agreed.
    """
    began = time.monotonic()
    found = providers.scanned(
        now.nodes,
        first,
        last,
        senders=want.senders,
        recipients=want.recipients,
        references=want.references,
        known=want.known,
        quorum=now.quorum,
        tally=now.tally,
    )
    now.errors += found.errors
    return found, time.monotonic() - began


def first_block(now: Pass, since: datetime, *, lowest: int = 0) -> int:
    """Return a block that was mined before `since`, a little earlier than it would have to be.

    Never below `lowest`. How many blocks ago that was is guessed by how far they are apart; where
    the time is so long that this may be wrong, the block's own time is asked for. Raises
    ChainUnavailable.
    """
    # A chain that stood still may mine its missing blocks with the times they should have had: what
    # is paid meanwhile is in a block of an earlier time than ours.
    behind = now.at - now.known_head().block_time
    since -= min(max(behind, timedelta(0)), MOST_BEHIND)
    age = max(now.at - since, timedelta(0))
    blocks = age // timedelta(milliseconds=block_time_ms(now)) + MARGIN_BLOCKS
    while (
        age > SURE_FOR
        and now.reachable - blocks > lowest
        and _mined_at(now, now.reachable - blocks) > since
    ):
        blocks *= 2
    return max(lowest, now.reachable - blocks)


def block_time_ms(now: Pass) -> int:
    """Return how far blocks are apart; a simulated chain's come by the second."""
    return 1000 if now.scope else network(now.chain).block_time_ms


def receipts_of(now: Pass, scanned: Scanned) -> Mapping[str, tuple[Receipt, str]]:
    """Return the receipts of what was found, with who told them; ask for those not told along.

    One that is not known anywhere yet stays out: its row is asked for again in the next pass.
    """
    told = {
        each: (receipt, scanned.nodes[0].node)
        for each, receipt in scanned.found.items()
        if receipt is not None
    }
    open_ones = sorted(each for each in scanned.found if each not in told)
    unseen = _without_seen(now, open_ones)
    if not unseen:
        return told
    head = now.known_head()
    for node in scanned.nodes:
        try:
            said = node.look(unseen, head=head, block_times=_times(head, scanned))
        except (ChainUnavailable, ChainRefused) as reason:
            now.errors.append(f"{node.node}: {reason}")
            now.tally.failed(node, str(reason))
            continue
        told |= {each: (r, node.node) for each, r in said.receipts.items() if r is not None}
        unseen = [each for each in unseen if each not in told]
        if not unseen:
            break
    return told


def write(now: Pass, scanned: Scanned, receipts: Mapping[str, tuple[Receipt, str]]) -> None:
    """Make a watched transaction of each that nobody has named; sight the others that wait.

    In the transaction that moves the cursor past the range, where one moves.
    """
    places = {each: place_of(each, scope=now.scope) for each in sorted(scanned.found)}
    rows = list(_rows_of(now, list(places)))
    known = {(row.tx_hash, row.key) for row in rows}
    new = {
        each: _found(now, *place, is_told=each in receipts)
        for each, place in places.items()
        if place not in known
    }
    told = [Sighting(row, *receipts[each]) for each, row in new.items() if each in receipts]
    now.found += len(new)
    now.seen += len(told)
    sightings.insert_found(list(new.values()), told, at=now.at)
    waiting = [(row, receipts.get(due.reference_of(row))) for row in rows if row.block_hash is None]
    now.seen += sightings.record_sightings(
        [Sighting(row, *receipt) for row, receipt in waiting if receipt is not None], at=now.at
    )
    if untold := [row for row, receipt in waiting if receipt is None]:
        sightings.record_found_again(untold, at=now.at)


def next_span(span: int, took_s: float, *, is_full: bool, now: Pass) -> int:
    """Halve after a slow answer; double after a quick one to a range as long as could be."""
    if took_s > SLOW_S:
        return max(1, span // 2)
    most = min(node.most_blocks for node in now.nodes)
    return min(most, span * 2) if took_s < QUICK_S and is_full else min(most, span)


def _mined_at(now: Pass, number: int) -> datetime:
    return ask(now, number, number, Wanted())[0].block.block_time


def _times(head: Head, scanned: Scanned) -> dict[str, datetime]:
    return {head.block_hash: head.block_time, scanned.block.block_hash: scanned.block.block_time}


def _without_seen(now: Pass, references: Sequence[str]) -> list[str]:
    """Leave out what is known to be in a block already: it is followed from there."""
    known = {
        due.reference_of(row) for row in _rows_of(now, references).filter(block_hash__isnull=False)
    }
    return [each for each in references if each not in known]


def _found(now: Pass, tx_hash: str, key: str, *, is_told: bool) -> WatchedTransaction:
    """A new row: watched as long as any hash where a receipt bears it out, else not for long.

    What a node invents would otherwise be asked for again and again, for days.
    """
    return WatchedTransaction(
        chain=now.chain,
        scope=now.scope,
        tx_hash=tx_hash,
        key=key,
        watched_at=now.at,
        watch_until=now.at + (now.network.not_found_limit if is_told else UNTOLD_FOR),
        found_at=now.at,
        finality=now.network.finality.value,
        changed_at=now.at,
    )


def _rows_of(now: Pass, references: Sequence[str]) -> QuerySet[WatchedTransaction]:
    """The rows of these references, and of the same hash under another key: readers skip those."""
    hashes = {place_of(each, scope=now.scope)[0] for each in references}
    return WatchedTransaction.objects.filter(chain=now.chain, scope=now.scope, tx_hash__in=hashes)
