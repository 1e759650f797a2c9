"""Everything that is known of one hash: what each node says of it now, and what was recorded."""

from dataclasses import dataclass, replace

from billing.chains import Chain, network
from chainwatch.chains import providers
from chainwatch.chains.base import (
    ChainReader,
    ChainRefused,
    ChainUnavailable,
    Receipt,
    Sent,
    reference,
)
from chainwatch.models import SandboxTransaction, Transfer, WatchedTransaction


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """What one node says of one hash. `receipt` is None where it knows no such mined transaction,
    and where `error` says why it gave no answer.

    `sent` says whose nonce it uses, where it is in no block and the node knows it as one that
    waits; `next_nonce` is the first nonce of that sender which no mined transaction has used.
    """

    chain: str
    scope: str
    node: str
    receipt: Receipt | None
    error: str = ""
    sent: Sent | None = None
    next_nonce: int | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """All that nodes say of a hash, and all that was recorded of it.

    `forms` are the ways to write it that were looked for: as given, and as each chain writes it.
    """

    forms: tuple[str, ...]
    answers: tuple[NodeAnswer, ...]
    watched: tuple[WatchedTransaction, ...]
    transfers: tuple[Transfer, ...]


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
    answer = NodeAnswer(
        chain, scope, node.node, look.receipts.get(asked), look.unanswered.get(asked, "")
    )
    return answer if answer.receipt or answer.error else _with_nonce(answer, node, asked)


def _with_nonce(answer: NodeAnswer, node: ChainReader, asked: str) -> NodeAnswer:
    """Add whose nonce a transaction uses that is in no block, as far as the node says it."""
    try:
        sent = node.sent([asked]).get(asked)
        if sent is None:
            return answer
        return replace(
            answer, sent=sent, next_nonce=node.next_nonces([sent.sender]).get(sent.sender)
        )
    except (ChainUnavailable, ChainRefused):
        # That it is in no block was answered; not every node answers more.
        return answer


def _form(chain: Chain, tx_hash: str) -> str | None:
    """Return a hash as this chain writes it, None where no chain would."""
    digits = tx_hash.lower().removeprefix("0x")
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        return None
    return f"0x{digits}" if network(chain).is_evm else digits
