"""What is open, as work: what, how much, since when, what it looks like, where to resolve it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import record_url
from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.display import amount_html, copy_html
from billing.money import display
from payouts.admin.words import DIFFERENCES
from payouts.models import Outcome, PayoutIntent, Settlement, Status
from payouts.suggestions import suggestions
from reconciliation.books import Discrepancy, Summary

MOST_SHOWN = 100
LARGEST_FEE_PERCENT = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at. An address is empty where it is not resolved, or not matched."""

    what: str
    says: SafeString | str
    amount: SafeString
    chain: str
    since: datetime
    suggestion: str
    url: str
    resolve_url: str
    is_urgent: bool
    match_url: str = ""


def work_items(caller: Caller, now: Summary) -> list[Item]:
    """Everything open: unexpected money first, then unknown outcomes, then differences."""
    return [
        *_unexpected(caller),
        *_unknown(caller),
        *map(_different, now.discrepancies[:MOST_SHOWN]),
    ]


def resolve_url(settlement_id: str) -> str:
    """Where a settlement is resolved, its id quoted."""
    return reverse("admin:reconciliation_resolve", args=[quote(settlement_id)])


def _unexpected(caller: Caller) -> Iterator[Item]:
    rows = Settlement.objects.visible_to(caller).filter(
        payout__isnull=True, resolved_at__isnull=True
    )
    found = list(rows.order_by("-block_time")[:MOST_SHOWN])
    made_of = suggestions(found) if found else {}
    for each in found:
        yield Item(
            what="Money left with no payout behind it",
            says=format_html("to {}", copy_html(each.to_address, "address", whole=False)),
            amount=amount_html(each.amount_atomic, each.token, each.chain),
            chain=str(Chain(each.chain).label),
            since=each.block_time,
            suggestion=_sentence(made_of[each.id]),
            url=record_url(Settlement, each.pk),
            resolve_url=resolve_url(each.pk),
            is_urgent=True,
            match_url=_match_url(each),
        )


def _match_url(settlement: Settlement) -> str:
    """Where it is matched to the payout that it paid; not while its block is gone."""
    if settlement.reversed_at is not None:
        return ""
    return reverse("admin:payouts_settlement_match", args=[quote(settlement.pk)])


def _sentence(made_of: str) -> str:
    """A reading as a sentence; names in it keep their capitals."""
    words = f"it {made_of}" if made_of.startswith("fits") else made_of
    return f"{words[:1].upper()}{words[1:]}."


def _unknown(caller: Caller) -> Iterator[Item]:
    rows = PayoutIntent.objects.visible_to(caller).filter(
        status=Status.FAILED, outcome=Outcome.UNKNOWN, settlement__isnull=True
    )
    for each in rows.order_by("-created_at", "-id")[:MOST_SHOWN]:
        yield Item(
            what="Failed, and nobody knows whether the money moved",
            says=format_html("to {}", copy_html(each.recipient_address, "address", whole=False)),
            amount=amount_html(each.amount_atomic, each.token, each.chain),
            chain=str(Chain(each.chain).label),
            since=each.failed_at or each.updated_at,
            suggestion="Look for its transaction in the wallet before paying again.",
            url=record_url(PayoutIntent, each.pk),
            resolve_url="",
            is_urgent=False,
        )


def _different(one: Discrepancy) -> Item:
    places = decimals(one.chain, one.token)
    meant = display(one.expected_atomic, places)
    return Item(
        what=", ".join(DIFFERENCES.get(kind, kind) for kind in one.kinds).capitalize(),
        says=f"{meant} {one.token} was meant",
        amount=amount_html(one.actual_atomic, one.token, one.chain),
        chain=str(Chain(one.chain).label),
        since=one.opened_at,
        suggestion=reading_of(one),
        url=record_url(PayoutIntent, one.payout_id),
        resolve_url=resolve_url(one.settlement_id),
        is_urgent="reversed" in one.kinds,
    )


def reading_of(one: Discrepancy) -> str:
    """What the difference looks like, in a sentence."""
    difference = one.actual_atomic - one.expected_atomic
    amount = display(abs(difference), decimals(one.chain, one.token))
    if "reversed" in one.kinds:
        return "Its block left the chain. It heals itself if the transaction is mined again."
    if difference > 0:
        return f"{amount} {one.token} more arrived than was meant."
    if difference < 0:
        percent = abs(difference) * 100 / one.expected_atomic
        less = f"{amount} {one.token} less arrived than was meant ({percent:.3g} %)."
        is_fee = percent <= LARGEST_FEE_PERCENT
        return f"{less} It looks like a fee that the token takes." if is_fee else less
    if "late_settlement" in one.kinds:
        return "The payout had ended when its money moved after all. Was it paid again since?"
    return "The money is right; what was approved says otherwise."
