"""The audit trail: what happened, as sentences, to be found, read and exported. Nobody edits it."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.display import absolute, copy_html, icon, joined, moment_html, short, tag_html
from billing.list_exports import ExportsList
from events import exporting, seals
from events.admin.filters import ByWhom, OfAct, OfKind, OnDays
from events.admin.paging import FromPlace
from events.models import Event
from events.sentences import sentence_of, who_of
from events.things import page_of_thing

HIGHEST_NUMBER = 2**63 - 1


@admin.register(Event)
class EventAdmin(ExportsList):
    exporter = staticmethod(exporting.export)
    view_scope = "events:read"
    plural = "Audit trail"
    intro = (
        "Everything that people, keys and the system did, newest first. Nothing here can be "
        "edited, and what is sealed cannot be changed unseen."
    )
    empty_title = "Nothing has happened yet"
    empty_text = "Each act on a payout, a wallet, a key or a member writes one line here."
    list_display = ("what", "about", "who", "when", "seal")
    list_filter = (ByWhom, OfKind, OfAct, OnDays)
    search_fields = ("id",)
    search_placeholder = "Id of anything, or a number"
    change_list_template = "admin/events/trail.html"
    record_template = "admin/events/event.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FromPlace]:
        return FromPlace

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By an id, exactly, or by the number: each is one walk down an index."""
        if term := search_term.strip().lstrip("#").replace(",", ""):
            queryset = queryset.filter(_named(term))
        return queryset, False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """One query for the page: how far events are sealed."""
        caller = caller_of(request)
        sealed = seals.sealed_up_to(caller.organization_id, caller.environment)
        for row in rows:
            row.is_sealed = row.sequence is not None and row.sequence <= sealed
            row.thing_url = page_of_thing(request, row.resource_id)
        return rows

    # --- the record ------------------------------------------------------------------------------

    def title_of(self, obj: Event) -> str:
        return sentence_of(obj)

    def facts(self, request: HttpRequest, obj: Event) -> list[Facts]:
        thing = copy_html(obj.resource_id, "id")
        if url := page_of_thing(request, obj.resource_id):
            thing = joined([thing, format_html('<a class="link" href="{}">open it</a>', url)])
        rows = [
            ("What", obj.type),
            ("About", thing),
            ("Who", who_of(obj)),
            ("Actor", copy_html(obj.actor_id, "id")),
            ("From", text(obj.address)),
            ("When", _both(obj)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Event", rows), Facts("Seal", _seal_rows(obj))]

    def record_context(self, request: HttpRequest, obj: Event) -> dict[str, Any]:
        body = json.dumps(obj.payload, indent=2, default=str, ensure_ascii=False)
        return {**super().record_context(request, obj), "payload": body}

    # --- the list --------------------------------------------------------------------------------

    @column("what", "lead wraps")
    def what(self, obj: Event) -> SafeString:
        return format_html('<a class="to" href="{}">{}</a>', self.url_of(obj), sentence_of(obj))

    @column("about", "keep")
    def about(self, obj: Any) -> SafeString:
        """Its page where it has one that this person may read; else all that happened to it."""
        url = obj.thing_url or f"{self.list_url()}?{urlencode({'q': obj.resource_id})}"
        code = format_html("<code>{}</code>", short(obj.resource_id))
        return format_html('<a class="link" href="{}">{}</a>', url, code)

    @column("who", "keep")
    def who(self, obj: Event) -> str | SafeString:
        if not obj.address:
            return who_of(obj)
        return format_html('{}<span class="sub">{}</span>', who_of(obj), obj.address)

    @column("when", "keep")
    def when(self, obj: Event) -> SafeString:
        return moment_html(obj.created_at)

    @column("number", "number keep")
    def seal(self, obj: Any) -> SafeString:
        if obj.sequence is None:
            return tag_html("new", title="It is numbered and sealed within seconds")
        if not obj.is_sealed:
            return format_html("{} {}", f"{obj.sequence:,}", tag_html("not sealed yet"))
        lock = icon("lock", "sealed")
        return format_html('<span class="sealed">{} {}</span>', f"{obj.sequence:,}", lock)


def _named(term: str) -> Q:
    if term.isascii() and term.isdigit() and len(term) <= 19:
        return Q(sequence=min(int(term), HIGHEST_NUMBER))
    if term.startswith("evt_"):
        return Q(pk=term)
    if term.startswith("co_"):
        return Q(checkout_id=term)
    if term.startswith(("usr_", "key_")):  # what they did, and what was done to them
        return Q(resource_id=term) | Q(actor_id=term)
    return Q(resource_id=term)


def _both(obj: Event) -> SafeString:
    return format_html("{} ({})", absolute(obj.created_at), moment_html(obj.created_at))


def _seal_rows(obj: Event) -> list[tuple[str, str | SafeString]]:
    """Its number, its link, and whether it says what was sealed: computed now, from its row."""
    found = seals.of_event(obj)
    if found is None:
        return [
            ("Number", text(obj.sequence)),
            ("Sealed", "not yet: this happens within seconds where a worker runs"),
        ]
    fits = (
        joined([icon("tick"), format_html("{}", "it says what was sealed")])
        if found.fits
        else tag_html("it does not say what was sealed: run verify_audit", "danger", "warning")
    )
    return [
        ("Number", f"{obj.sequence:,}"),
        ("Sealed", moment_html(found.sealed_at)),
        ("Checked now", fits),
        ("Link", copy_html(found.link, "link")),
    ]
