"""What is so about one exception, for its page."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, record_url, text
from billing.chains import Chain, decimals
from billing.display import address_html, amount_html, moment_html, span_words
from billing.money import display
from payouts.admin.page import link_to
from payouts.admin.proof import evidence_rows
from payouts.admin.words import DIFFERENCES
from payouts.models import PayoutIntent, Settlement
from payouts.suggestions import suggestion
from reconciliation.cases import Subject
from reconciliation.models import TopUp
from reconciliation.work import sentence_of

Rows = list[tuple[str, str | SafeString]]


def panels_of(subject: Subject) -> list[Facts]:
    """What it is and since when; then, of a settlement, what the chain says."""
    if isinstance(subject, Settlement):
        return [
            Facts("What is open", _of_settlement(subject)),
            Facts("What the chain says", evidence_rows(subject)),
        ]
    return [Facts("What is open", _of_payout(subject))]


def whom_rows(payout: PayoutIntent | None) -> Rows:
    """Whom a payout pays: name, if the address book has one, and the whole address."""
    if payout is None:
        return []
    address = address_html(payout.recipient_address, payout.chain, payout.environment, whole=True)
    return [("To", format_html("{} {}", payout.recipient_name or "", address))]


def _of_settlement(one: Settlement) -> Rows:
    payout = one.payout
    kinds = [*one.discrepancies, *(["reversed"] if one.reversed_at else [])]
    words = ", ".join(DIFFERENCES.get(kind, kind) for kind in kinds)
    what = words.capitalize() if payout else "Money left with no payout behind it"
    since = one.reversed_at or (one.created_at if payout else one.block_time)
    rows: Rows = [("What", what), *_age(since)]
    if payout is None:
        to = address_html(one.to_address, one.chain, one.environment, whole=True)
        rows += [
            ("On", str(Chain(one.chain).label)),
            ("To", to),
            ("It may be", sentence_of(suggestion(one))),
        ]
    else:
        difference = one.amount_atomic - payout.amount_atomic
        shown = display(abs(difference), decimals(one.chain, one.token))
        rows += [
            ("Payout", link_to(payout.pk)),
            ("Was meant", amount_html(payout.amount_atomic, payout.token, payout.chain)),
            ("Arrived", amount_html(one.amount_atomic, one.token, one.chain)),
            ("Difference", f"{'-' if difference < 0 else '+'}{shown} {one.token}"),
            *whom_rows(payout),
        ]
    rows.append(("Settlement", format_html('<a href="{}"><code>{}</code></a>', _page(one), one.pk)))
    return [*rows, *_resolution(one)]


def _of_payout(one: PayoutIntent) -> Rows:
    return [
        ("What", "Failed, and nobody knows whether the money moved"),
        *_age(one.failed_at or one.updated_at),
        ("Payout", link_to(one.pk)),
        ("Was meant", amount_html(one.amount_atomic, one.token, one.chain)),
        ("On", str(Chain(one.chain).label)),
        *whom_rows(one),
        ("It failed", text(one.failure_reason)),
        ("What to do", "Look for its transaction in the wallet before paying again."),
    ]


def _age(since: datetime) -> Rows:
    # Blocks of a simulated chain that was moved ahead are of a time to come.
    age = max(timezone.now() - since, timedelta())
    return [("Since", format_html("{} · {}", moment_html(since), span_words(age)))]


def _page(one: Settlement) -> str:
    return record_url(Settlement, one.pk)


def _resolution(one: Settlement) -> Rows:
    if one.resolved_at is None:
        return []
    top_up = TopUp.objects.filter(settlement=one).first()
    return [
        ("Resolved", moment_html(one.resolved_at)),
        ("As", text(one.resolution.replace("_", " "))),
        ("Because", text(one.resolution_note)),
        *([("Topped up by", link_to(top_up.payout_id))] if top_up else []),
    ]
