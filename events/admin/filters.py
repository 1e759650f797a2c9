"""What narrows the audit trail: who, the kind of thing, the act, the day."""

from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.admin_context import caller_of
from billing.callers import Caller
from billing.day_filter import Created
from events.sentences import KINDS, act_words, kind_of
from events.types import EventType

MOST_OFFERED = 50

# From one actor to the next by the index: DISTINCT would read every event.
_ACTORS = """
WITH RECURSIVE actor AS (
    (SELECT actor_id FROM events_event
     WHERE organization_id = %(organization)s AND environment = %(environment)s
     ORDER BY actor_id LIMIT 1)
    UNION ALL
    SELECT (SELECT actor_id FROM events_event
            WHERE organization_id = %(organization)s AND environment = %(environment)s
                AND actor_id > actor.actor_id
            ORDER BY actor_id LIMIT 1)
    FROM actor WHERE actor.actor_id IS NOT NULL
)
SELECT actor_id, (
    SELECT actor_name FROM events_event AS event
    WHERE organization_id = %(organization)s AND environment = %(environment)s
        AND event.actor_id = actor.actor_id
    ORDER BY created_at DESC, id DESC LIMIT 1
) FROM actor WHERE actor_id IS NOT NULL LIMIT %(most)s
"""


class ByWhom(admin.SimpleListFilter):
    """Those of one person, key, or the system. Fifty are offered; an address may name any."""

    title = "who"
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        offered = _actors(caller_of(request))
        chosen = self.value()
        if chosen and all(chosen != actor_id for actor_id, _ in offered):
            offered.append((chosen, chosen))
        return sorted(offered, key=lambda one: one[1].lower())

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(actor_id=chosen) if chosen else queryset


class OfKind(admin.SimpleListFilter):
    title = "thing"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(KINDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        types = [value for value in EventType.values if kind_of(value) == self.value()]
        return queryset.filter(type__in=types) if types else queryset


class OfAct(admin.SimpleListFilter):
    """One type of event, offered once a kind is chosen: all together they would be a hundred."""

    title = "act"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kind = request.GET.get("kind") or kind_of(self.value() or "")
        offered = [value for value in EventType.values if kind_of(value) == kind]
        return [(value, act_words(value)) for value in offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(type=chosen) if chosen in EventType.values else queryset


class OnDays(Created):
    title = "when"


def _actors(caller: Caller) -> list[tuple[str, str]]:
    place = {"organization": caller.organization_id, "environment": str(caller.environment)}
    with connection.cursor() as cursor:
        cursor.execute(_ACTORS, {**place, "most": MOST_OFFERED})
        found = cursor.fetchall()
    return [(actor_id, _named(actor_id, name)) for actor_id, name in found]


def _named(actor_id: str, name: str) -> str:
    """The system acts under several names: as the watcher, and others."""
    if actor_id == "system":
        return "The system"
    return f"API key {name.removeprefix('key ')}" if actor_id.startswith("key_") else name
