"""Deliveries in the admin: what is owed to whom, what was sent, and what came back."""

from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, OuterRef, Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, ActsAdmin, Answers
from billing.admin import Facts, RowsList, column, record_url
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.display import copy_html, moment_html, short, tag_html
from events.models import Event
from webhooks import endpoints, redelivering
from webhooks.admin import page
from webhooks.admin.acts import WRITE
from webhooks.admin.filters import OfEndpoint, OfState, OfType, without_scheme
from webhooks.admin.words import delivery_state
from webhooks.models import Delivery, Endpoint, EndpointStatus


class NewestFirst(RowsList):
    """A page of the newest deliveries, taken from each endpoint's own newest ones.

    The index has them by endpoint. Asked for the newest of all, the database would sort every
    delivery of the organization to show fifty. Nothing is joined before the fifty are known.
    """

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        rows: QuerySet[Delivery] = super().get_queryset(request, exclude_parameters)
        most = self.page_num * self.list_per_page + 1
        newest = rows.filter(endpoint=OuterRef("pk")).order_by("-created_at", "-pk")
        each = Func(ArraySubquery(newest.values("pk")[:most]), function="unnest")
        mine = Endpoint.objects.visible_to(caller_of(request)).order_by()
        found = Delivery.objects.filter(pk__in=mine.annotate(newest=each).values("newest"))
        return found.order_by("-created_at", "-pk")


def _redeliver(caller: Caller, delivery_id: str, answers: Answers) -> None:
    delivery = Delivery.objects.get(pk=delivery_id)
    endpoint = endpoints.get(caller, delivery.endpoint_id)
    redelivering.redeliver(caller, endpoint, event_id=delivery.event_id)


def _may_redeliver(delivery: Delivery, caller: Caller) -> bool:
    """Not to a deleted endpoint; to a disabled one it would only be kept."""
    return (
        delivery.endpoint.deleted_at is None and delivery.endpoint.status == EndpointStatus.ACTIVE
    )


_REDELIVER = Act(
    "redeliver",
    "Redeliver",
    WRITE,
    _redeliver,
    asks=lambda d: f"Send {d.event.type} to {d.endpoint} again, now.",
    done=lambda d: f"{d.event.type} is on its way again.",
    offered=_may_redeliver,
)


@admin.register(Delivery)
class DeliveryAdmin(ActsAdmin):
    view_scope = "webhooks:read"
    noun = "delivery"
    plural = "Deliveries"
    intro = "Each event that is owed to an endpoint, newest first, and what came of it."
    empty_title = "Nothing was sent yet"
    empty_text = (
        "Once there is an endpoint, each event that it asked for appears here within a second, "
        "with every attempt to deliver it. Delivered ones are kept for 30 days."
    )
    list_display = ("event_", "to", "number", "attempts_", "answer", "made", "state")
    list_filter = (OfEndpoint, OfState, OfType)
    search_fields = ("id",)
    search_placeholder = "Id of a delivery or an event"
    record_template = "admin/webhooks/delivery.html"
    acts = (_REDELIVER,)

    def rows_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        caller = caller_of(request)
        return rows.filter(
            endpoint__organization_id=caller.organization_id,
            endpoint__environment=caller.environment,
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("endpoint", "event")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RowsList]:
        return NewestFirst

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By its own id or its event's, exactly."""
        if term := search_term.strip():
            queryset = queryset.filter(Q(pk=term) | Q(event_id=term))
        return queryset, False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Three queries for the page: endpoints, events, and what was answered last."""
        prefetch_related_objects(rows, "endpoint", "event")
        last = page.last_attempts(rows)
        for row in rows:
            row.last = last.get(row.pk)
        return rows

    # --- the record ------------------------------------------------------------------------------

    def title_of(self, obj: Delivery) -> str:
        return str(obj.event.type)

    def facts(self, request: HttpRequest, obj: Delivery) -> list[Facts]:
        event = obj.event
        rows: list[tuple[str, str | SafeString]] = [
            ("Endpoint", _endpoint_html(obj.endpoint)),
            ("Event", _link(record_url(Event, event.pk), event.pk)),
            ("About", copy_html(event.resource_id, "id")),
            ("Sequence", f"{obj.sequence:,}"),
            ("Attempts", str(obj.attempts)),
            ("Next attempt", page.next_html(obj)),
            ("Delivered", page.both_html(obj.delivered_at)),
            ("Owed since", moment_html(obj.created_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Delivery", rows)]

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        attempts = page.attempts_of(obj)
        return {
            **super().record_context(request, obj),
            "state": delivery_state(obj),
            "attempts": attempts,
            "more_attempts": max(obj.attempts - len(attempts), 0),
            "next": page.next_words(obj),
            "body": page.body_of(obj),
            "headers": page.headers_of(obj, attempts[0].attempt if attempts else None),
        }

    # --- the list --------------------------------------------------------------------------------

    @column("event", "lead")
    def event_(self, obj: Delivery) -> SafeString:
        return format_html(
            '<a class="to name" href="{}">{}</a><span class="sub"><code>{}</code></span>',
            self.url_of(obj),
            obj.event.type,
            short(obj.event.resource_id),
        )

    @column("to")
    def to(self, obj: Delivery) -> SafeString:
        return format_html('<span class="url">{}</span>', without_scheme(obj.endpoint.url))

    @column("sequence", "number")
    def number(self, obj: Delivery) -> str:
        return f"{obj.sequence:,}"

    @column("attempts", "number")
    def attempts_(self, obj: Delivery) -> str:
        return str(obj.attempts)

    @column("last answer")
    def answer(self, obj: Any) -> SafeString:
        return page.attempt_html(obj.last)

    @column("owed since")
    def made(self, obj: Delivery) -> SafeString:
        return moment_html(obj.created_at)

    @column("state")
    def state(self, obj: Delivery) -> SafeString:
        return delivery_state(obj)


def _endpoint_html(endpoint: Endpoint) -> SafeString:
    if endpoint.deleted_at is not None:
        return format_html("{} {}", endpoint.url, tag_html("deleted"))
    return format_html(
        '<a class="link" href="{}">{}</a>', record_url(Endpoint, endpoint.pk), endpoint.url
    )


def _link(url: str, words: str) -> SafeString:
    return format_html('<a class="link" href="{}"><code>{}</code></a>', url, words)
