"""First step of a pass: what became of hashes that are in no block; the head comes along."""

from collections.abc import Sequence
from dataclasses import replace

from billing.chains import Finality
from chainwatch import due, sightings
from chainwatch.chains import providers
from chainwatch.chains.base import ChainReader, ChainRefused, ChainUnavailable, Look
from chainwatch.finality import levels_to_ask
from chainwatch.models import WatchedTransaction
from chainwatch.passes import Pass
from chainwatch.sightings import Sighting


def look(
    now: Pass, unseen: Sequence[WatchedTransaction], *, check: Sequence[int] = ()
) -> tuple[Look, ChainReader]:
    """Ask the first usable node for the head and these rows; from now on it is asked first.

    Raises ChainUnavailable where no node answered that is believed.
    """
    said, node, errors = providers.first_look(
        [node for node in now.nodes if node not in now.disbelieved],
        [due.reference_of(row) for row in unseen],
        levels=_levels(now),
        check=check,
        newest_known=now.stored.number or None,
        most_behind=providers.behind_most(now.network),
        tally=now.tally,
    )
    now.head = said.head
    now.put_first(node)
    now.errors += errors
    return said, node


def is_ahead_of_all(now: Pass, said: Look, node: ChainReader) -> bool:
    """Whether this node's head is far above what as many nodes as must agree have reached.

    One node's word is enough where a quorum of one says so. How far the chain is safe and finalized
    is what so many say too: a node that is a little ahead is asked first in every pass, and by
    calling nothing finalized it could hold everything up for ever.
    """
    heads, levels = [said.head], _levels(now) if now.quorum > 1 else frozenset[Finality]()
    for other in now.nodes:
        if sum(head.number >= said.head.number for head in heads) >= now.quorum:
            break
        if other is node:
            continue
        try:
            head = other.look([], levels=levels).head
        except (ChainUnavailable, ChainRefused) as reason:
            now.tally.failed(other, str(reason))
            continue
        now.tally.answered(other, head)
        heads.append(head)
    reachable = _agreed([head.number for head in heads], now.quorum)
    if reachable is None:
        now.is_doubtful = True
        return False
    now.reachable = reachable
    now.head = replace(
        said.head,
        safe_number=_agreed([head.safe_number for head in heads], now.quorum),
        finalized_number=_agreed([head.finalized_number for head in heads], now.quorum),
    )
    ahead = said.head.number - reachable
    if ahead <= providers.behind_most(now.network):
        return False
    now.errors.append(f"{node.node}: {ahead} blocks ahead of the others")
    now.tally.failed(node, f"{ahead} blocks ahead of the others")
    return True


def record(now: Pass, unseen: Sequence[WatchedTransaction], said: Look, node: ChainReader) -> None:
    """Record in which blocks the rows were seen, and of the rest that they were asked for."""
    now.asked += len(unseen)
    missing = [row for row in unseen if _says_missing(said, row)]
    looks = [said, *_second_opinions(now, missing, but=node)]
    found: dict[int, Sighting] = {}
    for each in looks:
        for row in unseen:
            if receipt := each.receipts.get(due.reference_of(row)):
                found.setdefault(row.pk, Sighting(row, receipt, each.node))
    now.seen += sightings.record_sightings(list(found.values()), at=now.at)
    _record_unseen(now, [row for row in unseen if row.pk not in found], looks)


def _agreed(told: Sequence[int | None], quorum: int) -> int | None:
    """The highest number that so many reach; None where fewer tell any."""
    known = sorted((number for number in told if number is not None), reverse=True)
    return known[quorum - 1] if len(known) >= quorum else None


def _levels(now: Pass) -> frozenset[Finality]:
    waited_for = due.awaiting(now.chain, now.scope).values_list("finality", flat=True).distinct()
    return levels_to_ask(
        now.network,
        {now.network.finality, *map(Finality, waited_for)},
        is_any_final=due.revocable(now.chain, now.scope).exists(),
    )


def _second_opinions(
    now: Pass, missing: Sequence[WatchedTransaction], *, but: ChainReader
) -> list[Look]:
    """Ask every other node for what has been missing for long.

    One node may lag or have lost it, and "not found" counts only where all of them say it. Where
    one node's word is not enough for anything, none is enough to call a fresh hash missing either.
    """
    is_strict = now.quorum > 1
    references = [
        due.reference_of(row)
        for row in missing
        if is_strict or row.watched_at <= now.at - due.FRESH
    ]
    looks: list[Look] = []
    for node in now.nodes if references else ():
        if node is but:
            continue
        try:
            node.recheck()
            looks.append(node.look(references))
        except (ChainUnavailable, ChainRefused) as reason:
            now.errors.append(f"{node.node}: {reason}")
            now.tally.failed(node, str(reason))
    return looks


def _record_unseen(now: Pass, rows: Sequence[WatchedTransaction], looks: Sequence[Look]) -> None:
    """Record absence where every configured node said so, and for the rest that they were asked."""
    needed = max(len(now.nodes), now.quorum)
    absent = [row for row in rows if sum(_says_missing(each, row) for each in looks) >= needed]
    absent_pks = {row.pk for row in absent}
    oldest = min(each.head.block_time for each in looks)
    sightings.record_absent(absent, at=now.at, block_time=oldest)
    sightings.record_unanswered([row for row in rows if row.pk not in absent_pks], at=now.at)


def _says_missing(said: Look, row: WatchedTransaction) -> bool:
    """Whether a node said that it knows no such transaction, which no answer does not say."""
    asked = due.reference_of(row)
    return asked in said.receipts and said.receipts[asked] is None
