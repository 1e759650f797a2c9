"""The page that exports settlements: which, and in which format."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from billing.acts import said
from billing.admin import ReadOnlyAdmin
from billing.admin_context import caller_of, place_of
from billing.chains import Chain, Token
from billing.display import zone
from billing.errors import BillingError
from reconciliation.exporting import Range, export

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
    first = _day("From", "The first day, by when the money moved. Left out: from the beginning.")
    last = _day("To", "The last day. Left out: to the end.")
    chain = forms.ChoiceField(required=False, choices=[("", "Every chain"), *Chain.choices])
    token = forms.ChoiceField(
        required=False, choices=[("", "Every token"), *((each, each) for each in Token.values)]
    )
    format = forms.ChoiceField(choices=FORMATS, widget=forms.RadioSelect, initial="xlsx")

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or self.cleaned_data
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
        )


class ExportPages(ReadOnlyAdmin):
    """The reconciliation admin, as far as it exports."""

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="reconciliation_export"), *super().more_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask what to export; then the file, made in the zone of the organization."""
        place = place_of(request)
        if place is None or not self.has_view_permission(request):
            raise PermissionDenied
        there, refusal = zone(place.here.time_zone), None
        form = ExportForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                return export(
                    caller_of(request),
                    form.wanted(),
                    format=form.cleaned_data["format"],
                    zone=there,
                )
            except BillingError as error:
                refusal = error
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Export settlements",
            "intro": f"Oldest first. Days and times are those of {there.key}; the file says so.",
            "crumbs": [("Reconciliation", self.list_url())],
            "form": form,
            "refusal": said(refusal) if refusal else "",
            "submit_label": "Export",
            "back_url": self.list_url(),
        }
        status = refusal.status if refusal else 200
        return TemplateResponse(request, "admin/new.html", context, status=status)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
