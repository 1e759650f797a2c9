"""The ledger in the admin: its lines, to be read and exported, and the page that sums them up."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from billing.admin import Facts, column, text
from billing.admin_context import Place, may, place_of
from billing.chains import Chain
from billing.day_filter import Created
from billing.display import absolute, copy_html, hash_html, moment_html, zone
from billing.errors import BillingError
from billing.list_exports import ExportsList
from revenue import exporting, services
from revenue.admin import overview, words
from revenue.admin.words import READ, WRITE
from revenue.models import RevenueEvent
from revenue.periods import SPELLINGS, Every
from revenue.types import RevenueType


class OfType(admin.SimpleListFilter):
    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(RevenueType.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(event_type=chosen) if chosen in RevenueType.values else queryset


class Occurred(Created):
    title = "occurred"
    time = "occurred_at"


@admin.register(RevenueEvent)
class RevenueEventAdmin(ExportsList):
    exporter = staticmethod(exporting.export_lines)
    view_scope = READ
    plural = "Ledger"
    intro = (
        "What was earned, given back and paid out, newest first. A line is written once, with what "
        "causes it, and nobody can edit or delete it, the database included."
    )
    empty_title = "No lines yet"
    empty_text = (
        "Each checkout that is paid, each payout that is settled and each adjustment writes one."
    )
    ordering = ("-occurred_at", "-id")
    list_display = ("amount", "what", "about", "on", "when")
    list_filter = (OfType, Occurred)
    search_fields = ("id",)
    search_placeholder = "Id of a line, or of what it is about"

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("overview/", wrap(self.overview_view), name="revenue_overview"),
            path(
                "overview/export/",
                wrap(require_POST(self.export_accounts_view)),
                name="revenue_export_accounts",
            ),
            *super().more_urls(),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By an id, exactly: each is one walk down an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.startswith("co_"):
            return queryset.filter(checkout_id=term), False
        if term.startswith("cus_"):
            return queryset.filter(customer_id=term), False
        kinds = {"adj_": "adjustment", "stl_": "settlement"}
        kind = next((kind for prefix, kind in kinds.items() if term.startswith(prefix)), None)
        if kind:
            return queryset.filter(source_type=kind, source_id=term), False
        return queryset.filter(pk=term), False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.about_html = words.thing_html(request, words.about_of(row) or row.adjustment_id)
        return rows

    # --- the page that sums up -------------------------------------------------------------------

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        place = self._place(request)
        every = SPELLINGS.get(request.GET.get("period", ""), Every.MONTH)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Revenue",
            "ledger_url": self.list_url(),
            "adjust_url": reverse("admin:revenue_adjustment_new") if may(request, WRITE) else "",
            **overview.context(place.caller, zone(place.here.time_zone), every),
        }
        return TemplateResponse(request, "admin/revenue/overview.html", context)

    def export_accounts_view(self, request: HttpRequest) -> HttpResponseBase:
        """All periods there are, as a file."""
        place = self._place(request)
        every = SPELLINGS.get(request.POST.get("period", ""), Every.MONTH)
        try:
            found = services.accounts(place.caller, every=every, zone=zone(place.here.time_zone))
            return exporting.export_accounts(
                place.caller, found, format=request.POST.get("format", "")
            )
        except BillingError as refusal:
            messages.error(request, refusal.message)
            return HttpResponseRedirect(reverse("admin:revenue_overview"))

    def _place(self, request: HttpRequest) -> Place:
        place = place_of(request)
        if place is None or not self.has_view_permission(request):
            raise PermissionDenied(f"Your role may not do this. It needs {READ}.")
        return place

    # --- the record ------------------------------------------------------------------------------

    def title_of(self, obj: RevenueEvent) -> str:
        return obj.get_event_type_display()

    def facts(self, request: HttpRequest, obj: RevenueEvent) -> list[Facts]:
        transaction = (
            hash_html(obj.tx_hash, obj.chain, obj.environment)
            if obj.tx_hash and obj.chain
            else text(None)
        )
        line = [
            ("Amount", words.line_amount_html(obj.event_type, obj.amount_atomic, obj.token)),
            ("On", Chain(obj.chain).label if obj.chain else text(None)),
            ("Why", text(obj.description)),
            ("Occurred", format_html("{} ({})", absolute(obj.occurred_at),
                                     moment_html(obj.occurred_at))),
            ("Written", moment_html(obj.created_at)),
            ("Id", copy_html(obj.id, "id")),
        ]  # fmt: skip
        things = [
            ("Checkout", obj.checkout_id), ("Subscription", obj.subscription_id),
            ("Renewal", obj.renewal_id), ("Customer", obj.customer_id),
            ("Adjustment", obj.adjustment_id), ("Payout", obj.payout_id),
            ("Settlement", obj.settlement_id),
        ]  # fmt: skip
        about = [(name, words.thing_html(request, each)) for name, each in things if each]
        return [Facts("Line", line), Facts("About", [*about, ("Transaction", transaction)])]

    # --- the list --------------------------------------------------------------------------------

    @column("amount", "lead number")
    def amount(self, obj: RevenueEvent) -> SafeString:
        shown = words.line_amount_html(obj.event_type, obj.amount_atomic, obj.token)
        return format_html('<a class="to" href="{}">{}</a>', self.url_of(obj), shown)

    @column("what", "wraps")
    def what(self, obj: RevenueEvent) -> SafeString | str:
        if not obj.description:
            return obj.get_event_type_display()
        return format_html(
            '{}<span class="sub">{}</span>', obj.get_event_type_display(), obj.description
        )

    @column("about", "keep")
    def about(self, obj: Any) -> SafeString | str:
        shown: SafeString | str = obj.about_html
        return shown

    @column("on", "keep")
    def on(self, obj: RevenueEvent) -> SafeString | str:
        return Chain(obj.chain).label if obj.chain else text(None)

    @column("occurred", "keep")
    def when(self, obj: RevenueEvent) -> SafeString:
        return moment_html(obj.occurred_at)
