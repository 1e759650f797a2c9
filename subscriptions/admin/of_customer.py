"""The subscriptions of one customer, on the customer's page."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import record_url
from billing.admin_context import caller_of, may
from billing.display import State, amount_html, joined, moment_html, state_html, tag_html
from customers.admin.sections import Cells, Section, add_section
from customers.models import Customer
from subscriptions.models import Status, Subscription
from subscriptions.views import READ

MOST = 10
STATES: dict[str, State] = {
    Status.TRIALING: State("trialing", "blue", "draft"),
    Status.ACTIVE: State("active", "green", "settled"),
    Status.PAST_DUE: State("past due", "red", "failed"),
    Status.PAUSED: State("paused", "amber", "expired"),
    Status.CANCELED: State("canceled", "grey", "canceled", is_struck=True),
    Status.EXPIRED: State("expired", "grey", "expired"),
}


def subscriptions_of(request: HttpRequest, customer: Customer) -> Section | None:
    """The customer's newest subscriptions; None for who may not read them."""
    if not may(request, READ):
        return None
    mine = Subscription.objects.visible_to(caller_of(request)).filter(customer=customer)
    found = mine.select_related("plan").order_by("-created_at", "-id")[:MOST]
    return Section(
        "Subscriptions",
        [_cells(each) for each in found],
        "No subscription yet",
        "One appears here when your shop gives them a plan with POST /v1/subscriptions.",
    )


def _cells(subscription: Subscription) -> Cells:
    plan = subscription.plan
    return [
        ("plan", "lead", _name(subscription)),
        ("each period", "number", amount_html(plan.amount_atomic, plan.token, plan.chain)),
        ("period ends", "", moment_html(subscription.current_period_end)),
        ("since", "", moment_html(subscription.created_at)),
        ("state", "", _state(subscription)),
    ]


def _name(subscription: Subscription) -> str | SafeString:
    """The plan's name, which leads to the subscription's page where there is one."""
    if not admin.site.is_registered(Subscription):
        return subscription.plan.name
    url = record_url(Subscription, subscription.pk)
    return format_html('<a class="to" href="{}">{}</a>', url, subscription.plan.name)


def _state(subscription: Subscription) -> SafeString:
    parts = [state_html(STATES[subscription.status])]
    if subscription.cancel_at_period_end and subscription.is_running:
        parts.append(tag_html("ends then", "warning", title="It is canceled at its period's end."))
    return format_html('<span class="state-line">{}</span>', joined(parts))


add_section(subscriptions_of)
