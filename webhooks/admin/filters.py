"""What narrows the list of deliveries: an endpoint, a state, a type of event."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.admin_context import caller_of
from events.types import EventType
from webhooks.models import DeliveryStatus, Endpoint

MOST_OFFERED = 50


class OfEndpoint(admin.SimpleListFilter):
    """Those of one endpoint. The newest endpoints are offered; an address may name any."""

    title = "endpoint"
    parameter_name = "endpoint"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        mine = Endpoint.objects.visible_to(caller_of(request))
        offered = list(
            mine.filter(deleted_at=None)
            .order_by("-created_at", "-id")
            .values_list("id", "url")[:MOST_OFFERED]
        )
        chosen = self.value()
        if chosen and all(chosen != id_ for id_, _ in offered):
            offered += mine.filter(id=chosen).values_list("id", "url")
        return [(id_, without_scheme(url)) for id_, url in offered]

    def has_output(self) -> bool:
        """Also for a single endpoint: its name says which deliveries these are."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(endpoint_id=chosen) if chosen else queryset


class OfState(admin.SimpleListFilter):
    title = "state"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in DeliveryStatus.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(status=chosen) if chosen in DeliveryStatus.values else queryset


class OfType(admin.SimpleListFilter):
    title = "event"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in EventType.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(event__type=chosen) if chosen in EventType.values else queryset


def without_scheme(url: str) -> str:
    return url.partition("://")[2] or url
