"""Batches in the admin: what was handed over, its files, and what became of it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers, ReasonForm, said
from billing.admin import Facts, column
from billing.admin_context import caller_of, may
from billing.callers import Caller
from billing.display import moment_html, short
from billing.errors import BillingError
from organizations.roles import EXECUTE
from payouts import services
from payouts.admin import batch_page
from payouts.admin.batch_hashes import SubmitsHashes
from payouts.answers import heads_of
from payouts.batch_answers import members_by_batch
from payouts.batch_views import attachment
from payouts.handover.packing import download, payouts_of
from payouts.handover.printing import printed
from payouts.handover.totals import totals_of
from payouts.models import BatchItem, PayoutBatch, Status


def _take_back(caller: Caller, batch_id: str, answers: Answers) -> None:
    services.take_back_batch(caller, batch_id, answers["reason"])


def _is_waiting(batch: PayoutBatch, caller: Caller) -> bool:
    waiting: bool = batch.payouts.filter(status=Status.PENDING_EXECUTION).exists()
    return waiting


TAKE_BACK = Act(
    "take_back",
    "Take back",
    EXECUTE,
    _take_back,
    asks=lambda b: (
        f"Take back what is not paid yet of batch {short(b.id)}. Its files become void: destroy "
        "every copy, and sign none of them"
    ),
    done=lambda b: "Taken back. The payouts wait to be handed over again. Sign no earlier file.",
    form=ReasonForm,
    offered=_is_waiting,
    look="danger",
)


@admin.register(PayoutBatch)
class PayoutBatchAdmin(SubmitsHashes):
    noun = "batch"
    plural = "Batches"
    intro = "Payouts that were handed to whoever signs, together with the files to sign."
    empty_title = "No batches yet"
    empty_text = (
        "A batch is made when somebody hands approved payouts over: select them under Payouts, To "
        "hand over."
    )
    record_template = "admin/payouts/batch.html"
    list_display = ("handed_over", "totals", "by", "state")
    search_fields = ("id",)
    search_placeholder = "Batch or payout id"
    acts = (TAKE_BACK,)

    def more_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "payouts_payoutbatch"
        return [
            path(
                "<path:object_id>/files/<str:name>",
                wrap(self.file_view),
                name=f"{name}_file",
            ),
            path("<path:object_id>/print/", wrap(self.print_view), name=f"{name}_print"),
            *super().more_urls(),
        ]

    # --- the list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if term := search_term.strip():
            of_payout = BatchItem.objects.filter(payout_id=term).values("batch_id")
            queryset = queryset.filter(pk__in=of_payout) | queryset.filter(pk=term)
        return queryset, False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Two queries for the page: what each batch pays, and in which states its payouts are."""
        ids = [row.pk for row in rows]
        statuses, members = batch_page.statuses_of(ids), members_by_batch(ids)
        for row in rows:
            row.statuses, row.sums = statuses.get(row.pk, {}), totals_of(members[row.pk])
        return rows

    @column("handed over", "lead")
    def handed_over(self, obj: PayoutBatch) -> SafeString:
        return format_html(
            '<a class="to" href="{}"><code>{}</code></a><span class="sub">{}</span>',
            self.url_of(obj),
            short(obj.id),
            moment_html(obj.created_at),
        )

    @column("pays")
    def totals(self, obj: Any) -> SafeString:
        return batch_page.totals_html(obj.sums)

    @column("by", "keep")
    def by(self, obj: PayoutBatch) -> str:
        return obj.handed_over_by_name

    @column("state")
    def state(self, obj: Any) -> SafeString:
        return batch_page.state_html_of(obj, obj.statuses)

    # --- one batch -------------------------------------------------------------------------------

    def title_of(self, obj: PayoutBatch) -> str:
        return f"Batch {short(obj.id)}"

    def facts(self, request: HttpRequest, obj: PayoutBatch) -> list[Facts]:
        return batch_page.facts(obj)

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        may_execute, payouts = may(request, EXECUTE), payouts_of(obj)
        page = batch_page.context(obj, payouts, heads_of(payouts))
        may_take = may_execute and not page["is_void"]
        return {
            **super().record_context(request, obj),
            **page,
            "files": batch_page.file_rows(obj, payouts) if may_take else [],
            "funds": [] if page["is_void"] else batch_page.funds_context(obj, payouts),
            "may_execute": may_execute,
            "outcomes": self.take_batch_outcomes(request, obj),
            "print_url": self._url("print", obj) if may_take else "",
            "hashes_url": self._url("hashes", obj) if may_execute and page["waiting"] else "",
        }

    def file_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        batch = self.get_or_404(request, object_id)
        try:
            return attachment(download(caller_of(request), batch.pk, name))
        except BillingError as refusal:
            return self._refused(request, batch, refusal)

    def print_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.get_or_404(request, object_id)
        asked = request.GET.get("page", "1")
        try:
            sheet = printed(
                caller_of(request), batch.pk, page=int(asked) if asked.isdecimal() else 1
            )
        except BillingError as refusal:
            return self._refused(request, batch, refusal)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Print {self.title_of(batch)}",
            "crumbs": [*self.crumbs(), (self.title_of(batch), self.url_of(batch))],
            "batch": batch,
            "sheet": sheet,
            "totals_html": batch_page.totals_html(sheet.totals),
        }
        return TemplateResponse(request, "admin/payouts/batch_print.html", context)

    def _refused(
        self, request: HttpRequest, batch: PayoutBatch, refusal: BillingError
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "No file",
            "crumbs": [*self.crumbs(), (self.title_of(batch), self.url_of(batch))],
            "refusal": said(refusal),
            "back_url": self.url_of(batch),
        }
        template = "admin/payouts/batch_refused.html"
        return TemplateResponse(request, template, context, status=refusal.status)

    def _url(self, view: str, batch: PayoutBatch) -> str:
        return reverse(f"admin:payouts_payoutbatch_{view}", args=[quote(batch.pk)])
