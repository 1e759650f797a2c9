"""The checkouts of one customer, on the customer's page."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from billing.admin import record_url
from billing.admin_context import caller_of, may
from billing.display import amount_html, moment_html
from checkouts.admin.acts import READ
from checkouts.admin.words import received_html, state_of
from checkouts.answers import heads_of
from checkouts.models import Checkout
from customers.admin.sections import Cells, Section, add_section
from customers.models import Customer

MOST = 10


def checkouts_of(request: HttpRequest, customer: Customer) -> Section | None:
    """The newest checkouts that name the customer; None for who may not read checkouts."""
    if not may(request, READ):
        return None
    mine = Checkout.objects.visible_to(caller_of(request)).filter(customer_id=customer.id)
    found = list(mine.order_by("-created_at", "-id")[: MOST + 1])
    heads = heads_of(found)
    rows: list[Cells] = [
        [
            (
                "amount",
                "lead number",
                format_html(
                    '<a class="to" href="{}">{}</a>',
                    record_url(Checkout, each.pk),
                    amount_html(each.amount_atomic, each.token, each.chain),
                ),
            ),
            ("received", "number", received_html(each)),
            ("made", "", moment_html(each.created_at)),
            ("state", "", state_of(each, heads)),
        ]
        for each in found[:MOST]
    ]
    everything = f"{reverse('admin:checkouts_checkout_changelist')}?{urlencode({'q': customer.id})}"
    return Section(
        "Checkouts",
        rows,
        "No checkout names them yet",
        "One appears here when your shop sends their id as customer_id, or when a subscription of "
        "theirs is due.",
        url=everything if len(found) > MOST else "",
    )


add_section(checkouts_of)
