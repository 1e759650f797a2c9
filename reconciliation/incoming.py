"""What of the money that comes in needs a person, for the first page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet, Value
from django.urls import reverse

from billing.callers import Caller
from billing.display import span_words
from checkouts.admin.finding import open_reversal, to_look_at, too_little
from checkouts.models import Checkout, Payment
from reconciliation.needs import Need, counted

CHECKOUTS = "admin:checkouts_checkout_changelist"
PAYMENTS = "admin:checkouts_payment_changelist"
# By the tab of the list where they stand: one, many, and why they wait.
TABS = {
    "look": (
        "payment to look at",
        "payments to look at",
        "late, in another token, or named by no checkout",
    ),
    "underpaid": (
        "payment of an underpaid checkout",
        "payments of underpaid checkouts",
        "less came than was asked, and then the time was over",
    ),
}


def reversed_checkouts(caller: Caller, now: datetime) -> Need:
    """Confirmed ones whose money left the chain and did not come back: goods may be on the way."""
    gone = Checkout.objects.visible_to(caller).order_by().filter(open_reversal())
    found = gone.aggregate(count=Count("pk"), since=Min("reversed_at"))
    return Need(
        found["count"],
        counted(found["count"], "checkout reversed", "checkouts reversed"),
        f"what paid it left the chain after it was confirmed{_since(found['since'], now)}",
        f"{reverse(CHECKOUTS)}?work=reversed",
        "warning",
        is_urgent=True,
    )


def payments(caller: Caller, now: datetime) -> list[Need]:
    """Money of which somebody says what becomes of it. One query."""
    mine = Payment.objects.visible_to(caller).order_by()
    waiting, short = to_look_at(mine), too_little(mine, caller)
    found = {row["tab"]: row for row in _counts(waiting, "look").union(_counts(short, "underpaid"))}
    return [_payments(found[tab], now) for tab in TABS if tab in found]


def _counts(rows: QuerySet[Payment], tab: str) -> QuerySet[Any, Any]:
    """How many, and since when; no row where there is none."""
    named = rows.annotate(tab=Value(tab)).values("tab")
    return named.annotate(count=Count("pk"), since=Min("created_at"))


def _payments(found: Mapping[str, Any], now: datetime) -> Need:
    one, many, hint = TABS[found["tab"]]
    return Need(
        found["count"],
        counted(found["count"], one, many),
        f"{hint}{_since(found['since'], now)}",
        f"{reverse(PAYMENTS)}?tab={found['tab']}",
        "coins",
    )


def _since(first: datetime | None, now: datetime) -> str:
    return f"; the longest for {span_words(now - first)}" if first else ""
