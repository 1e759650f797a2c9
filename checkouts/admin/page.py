"""What a checkout's own page says: facts, payments with their evidence, what needs a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, record_url, text
from billing.chains import Chain, decimals
from billing.display import (
    address_html,
    amount_html,
    copy_html,
    hash_html,
    mined_html,
    moment_html,
)
from billing.money import display
from checkouts.admin.advice import reading_of
from checkouts.admin.timeline import timeline
from checkouts.admin.words import (
    on_chain,
    paid_html,
    payment_state,
    received_html,
    reference_of,
    state_of,
    wallet_name,
)
from checkouts.answers import Heads
from checkouts.models import Checkout, Payment, PaymentKind, PaymentLink, PaymentMethod
from checkouts.resolving import is_open
from events.models import Event
from events.types import EventType
from wallets.models import Wallet

MOST_PAYMENTS = 20
Rows = list[tuple[str, str | SafeString]]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the checkout that a person must know: what is so, and what to do."""

    tone: str
    says: str
    todo: str
    # Where it is looked at and resolved; empty where there is no such page, or not for the reader.
    url: str = ""
    resolve_url: str = ""
    is_next: bool = False


def payments_of(checkout: Checkout) -> list[Payment]:
    """Its payments as the page needs them, those that wait for a person first."""
    rows = checkout.payments.select_related("transfer", "deposit_address__wallet")
    found = list(rows.order_by("-created_at", "-id")[: MOST_PAYMENTS + 1])
    for payment in found:
        payment.checkout = checkout
    return sorted(found, key=lambda payment: not is_open(payment))


def context(
    checkout: Checkout, payments: Sequence[Payment], heads: Heads, resolve_urls: dict[str, str]
) -> dict[str, Any]:
    """What the page's template needs. `resolve_urls` has those that this person may resolve."""
    waiting = [payment.kind for payment in payments if payment.needs_a_person]
    notices = notices_of(checkout, payments, resolve_urls)
    return {
        "checkout": checkout,
        "amount": display(checkout.amount_atomic, decimals(checkout.chain, checkout.token)),
        "on_chain": on_chain(checkout.chain),
        "reference": reference_of(checkout),
        "state": state_of(checkout, heads, waiting),
        "hosted_url": hosted_url(checkout),
        "notices": notices,
        "has_next": any(notice.is_next and notice.resolve_url for notice in notices),
        "timeline": timeline(checkout, payments, heads),
        "payments": [_shown(payment) for payment in payments[:MOST_PAYMENTS]],
        "has_more_payments": len(payments) > MOST_PAYMENTS,
    }


def notices_of(
    checkout: Checkout, payments: Sequence[Payment], resolve_urls: dict[str, str]
) -> list[Notice]:
    """What needs a person, the alarming first. At most one is what to do next."""
    is_reversed = checkout.reversed_at is not None
    open_ = [payment for payment in payments if is_open(payment)]
    lost = [each for each in open_ if is_reversed and each.kind == PaymentKind.ON_TIME]
    waiting = [each for each in open_ if each not in lost]
    found = [_of_payment(payment, resolve_urls, tone="error") for payment in lost]
    if is_reversed and not lost:
        found.append(_reversal(payments))
    for place, payment in enumerate(waiting):
        found.append(_of_payment(payment, resolve_urls, is_next=place == 0))
    if checkout.overpaid_at is not None:
        found.append(_overpayment(checkout))
    return found


def _reversal(payments: Sequence[Payment]) -> Notice:
    """What is so where no payment of it is in no block: a person spoke, or it is mined again."""
    said = "What paid it left the chain after it was confirmed"
    if any(payment.resolution and payment.reversed_at for payment in payments):
        return Notice("info", f"{said}. A person has said what became of it.", "")
    todo = "It is not final yet. This page says when it is."
    return Notice("warning", f"{said}, and is mined again.", todo)


def _of_payment(
    payment: Payment, resolve_urls: dict[str, str], *, tone: str = "warning", is_next: bool = False
) -> Notice:
    reading = reading_of(payment)
    return Notice(
        tone,
        reading.says,
        reading.todo,
        url=record_url(Payment, payment.pk),
        resolve_url=resolve_urls.get(payment.id, ""),
        is_next=is_next,
    )


def _overpayment(checkout: Checkout) -> Notice:
    over = int(checkout.amount_received_atomic) - checkout.amount_atomic
    shown = display(over, decimals(checkout.chain, checkout.token))
    return Notice(
        "info",
        f"{shown} {checkout.token} more came than was asked.",
        "Deliver. What is too much you can send back from your own wallet.",
    )


def _shown(payment: Payment) -> dict[str, Any]:
    return {
        "url": record_url(Payment, payment.pk),
        "title": paid_html(payment),
        "state": payment_state(payment),
        "reading": reading_of(payment),
        "rows": evidence_rows(payment),
    }


def who_resolved(payment: Payment) -> str:
    """The name of who said what became of it, as the event tells it."""
    told = Event.objects.filter(resource_id=payment.pk, type=EventType.PAYMENT_RESOLVED)
    name = told.order_by("-created_at", "-id").values_list("actor_name", flat=True).first()
    return name or payment.resolved_by


def evidence_rows(payment: Payment) -> Rows:
    """Where the proof stands: transaction, block, log, and which node said so when."""
    chain, environment = payment.chain, payment.environment
    return [
        ("From", address_html(payment.from_address, chain, environment)),
        ("Transaction", hash_html(payment.tx_hash, chain, environment)),
        ("Block", f"{payment.block_number:,}"),
        ("Block hash", copy_html(payment.block_hash, "hash", whole=False)),
        ("Mined", mined_html(payment.block_time)),
        ("Log", f"transfer {payment.ordinal} of its transaction, log {payment.log_index}"),
        ("Contract", address_html(payment.contract, chain, environment)),
        ("Node", text(payment.transfer.node)),
        ("Seen", moment_html(payment.detected_at)),
        ("Final", moment_html(payment.final_at)),
        *([("Left the chain", moment_html(payment.reversed_at))] if payment.reversed_at else []),
    ]


def facts(checkout: Checkout) -> list[Facts]:
    """What is so of the checkout, whatever its state. Two panels: the money, and the order."""
    return [Facts("Where it is paid", _money(checkout)), Facts("What it is for", _order(checkout))]


def _money(checkout: Checkout) -> Rows:
    chain, environment = checkout.chain, checkout.environment
    method = checkout.payment_method
    rows: Rows = [
        ("Address", address_html(checkout.address, chain, environment, whole=True)),
        ("Derived", _derived(checkout)),
        ("Asked", amount_html(checkout.amount_atomic, checkout.token, chain)),
        ("Came in time", received_html(checkout)),
        ("Expires", moment_html(checkout.expires_at)),
        ("Confirmations", f"{checkout.required_confirmations} needed"),
        ("Wallet", link_to(Wallet, method.wallet_id, wallet_name(method.wallet))),
        ("Payment method", link_to(PaymentMethod, method.pk, str(method))),
        ("Contract", address_html(checkout.contract, chain, environment)),
    ]
    if checkout.tolerance_atomic:
        tolerated = amount_html(checkout.tolerance_atomic, checkout.token, chain)
        rows.insert(3, ("Tolerated", format_html("{} less still pays it", tolerated)))
    if checkout.amount_requested_atomic != checkout.amount_atomic:
        requested = amount_html(checkout.amount_requested_atomic, checkout.token, chain)
        why = "the rest names it among the checkouts of one address"
        rows.insert(3, ("Requested", format_html("{}; {}", requested, why)))
    return rows


def _derived(checkout: Checkout) -> str:
    """Which address of which key it is, so that it is found again in a wallet program."""
    deposit = checkout.deposit_address
    if deposit.extended_key is None:
        return "one address, shared by all checkouts of its wallet; the amount tells them apart"
    return f"address {deposit.index} of {deposit.extended_key}, path /0/{deposit.index}"


def _order(checkout: Checkout) -> Rows:
    rows: Rows = [
        ("Page", link_html(hosted_url(checkout))),
        ("Made", moment_html(checkout.created_at)),
        *checkout.metadata.items(),
    ]
    if checkout.customer_id:
        rows.append(("Customer", copy_html(checkout.customer_id, "id")))
    if checkout.purpose != "one_time":
        rows.append(("Purpose", checkout.get_purpose_display()))
    if checkout.payment_link_id:
        link = link_to(PaymentLink, checkout.payment_link_id, checkout.payment_link_id)
        rows.append(("Payment link", link))
    if checkout.failure_reason:
        rows.append(("Why it failed", checkout.failure_reason))
    ends = {
        "Confirmed": checkout.confirmed_at,
        "Expired": checkout.expired_at,
        "Failed": checkout.failed_at,
        "Reversed": checkout.reversed_at,
        "Restored": checkout.restored_at,
    }
    rows += [(name, moment_html(at)) for name, at in ends.items() if at is not None]
    for name, url in (("After paying", checkout.success_url), ("Back", checkout.cancel_url)):
        if url:
            rows.append((name, copy_html(url, "address")))
    return [*rows, ("Id", copy_html(checkout.id, "id"))]


def what_it_asks(checkout: Checkout, heads: Heads, follows: str) -> list[Facts]:
    """What is before one's eyes when one confirms an act on it."""
    reference = reference_of(checkout)
    rows: Rows = [
        ("Asked", amount_html(checkout.amount_atomic, checkout.token, checkout.chain)),
        ("On", str(Chain(checkout.chain).label)),
        ("State", state_of(checkout, heads)),
        ("Came in time", received_html(checkout)),
        ("Expires", moment_html(checkout.expires_at)),
    ]
    if reference is not None:
        rows.insert(0, (reference.name, reference.value))
    return [Facts("The checkout", [*rows, ("What follows", follows)])]


def hosted_url(checkout: Checkout) -> str:
    """The page that its customer pays on."""
    return f"{settings.PUBLIC_URL}/checkout/{checkout.id}"


def link_to(model: Any, pk: str, words: str) -> SafeString:
    """A link to another record, its id quoted in the address."""
    return format_html('<a class="link" href="{}">{}</a>', record_url(model, pk), words)


def link_html(url: str) -> SafeString:
    """A page of ours outside the admin: to open, and to copy for somebody."""
    return format_html(
        '{} <a class="link" href="{}" target="_blank" rel="noopener">Open</a>',
        copy_html(url, "link"),
        url,
    )
