"""What a subscription's own page says: what a person must know, its renewals, its facts."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, record_url, text
from billing.display import amount_html, copy_html, moment_html
from checkouts.admin.page import link_html, link_to
from checkouts.models import Checkout, PaymentMethod
from customers.admin.sections import Cells
from customers.models import Customer
from subscriptions.admin.words import (
    attempts_words,
    day_in,
    in_zone,
    moment_in,
    period_html,
    period_words,
    price_words,
    renewal_state,
    renewal_words,
    state_of,
)
from subscriptions.answers import hosted_url, page_url
from subscriptions.models import CanceledBecause, Plan, Renewal, RenewalStatus, Status, Subscription

MOST_RENEWALS = 12
Rows = list[tuple[str, str | SafeString]]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person must know: what is so, and what to do, with a page to send on."""

    tone: str
    says: str
    todo: str
    page: str | SafeString = ""


def renewals_of(subscription: Subscription) -> list[Renewal]:
    """Its newest renewals, the open one among them; one more than is shown, where there are."""
    rows = subscription.renewals.order_by("-period_start", "-id")
    found: list[Renewal] = list(rows[: MOST_RENEWALS + 1])
    for renewal in found:
        renewal.subscription = subscription
    return found


def open_of(renewals: list[Renewal]) -> Renewal | None:
    """The renewal that is not closed yet."""
    return next((renewal for renewal in renewals if renewal.closed_at is None), None)


def notices_of(subscription: Subscription, renewal: Renewal | None, now: datetime) -> list[Notice]:
    """What needs somebody: a payment to be made or told of, or that nobody can be asked."""
    if renewal is None:
        return []
    who, amount = subscription.customer, renewal_words(renewal)
    if renewal.problem:
        todo = f"{renewal.problem} It is tried again by itself."
        return [Notice("error", f"{who} cannot be asked for {amount}.", todo)]
    if renewal.status == RenewalStatus.CHECKOUT_CREATED:
        return [_asked(subscription, renewal, now)]
    if renewal.status != RenewalStatus.FAILED:
        return []
    says = f"{who} has not paid {amount}."
    if renewal.next_attempt_at is None:
        return [Notice("error", says, "No attempt is left.")]
    again = in_zone(renewal.next_attempt_at, subscription.time_zone)
    return [Notice("error", says, f"They are asked again on {again}, or now, by a retry.")]


def _asked(subscription: Subscription, renewal: Renewal, now: datetime) -> Notice:
    is_late = renewal.period_start < now and subscription.status == Status.PAST_DUE
    says = f"{subscription.customer} is asked for {renewal_words(renewal)}."
    url = hosted_url(renewal.checkout_id)
    assert url is not None, "it was asked for"
    assert renewal.closes_at is not None, "what is asked for closes"
    until = in_zone(renewal.closes_at, subscription.time_zone)
    todo = f"Their page to pay on is open until {until}:"
    return Notice("warning" if is_late else "info", says, todo, link_html(url))


# --- renewals -------------------------------------------------------------------------------------


def renewal_cells(renewal: Renewal, now: datetime) -> Cells:
    """One renewal as a row of the page, with where it is paid."""
    zone = renewal.subscription.time_zone
    period = period_html(renewal.period_start, renewal.period_end, zone)
    url = record_url(Renewal, renewal.pk)
    return [
        ("period", "lead", format_html('<a class="to" href="{}">{}</a>', url, period)),
        ("amount", "number", amount_html(renewal.amount_atomic, renewal.token, renewal.chain)),
        ("due", "keep", moment_in(renewal.period_start, now, zone)),
        ("attempts", "keep", attempts_words(renewal)),
        ("checkout", "keep", checkout_html(renewal)),
        ("state", "", renewal_state(renewal, now)),
    ]


def checkout_html(renewal: Renewal) -> SafeString | str:
    """The checkout of its newest attempt, and the page on which that is paid."""
    if not renewal.checkout_id:
        return text(None)
    return format_html(
        '{} <a class="link" href="{}" target="_blank" rel="noopener" aria-label="{}">Its page</a>',
        link_to(Checkout, renewal.checkout_id, "Checkout"),
        hosted_url(renewal.checkout_id),
        f"Its page, of checkout {renewal.checkout_id}",
    )


# --- facts ----------------------------------------------------------------------------------------


def facts(subscription: Subscription, renewal: Renewal | None, now: datetime) -> list[Facts]:
    """What is so of it, whatever its state."""
    customer, plan, zone = subscription.customer, subscription.plan, subscription.time_zone
    rows: Rows = [
        ("Customer", link_to(Customer, customer.pk, str(customer))),
        ("E-mail", copy_html(customer.email, "e-mail address")),
        ("Plan", link_to(Plan, plan.pk, str(plan))),
        ("Each period", price_words(plan)),
        *_times(subscription, renewal, now),
        ("Paid by", _method(subscription)),
        ("Customer's page", link_html(page_url(subscription))),
        ("Started", moment_html(subscription.created_at)),
        ("Id", copy_html(subscription.id, "id")),
    ]
    said: Rows = [(name, str(value)) for name, value in sorted(subscription.metadata.items())]
    shown = Facts("Subscription", [*rows, ("Time zone", f"{zone}, in which its periods are told")])
    return [shown, *([Facts("Metadata", said)] if said else [])]


def _times(subscription: Subscription, renewal: Renewal | None, now: datetime) -> Rows:
    zone = subscription.time_zone
    start, end = subscription.current_period_start, subscription.current_period_end
    rows: Rows = [
        ("Current period", f"{in_zone(start, zone)} to {in_zone(end, zone)}"),
        ("Next payment", _next_payment(subscription, renewal, now)),
    ]
    if subscription.trial_end is not None:
        is_on = subscription.trial_end > now
        word = "free until" if is_on else "was free until"
        rows.insert(0, ("Trial", f"{word} {in_zone(subscription.trial_end, zone)}"))
    if subscription.pause_start is not None and subscription.pause_end is None:
        rows.append(("Paused", moment_in(subscription.pause_start, now, zone)))
    if subscription.canceled_at is not None:
        rows.append(("Canceled", in_zone(subscription.canceled_at, zone)))
        rows.append(("Why", _WHY[CanceledBecause(subscription.canceled_because)]))
    if subscription.expired_at is not None:
        rows.append(("Expired", in_zone(subscription.expired_at, zone)))
    return rows


_WHY = {
    CanceledBecause.REQUESTED: "it was asked for",
    CanceledBecause.UNPAID: "every attempt to have it paid failed",
}


def _next_payment(
    subscription: Subscription, renewal: Renewal | None, now: datetime
) -> SafeString | str:
    """What is open, else when the next period is due."""
    if renewal is not None:
        return format_html(
            "{}, {}",
            amount_html(renewal.amount_atomic, renewal.token, renewal.chain),
            renewal_state(renewal, now),
        )
    if not subscription.is_running or subscription.cancel_at_period_end:
        return "none"
    plan, zone = subscription.plan, subscription.time_zone
    return format_html(
        "{}, due on {}",
        amount_html(plan.amount_atomic, plan.token, plan.chain),
        day_in(subscription.current_period_end, zone),
    )


def _method(subscription: Subscription) -> SafeString | str:
    method = subscription.payment_method
    if method is None:
        return "the usual method for its plan's token"
    return link_to(PaymentMethod, method.pk, str(method))


def what_it_asks(subscription: Subscription, follows: str) -> list[Facts]:
    """What is before one's eyes when one confirms an act on it."""
    start, end = subscription.current_period_start, subscription.current_period_end
    rows: Rows = [
        ("Customer", str(subscription.customer)),
        ("E-mail", subscription.customer.email),
        ("Each period", price_words(subscription.plan)),
        ("State", state_of(subscription)),
        ("Current period", period_words(start, end, subscription.time_zone)),
        ("What follows", follows),
    ]
    return [Facts("The subscription", rows)]


def title_of(subscription: Subscription) -> str:
    """`Ann: Pro`, for the heading and the way to its pages."""
    return f"{subscription.customer}: {subscription.plan}"
