"""Pages of a list, by key and not by offset: each row once, whatever happens meanwhile.

Newest first, unless a list says otherwise (`Upwards`).

A cursor holds the place of the last row of a page and a signature over that place and all it
belongs to: the list, the organization, the environment and the filters. Moved anywhere else it is
refused as `invalid_cursor`.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar, cast

from django.conf import settings
from django.db import models
from django.db.models.expressions import Func, Value
from django.db.models.lookups import LessThan
from rest_framework.request import Request

from billing.callers import Caller
from billing.errors import InvalidRequest

LIMIT, MOST = 25, 100
ROWS_AT_ONCE = 1_000  # of a walk

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNATURE_BYTES = 16

Model = TypeVar("Model", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Model]):
    """One page. `next_cursor` is None exactly where `has_more` is false."""

    rows: Sequence[Model]
    has_more: bool
    next_cursor: str | None


class Order(Protocol):
    """How a list is sorted. A place is a row's in it, as text that a cursor carries."""

    def sort(self, queryset: models.QuerySet[Model]) -> models.QuerySet[Model]: ...

    def beyond(self, queryset: models.QuerySet[Model], place: str) -> models.QuerySet[Model]: ...

    def place_of(self, row: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class NewestFirst:
    """By one time downwards, and by the text `id` within one moment."""

    field: str = "created_at"

    def sort(self, queryset: models.QuerySet[Model]) -> models.QuerySet[Model]:
        return queryset.order_by(f"-{self.field}", "-id")

    def beyond(self, queryset: models.QuerySet[Model], place: str) -> models.QuerySet[Model]:
        micros, _, row_id = place.partition(" ")
        at = _EPOCH + timedelta(microseconds=int(micros))
        return queryset.filter(LessThan(Row(self.field, "id"), Row(Value(at), Value(row_id))))

    def place_of(self, row: Any) -> str:
        return f"{(getattr(row, self.field) - _EPOCH) // timedelta(microseconds=1)} {row.pk}"

    def walked(self, queryset: models.QuerySet[Model]) -> Iterator[Sequence[Model]]:
        """All rows, a thousand at a time: memory and statements stay small."""
        ordered = self.sort(queryset)
        page = ordered[:ROWS_AT_ONCE]
        while rows := list(page):
            yield rows
            if len(rows) < ROWS_AT_ONCE:
                return
            page = self.beyond(ordered, self.place_of(rows[-1]))[:ROWS_AT_ONCE]


@dataclass(frozen=True, slots=True)
class Upwards:
    """By one whole number that no two rows share, upwards."""

    field: str

    def sort(self, queryset: models.QuerySet[Model]) -> models.QuerySet[Model]:
        return queryset.order_by(self.field)

    def beyond(self, queryset: models.QuerySet[Model], place: str) -> models.QuerySet[Model]:
        return queryset.filter(**{f"{self.field}__gt": int(place)})

    def place_of(self, row: Any) -> str:
        return str(getattr(row, self.field))


NEWEST_FIRST = NewestFirst()


def page(
    queryset: models.QuerySet[Model],
    request: Request,
    *,
    name: str,
    filters: Iterable[str] | None = None,
    order: Order = NEWEST_FIRST,
    offset: int = 0,
) -> Page[Model]:
    """Return the page of `queryset` that the request asks for, in one query.

    `filters` names the query parameters that narrowed the queryset or chose its order; unsaid, it
    is every parameter but cursor and limit. `offset` rows are left out first.
    Raises InvalidRequest with `invalid_limit` or `invalid_cursor`.
    """
    limit = _limit_of(request)
    binding = _binding(request, name, filters)
    if (cursor := request.query_params.get("cursor")) is not None:
        queryset = order.beyond(queryset, _read(cursor, binding))
    rows = list(order.sort(queryset)[offset : offset + limit + 1])
    has_more = len(rows) > limit
    rows = rows[:limit]
    next_cursor = _write(order.place_of(rows[-1]), binding) if has_more else None
    return Page(rows, has_more, next_cursor)


def envelope(page: Page[Model], data: Sequence[Any]) -> dict[str, Any]:
    """The answer of every list; `data` are the page's rows as JSON."""
    return {"data": data, "has_more": page.has_more, "next_cursor": page.next_cursor}


class Row(Func):
    """`(created_at, id)`, so that two of them are compared as rows.

    The spelled-out `a < x OR (a = x AND …)` makes the planner leave the index at a million rows.
    """

    template = "(%(expressions)s)"
    output_field = models.CharField()  # Django wants one; a row has none and nobody reads it.


def _limit_of(request: Request) -> int:
    text = request.query_params.get("limit", str(LIMIT))
    if text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST:
        return int(text)
    raise InvalidRequest(
        f"The limit must be a whole number from 1 to {MOST}.", code="invalid_limit", param="limit"
    )


def _binding(request: Request, name: str, filters: Iterable[str] | None) -> bytes:
    caller = cast(Caller, request.auth)
    query = request.query_params
    named = sorted(filters if filters is not None else query.keys() - {"cursor", "limit"})
    chosen = [(key, sorted(query.getlist(key))) for key in named if key in query]
    return repr((name, caller.organization_id, caller.environment, chosen)).encode()


def _write(place: str, binding: bytes) -> str:
    text = place.encode()
    return base64.urlsafe_b64encode(_signature(text, binding) + text).decode().rstrip("=")


def _read(cursor: str, binding: bytes) -> str:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid_cursor() from error
    signature, place = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(place, binding)):
        raise _invalid_cursor()
    return place.decode()


def _signature(place: bytes, binding: bytes) -> bytes:
    key = hashlib.sha256(b"billing.api.pagination " + settings.SECRET_KEY.encode()).digest()
    text = len(binding).to_bytes(8, "big") + binding + place
    return hmac.new(key, text, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _invalid_cursor() -> InvalidRequest:
    return InvalidRequest(
        "This cursor does not belong to this list with these filters. Begin without one.",
        code="invalid_cursor",
        param="cursor",
    )
