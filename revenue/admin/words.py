"""How pages of revenue write amounts, lines and what they are about."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import text
from billing.display import short
from billing.money import display
from events.things import page_of_thing
from revenue.answers import CURRENCY, DECIMALS
from revenue.types import RevenueType

READ, WRITE = "revenue:read", "revenue:write"
LOWERS = frozenset(
    {
        RevenueType.REFUND,
        RevenueType.ADJUSTMENT_DEBIT,
        RevenueType.CHARGEBACK,
        RevenueType.CHECKOUT_REVERSED,
        RevenueType.SUBSCRIPTION_REVERSED,
        RevenueType.PAYOUT_SETTLED,
    }
)


def money_html(amount_atomic: int, unit: str = CURRENCY) -> SafeString:
    """`−1,250.00 USD`, with a real minus sign."""
    return format_html(
        '<span class="amount">{}<span class="token">{}</span></span>', _digits(amount_atomic), unit
    )


def number_html(amount_atomic: int) -> SafeString:
    """The same without its unit, for a table that names it once."""
    return format_html('<span class="amount">{}</span>', _digits(amount_atomic))


def _digits(amount_atomic: int) -> str:
    return display(amount_atomic, DECIMALS).replace("-", "−")


def line_amount_html(event_type: str, amount_atomic: int, token: str | None) -> SafeString:
    """What a line adds or takes. Of a payout: what left."""
    is_less = event_type in LOWERS
    return money_html(-amount_atomic if is_less else amount_atomic, token or CURRENCY)


def thing_html(request: HttpRequest, thing_id: str | None) -> SafeString | str:
    """An id, as a link to its page where this person may open it."""
    if not thing_id:
        return text(None)
    url = page_of_thing(request, thing_id)
    code = format_html("<code>{}</code>", short(thing_id))
    return format_html('<a class="link" href="{}">{}</a>', url, code) if url else code


def about_of(row: Any) -> str | None:
    """The id of what a line or an adjustment is about, the nearest thing first."""
    named = (getattr(row, "payout_id", None), row.checkout_id, row.subscription_id, row.customer_id)
    return next((each for each in named if each), None)
