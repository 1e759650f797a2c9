"""The filter of lists by day: a span up to today, or any two days of the reader's zone."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

SPANS = {1: "Today", 7: "Last 7 days", 30: "Last 30 days"}


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        # Days that every database and every time zone can hold.
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))],
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class DaysForm(forms.Form):
    """The first and the last day, both inclusive; either may be left open."""

    use_required_attribute = False

    from_ = _day("From")
    to = _day("To")

    def add_prefix(self, field_name: str) -> str:
        """As the address has them."""
        return field_name.rstrip("_")


class Created(admin.ListFilter):
    """Rows made within some days of the reader's zone: a span up to today, or any two days."""

    title = "created"
    time = "created_at"  # the column that is compared
    parameters = ("from", "to")

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.parameters:
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.form = DaysForm(self.used_parameters)
        self.form.is_valid()

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day; what is no date counts as not given."""
        data = self.form.cleaned_data
        return data.get("from_"), data.get("to")

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.parameters)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self.days
        if first is not None:
            queryset = queryset.filter(**{f"{self.time}__gte": _midnight(first)})
        if last is not None:
            queryset = queryset.filter(**{f"{self.time}__lt": _midnight(last + timedelta(days=1))})
        return queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first, last = self.days
        today = timezone.localdate()
        yield {
            "selected": first is None and last is None,
            "query_string": changelist.get_query_string(remove=self.parameters),
            "display": "All",
        }
        spans = {today - timedelta(days=days - 1): words for days, words in SPANS.items()}
        for begin, words in spans.items():
            yield {
                "selected": first == begin and last is None,
                "query_string": changelist.get_query_string({"from": begin.isoformat()}, ["to"]),
                "display": words,
            }
        if (first or last) and (first not in spans or last is not None):
            yield {
                "selected": True,
                "query_string": changelist.get_query_string(),
                "display": _days_words(first, last),
            }


def _midnight(day: date) -> datetime:
    """When a day begins in the reader's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _days_words(first: date | None, last: date | None) -> str:
    """`1 Nov 2025 to 5 Nov 2025`, `since …`, `until …`."""
    shown = [f"{day:%-d %b %Y}" if day else "" for day in (first, last)]
    if not shown[0]:
        return f"until {shown[1]}"
    return f"{shown[0]} to {shown[1]}" if shown[1] else f"since {shown[0]}"
