"""What other chapters may ask of chainwatch: watch a hash, read what is known.

Everything but `trace` and `check_nodes` reads and writes rows alone. Those two ask nodes, so they
are for commands and workers; they load the node libraries where they are called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from billing.chains import Chain, network
from chainwatch.chains import providers
from chainwatch.chains.base import (
    ChainReader,
    ChainRefused,
    ChainUnavailable,
    Receipt,
    reference,
)
from chainwatch.models import ChainHead, SandboxTransaction, Transfer, WatchedTransaction


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """What one node says of one hash. `receipt` is None where it knows no such mined transaction,
    and where `error` says why it gave no answer."""

    chain: str
    scope: str
    node: str
    receipt: Receipt | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """All that nodes say of a hash, and all that was recorded of it.

    `forms` are the ways to write it that were looked for: as given, and as each chain writes it.
    """

    forms: tuple[str, ...]
    answers: tuple[NodeAnswer, ...]
    watched: tuple[WatchedTransaction, ...]
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """One node as `doctor` shows it. `error` is empty where it is fit to be asked.

    `lag` is how far its newest block lies behind the clock.
    """

    chain: str
    node: str
    expected_chain_id: int
    chain_id: int | None = None
    head_number: int | None = None
    lag: timedelta | None = None
    error: str = ""


def watch(
    chain: str, tx_hash: str, *, scope: str = "", key: str = "", at: datetime, until: datetime
) -> WatchedTransaction:
    """Have a hash followed until `until`, from the next pass on; return what is known of it.

    Again for the same hash, it is watched as long as the longest asked, and a hash not seen yet is
    asked as eagerly as a new one.
    """
    row, is_new = WatchedTransaction.objects.get_or_create(
        chain=chain,
        scope=scope,
        tx_hash=tx_hash,
        key=key,
        defaults={"watched_at": at, "watch_until": until, "changed_at": at},
    )
    if is_new:
        return row
    same = WatchedTransaction.objects.filter(pk=row.pk)
    same.update(watch_until=Greatest(F("watch_until"), until))
    same.filter(block_hash=None).update(watched_at=at, asked_at=None)
    row.refresh_from_db()
    return row


def watched(
    chain: str, tx_hash: str, *, scope: str = "", key: str = ""
) -> WatchedTransaction | None:
    """Return what is known of a watched hash, None where nobody watches it."""
    return WatchedTransaction.objects.filter(
        chain=chain, scope=scope, tx_hash=tx_hash, key=key
    ).first()


def transfers_of(chain: str, tx_hash: str, *, scope: str = "", key: str = "") -> list[Transfer]:
    """Return a transaction's transfers in the block where it stands, in the order of its logs."""
    standing = Transfer.objects.filter(
        chain=chain, scope=scope, tx_hash=tx_hash, key=key, orphaned_at=None
    )
    return list(standing.order_by("ordinal"))


def head(chain: str, scope: str = "") -> ChainHead | None:
    """Return the highest head read of a chain, None before the first read."""
    return ChainHead.objects.filter(chain=chain, scope=scope, read_at__isnull=False).first()


def heads() -> Mapping[str, ChainHead]:
    """Return the heads of all live networks that were ever asked, by chain."""
    return {row.chain: row for row in ChainHead.objects.filter(scope="")}


def confirmations_of(watched: WatchedTransaction, head: ChainHead | None) -> int:
    """Return how many blocks confirm a transaction, its own included; 0 where it is in none."""
    if watched.block_number is None or head is None:
        return 0
    return max(0, head.number - watched.block_number + 1)


def trace(tx_hash: str, chain: str | None = None) -> Trace:
    """Ask every node of every configured chain for a hash, live and sandbox; add what was recorded.

    The hash may be written in either family's form. Changes nothing.
    """
    chains = [Chain(chain)] if chain else list(Chain)
    answers = [each for name in chains for each in _trace_live(name, tx_hash)]
    forms = sorted({tx_hash, *(form for name in chains if (form := _form(name, tx_hash)))})
    sent = SandboxTransaction.objects.filter(chain__in=chains, tx_hash__in=forms)
    answers += [_trace_sandbox(each) for each in sent.order_by("chain", "scope", "key")]
    rows = WatchedTransaction.objects.filter(chain__in=chains, tx_hash__in=forms)
    transfers = Transfer.objects.filter(
        chain__in=chains, scope__in={row.scope for row in rows}, tx_hash__in=forms
    )
    return Trace(
        forms=tuple(forms),
        answers=tuple(answers),
        watched=tuple(rows.order_by("chain", "scope", "key")),
        transfers=tuple(transfers.order_by("chain", "scope", "key", "seen_at", "ordinal")),
    )


def check_nodes() -> list[NodeHealth]:
    """Ask every node of every configured chain who it is and how far it is. Changes nothing."""
    return [
        health for name in Chain if network(name).is_configured for health in _check_chain(name)
    ]


def _check_chain(chain: Chain) -> Iterable[NodeHealth]:
    expected = network(chain).chain_id
    try:
        nodes = providers.readers(chain)
    except ChainRefused as reason:
        return [NodeHealth(chain, "every node", expected, error=str(reason))]
    return [_check_node(chain, node, expected) for node in nodes]


def _check_node(chain: Chain, node: ChainReader, expected: int) -> NodeHealth:
    try:
        claimed = node.chain_id()
        if claimed != expected:
            wrong = f"chain id {claimed} instead of {expected}"
            return NodeHealth(chain, node.node, expected, claimed, error=wrong)
        newest = node.look([]).head
    except (ChainUnavailable, ChainRefused) as reason:
        return NodeHealth(chain, node.node, expected, error=str(reason))
    lag = timezone.now() - newest.block_time
    return NodeHealth(chain, node.node, expected, claimed, newest.number, lag)


def _trace_live(chain: Chain, tx_hash: str) -> list[NodeAnswer]:
    form = _form(chain, tx_hash)
    if form is None or not network(chain).is_configured:
        return []
    try:
        nodes = providers.readers(chain)
    except ChainRefused as reason:
        return [NodeAnswer(chain, "", "every node", None, str(reason))]
    return [_ask(chain, "", node, form) for node in nodes]


def _trace_sandbox(sent: SandboxTransaction) -> NodeAnswer:
    (reader,) = providers.readers(sent.chain, sent.scope)
    asked = reference(sent.tx_hash, scope=sent.scope, key=sent.key)
    return _ask(sent.chain, sent.scope, reader, asked)


def _ask(chain: str, scope: str, node: ChainReader, asked: str) -> NodeAnswer:
    try:
        look = node.look([asked])
    except (ChainUnavailable, ChainRefused) as reason:
        return NodeAnswer(chain, scope, node.node, None, str(reason))
    return NodeAnswer(
        chain, scope, node.node, look.receipts.get(asked), look.unanswered.get(asked, "")
    )


def _form(chain: Chain, tx_hash: str) -> str | None:
    """Return a hash as this chain writes it, None where no chain would."""
    digits = tx_hash.lower().removeprefix("0x")
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        return None
    return f"0x{digits}" if network(chain).is_evm else digits
