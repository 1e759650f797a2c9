"""The page that exports the books: what of them, and in which format; and its accounts' names."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from billing.acts import said
from billing.admin import ReadOnlyAdmin
from billing.admin_context import caller_of, place_of
from billing.chains import Chain, Token
from billing.display import zone
from billing.errors import BillingError
from reconciliation.exporting import SETTLEMENTS, UNSETTLED, Range, export
from reconciliation.ledgers.naming import LONGEST_NAME, WORDS, accounts_of, set_accounts
from reconciliation.models import Period

FORMATS = [
    ("xlsx", "XLSX, for a spreadsheet program"),
    ("csv", "CSV"),
    ("beancount", "beancount"),
    ("journal", "hledger journal"),
]
LAST_DAY = date(9999, 12, 30)  # the day after must be a day, in every zone
FIRST_DAY = date(1, 1, 2)


def _day(label: str, help_text: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class ExportForm(forms.Form):
    what = forms.ChoiceField(
        choices=[
            (SETTLEMENTS, "Settlements: money that moved"),
            (UNSETTLED, "Payouts that did not settle: failed and canceled, as CSV or XLSX"),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=SETTLEMENTS,
    )
    period = forms.ChoiceField(
        required=False,
        label="Closed period",
        help_text="Every settlement first booked in it, with what was found late. Or choose days.",
    )
    first = _day("From", "The first day, by when the money moved. Left out: from the beginning.")
    last = _day("To", "The last day. Left out: to the end.")
    chain = forms.ChoiceField(required=False, choices=[("", "Every chain"), *Chain.choices])
    token = forms.ChoiceField(
        required=False, choices=[("", "Every token"), *((each, each) for each in Token.values)]
    )
    format = forms.ChoiceField(choices=FORMATS, widget=forms.RadioSelect, initial="xlsx")

    def __init__(self, *args: Any, periods: Iterable[Period], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(period.pk, _name(period)) for period in periods]
        self.fields["period"].choices = [("", "None: the days below"), *named]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        if answers.get("period") and (answers.get("first") or answers.get("last")):
            self.add_error("period", "Choose a period or days, not both.")
        for name in ("first", "last"):
            day = answers.get(name)
            if day and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, "No calendar has this day.")
        return answers

    def wanted(self) -> Range:
        """The days as moments in the reader's zone, both days included."""
        answers = self.cleaned_data
        first, last = answers["first"], answers["last"]
        return Range(
            since=_midnight(first) if first else None,
            until=_midnight(last + timedelta(days=1)) if last else None,
            chain=answers["chain"],
            token=answers["token"],
            period_id=answers["period"],
        )


class AccountsForm(forms.Form):
    """One field for each account, named as ledgers.entries.Accounts names them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, help_text) in WORDS.items():
            self.fields[name] = forms.CharField(
                label=label, help_text=help_text, required=False, max_length=LONGEST_NAME
            )


class ExportPages(ReadOnlyAdmin):
    """The reconciliation admin, as far as it exports."""

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        accounts = self.admin_site.admin_view(self.accounts_view)
        return [
            path("export/", view, name="reconciliation_export"),
            path("accounts/", accounts, name="reconciliation_accounts"),
            *super().more_urls(),
        ]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask what to export; then the file, made in the zone of the organization."""
        place = place_of(request)
        if place is None or not self.has_view_permission(request):
            raise PermissionDenied
        there, refusal = zone(place.here.time_zone), None
        periods = Period.objects.visible_to(caller_of(request)).order_by("-until")
        form = ExportForm(request.POST if request.method == "POST" else None, periods=periods)
        if request.method == "POST" and form.is_valid():
            try:
                return export(
                    caller_of(request),
                    form.wanted(),
                    format=form.cleaned_data["format"],
                    zone=there,
                    what=form.cleaned_data["what"] or SETTLEMENTS,
                )
            except BillingError as error:
                refusal = error
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Export the books",
            "accounts_url": reverse("admin:reconciliation_accounts"),
            "intro": f"Oldest first. Days and times are those of {there.key}; the file says so.",
            "crumbs": [("Reconciliation", self.list_url())],
            "form": form,
            "refusal": said(refusal) if refusal else "",
            "submit_label": "Export",
            "gives_file": True,
            "back_url": self.list_url(),
        }
        status = refusal.status if refusal else 200
        template = "admin/reconciliation/export.html"
        return TemplateResponse(request, template, context, status=status)

    def accounts_view(self, request: HttpRequest) -> HttpResponse:
        """How the accounts of ledger files are called; changed by admins, read by everybody."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        caller, refusal = caller_of(request), None
        named = asdict(accounts_of(caller))
        form = AccountsForm(request.POST if request.method == "POST" else None, initial=named)
        if request.method == "POST" and form.is_valid():
            try:
                set_accounts(caller, form.cleaned_data)
            except BillingError as error:
                refusal = error
            else:
                messages.success(request, "The next ledger file uses these names.")
                return HttpResponseRedirect(reverse("admin:reconciliation_export"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Accounts in ledger files",
            "intro": "As your bookkeeping calls them, in beancount and hledger alike. An empty one "
            "has its default again.",
            "crumbs": [
                ("Reconciliation", self.list_url()),
                ("Export", reverse("admin:reconciliation_export")),
            ],
            "form": form,
            "refusal": said(refusal) if refusal else "",
            "submit_label": "Use these names",
            "back_url": reverse("admin:reconciliation_export"),
        }
        status = refusal.status if refusal else 200
        return TemplateResponse(request, "admin/new.html", context, status=status)


def _name(period: Period) -> str:
    since = f"{timezone.localtime(period.since):%-d %b %Y}" if period.since else "the beginning"
    return f"from {since} up to {timezone.localtime(period.until):%-d %b %Y}"


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
