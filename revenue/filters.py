"""What narrows the lists of revenue, and what is asked of accounting. Each checked strictly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.fields import AwareDateTimeField, StrictCharField, StrictChoiceField
from revenue.models import Adjustment, RevenueEvent
from revenue.periods import SPELLINGS, Every, midnight, one, zone_named
from revenue.serializers import TypeField
from revenue.types import RevenueType, SourceType

_EVENT_TYPE = StrictChoiceField(choices=RevenueType.choices)
_TIME = AwareDateTimeField()
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class EventTypeField(NamedWord):
    """The word of a line, checked as every word is, under the contract's name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("RevenueEventType", RevenueType.values, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return _EVENT_TYPE.run_validation(data)  # type: ignore[no-any-return]  # a string


class EventFilters(serializers.Serializer[Any]):
    """Query of GET /v1/revenue/events. Times are those of `occurred_at`."""

    event_type = EventTypeField(required=False, help_text="Only lines of this type.")
    date_from = AwareDateTimeField(required=False, help_text="Occurred then or later.")
    date_to = AwareDateTimeField(required=False, help_text="Occurred earlier than this.")
    type = EventTypeField(required=False, help_text="The same as `event_type`.")
    source_type = StrictChoiceField(
        choices=SourceType.choices, required=False, help_text="Only lines that come from one."
    )
    checkout_id = StrictCharField(
        required=False, max_length=40, help_text="Only lines about this checkout."
    )
    customer_id = StrictCharField(
        required=False, max_length=40, help_text="Only lines about this customer."
    )


class AdjustmentFilters(serializers.Serializer[Any]):
    """Query of GET /v1/revenue/adjustments."""

    type = TypeField(required=False, help_text="Only adjustments of this type.")


class ZoneFilters(serializers.Serializer[Any]):
    """Query of GET /v1/revenue/accounting, but for what is written out below."""

    time_zone = StrictCharField(
        required=False,
        max_length=64,
        help_text="Whose midnights begin a month or a week, by the name that the tz database has: "
        "`UTC` where not given, or `Europe/Berlin`.",
    )


EVENT_LOOKUPS: Mapping[str, str] = {
    "event_type": "event_type",
    "type": "event_type",
    "date_from": "occurred_at__gte",
    "date_to": "occurred_at__lt",
    "source_type": "source_type",
    "checkout_id": "checkout_id",
    "customer_id": "customer_id",
}
_EVENTS, _ADJUSTMENTS, _ZONE = EventFilters(), AdjustmentFilters(), ZoneFilters()
# For the document, which unfolds a serializer into one parameter per field.
EVENT_QUERY: list[Any] = [EventFilters]
ADJUSTMENT_QUERY: list[Any] = [AdjustmentFilters]
_BOUND = "a time, or a day of the time zone such as `2025-01-15`"
ACCOUNTING_QUERY: list[Any] = [
    OpenApiParameter(
        "period",
        {
            "anyOf": [
                {"type": "string", "enum": list(SPELLINGS)},
                {"type": "string", "pattern": r"^\d{4}-(W?\d\d)$"},
            ],
            "default": "monthly",
        },
        description="`monthly` or `weekly` (also `month`, `week`): a row for each. `2025-01` or "
        "`2025-W03`: that one alone.",
    ),
    OpenApiParameter("period_start", str, description=f"From then on: {_BOUND}."),
    OpenApiParameter(
        "period_end", str, description=f"Up to then: {_BOUND}. A day is included, a time is not."
    ),
    ZoneFilters,
]


def events(caller: Caller, query: QueryDict) -> QuerySet[RevenueEvent]:
    """Return the caller's lines that the query asks for. Raises ValidationError."""
    rows: QuerySet[RevenueEvent] = RevenueEvent.objects.visible_to(caller)
    for name, value in _parsed(_EVENTS, EVENT_LOOKUPS, query).items():
        rows = rows.filter(Q(**{EVENT_LOOKUPS[name]: value}))
    return rows


def adjustments(caller: Caller, query: QueryDict) -> QuerySet[Adjustment]:
    """Return the caller's adjustments that the query asks for. Raises ValidationError."""
    rows: QuerySet[Adjustment] = Adjustment.objects.visible_to(caller)
    return rows.filter(**_parsed(_ADJUSTMENTS, ("type",), query))


@dataclass(frozen=True, slots=True)
class Asked:
    """What accounting is asked for."""

    every: Every
    zone: ZoneInfo
    since: datetime | None
    until: datetime | None


def asked(query: Mapping[str, str]) -> Asked:
    """Read the query of accounting. Raises ValidationError, InvalidRequest."""
    given = {"time_zone": query["time_zone"]} if "time_zone" in query else {}
    named = _ZONE.run_validation(given).get("time_zone", "UTC") if given else "UTC"
    zone = zone_named(named)
    since, until = _bound(query, "period_start", zone), _bound(query, "period_end", zone)
    text = query.get("period", Every.MONTH.value)
    every = SPELLINGS.get(text)
    if every is None:
        every, since, until = _one(text, zone, since, until)
    if since and until and since >= until:
        raise InvalidRequest("period_start must be earlier than period_end.", param="period_start")
    return Asked(every, zone, since, until)


def _one(
    text: str, zone: ZoneInfo, since: datetime | None, until: datetime | None
) -> tuple[Every, datetime, datetime]:
    found = one(text, zone)
    if found is None:
        raise InvalidRequest(
            "The period must be monthly, weekly, a month such as 2025-01 or a week such as "
            "2025-W03.",
            code="unknown_period",
            param="period",
        )
    if since or until:
        raise InvalidRequest(
            "One period has its own bounds. Leave out period_start and period_end, or ask for "
            "monthly or weekly.",
            param="period",
        )
    every, span = found
    return every, span.start, span.end


def _bound(query: Mapping[str, str], name: str, zone: ZoneInfo) -> datetime | None:
    """A time, or the midnight of a day: of the day after it, where the day is an end."""
    text = query.get(name)
    if text is None:
        return None
    if not _DATE.fullmatch(text):
        try:
            moment: datetime = _TIME.run_validation(text)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({name: error.detail}) from None
        return moment
    try:
        day = date.fromisoformat(text)
        return midnight(day + timedelta(days=name == "period_end"), zone)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"There is no day {text}.", param=name) from None


def _parsed(fields: serializers.Serializer[Any], names: Any, query: QueryDict) -> dict[str, Any]:
    given = {name: query[name] for name in names if name in query}
    parsed: dict[str, Any] = fields.run_validation(given) if given else {}
    return parsed
