"""The story of a payout in sentences: what people did, what the chain said, what happens next."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.text import Truncator

from billing.chains import Chain, Finality, decimals, network
from billing.money import display
from billing.times import iso
from chainwatch import services as chainwatch
from chainwatch.models import WatchedTransaction
from events.models import Event
from events.types import EventType
from payouts.answers import confirmations_of, payout_json
from payouts.asking import is_asked, was_asked
from payouts.models import PayoutIntent, Status

Entry = dict[str, str]
Data = Mapping[str, Any]


def details_json(payout: PayoutIntent) -> dict[str, Any]:
    """Return the payout with its timeline, as the single GET and a simulation answer it."""
    return {**payout_json(payout), "timeline": timeline(payout)}


def timeline(payout: PayoutIntent) -> list[Entry]:
    """Return everything that happened to a payout, oldest first, and last what happens next.

    Each entry has `at`, `type`, `actor_id`, `actor_name` and `text`. The types are those of
    events; `chain.confirmations` and `payout.next` are what is so just now.
    """
    told = Q(resource_id=payout.id)
    if payout.settlement_id:
        told |= Q(resource_id=payout.settlement_id, type__in=_OF_SETTLEMENT)
    events = Event.objects.filter(told).order_by("created_at", "id")
    entries = [_entry(payout, event) for event in events]
    return [*entries, *_now(payout)]


def _entry(payout: PayoutIntent, event: Event) -> Entry:
    say = _SENTENCES.get(event.type, _plainly)
    text = say(_who(event), event.payload["data"])
    return {
        "at": iso(event.created_at),
        "type": event.type,
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "text": text,
    }


def _who(event: Event) -> str:
    """The name, with its kind where that is not said: a key without a name is `key …9f2c`."""
    if event.actor_id.startswith("key_"):
        return f"API key {event.actor_name.removeprefix('key ')}"
    return event.actor_name


def _created(who: str, data: Data) -> str:
    retry = f", as a retry of {data['retry_of']}" if data["retry_of"] else ""
    return f"{who} created it{retry}"


def _updated(who: str, data: Data) -> str:
    if data.get("digest"):
        asked = was_asked(data) or "; more approvals are needed"
        return f"{who} approved (digest {data['digest'][:4]}…){asked}"
    if data.get("declined_tx_hash"):
        return f"{who} said that the proposed transaction pays something else: {data['reason']}"
    if data.get("withdrawn_tx_hash"):
        return "the transaction proposed in its place left the chain or pays something else by now"
    changed = " and ".join(str(name).replace("_", " ") for name in data.get("changed", ()))
    return f"{who} changed {changed or 'it'}"


def _approved(who: str, data: Data) -> str:
    override = data.get("override_reason")
    reason = f", although it may be paid already: {override}" if override else ""
    return f"{who} approved (digest {str(data.get('digest', ''))[:4]}…){reason}{was_asked(data)}"


def _with_reason(act: str) -> Callable[[str, Data], str]:
    def say(who: str, data: Data) -> str:
        reason = data.get("reason")
        return f"{who} {act}: {reason}" if reason else f"{who} {act}"

    return say


def _handed_over(who: str, data: Data) -> str:
    return f"{who} handed it over in batch {data.get('batch_id')}"


def _taken_back(who: str, data: Data) -> str:
    return f"{who} took it back from batch {data.get('batch_id')}: {data.get('reason')}"


def _lapsed(who: str, data: Data) -> str:
    return str(data.get("reason") or "The approval lapsed; it has to be approved again")


def _executed(who: str, data: Data) -> str:
    if data.get("found_by_watcher"):
        return f"{who} found its transaction in the wallet; nobody submitted it"
    if data.get("matched_by_hand"):
        return f"{who} matched it by hand with a transfer from the wallet: {data.get('reason')}"
    if data.get("replaced"):
        return f"{who} replaced the hash: {data.get('reason')}"
    return f"hash submitted by {who}"


def _seen(who: str, data: Data) -> str:
    return f"in block {data['block_number']:,}"


def _reorged(who: str, data: Data) -> str:
    return "its block left the chain; its transaction is looked for again"


def _settled(who: str, data: Data) -> str:
    return f"settled after {data['confirmations']} confirmations"


def _failed(who: str, data: Data) -> str:
    return f"failed: {data['failure_reason']}"


def _stalled(who: str, data: Data) -> str:
    return "its transaction was not seen for 15 minutes; nothing is lost, it is still looked for"


def _replaced(who: str, data: Data) -> str:
    return (
        f"its transaction was replaced: {data['proposed_tx_hash']} used the same nonce of the same "
        "sender and moves the same money"
    )


def _reversed(who: str, data: Data) -> str:
    return "alarm: the block that settled it left the chain; its transaction is looked for again"


def _restored(who: str, data: Data) -> str:
    return f"mined again in block {data['mined_again']['block_number']:,}: it is settled as before"


def _discrepancy(who: str, data: Data) -> str:
    settlement, difference = data["settlement"], int(data["difference_atomic"])
    if data.get("alarm"):
        return "alarm: the payout it retries was settled late, so this may pay twice"
    what = ", ".join(str(kind).replace("_", " ") for kind in data["discrepancies"])
    if not difference:
        return f"discrepancy: {what}"
    places = decimals(settlement["chain"], settlement["token"])
    got = display(int(settlement["amount_atomic"]), places)
    return (
        f"discrepancy: {what}; {got} {settlement['token']} arrived ({_signed(difference, places)})"
    )


def _signed(difference: int, places: int) -> str:
    return f"{'+' if difference > 0 else ''}{display(difference, places)}"


def _commented(who: str, data: Data) -> str:
    return f"{who} commented: {Truncator(data['comment']).chars(200)}"


def _attached(who: str, data: Data) -> str:
    return f"{who} attached {data['file']['name']} (SHA-256 {data['file']['sha256'][:8]}…)"


def _plainly(who: str, data: Data) -> str:
    return f"{who} changed it"


_SENTENCES: dict[str, Callable[[str, Data], str]] = {
    EventType.PAYOUT_CREATED: _created,
    EventType.PAYOUT_UPDATED: _updated,
    EventType.PAYOUT_APPROVED: _approved,
    EventType.PAYOUT_APPROVAL_WITHDRAWN: _with_reason("took their approval back"),
    EventType.PAYOUT_REJECTED: _with_reason("rejected it"),
    EventType.PAYOUT_CANCELED: _with_reason("canceled it"),
    EventType.PAYOUT_PENDING_EXECUTION: _handed_over,
    EventType.PAYOUT_APPROVAL_LAPSED: _lapsed,
    EventType.PAYOUT_TAKEN_BACK: _taken_back,
    EventType.PAYOUT_EXECUTED: _executed,
    EventType.PAYOUT_VERIFYING: _seen,
    EventType.PAYOUT_REORGED: _reorged,
    EventType.PAYOUT_SETTLED: _settled,
    EventType.PAYOUT_FAILED: _failed,
    EventType.PAYOUT_STALLED: _stalled,
    EventType.PAYOUT_REPLACEMENT_FOUND: _replaced,
    EventType.PAYOUT_DISCREPANCY: _discrepancy,
    EventType.PAYOUT_COMMENTED: _commented,
    EventType.PAYOUT_FILE_ATTACHED: _attached,
    EventType.SETTLEMENT_REVERSED: _reversed,
    EventType.SETTLEMENT_RESTORED: _restored,
}
# What is told of its settlement and concerns the payout too.
_OF_SETTLEMENT = (EventType.SETTLEMENT_REVERSED, EventType.SETTLEMENT_RESTORED)


def _now(payout: PayoutIntent) -> list[Entry]:
    """What the chain says at this moment, and what happens next; nothing where it has ended."""
    at = timezone.now()
    entries = []
    if payout.status == Status.VERIFYING and payout.block_number is not None:
        entries.append(_of_system("chain.confirmations", _progress(payout), at))
    if next_step := _next(payout):
        entries.append(_of_system("payout.next", next_step, at))
    return entries


def _of_system(type_: str, text: str, at: datetime) -> Entry:
    return {
        "at": iso(at),
        "type": type_,
        "actor_id": "system",
        "actor_name": "The watcher",
        "text": text,
    }


def _progress(payout: PayoutIntent) -> str:
    row = network(payout.chain)
    have, need = confirmations_of(payout), row.confirmations
    where = f"in block {payout.block_number:,}"
    if payout.attention:
        return f"{where} · {have} confirmations, final; it waits for a person"
    if have >= need:
        return f"{where} · {have} of {need} confirmations, {_level_words(payout)}"
    left_s = max(1, round((need - have) * row.block_time_ms / 1000))
    return f"{where} · {have} of {need} confirmations, about {left_s} s left"


def _level_words(payout: PayoutIntent) -> str:
    """What its own transaction waits for: a large amount may ask for more than the network does."""
    row = WatchedTransaction.objects.filter(
        chain=payout.chain,
        scope=payout.scope,
        key=payout.watch_key,
        tx_hash__in=payout.hashes.values("tx_hash"),
        block_hash=payout.block_hash,
    ).first()
    if row is None or row.finality == Finality.CONFIRMATIONS:
        return "its receipt is asked for once more"
    return f"waiting until its block is {row.finality}"


def _next(payout: PayoutIntent) -> str:
    if payout.attention == "source_not_registered":
        return "next: register the wallet that paid it as a source, or fail it"
    if payout.attention == "choose_transfer":
        return "next: a person chooses which transfer pays it"
    if payout.status == Status.EXECUTED:
        return _next_of_executed(payout)
    if payout.settlement is not None and payout.settlement.reversed_at is not None:
        label = Chain(payout.chain).label
        return f"next: {label} mines its transaction again, or a person resolves it"
    if payout.status == Status.DRAFT:
        return is_asked(payout)
    return {
        Status.APPROVED.value: "next: it is handed over, or paid and its hash submitted",
        Status.PENDING_EXECUTION.value: "next: it is signed and sent, and its hash submitted",
        Status.VERIFYING.value: "next: it settles when its block is final",
    }.get(payout.status, "")


def _next_of_executed(payout: PayoutIntent) -> str:
    label = Chain(payout.chain).label
    limit = int(network(payout.chain).not_found_limit.total_seconds() // 3600)
    seen = _watched(payout)
    if payout.proposed_tx_hash:
        return "next: a person decides whether the transaction that replaced its own pays it"
    if seen is not None and seen.superseded_at is not None:
        return (
            "next: its transaction can no longer be mined, since its sender used the nonce for "
            "another one; name the transaction that paid it, or fail it"
        )
    if seen is not None and seen.orphaned_at is not None:
        return f"next: {label} mines its transaction again"
    return (
        f"next: {label} mines its transaction; if no node knows it {limit} hours after it was "
        "submitted, it fails as not found"
    )


def _watched(payout: PayoutIntent) -> WatchedTransaction | None:
    assert payout.expected_tx_hash is not None, "an executed payout has a hash"
    return chainwatch.watched(
        payout.chain, payout.expected_tx_hash, scope=payout.scope, key=payout.watch_key
    )
