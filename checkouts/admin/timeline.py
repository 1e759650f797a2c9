"""The story of a checkout in sentences: what was asked, what came, what happens next."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from billing.chains import Chain, decimals, network
from billing.display import short, span_words
from billing.money import display
from checkouts.admin.advice import reading_of
from checkouts.admin.words import RESOLUTIONS, asked_words, paid_words
from checkouts.answers import Heads, confirmations_of
from checkouts.models import Checkout, Payment, PaymentKind, Status
from events.models import Event
from events.types import EventType

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the story; `at` is None for what has not happened yet."""

    sentence: str
    at: datetime | None
    tone: str
    shape: str
    note: str = ""
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """One event with what its sentence needs."""

    who: str
    data: Data
    checkout: Checkout
    payment: Payment | None


def timeline(checkout: Checkout, payments: Iterable[Payment], heads: Heads) -> list[Line]:
    """Everything that happened, newest first, and above all what happens next."""
    known = {payment.id: payment for payment in payments}
    told = Q(checkout_id=checkout.id) | Q(resource_id=checkout.id)
    events = Event.objects.filter(told).order_by("-created_at", "-id")
    lines = [
        *(_line(event, checkout, known) for event in events),
        *(_part(payment) for payment in known.values() if _is_part(payment, checkout)),
    ]
    lines.sort(key=lambda line: line.at or checkout.created_at, reverse=True)
    return [*_now(checkout, known.values(), heads), *lines]


def _is_part(payment: Payment, checkout: Checkout) -> bool:
    """What is enough by itself, and what needs a person, is told by its event."""
    return payment.kind == PaymentKind.ON_TIME and payment.amount_atomic < checkout.enough_atomic


def _part(payment: Payment) -> Line:
    sentence = f"{paid_words(payment)} came, in block {payment.block_number:,}"
    return Line(sentence, payment.detected_at, "amber", "state-chain")


def _line(event: Event, checkout: Checkout, payments: Mapping[str, Payment]) -> Line:
    tone, shape, say = _SENTENCES.get(event.type, ("grey", "info", _plainly))
    data = event.payload["data"]
    told = _Told(_who(event), data, checkout, payments.get(_payment_id(event, data)))
    sentence = say(told)
    note = str(data.get("note") or "")
    return Line(sentence[:1].upper() + sentence[1:], event.created_at, tone, shape, note)


def _payment_id(event: Event, data: Data) -> str:
    if event.resource_id.startswith("pay_"):
        return str(event.resource_id)
    payment = data.get("payment")
    return str(payment["payment_id"]) if isinstance(payment, Mapping) else ""


def _who(event: Event) -> str:
    """The name, with its kind where that is not said: a key without a name is `key …9f2c`."""
    if event.actor_id.startswith("key_"):
        return f"API key {event.actor_name.removeprefix('key ')}"
    return str(event.actor_name)


def _created(told: _Told) -> str:
    return f"{told.who} asked for {asked_words(told.checkout)}"


def _detected(told: _Told) -> str:
    blocks = [
        payment["block_number"]
        for payment in told.data["payments"]
        if payment["kind"] == PaymentKind.ON_TIME and not payment["reversed_at"]
    ]
    where = f", in block {max(blocks):,}" if blocks else ""
    return f"{_received(told)}: that is enough{where}"


def _received(told: _Told) -> str:
    atomic = int(told.data["amount_received_atomic"])
    if not atomic:
        return ""
    places = decimals(told.checkout.chain, told.checkout.token)
    return f"{display(atomic, places)} {told.checkout.token} came"


def _confirming(told: _Told) -> str:
    return f"the blocks of {Chain(told.checkout.chain).label} began to confirm it"


def _completed(told: _Told) -> str:
    confirmations = told.data["confirmations"]
    return f"confirmed after {confirmations} confirmations: the money is final, deliver"


def _expired(told: _Told) -> str:
    if told.data["canceled_at"]:
        return f"{told.who} canceled it"
    return "its time was over" if _received(told) else "its time was over, and nothing had come"


def _failed(told: _Told) -> str:
    return f"{told.who} marked it as failed: {told.data['failure_reason']}"


def _underpaid(told: _Told) -> str:
    places = decimals(told.checkout.chain, told.checkout.token)
    asked = display(told.checkout.amount_atomic, places)
    return f"underpaid: {_received(told)} where {asked} was asked"


def _overpaid(told: _Told) -> str:
    over = int(told.data["amount_received_atomic"]) - told.checkout.amount_atomic
    shown = display(over, decimals(told.checkout.chain, told.checkout.token))
    return f"overpaid: {shown} {told.checkout.token} more came than was asked"


def _of_payment(told: _Told) -> str:
    return reading_of(told.payment).says.rstrip(".") if told.payment else "a payment came"


def _reorged(told: _Told) -> str:
    return "the block that paid it left the chain; it is pending again until the money is back"


def _reversed(told: _Told) -> str:
    return "alarm: the block that paid it left the chain after it was confirmed"


def _restored(told: _Told) -> str:
    return "what paid it was mined again: it is confirmed as before"


def _resolved(told: _Told) -> str:
    word = RESOLUTIONS[told.data["resolution"]]
    what = paid_words(told.payment) if told.payment else "a payment"
    return f"{told.who} resolved {what} as {word}"


def _plainly(told: _Told) -> str:
    return f"{told.who} changed it"


# For each type: the colour and the shape of the mark beside its sentence, and the sentence.
_SENTENCES: dict[str, tuple[str, str, Callable[[_Told], str]]] = {
    EventType.CHECKOUT_CREATED: ("grey", "state-draft", _created),
    EventType.CHECKOUT_PAYMENT_DETECTED: ("amber", "state-chain", _detected),
    EventType.CHECKOUT_CONFIRMING: ("amber", "state-chain", _confirming),
    EventType.CHECKOUT_COMPLETED: ("green", "state-settled", _completed),
    EventType.CHECKOUT_EXPIRED: ("grey", "state-expired", _expired),
    EventType.CHECKOUT_FAILED: ("red", "state-failed", _failed),
    EventType.CHECKOUT_UNDERPAID: ("red", "warning", _underpaid),
    EventType.CHECKOUT_OVERPAID: ("amber", "warning", _overpaid),
    EventType.CHECKOUT_LATE_PAYMENT: ("amber", "warning", _of_payment),
    EventType.CHECKOUT_WRONG_TOKEN: ("amber", "warning", _of_payment),
    EventType.CHECKOUT_REORGED: ("red", "warning", _reorged),
    EventType.CHECKOUT_REVERSED: ("red", "warning", _reversed),
    EventType.CHECKOUT_RESTORED: ("green", "state-settled", _restored),
    EventType.PAYMENT_RESOLVED: ("green", "tick", _resolved),
}


def _now(checkout: Checkout, payments: Iterable[Payment], heads: Heads) -> list[Line]:
    """What happens next, and how far the chain is; nothing where it has ended."""
    lines = []
    if next_step := _next(checkout, payments):
        lines.append(Line(f"Next: {next_step}", None, "grey", "right", is_next=True))
    if checkout.status == Status.CONFIRMING:
        sentence = _progress(checkout, heads)
        lines.append(Line(sentence, timezone.now(), "amber", "state-chain"))
    return lines


def _progress(checkout: Checkout, heads: Heads) -> str:
    have, need = confirmations_of(checkout, heads), checkout.required_confirmations
    where = f"In block {checkout.block_number:,} · {min(have, need)} of {need} confirmations"
    if have >= need:
        return f"{where}, waiting until its block is final"
    left_s = max(1, round((need - have) * network(checkout.chain).block_time_ms / 1000))
    return f"{where}, about {left_s} s left"


def _next(checkout: Checkout, payments: Iterable[Payment]) -> str:
    if any(payment.needs_a_person for payment in payments):
        return "a person says what becomes of the payment that is to be looked at"
    if checkout.status == Status.PENDING:
        return _next_of_pending(checkout)
    return {
        Status.DETECTED.value: "further blocks confirm it",
        Status.CONFIRMING.value: "it is confirmed when the money is final",
    }.get(checkout.status, "")


def _next_of_pending(checkout: Checkout) -> str:
    now, label = timezone.now(), Chain(checkout.chain).label
    places = decimals(checkout.chain, checkout.token)
    missing = checkout.amount_atomic - int(checkout.amount_received_atomic)
    what = f"{display(missing, places)} {checkout.token}"
    more = " more" if checkout.amount_received_atomic else ""
    if checkout.expires_at <= now:
        return f"it expires once {label} was read past its time, unless {what}{more} came before"
    left = span_words(checkout.expires_at - now)
    return f"the customer pays {what}{more} to {short(checkout.address)} within {left}"
