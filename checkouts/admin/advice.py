"""What a payment is, in a sentence, and what to do about it, in another."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.chains import Chain, decimals, network
from billing.display import span_words
from billing.money import display
from checkouts.admin.words import asked_words, paid_words, wallet_name
from checkouts.models import Checkout, Payment, PaymentKind, Status

_WAIT = "Wait until its block is final before you refund or deliver anything."
_GONE = (
    "Its block left the chain, so the money may not have moved. Do nothing yet: the same "
    "transaction is mostly mined again within minutes."
)
_HOLD = (
    "Hold the delivery where you still can. The same transaction is mostly mined again within "
    "minutes, and this page then says so. If it is lost, ask the customer to pay again, and say "
    "here what became of it."
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`says` what came and when; `todo` is empty where nobody has to do anything."""

    says: str
    todo: str = ""


def reading_of(payment: Payment) -> Reading:
    """Read one payment; its checkout and its deposit address with the wallet must be loaded."""
    found = _read(payment, payment.checkout)
    if not found.todo or payment.resolution:
        return Reading(found.says)
    if payment.reversed_at is not None:
        return Reading(found.says, _HOLD if payment.kind == PaymentKind.ON_TIME else _GONE)
    return Reading(found.says, found.todo if payment.final_at is not None else _WAIT)


def _read(payment: Payment, checkout: Checkout | None) -> Reading:
    if checkout is None:
        return _unassigned(payment)
    if payment.kind == PaymentKind.LATE:
        return _late(payment, checkout)
    if payment.kind == PaymentKind.WRONG_TOKEN:
        return _wrong_token(payment, checkout)
    return _on_time(payment, checkout)


def _late(payment: Payment, checkout: Checkout) -> Reading:
    after = span_words(max(payment.block_time - _ended_at(checkout), timedelta(seconds=1)))
    if checkout.status == Status.CONFIRMED:
        return Reading(
            f"{paid_words(payment)} came {after} after the time of its checkout, which had been "
            "paid already.",
            "Refund it from your own wallet, or credit it to the customer.",
        )
    said = f"{paid_words(payment)} came {after} after the checkout {_how_it_ended(checkout)}"
    if payment.amount_atomic < checkout.enough_atomic:
        return Reading(
            f"{said}, which had asked for {_asked(checkout)}.",
            "Refund it from your own wallet, or agree with the customer on the rest.",
        )
    more = "" if payment.amount_atomic == checkout.amount_atomic else _which_asked(checkout)
    return Reading(f"{said}{more}.", "Refund it from your own wallet, or accept it and deliver.")


def _ended_at(checkout: Checkout) -> datetime:
    """When its time was over, by the clock of its chain."""
    by_hand = checkout.canceled_at or checkout.failed_at
    return checkout.deadline if by_hand is None else by_hand + checkout.clock_ahead


def _how_it_ended(checkout: Checkout) -> str:
    if checkout.canceled_at is not None:
        return "was canceled"
    return "was marked as failed" if checkout.failed_at is not None else "expired"


def _which_asked(checkout: Checkout) -> str:
    return f", which had asked for {_asked(checkout)}"


def _asked(checkout: Checkout) -> str:
    return display(checkout.amount_atomic, decimals(checkout.chain, checkout.token))


def _wrong_token(payment: Payment, checkout: Checkout) -> Reading:
    what = network(payment.chain).namesakes.get(payment.contract, "")
    what_it_is = f" That is {what}." if what else ""
    return Reading(
        f"{paid_words(payment)} came where the checkout asks for {asked_words(checkout)}, so it "
        f"does not count.{what_it_is}",
        "Refund it from your own wallet, or accept it as it is and deliver.",
    )


def _unassigned(payment: Payment) -> Reading:
    label = Chain(payment.chain).label
    if payment.deposit_address.index is not None:
        return Reading(
            f"{paid_words(payment)} on {label} reached an address of yours before any checkout "
            "used it.",
            "Find out who sent it. Then credit it to them, or refund it from your own wallet.",
        )
    name = wallet_name(payment.deposit_address.wallet)
    return Reading(
        f"{paid_words(payment)} on {label} reached the address of {name}, which its checkouts "
        "share, and none of them asks for exactly that.",
        "Find out who sent it. Then credit it to them, or refund it from your own wallet.",
    )


def _on_time(payment: Payment, checkout: Checkout) -> Reading:
    if payment.reversed_at is not None:
        said = f"{paid_words(payment)} came in time, and then its block left the chain."
        return Reading(said, _HOLD if checkout.reversed_at is not None else "")
    if checkout.underpaid_at is not None:
        came = display(
            int(checkout.amount_received_atomic), decimals(checkout.chain, checkout.token)
        )
        whole = (
            "" if checkout.amount_received_atomic == payment.amount_atomic else f" ({came} in all)"
        )
        return Reading(
            f"{paid_words(payment)} of {_asked(checkout)} came{whole}, and then the checkout "
            "expired.",
            "Refund it from your own wallet, or agree with the customer on the rest.",
        )
    return Reading(f"{paid_words(payment)} came in time and counts towards the checkout.")
