"""The subscriptions of one customer, on the customer's page."""

from django.http import HttpRequest
from django.utils.html import format_html

from billing.admin import record_url
from billing.admin_context import caller_of, may
from billing.display import amount_html, moment_html
from customers.admin.sections import Cells, Section, add_section
from customers.models import Customer
from subscriptions.admin.words import READ, day_in, state_of
from subscriptions.models import Subscription

MOST = 10


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
        "One appears here when your shop gives them a plan with POST /v1/subscriptions, or when "
        "somebody starts one under Subscriptions.",
    )


def _cells(subscription: Subscription) -> Cells:
    plan = subscription.plan
    url = record_url(Subscription, subscription.pk)
    return [
        ("plan", "lead", format_html('<a class="to" href="{}">{}</a>', url, plan.name)),
        ("each period", "number", amount_html(plan.amount_atomic, plan.token, plan.chain)),
        ("period ends", "", day_in(subscription.current_period_end, subscription.time_zone)),
        ("since", "", moment_html(subscription.created_at)),
        ("state", "", state_of(subscription)),
    ]


add_section(subscriptions_of)
