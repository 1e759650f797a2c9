"""Payouts in the admin: the review queue, and a payout's own page."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.reading import verdicts
from billing.acts import Act
from billing.admin import Facts, column
from billing.admin_context import caller_of, may
from billing.chains import Chain
from billing.day_filter import Created
from billing.display import (
    amount_html,
    amount_words,
    due_html,
    joined,
    tag_html,
)
from billing.list_exports import ExportsList
from payouts import exporting, services
from payouts.admin import page
from payouts.admin.acts import ACTS
from payouts.admin.creating import CreatesPayouts
from payouts.admin.import_filter import FromImport
from payouts.admin.matching import ChoosesTransfers
from payouts.admin.notes import KeepsNotes
from payouts.admin.queue import (
    TABS,
    PlainWords,
    QueueTab,
    count_words,
    counts,
    find,
    tab_of,
)
from payouts.admin.standing import doubts, standings_of, whom_html
from payouts.admin.words import risk_of, state_of, sums_of
from payouts.answers import Heads, heads_of
from payouts.models import PayoutIntent, Status
from payouts.recipients.rating import rating

EMPTY = {
    "to_approve": (
        "Nothing to approve",
        "Drafts appear here when somebody makes a payout, here or over the API.",
    ),
    "to_hand_over": (
        "Nothing to hand over",
        "A payout comes here once it is approved, to be given to whoever signs.",
    ),
    "on_chain": (
        "Nothing under way",
        "A payout comes here when it is handed over or its transaction is named, until it settles.",
    ),
    "exceptions": (
        "No exceptions",
        "A payout comes here when it waits for a person: its transaction stays unseen, failed with "
        "money astray, paid something else than intended, or its block left the chain.",
    ),
    "all": ("No payouts yet", "Make the first one here, or create it over the API."),
}

_ABOUT_PROPOSAL = ("use_proposed_hash", "decline_proposed_hash")


@admin.register(PayoutIntent)
class PayoutAdmin(ExportsList, KeepsNotes, ChoosesTransfers, CreatesPayouts):
    exporter = staticmethod(exporting.export)
    noun = "payout"
    plural = "Payouts"
    search_placeholder = "Id, recipient, reference or hash"
    acts = ACTS
    record_template = "admin/payouts/payout.html"
    list_display = ("amount", "recipient", "reference", "due", "made_by", "risk", "state")
    list_select_related = ("settlement",)
    search_fields = ("id",)

    # --- the queue -------------------------------------------------------------------------------

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        filters: tuple[Any, ...] = (
            QueueTab,
            "chain",
            ("token", PlainWords),
            ("reference_type", PlainWords),
            FromImport,
            Created,
        )
        is_all = tab_of(request) == "all"
        return (*filters, ("status", PlainWords)) if is_all else filters

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (find(queryset, term, caller_of(request)) if term else queryset), False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """What the page needs at once: the heads confirmations count from, what is known of whom
        they pay, and what the policy asks of its drafts."""
        heads, known = heads_of(rows), standings_of(caller_of(request), rows)
        drafts = services.facts_of_many(
            [row for row in rows if row.status == Status.DRAFT],
            {row.id: rating(known[row.id]) for row in rows},
        )
        asked = verdicts(caller_of(request), drafts.values()) if drafts else {}
        mine = caller_of(request).actor_id
        for row in rows:
            row.verdict = asked.get(row.id)
            row.heads, row.standing = heads, known[row.id]
            row.is_first = not row.standing.was_paid
            row.doubts = doubts(row, row.standing)
            row.is_mine = row.created_by == mine
            row.atomic, row.kind = row.amount_atomic, f"{row.token} on {Chain(row.chain).label}"
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        here = tab_of(request)
        extra = {
            "tabs": self._tabs(request, here),
            "empty_title": EMPTY[here][0],
            "empty_text": EMPTY[here][1],
            "tab_query": f"tab={here}",
            "also_url": reverse("admin:payouts_payoutimport_new"),
            "also_label": "Import" if may(request, "payouts:write") else "",
            "search_help": "A search finds whole ids, addresses, references and hashes.",
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def bulk_acts(self, request: HttpRequest) -> list[Act]:
        """Those that lead on from the tab one is in."""
        wanted = {
            "to_approve": ("approve", "reject", "cancel"),
            "to_hand_over": ("hand_over", "cancel"),
        }.get(tab_of(request), ())
        return [act for act in super().bulk_acts(request) if act.name in wanted]

    def _tabs(self, request: HttpRequest, here: str) -> list[dict[str, Any]]:
        if not may(request, self.view_scope):
            return []
        found = counts(caller_of(request))
        return [
            {
                "label": label,
                "url": f"?tab={tab}",
                "is_here": tab == here,
                "count": count_words(found[tab]) if found[tab] else "",
                "is_alert": tab == "exceptions",
            }
            for tab, label in TABS.items()
        ]

    # --- its cells -------------------------------------------------------------------------------

    @column("amount", "lead number")
    def amount(self, obj: Any) -> SafeString:
        return format_html(
            '<a class="to" href="{}">{}</a><span class="sub">on {}</span>',
            self.url_of(obj),
            amount_html(obj.amount_atomic, obj.token, obj.chain),
            Chain(obj.chain).label,
        )

    @column("recipient")
    def recipient(self, obj: Any) -> SafeString:
        shown = whom_html(obj, obj.standing)
        if not obj.is_first:
            return shown
        return format_html('{}<span class="sub">{}</span>', shown, tag_html("new", "new"))

    @column("reference", "keep")
    def reference(self, obj: Any) -> SafeString | str:
        if not obj.reference_id:
            return obj.external_id or ("" if obj.reference_type == "manual" else obj.reference_type)
        kind = "" if obj.reference_type == "manual" else obj.reference_type
        return format_html('{}<span class="sub">{}</span>', obj.reference_id, kind)

    @column("due", "keep")
    def due(self, obj: Any) -> SafeString:
        ended = (Status.SETTLED, Status.FAILED, Status.CANCELED)
        return due_html(obj.due_date, is_open=obj.status not in ended)

    @column("made by")
    def made_by(self, obj: Any) -> SafeString | str:
        if obj.is_mine:
            return format_html("{}", "you")
        is_key = obj.created_by.startswith("key_")
        return f"API: {obj.created_by_name}" if is_key else obj.created_by_name

    @column("risk")
    def risk(self, obj: Any) -> SafeString:
        return joined([*obj.doubts, *risk_of(obj, is_first=obj.is_first)])

    @column("state")
    def state(self, obj: Any) -> SafeString:
        return state_of(obj, obj.heads, obj.verdict)

    # --- many at once ----------------------------------------------------------------------------

    def summary_of(self, rows: list[Any]) -> str:
        return " · ".join([super().summary_of(rows), *(total.words for total in sums_of(rows))])

    def row_title(self, row: Any) -> str:
        return f"{amount_words(row.amount_atomic, row.token, row.chain)} · {row.id}"

    def bulk_table(self, request: HttpRequest, rows: list[Any]) -> list[list[str | SafeString]]:
        return [
            [
                amount_html(row.amount_atomic, row.token, row.chain),
                str(Chain(row.chain).label),
                whom_html(row, row.standing, whole=True),
                joined([*row.doubts, *risk_of(row, is_first=row.is_first)]),
            ]
            for row in rows
        ]

    # --- one payout ------------------------------------------------------------------------------

    def title_of(self, obj: PayoutIntent) -> str:
        return amount_words(obj.amount_atomic, obj.token, obj.chain)

    def facts(self, request: HttpRequest, obj: PayoutIntent) -> list[Facts]:
        return page.facts(obj)

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        heads: Heads = heads_of([obj])
        context: Mapping[str, Any] = page.context(caller_of(request), obj, heads)
        return {
            **super().record_context(request, obj),
            **context,
            **self.retry_context(request, obj),
            **self._acts_context(request, obj, why_not_approve=context["why_not_approve"]),
            **self.notes_context(request, obj),
        }

    def _acts_context(
        self, request: HttpRequest, obj: PayoutIntent, *, why_not_approve: str | None
    ) -> dict[str, Any]:
        """What decides about a proposal stands beside it, not among the other acts.

        Where the page says why this person cannot approve it, there is no button to try.
        """
        offered = self.acts_for(request, obj)
        beside = {act.name: url for act, url in offered if act.name in _ABOUT_PROPOSAL}
        hidden = (*_ABOUT_PROPOSAL, "approve") if why_not_approve else _ABOUT_PROPOSAL
        return {
            "acts": [(act, url) for act, url in offered if act.name not in hidden],
            "use_proposed_url": beside.get("use_proposed_hash", ""),
            "decline_proposed_url": beside.get("decline_proposed_hash", ""),
        }

    def button_for(self, act: Act, obj: PayoutIntent) -> str:
        """With the money in it, where the act decides about money."""
        if act.name not in ("approve", "hand_over", "reject", "cancel", "take_back"):
            return act.label
        return f"{act.label} {amount_words(obj.amount_atomic, obj.token, obj.chain)}"

    def act_facts(self, request: HttpRequest, obj: PayoutIntent, act: Act) -> list[Facts]:
        return page.what_it_pays(obj, caller_of(request))
