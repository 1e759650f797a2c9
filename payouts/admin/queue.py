"""The review queue: which payouts wait for whom, how many, and how one is found again."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, Q, QuerySet, Value
from django.http import HttpRequest

from billing.addresses import canonical
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.chains import Chain
from payouts.models import Outcome, PayoutIntent, Settlement, Status, SubmittedHash

MOST_COUNTED = 1_000
TABS = {
    "to_approve": "To approve",
    "to_hand_over": "To hand over",
    "on_chain": "On chain",
    "exceptions": "Exceptions",
    "all": "All",
}
ON_CHAIN = (Status.PENDING_EXECUTION, Status.EXECUTED, Status.VERIFYING)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}|T[1-9A-HJ-NP-Za-km-z]{33}")
_HASH = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")


def tab_rows(payouts: QuerySet[PayoutIntent], tab: str, caller: Caller) -> QuerySet[PayoutIntent]:
    """The payouts of one tab."""
    if tab == "to_approve":
        return payouts.filter(status=Status.DRAFT)
    if tab == "to_hand_over":
        return payouts.filter(status=Status.APPROVED)
    if tab == "on_chain":
        return payouts.filter(status__in=ON_CHAIN)
    return payouts.filter(exceptional(caller)) if tab == "exceptions" else payouts


def exceptional(caller: Caller) -> Q:
    """What waits for a person: stalled, undecidable, money astray, paid otherwise, gone again.

    A union, whose arms are each found by their own index: an `or` over the table reads all of it.
    """
    mine = PayoutIntent.objects.visible_to(caller).order_by()
    settlements = Settlement.objects.visible_to(caller).order_by().filter(payout__isnull=False)
    stuck = mine.filter(status__in=(Status.EXECUTED, Status.VERIFYING)).filter(
        Q(stalled_at__isnull=False) | ~Q(attention="") | Q(proposed_tx_hash__isnull=False)
    )
    astray = mine.filter(
        status=Status.FAILED, settlement__isnull=True, retries__isnull=True
    ).filter(outcome__in=(Outcome.MOVED, Outcome.UNKNOWN))
    open_ = settlements.filter(resolved_at__isnull=True).exclude(discrepancies=[])
    gone = settlements.filter(reversed_at__isnull=False).filter(
        Q(resolved_at__isnull=True) | Q(reversed_at__gt=F("resolved_at"))
    )
    astray_or_paid = (astray.values("pk"), open_.values("payout_id"), gone.values("payout_id"))
    return Q(pk__in=stuck.values("pk").union(*astray_or_paid))


def counts(caller: Caller) -> dict[str, int]:
    """How many wait in each tab, counted up to MOST_COUNTED, in one statement."""
    mine = PayoutIntent.objects.visible_to(caller).order_by()
    first, *others = [
        tab_rows(mine, tab, caller).annotate(tab=Value(tab)).values_list("tab")[:MOST_COUNTED]
        for tab in TABS
        if tab != "all"
    ]
    return Counter(row[0] for row in first.union(*others, all=True))


def count_words(count: int) -> str:
    """`999+` where nobody counted further."""
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)


def find(payouts: QuerySet[PayoutIntent], term: str, caller: Caller) -> QuerySet[PayoutIntent]:
    """The payouts that `term` names exactly: id (or its beginning), recipient, hash, reference.

    Every arm is an equality or a prefix that an index serves; there is no `contains`.
    """
    if term.startswith("po_"):
        return payouts.filter(pk__startswith=term)
    if _ADDRESS.fullmatch(term):
        return payouts.filter(recipient_address__in=_forms(term))
    hashes = SubmittedHash.objects.filter(
        organization_id=caller.organization_id,
        environment=caller.environment,
        chain__in=Chain.values,
        tx_hash__in=_hashes(term),
    )
    if _HASH.fullmatch(term):
        return payouts.filter(pk__in=hashes.values("payout_id"))
    mine = PayoutIntent.objects.visible_to(caller).order_by()
    named = mine.filter(reference_id=term).values("pk")
    return payouts.filter(
        pk__in=named.union(mine.filter(external_id=term).values("pk"), hashes.values("payout_id"))
    )


def _forms(address: str) -> set[str]:
    """An address as it was typed and as it is stored."""
    forms = {address}
    try:
        forms.add(canonical(address, Chain.TRON if address.startswith("T") else Chain.BASE))
    except ValueError:  # The sandbox keeps impossible ones as given, so it can still be found.
        return forms
    return forms


def _hashes(term: str) -> set[str]:
    digits = term.lower().removeprefix("0x")
    return {term, digits, f"0x{digits}"} if _HASH.fullmatch(term) else {term}


class QueueTab(admin.SimpleListFilter):
    """Which tab; a search without one looks in all of them."""

    title = "queue"
    parameter_name = "tab"
    is_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(TABS.items())

    def value(self) -> str:
        chosen = super().value()
        return chosen if chosen in TABS else "to_approve"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return tab_rows(queryset, tab_of(request), caller_of(request))

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield from ()


class PlainWords(admin.ChoicesFieldListFilter):
    """A filter whose choices are the stored words, as a person says them: `pending execution`."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield first
        for choice, value in zip(others, dict(self.field.flatchoices), strict=True):
            yield {**choice, "display": str(value).replace("_", " ")}


def tab_of(request: HttpRequest) -> str:
    """The tab that the address names: drafts first, except for a search."""
    chosen = request.GET.get("tab", "")
    if chosen in TABS:
        return chosen
    return "all" if request.GET.get("q", "").strip() else "to_approve"
