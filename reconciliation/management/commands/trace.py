"""manage.py trace TX_HASH [--chain C]"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from billing.chains import Chain, network
from billing.commands import DONE, FAILED, FOUND, JsonCommand, Outcome
from billing.times import iso
from chainwatch import services as chainwatch
from chainwatch.chains.base import TransferLog
from chainwatch.models import Transfer, WatchedTransaction
from chainwatch.services import NodeAnswer, Trace
from checkouts.models import Payment
from payouts.models import SubmittedHash


class Command(JsonCommand):
    help = (
        "Says what every node of every configured chain knows of a transaction hash, what was "
        "recorded of it, which payouts it was submitted for and which checkouts it paid. Asks "
        "nodes, changes nothing. Exit status 1 where nobody knows it, a node gave no answer or two "
        "nodes differ; 2 where no node answered and nothing was recorded."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("tx_hash", metavar="TX_HASH")
        parser.add_argument("--chain", choices=Chain.values, help="ask this chain alone")

    def run(self, **options: Any) -> Outcome:
        trace = chainwatch.trace(options["tx_hash"], options["chain"])
        chains = [options["chain"]] if options["chain"] else Chain.values
        submitted = SubmittedHash.objects.filter(tx_hash__in=trace.forms, chain__in=chains)
        named = list(submitted.select_related("payout").order_by("submitted_at", "pk"))
        # By their sightings, which are found by hash (transfer_by_hash).
        came = Payment.objects.filter(transfer__in=[each.id for each in trace.transfers])
        paid = list(came.select_related("checkout").order_by("created_at", "id"))
        data = {
            "tx_hash": options["tx_hash"],
            "nodes": [_node_data(each) for each in trace.answers],
            "recorded": [_watched_data(each) for each in trace.watched],
            "transfers": [_transfer_data(each) for each in trace.transfers],
            "payouts": [_payout_data(each) for each in named],
            "payments": [_payment_data(each) for each in paid],
        }
        belongs = _belongs(named, paid) or ["no payout named it, and it paid no checkout"]
        lines = [*_lines(trace), *belongs]
        return Outcome(data, lines, _status(trace))


def _status(trace: Trace) -> int:
    is_silent = [bool(each.error) for each in trace.answers]
    if trace.answers and all(is_silent) and not trace.watched:
        return FAILED
    is_known = any(each.receipt for each in trace.answers)
    return DONE if is_known and not any(is_silent) and not _differ(trace.answers) else FOUND


def _differ(answers: Sequence[NodeAnswer]) -> bool:
    """Whether two nodes of one network put the transaction in different blocks, or one in none."""
    blocks: dict[str, set[str | None]] = {}
    for each in answers:
        # In the sandbox one hash is another transaction for each key, and there is one node.
        if not each.scope:
            block_hash = each.receipt.block_hash if each.receipt else None
            blocks.setdefault(each.chain, set()).add(block_hash)
    return any(len(said) > 1 for said in blocks.values())


def _node_data(answer: NodeAnswer) -> dict[str, Any]:
    receipt = answer.receipt
    said: dict[str, Any] = {
        "chain": answer.chain,
        "network": answer.scope or "live",
        "node": answer.node,
        "error": answer.error or None,
        "is_mined": None if answer.error else receipt is not None,
    }
    if receipt is None:
        return said | _nonce_data(answer)
    return said | {
        "block_number": receipt.block_number,
        "block_hash": receipt.block_hash,
        "block_time": iso(receipt.block_time),
        "succeeded": receipt.succeeded,
        "sender": receipt.sender,
        "transfers": [_log_data(answer.chain, each) for each in receipt.transfers],
    }


def _nonce_data(answer: NodeAnswer) -> dict[str, Any]:
    """What a node says of a transaction that waits; empty where it knows none."""
    if answer.sent is None:
        return {}
    return {
        "sender": answer.sent.sender,
        "nonce": answer.sent.nonce,
        "next_nonce": answer.next_nonce,
    }


def _log_data(chain: str, log: TransferLog | Transfer) -> dict[str, Any]:
    return {
        "ordinal": log.ordinal,
        "token": network(chain).token_of(log.contract),
        "contract": log.contract,
        "from_address": log.from_address,
        "to_address": log.to_address,
        "amount_atomic": str(log.amount_atomic),
    }


def _watched_data(row: WatchedTransaction) -> dict[str, Any]:
    return {
        "chain": row.chain,
        "network": row.scope or "live",
        "key": row.key,
        "watched_at": iso(row.watched_at),
        "asked_at": _iso(row.asked_at),
        "block_number": row.block_number,
        "block_hash": row.block_hash,
        "succeeded": row.succeeded,
        "node": row.node,
        "sender": row.sender or None,
        "nonce": row.nonce,
        "replaced_by": row.replaced_by or None,
        "superseded_at": _iso(row.superseded_at),
        "found_at": _iso(row.found_at),
        "finality": row.finality,
        "seen_at": _iso(row.seen_at),
        "final_at": _iso(row.final_at),
        "finalized_at": _iso(row.finalized_at),
        "orphaned_at": _iso(row.orphaned_at),
    }


def _transfer_data(row: Transfer) -> dict[str, Any]:
    return _log_data(row.chain, row) | {
        "id": row.id,
        "chain": row.chain,
        "network": row.scope or "live",
        "block_hash": row.block_hash,
        "orphaned_at": _iso(row.orphaned_at),
    }


def _payout_data(named: SubmittedHash) -> dict[str, Any]:
    return {
        "id": named.payout.id,
        "organization": named.organization_id,
        "environment": named.environment,
        "chain": named.chain,
        "status": named.payout.status,
        "submitted_at": iso(named.submitted_at),
    }


def _payment_data(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.id,
        "organization": payment.organization_id,
        "environment": payment.environment,
        "chain": payment.chain,
        "kind": payment.kind,
        "amount_atomic": str(int(payment.amount_atomic)),
        "checkout": payment.checkout_id,
        "checkout_status": payment.checkout.status if payment.checkout else None,
    }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _lines(trace: Trace) -> list[str]:
    lines = [_node_line(each) for each in trace.answers] or ["no node of a configured chain to ask"]
    return lines + ([_watched_line(each) for each in trace.watched] or ["nothing was recorded"])


def _belongs(named: Sequence[SubmittedHash], paid: Sequence[Payment]) -> list[str]:
    """Whose transaction it is: a line for each payout and each payment, empty where nobody's."""
    payouts = [
        f"payout {each.payout.id} of {each.organization_id} ({each.environment}): "
        f"{each.payout.status}, submitted {iso(each.submitted_at)}"
        for each in named
    ]
    return payouts + [
        f"payment {each.id} of {each.organization_id} ({each.environment}): {each.kind}, "
        + (f"checkout {each.checkout.id}: {each.checkout.status}" if each.checkout else "of none")
        for each in paid
    ]


def _node_line(answer: NodeAnswer) -> str:
    place = f"{answer.chain} {answer.scope or 'live'} {answer.node}"
    if answer.error:
        return f"{place}: no answer: {answer.error}"
    receipt = answer.receipt
    if receipt is None:
        return f"{place}: {_waiting_words(answer)}"
    word = "succeeded" if receipt.succeeded else "reverted"
    return (
        f"{place}: {word} in block {receipt.block_number} ({receipt.block_hash}) of "
        f"{iso(receipt.block_time)}, {len(receipt.transfers)} transfers"
    )


def _waiting_words(answer: NodeAnswer) -> str:
    """What a node says of a transaction that is in no block."""
    sent = answer.sent
    if sent is None:
        return "not in any block it knows"
    whose = f"nonce {sent.nonce} of {sent.sender}"
    if answer.next_nonce is None:
        return f"waits to be mined, {whose}"
    if answer.next_nonce > sent.nonce:
        return f"cannot be mined any more, {whose} was used by another transaction"
    ahead = sent.nonce - answer.next_nonce
    return f"waits to be mined, {whose}" + (f", after {ahead} others" if ahead else "")


def _watched_line(row: WatchedTransaction) -> str:
    place = f"recorded for {row.chain} {row.scope or 'live'}{' ' if row.key else ''}{row.key}"
    if row.block_number is None:
        asked = f"in no block, last asked {_iso(row.asked_at) or 'never'}"
        return f"{place}: {asked}{_nonce_words(row)}"
    found = f", found by a scan at {iso(row.found_at)}" if row.found_at else ""
    return f"{place}: block {row.block_number}, {_final_words(row)}, told by {row.node}{found}"


def _final_words(row: WatchedTransaction) -> str:
    if row.final_at is None:
        return f"not final yet (waits for {row.finality})"
    if row.finalized_at is None:
        return f"final since {iso(row.final_at)}"
    return f"final since {iso(row.final_at)}, beyond reorganizations since {iso(row.finalized_at)}"


def _nonce_words(row: WatchedTransaction) -> str:
    if row.nonce is None:
        return ""
    whose = f"; nonce {row.nonce} of {row.sender}"
    if row.superseded_at is None:
        return f"{whose} is not used yet"
    by = row.replaced_by or "a transaction that moves no pinned token"
    return f"{whose} was used by {by}"
