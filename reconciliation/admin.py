"""The reconciliation page: four numbers, and below them what is open, as work."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from billing.acts import said
from billing.admin import NUL, Facts
from billing.admin_context import caller_of, may
from billing.chains import Chain
from billing.charts import Bar
from billing.display import amount_html, copy_html, moment_html
from billing.errors import BillingError
from organizations.roles import EXECUTE
from payouts.models import Settlement
from payouts.resolutions import Resolution
from reconciliation import books, services
from reconciliation.exception_facts import panels_of
from reconciliation.exception_forms import WorkFilters
from reconciliation.exception_pages import ExceptionPages
from reconciliation.export_pages import ExportPages
from reconciliation.history import History, last_month
from reconciliation.models import ReconciliationRun
from reconciliation.period_pages import PeriodAdmin
from reconciliation.resolving import is_open
from reconciliation.wallet_strip import strip
from reconciliation.work import Wanted, exception_url, work_items

__all__ = ["PeriodAdmin", "ReconciliationAdmin"]

BUCKETS = (
    ("matched", "Matched", "settled as intended"),
    ("unmatched", "On their way", "approved, not settled yet"),
    ("unexpected", "Unexpected", "money out with no payout behind it"),
    ("discrepancy", "Discrepancies", "paid, but not as intended"),
)
ALARMS = ("unexpected", "discrepancy")


class ResolveForm(forms.Form):
    resolution = forms.ChoiceField(
        choices=Resolution.choices, widget=forms.RadioSelect, label="What became of it"
    )
    note = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why. Kept with the settlement, with your name. Of a refund say the hash.",
    )


@dataclass(frozen=True, slots=True)
class BucketShown:
    """One of the four numbers, what it sums to, and how it went in the last month."""

    label: str
    says: str
    count: int
    sums: list[SafeString]
    history: list[Bar]
    is_alarm: bool


@admin.register(ReconciliationRun)
class ReconciliationAdmin(ExceptionPages, ExportPages):
    """Its list is the page of the books; a record of it is one run."""

    ordering = ("-started_at", "-id")

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("run/", wrap(require_POST(self.run_view)), name="reconciliation_run"),
            path(
                "resolve/<path:object_id>/", wrap(self.resolve_view), name="reconciliation_resolve"
            ),
            *super().more_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        caller = caller_of(request)
        now = books.read(caller.organization_id, caller.environment, since=None, until=None)
        month = last_month(caller, timezone.now())
        filters = WorkFilters(request.GET)
        wanted = filters.wanted()
        wallets, no_wallets = strip(caller)
        work, open_count = work_items(caller, now, wanted)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Reconciliation",
            "buckets": [_bucket(now, month, *bucket) for bucket in BUCKETS],
            "work": work,
            "open_count": open_count,
            "filters": filters,
            "is_filtered": wanted != Wanted(),
            "month": month,
            "last_run": month.last_run,
            "wallets": wallets,
            "no_wallets": no_wallets,
            "is_clean": now.is_clean,
            "is_empty": not now.lines,
            "may_resolve": may(request, EXECUTE),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/reconciliation/books.html", context)

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Match now, without waiting for the job that does it."""
        caller = caller_of(request)
        if not may(request, EXECUTE):
            raise PermissionDenied(f"Your role may not do this. It needs {EXECUTE}.")
        run, _ = services.run(caller.organization_id, caller.environment)
        found = f"It found {run.found_count} new." if run.found_count else "It found nothing new."
        messages.success(request, f"The books were reconciled. {found}")
        return HttpResponseRedirect(self.list_url())

    def resolve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what became of one open settlement, and say it to the service."""
        if not may(request, EXECUTE):
            raise PermissionDenied(f"Your role may not do this. It needs {EXECUTE}.")
        caller = caller_of(request)
        pk = unquote(object_id).replace(NUL, "")
        settlement = Settlement.objects.visible_to(caller).filter(pk=pk).first()
        if settlement is None:
            raise Http404("No such settlement.")
        form = ResolveForm(request.POST if request.method == "POST" else None)
        refusal = None
        if request.method == "POST" and form.is_valid():
            answers = form.cleaned_data
            try:
                services.resolve(caller, settlement.pk, answers["resolution"], answers["note"])
            except BillingError as error:
                refusal = error
            else:
                messages.success(request, "It is resolved, and no longer among the work.")
                return HttpResponseRedirect(self.list_url())
        return self._ask(request, settlement, form, refusal)

    def _ask(
        self,
        request: HttpRequest,
        settlement: Settlement,
        form: forms.Form,
        refusal: BillingError | None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Resolve",
            "crumbs": [
                ("Reconciliation", self.list_url()),
                ("Exception", exception_url(settlement.pk)),
            ],
            "act": {"label": "Resolve", "look": "filled"},
            "button": "Resolve",
            "sentence": "Say what became of this money"
            if is_open(settlement)
            else "Nothing is open",
            "panels": panels_of(settlement),
            "form": form,
            "refusal": said(refusal) if refusal else "",
            "back_url": self.list_url(),
        }
        status = refusal.status if refusal else 200
        return TemplateResponse(request, "admin/act.html", context, status=status)

    def title_of(self, obj: ReconciliationRun) -> str:
        return "Reconciliation run"

    def crumbs(self) -> list[tuple[str, str]]:
        return [("Reconciliation", self.list_url())]

    def facts(self, request: HttpRequest, obj: ReconciliationRun) -> list[Facts]:
        rows = [
            ("Began", moment_html(obj.started_at)),
            ("Matched", f"{obj.matched_count:,}"),
            ("On their way", f"{obj.unmatched_count:,}"),
            ("Unexpected", f"{obj.unexpected_count:,}"),
            ("Discrepancies", f"{obj.discrepancies_count:,}"),
            ("Reversed", f"{obj.reversed_count:,}"),
            ("Unknown outcomes", f"{obj.unknown_count:,}"),
            ("Found by this run", f"{obj.found_count:,}"),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Run", rows)]


def _bucket(now: books.Summary, month: History, verdict: str, label: str, says: str) -> BucketShown:
    lines = [line for line in now.lines if line.verdict == verdict]
    count = sum(line.count for line in lines)
    sums = [
        format_html(
            "{} on {}",
            amount_html(_moved(line, verdict), line.token, line.chain),
            Chain(line.chain).label,
        )
        for line in lines
    ]
    is_alarm = verdict in ALARMS and count > 0
    return BucketShown(label, says, count, sums, month.bars[verdict], is_alarm)


def _moved(line: books.Line, verdict: str) -> int:
    return line.intended_atomic if verdict == "unmatched" else line.actual_atomic
