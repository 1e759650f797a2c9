"""What of the money that comes in needs a person, for the first page."""

from datetime import datetime

from django.urls import reverse

from billing.callers import Caller
from billing.display import span_words
from checkouts.admin.finding import open_reversal, to_look_at, too_little
from checkouts.models import Checkout, Payment
from reconciliation.counting import Arm, Counts, how_many
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


def arms(caller: Caller) -> list[Arm]:
    """What is counted of it; needs are said from what comes back."""
    gone = Checkout.objects.visible_to(caller).filter(open_reversal())
    mine = Payment.objects.visible_to(caller)
    return [
        how_many("gone", gone, "reversed_at"),
        how_many("look", to_look_at(mine)),
        how_many("underpaid", too_little(mine, caller)),
    ]


def reversed_checkouts(counts: Counts, now: datetime) -> Need:
    """Confirmed ones whose money left the chain and did not come back: goods may be on the way."""
    return Need(
        counts.of("gone"),
        counted(counts.of("gone"), "checkout reversed", "checkouts reversed"),
        f"what paid it left the chain after it was confirmed{_since(counts.since('gone'), now)}",
        f"{reverse(CHECKOUTS)}?work=reversed",
        "warning",
        is_urgent=True,
    )


def payments(counts: Counts, now: datetime) -> list[Need]:
    """Money of which somebody says what becomes of it."""
    return [
        Need(
            counts.of(tab),
            counted(counts.of(tab), one, many),
            f"{hint}{_since(counts.since(tab), now)}",
            f"{reverse(PAYMENTS)}?tab={tab}",
            "coins",
        )
        for tab, (one, many, hint) in TABS.items()
    ]


def _since(first: datetime | None, now: datetime) -> str:
    return f"; the longest for {span_words(now - first)}" if first else ""
