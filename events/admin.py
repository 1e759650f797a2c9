"""What happened, to be read: nobody edits an event."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, ReadOnlyAdmin, column, text
from billing.display import copy_html, moment_html, short
from events.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    view_scope = "events:read"
    intro = "Every act and every finding, newest first. Each is also what /v1/events answers."
    empty_title = "Nothing has happened yet"
    empty_text = "Each act on a payout, a wallet, a key or a member writes one line here."
    list_display = ("what", "about", "who", "number", "when")
    list_filter = ("type",)
    search_fields = ("id",)
    search_placeholder = "Id of an event, or of what it is about"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the event's own id or by what it is about, exactly: both are indexed."""
        if term := search_term.strip():
            queryset = queryset.filter(Q(id=term) | Q(resource_id=term))
        return queryset, False

    def title_of(self, obj: Event) -> str:
        return obj.type

    def facts(self, request: HttpRequest, obj: Event) -> list[Facts]:
        rows = [
            ("Type", obj.type),
            ("About", copy_html(obj.resource_id, "id")),
            ("Who", obj.actor_name),
            ("Actor", copy_html(obj.actor_id, "id")),
            ("From", text(obj.address)),
            ("When", moment_html(obj.created_at)),
            ("Sequence", text(obj.sequence)),
            ("Id", copy_html(obj.id, "id")),
        ]
        body = json.dumps(obj.payload, indent=2, default=str, ensure_ascii=False)
        payload = format_html('<pre class="payload">{}</pre>', body)
        return [Facts("Event", rows), Facts("Payload, as it was told", [("JSON", payload)])]

    @column("what", "lead")
    def what(self, obj: Event) -> SafeString:
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), obj.type)

    @column("about")
    def about(self, obj: Event) -> SafeString:
        return format_html(
            '<a class="to" href="?q={}"><code>{}</code></a>',
            obj.resource_id,
            short(obj.resource_id),
        )

    @column("who")
    def who(self, obj: Event) -> str:
        return obj.actor_name

    @column("sequence", "number")
    def number(self, obj: Event) -> str | SafeString:
        return text(obj.sequence)

    @column("when")
    def when(self, obj: Event) -> SafeString:
        return moment_html(obj.created_at)
