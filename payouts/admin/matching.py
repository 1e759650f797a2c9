"""Matching by hand in the admin: unexpected money to a payout, or a payout to one of its transfers.

What is offered is what could fit, the likeliest first; payouts.services decides what is taken.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from billing.acts import ReasonForm, said
from billing.admin import Facts, ReadOnlyAdmin, record_url
from billing.admin_context import caller_of, may
from billing.callers import Caller
from billing.chains import network
from billing.display import address_html, amount_html, amount_words, hash_html, mined_html
from billing.errors import BillingError
from chainwatch.models import Transfer
from organizations.roles import EXECUTE
from payouts import services
from payouts.admin.proof import evidence_rows
from payouts.matching import AGE_SKEW
from payouts.models import Attention, PayoutIntent, Settlement, Status

MOST_OFFERED = 20
_FREE = (Status.APPROVED, Status.PENDING_EXECUTION)
_STATES = {"pending_execution": "handed over", "verifying": "waits for a choice"}
NONE_FITS = (
    "No payout waits for this token to this address. Resolve it instead, and say what became of it."
)


class MatchForm(ReasonForm):
    """Which payout it paid, and why one thinks so."""

    payout_id = forms.ChoiceField(label="What it paid", widget=forms.RadioSelect)
    field_order = ("payout_id", "reason")

    def __init__(self, data: Any, payouts: Sequence[PayoutIntent], amount_atomic: int) -> None:
        super().__init__(data)
        choices = [(each.id, _line(each, amount_atomic)) for each in payouts]
        self.fields["payout_id"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


def candidates(caller: Caller, settlement: Settlement) -> QuerySet[PayoutIntent]:
    """The payouts that this money could be for: exactly this much first, then what still waits."""
    waits = Q(status=Status.VERIFYING, attention=Attention.CHOOSE_TRANSFER)
    ended = Q(status__in=(Status.FAILED, Status.CANCELED), settlement__isnull=True)
    found: QuerySet[PayoutIntent] = PayoutIntent.objects.visible_to(caller).filter(
        Q(status__in=_FREE) | waits | ended,
        chain=settlement.chain,
        contract=settlement.contract,
        recipient_address=settlement.to_address,
        created_at__lte=settlement.block_time + AGE_SKEW,
    )
    is_other = Case(When(amount_atomic=settlement.amount_atomic, then=Value(0)), default=Value(1))
    is_ended = Case(
        When(status__in=(Status.FAILED, Status.CANCELED), then=Value(1)), default=Value(0)
    )
    return found.order_by(is_other, is_ended, "-created_at", "-id")


class MatchesMoney(ReadOnlyAdmin):
    """Adds to settlements: an open unexpected one is matched to a payout."""

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        here = path(
            "<path:object_id>/match/", wrap(self.match_view), name="payouts_settlement_match"
        )
        return [here, *super().more_urls()]

    def match_url(self, request: HttpRequest, obj: Settlement) -> str:
        """Where it is matched; empty where it is not unexpected, or this person may not."""
        is_open = not obj.payout_id and obj.resolved_at is None and obj.reversed_at is None
        if not is_open or not may(request, EXECUTE):
            return ""
        return reverse("admin:payouts_settlement_match", args=[quote(obj.pk)])

    def match_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        settlement: Settlement = self.get_or_404(request, object_id)
        caller = _allowed(request)
        payouts = list(candidates(caller, settlement)[:MOST_OFFERED])
        form = MatchForm(request.POST or None, payouts, settlement.amount_atomic)
        refusal = "" if payouts else NONE_FITS
        if request.method == "POST" and form.is_valid():
            try:
                payout = services.match_by_hand(
                    caller,
                    form.cleaned_data["payout_id"],
                    settlement_id=settlement.id,
                    reason=form.cleaned_data["reason"],
                )
            except BillingError as error:
                refusal = said(error)
            else:
                return _matched(request, payout)
        context = {
            "crumbs": [*self.crumbs(), (self.title_of(settlement), self.url_of(settlement))],
            "sentence": f"Match {_money(settlement)} to the payout that it paid",
            "panels": [Facts("What the chain says", evidence_rows(settlement))],
            "form": form,
            "refusal": refusal,
            "back_url": self.url_of(settlement),
        }
        return _asked(self, request, context)


class ChoosesTransfers(ReadOnlyAdmin):
    """Adds to payouts: one that waits for a choice is paid by one of its transfers."""

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        here = path(
            "<path:object_id>/choose/<str:transfer_id>/",
            wrap(self.choose_view),
            name="payouts_payoutintent_choose",
        )
        return [here, *super().more_urls()]

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {**super().record_context(request, obj), "transfers": self._offered(request, obj)}

    def _offered(self, request: HttpRequest, payout: PayoutIntent) -> list[dict[str, Any]]:
        is_open = payout.status == Status.VERIFYING and payout.attention == "choose_transfer"
        name = "admin:payouts_payoutintent_choose"
        return [
            {
                "rows": _transfer_rows(payout, transfer),
                "url": reverse(name, args=[quote(payout.pk), transfer.id])
                if may(request, EXECUTE)
                else "",
            }
            for transfer in (choices(payout) if is_open else ())
        ]

    def choose_view(self, request: HttpRequest, object_id: str, transfer_id: str) -> HttpResponse:
        payout: PayoutIntent = self.get_or_404(request, object_id)
        caller = _allowed(request)
        chosen = [each for each in choices(payout) if each.id == transfer_id]
        form, refusal = ReasonForm(request.POST or None), ""
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                services.match_by_hand(caller, payout.id, transfer_id=transfer_id, reason=reason)
            except BillingError as error:
                refusal = said(error)
            else:
                return _matched(request, payout)
        meant = amount_words(payout.amount_atomic, payout.token, payout.chain)
        context = {
            "crumbs": [*self.crumbs(), (self.title_of(payout), self.url_of(payout))],
            "sentence": f"Choose the transfer that paid {meant}",
            "panels": [Facts("This transfer", _transfer_rows(payout, each)) for each in chosen],
            "form": form,
            "refusal": refusal,
            "back_url": self.url_of(payout),
        }
        return _asked(self, request, context)


def choices(payout: PayoutIntent) -> list[Transfer]:
    """The transfers of its transactions that may pay it: nobody's yet, to whom it was meant."""
    standing = Transfer.objects.filter(
        chain=payout.chain,
        scope=payout.scope,
        key=payout.watch_key,
        tx_hash__in=payout.hashes.values_list("tx_hash", flat=True),
        contract=payout.contract,
        to_address=payout.recipient_address,
        amount_atomic__gt=0,
        orphaned_at=None,
    )
    claimed = Settlement.objects.filter(
        organization_id=payout.organization_id,
        environment=payout.environment,
        chain=payout.chain,
        tx_hash__in={transfer.tx_hash for transfer in standing},
        payout__isnull=False,
    )
    taken = set(claimed.values_list("tx_hash", "ordinal"))
    found = standing.order_by("block_number", "tx_hash", "ordinal")
    return [each for each in found if (each.tx_hash, each.ordinal) not in taken]


def _allowed(request: HttpRequest) -> Caller:
    if not may(request, EXECUTE):
        raise PermissionDenied(f"Your role may not do this. It needs {EXECUTE}.")
    return caller_of(request)


def _matched(request: HttpRequest, payout: PayoutIntent) -> HttpResponse:
    messages.success(request, "Matched. The payout says by whom, and why.")
    return HttpResponseRedirect(record_url(PayoutIntent, payout.pk))


def _asked(admin: ReadOnlyAdmin, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shown = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Match by hand",
        "act": {"label": "Match", "look": "filled"},
        "button": "Match",
        **context,
    }
    status = 400 if request.method == "POST" and context["refusal"] else 200
    return TemplateResponse(request, "admin/act.html", shown, status=status)


def _money(settlement: Settlement) -> str:
    return amount_words(settlement.amount_atomic, settlement.token, settlement.chain)


def _line(payout: PayoutIntent, amount_atomic: int) -> str:
    """One payout to choose: what was meant, what it is called, and what is different about it."""
    state = _STATES.get(payout.status, str(payout.status))
    parts = [amount_words(payout.amount_atomic, payout.token, payout.chain), state]
    parts.append("exactly this much" if payout.amount_atomic == amount_atomic else "another amount")
    parts += filter(None, [payout.reference_id, payout.description])
    return " · ".join([*parts, payout.id])


def _transfer_rows(payout: PayoutIntent, transfer: Transfer) -> list[tuple[str, str | SafeString]]:
    token = network(transfer.chain).token_of(transfer.contract)
    chain, environment = transfer.chain, payout.environment
    return [
        ("Amount", amount_html(int(transfer.amount_atomic), token or payout.token, chain)),
        ("From", address_html(transfer.from_address, chain, environment)),
        ("Transaction", hash_html(transfer.tx_hash, chain, environment)),
        ("Log", f"transfer {transfer.ordinal} of its transaction"),
        ("Mined", mined_html(transfer.block_time)),
    ]
