"""How pages of subscriptions write states, prices, periods and times of the organization's own."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.display import (
    NOTHING,
    State,
    ago,
    amount_html,
    amount_words,
    joined,
    state_html,
    tag_html,
    zone,
)
from checkouts.admin.page import link_to
from customers.models import Customer
from subscriptions.models import Interval, Plan, PlanStatus, Renewal, RenewalStatus, Subscription
from subscriptions.states import Status
from subscriptions.views import READ as READ
from subscriptions.views import WRITE as WRITE

STATES: dict[str, State] = {
    Status.TRIALING: State("trialing", "blue", "draft"),
    Status.ACTIVE: State("active", "green", "settled"),
    Status.PAST_DUE: State("past due", "red", "failed"),
    Status.PAUSED: State("paused", "amber", "expired"),
    Status.CANCELED: State("canceled", "grey", "canceled", is_struck=True),
    Status.EXPIRED: State("expired", "grey", "expired"),
}
RENEWAL_STATES: dict[str, State] = {
    RenewalStatus.PENDING: State("not asked yet", "outline", "draft"),
    RenewalStatus.CHECKOUT_CREATED: State("asked for", "amber", "chain"),
    RenewalStatus.PAID: State("paid", "green", "settled"),
    RenewalStatus.FAILED: State("failed", "red", "failed"),
    RenewalStatus.SKIPPED: State("skipped", "grey", "canceled", is_struck=True),
}
PLAN_STATES: dict[str, State] = {
    PlanStatus.ACTIVE: State("active", "green", "settled"),
    PlanStatus.ARCHIVED: State("archived", "grey", "canceled", is_struck=True),
}
UNITS: dict[str, str] = {
    Interval.DAILY: "day",
    Interval.WEEKLY: "week",
    Interval.MONTHLY: "month",
    Interval.YEARLY: "year",
}


# --- prices ---------------------------------------------------------------------------------------


def every_words(plan: Plan) -> str:
    """`every month`, `every 3 months`."""
    return f"every {counted(plan.interval_count, UNITS[plan.interval], is_one_bare=True)}"


def counted(count: int, unit: str, *, is_one_bare: bool = False) -> str:
    """`1 renewal`, `3 renewals`; one is `renewal` alone where that reads better."""
    if count == 1:
        return unit if is_one_bare else f"1 {unit}"
    return f"{count:,} {unit}s"


def price_words(plan: Plan) -> str:
    """`20.00 USDC on Base every month`."""
    return f"{amount_words(plan.amount_atomic, plan.token, plan.chain)} {every_words(plan)}"


def price_html(plan: Plan) -> SafeString:
    """The amount of each period, and below it how often and where."""
    return format_html(
        '{}<span class="sub">{}, on {}</span>',
        amount_html(plan.amount_atomic, plan.token, plan.chain),
        every_words(plan),
        plan.get_chain_display(),
    )


def renewal_words(renewal: Renewal) -> str:
    """`20.00 USDC on Base`."""
    return amount_words(renewal.amount_atomic, renewal.token, renewal.chain)


# --- times ----------------------------------------------------------------------------------------


def in_zone(moment: datetime, name: str) -> str:
    """`1 Dec 2026, 09:00 CET`, by the clocks of a subscription's own zone."""
    local = moment.astimezone(zone(name))
    return local.strftime("%-d %b %Y, %H:%M ") + (local.tzname() or "")


def day_in(moment: datetime, name: str) -> str:
    """`1 Dec 2026`."""
    return f"{moment.astimezone(zone(name)):%-d %b %Y}"


def period_words(start: datetime, end: datetime, name: str) -> str:
    """From day to day, where there is room for more than a line."""
    return f"{day_in(start, name)} to {day_in(end, name)}"


def period_html(start: datetime, end: datetime, name: str) -> SafeString:
    """From day to day, the exact times on focus."""
    return format_html(
        '<span class="moment" tabindex="0" data-full="{} to {}">{}</span>',
        in_zone(start, name),
        in_zone(end, name),
        period_words(start, end, name),
    )


def moment_in(moment: datetime | None, now: datetime, name: str) -> SafeString:
    """A time as a distance from the organization's own now, the absolute one on focus."""
    if moment is None:
        return NOTHING
    return format_html(
        '<time class="moment" tabindex="0" datetime="{}" data-full="{}">{}</time>',
        moment.isoformat(),
        in_zone(moment, name),
        ago(moment, now),
    )


# --- states ---------------------------------------------------------------------------------------


def state_of(subscription: Subscription) -> SafeString:
    """Its state, and whether it ends with its period."""
    parts = [state_html(STATES[subscription.status])]
    if subscription.cancel_at_period_end and subscription.status not in (
        Status.CANCELED,
        Status.EXPIRED,
    ):
        parts.append(tag_html("ends then", "warning", title="It is canceled at its period's end."))
    return _line(parts)


def renewal_state(renewal: Renewal, now: datetime) -> SafeString:
    """Its state, and what is to be known besides: that it is due, final, cannot be asked for."""
    parts = [state_html(RENEWAL_STATES[renewal.status]), *_tags(renewal, now)]
    return _line(parts)


def _tags(renewal: Renewal, now: datetime) -> list[SafeString]:
    if renewal.closed_at is not None:
        is_lost = renewal.status == RenewalStatus.FAILED
        return [tag_html("for good", "danger", "", "No attempt is left.")] if is_lost else []
    tags = []
    if renewal.problem:
        tags.append(tag_html("no checkout", "danger", "warning", renewal.problem))
    if renewal.status == RenewalStatus.FAILED and renewal.next_attempt_at is not None:
        again = f"again {ago(renewal.next_attempt_at, now)}"
        tags.append(tag_html(again, "warning", "", "The next attempt opens then."))
    if renewal.status == RenewalStatus.CHECKOUT_CREATED and renewal.period_start < now:
        tags.append(tag_html("due", "warning", "", "The period that it is for has begun."))
    return tags


def attempts_words(renewal: Renewal) -> str:
    """`1 of 3`."""
    return f"{renewal.attempt_count} of {renewal.max_attempts}"


def _line(parts: Sequence[SafeString]) -> SafeString:
    return format_html('<span class="state-line">{}</span>', joined(list(parts)))


# --- people ---------------------------------------------------------------------------------------


def customer_html(customer: Customer, *, is_link: bool = True) -> SafeString:
    """Who it is, and below that the address where they are written to."""
    name = link_to(Customer, customer.pk, str(customer)) if is_link else str(customer)
    if not customer.name:
        return format_html('<span class="url">{}</span>', name)
    return format_html('{}<span class="sub url">{}</span>', name, customer.email)
