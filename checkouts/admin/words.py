"""The words of checkouts and payments on a screen: states, what is unusual, whom they are for."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.chains import Chain, decimals, network
from billing.display import (
    NOTHING,
    State,
    amount_html,
    amount_words,
    bar_html,
    joined,
    short,
    state_html,
    tag_html,
)
from billing.money import display
from checkouts.answers import Heads, confirmations_of
from checkouts.models import Checkout, Payment, PaymentKind, PaymentResolution, Status
from wallets.models import Wallet

STATES: dict[str, State] = {
    Status.PENDING: State("pending", "outline", "draft"),
    Status.DETECTED: State("detected", "amber", "chain"),
    Status.CONFIRMING: State("confirming", "amber", "chain"),
    Status.CONFIRMED: State("confirmed", "green", "settled"),
    Status.EXPIRED: State("expired", "grey", "expired"),
    Status.FAILED: State("failed", "red", "failed"),
}
CANCELED = State("canceled", "grey", "canceled", is_struck=True)

KINDS: dict[str, State] = {
    PaymentKind.ON_TIME: State("on time", "green", "settled"),
    PaymentKind.LATE: State("late", "amber", "expired"),
    PaymentKind.WRONG_TOKEN: State("wrong token", "amber", "failed"),
    PaymentKind.UNASSIGNED: State("unassigned", "amber", "draft"),
}
RESOLUTIONS: dict[str, str] = {
    PaymentResolution.REFUNDED: "refunded",
    PaymentResolution.ACCEPTED: "accepted",
    PaymentResolution.CREDITED: "credited",
    PaymentResolution.WRITTEN_OFF: "written off",
}
# What a waiting payment is called beside its checkout.
_WAITING = {
    PaymentKind.LATE: "late payment",
    PaymentKind.WRONG_TOKEN: "wrong token",
}
# The metadata that says best what a checkout is for, where it has several entries.
TELLING = ("order_id", "order", "invoice_id", "invoice", "reference", "reference_id")


def state_of(checkout: Checkout, heads: Heads, waiting: Iterable[str] = ()) -> SafeString:
    """A checkout's state with how far it is confirmed, and what is unusual about it.

    `waiting` are the kinds of its payments that wait for a person.
    """
    parts = [state_html(_state(checkout), _note(checkout, heads)), *tags_of(checkout, waiting)]
    return format_html('<span class="state-line">{}</span>', joined(parts))


def _state(checkout: Checkout) -> State:
    return CANCELED if checkout.canceled_at is not None else STATES[checkout.status]


def _note(checkout: Checkout, heads: Heads) -> SafeString | str:
    if checkout.status not in (Status.DETECTED, Status.CONFIRMING):
        return ""
    needed = checkout.required_confirmations
    seen = min(confirmations_of(checkout, heads), needed)
    return bar_html(seen, needed, f"{seen} of {needed} confirmations")


def tags_of(checkout: Checkout, waiting: Iterable[str] = ()) -> list[SafeString]:
    """What is out of the ordinary: each a word with a shape where somebody should look."""
    tags = []
    if checkout.reversed_at is not None:
        why = "The block of a payment left the chain after this was confirmed."
        tags.append(tag_html("reversed", "danger", "warning", why))
    if checkout.underpaid_at is not None:
        why = "Less came than was asked, and then it expired."
        tags.append(tag_html("underpaid", "danger", "warning", why))
    elif is_partly_paid(checkout):
        tags.append(tag_html("partly paid", "warning", "", "More has to come before it expires."))
    if checkout.overpaid_at is not None:
        tags.append(tag_html("overpaid", "warning", "", "More came than was asked."))
    for kind in sorted(set(waiting)):
        tags.append(tag_html(_WAITING[PaymentKind(kind)], "danger", "warning"))
    return tags


def is_partly_paid(checkout: Checkout) -> bool:
    return checkout.status == Status.PENDING and checkout.amount_received_atomic > 0


def received_html(checkout: Checkout) -> SafeString:
    """What came in time, against what was asked: `10.00 of 25.00`, or nothing yet."""
    if not checkout.amount_received_atomic:
        return NOTHING
    places = decimals(checkout.chain, checkout.token)
    came = display(int(checkout.amount_received_atomic), places)
    if checkout.amount_received_atomic == checkout.amount_atomic:
        return format_html('<span class="amount">{}</span>', came)
    asked = display(checkout.amount_atomic, places)
    return format_html(
        '<span class="amount">{}</span> <span class="hint">of {}</span>', came, asked
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """Whom or what a checkout is for, and under which name the merchant knows that."""

    value: str
    name: str


def reference_of(checkout: Checkout) -> Reference | None:
    """Its customer or the most telling entry of its metadata; None where neither was given."""
    metadata: dict[str, str] = checkout.metadata
    names = [name for name in TELLING if metadata.get(name)] or sorted(metadata)
    if names:
        more = f" and {len(metadata) - 1} more" if len(metadata) > 1 else ""
        return Reference(metadata[names[0]], f"{names[0]}{more}")
    return Reference(checkout.customer_id, "customer") if checkout.customer_id else None


def wallet_name(wallet: Wallet) -> str:
    """What the merchant calls it, else its address or its key, shortened."""
    return wallet.name or short(str(wallet))


def cut(text: str, most: int) -> str:
    """As much of it as a cell of a list has room for."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@cache
def on_chain(chain: str) -> SafeString:
    """`on Tron`, with the chain's mark, as the hosted page has it."""
    mark = render_to_string(f"checkouts/marks/{chain}.svg")
    return format_html('<span class="on-chain">{}on {}</span>', mark, Chain(chain).label)


# --- payments -----------------------------------------------------------------------------------


def payment_state(payment: Payment) -> SafeString:
    """What a payment is, and what became of it where it needed a person."""
    parts = [state_html(KINDS[payment.kind])]
    if payment.reversed_at is not None:
        parts.append(tag_html("left the chain", "danger", "warning"))
    elif payment.final_at is None:
        parts.append(tag_html("not final yet", "warning", "", "Its block can still be replaced."))
    if payment.resolution:
        parts.append(tag_html(RESOLUTIONS[payment.resolution], "", "tick"))
    return format_html('<span class="state-line">{}</span>', joined(parts))


def token_name(payment: Payment) -> str:
    """`USDT`, or the name of what only looks like one of ours, or that it is neither."""
    if payment.token:
        return payment.token
    namesake = network(payment.chain).namesakes.get(payment.contract)
    return namesake.partition(",")[0] if namesake else "of an unknown token"


def paid_html(payment: Payment) -> SafeString:
    """Its amount: in units of the token where its decimals are known, else the bare integer."""
    if payment.token:
        return amount_html(int(payment.amount_atomic), payment.token, payment.chain)
    return format_html(
        '<span class="amount">{}<span class="token">{}</span></span>',
        _digits(payment),
        token_name(payment),
    )


def paid_words(payment: Payment) -> str:
    """The same for a sentence, without the chain: `25.00 USDT`."""
    return f"{_digits(payment)} {token_name(payment)}"


def _digits(payment: Payment) -> str:
    amount, rules = int(payment.amount_atomic), network(payment.chain)
    # A namesake has the decimals of the token it is named after.
    if payment.token or payment.contract in rules.namesakes:
        return display(amount, decimals(payment.chain, payment.token))
    return f"{amount:,} units"


def asked_words(checkout: Checkout) -> str:
    """`25.00 USDT on Tron`."""
    return amount_words(checkout.amount_atomic, checkout.token, checkout.chain)


def title_of(checkout: Checkout) -> str:
    """A checkout in the way to its pages: its amount, and enough of its id to tell two apart."""
    return f"{asked_words(checkout)} · {short(checkout.id)}"
