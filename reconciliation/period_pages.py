"""Closed periods in the admin: their figures, the digest made again, and the page that closes."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import ActsAdmin
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.chains import Chain
from billing.creating import CreatesAdmin
from billing.display import amount_html, copy_html, joined, moment_html
from organizations.roles import ADMINISTER_ORGANIZATION
from reconciliation import periods
from reconciliation.models import Period


class CloseForm(forms.Form):
    last = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It and everything before it is closed, in the organization's time zone.",
    )
    reason = forms.CharField(
        required=False,
        max_length=500,
        label="Why, if work of this time is open",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_last(self) -> datetime:
        """The midnight at which the day ends."""
        try:
            after = self.cleaned_data["last"] + timedelta(days=1)
            return timezone.make_aware(datetime.combine(after, time.min))
        except OverflowError:
            raise forms.ValidationError("No calendar has this day.") from None


@admin.register(Period)
class PeriodAdmin(CreatesAdmin, ActsAdmin):
    plural = "Closed periods"
    intro = "Figures that stand for good. What is found later goes into the next period."
    empty_title = "No period is closed yet"
    empty_text = (
        "An admin closes a month here once its exceptions are resolved. Its figures are kept with "
        "a digest and never change."
    )
    list_display = ("ends", "settled", "open_work", "by")
    ordering = ("-until", "-id")
    new_form = CloseForm
    new_scope = ADMINISTER_ORGANIZATION
    new_label = "Close a period"
    submit_label = "Close it for good"
    new_intro = (
        "From where the last one ended to the day you name. Nothing opens it again; what is found "
        "later goes into the next one."
    )

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Period:
        return periods.close(caller_of(request), answers["last"], answers["reason"])

    def title_of(self, obj: Period) -> str:
        return f"The period up to {timezone.localtime(obj.until):%-d %b %Y %H:%M}"

    def facts(self, request: HttpRequest, obj: Period) -> list[Facts]:
        stands = periods.digest_of(obj) == obj.digest
        verdict = "the entries still give it" if stands else "the entries were changed since"
        rows: list[tuple[str, str | SafeString]] = [
            ("From", moment_html(obj.since) if obj.since else "the beginning"),
            ("To", moment_html(obj.until)),
            ("Closed", moment_html(obj.created_at)),
            ("By", obj.closed_by_name),
            ("Open all the same", f"{obj.open_count:,}"),
            ("Because", text(obj.reason)),
            ("Digest", joined([copy_html(obj.digest, "digest"), format_html("{}", verdict)])),
            ("Id", copy_html(obj.id, "id")),
        ]
        figures = [(_name(line), _says(line)) for line in obj.figures]
        return [Facts("Period", rows), Facts("Figures", figures or [("Nothing", "moved in it")])]

    @column("ends", "lead")
    def ends(self, obj: Period) -> SafeString:
        return format_html(
            '<a class="to" href="{}">{}</a>', self.url_of(obj), moment_html(obj.until)
        )

    @column("settlements", "number")
    def settled(self, obj: Period) -> str:
        return f"{sum(line['count'] for line in obj.figures):,}"

    @column("open", "number")
    def open_work(self, obj: Period) -> str:
        return f"{obj.open_count:,}"

    @column("closed by")
    def by(self, obj: Period) -> str:
        return obj.closed_by_name


def _name(line: dict[str, Any]) -> str:
    return f"{str(line['verdict']).capitalize()}, {line['token']} on {Chain(line['chain']).label}"


def _says(line: dict[str, Any]) -> SafeString:
    """The sum and of how many; a sum below zero takes back what an earlier period booked."""
    atomic = int(line["actual_atomic"])
    late = f", {line['late']:,} found after their period" if line["late"] else ""
    return format_html(
        "{}{} · {}{}",
        "-" if atomic < 0 else "",
        amount_html(abs(atomic), line["token"], line["chain"]),
        f"{line['count']:,}",
        late,
    )
