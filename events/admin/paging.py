"""Pages of a list that grows for ever: from a place on, never by counting rows off."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from billing.admin import RowsList
from billing.api.pagination import NEWEST_FIRST

BEFORE = "before"


class FromPlace(RowsList):
    """A page of the newest rows, or of those before a row that the address names by its place.

    The place is no filter: a link that filters leads to the newest again.
    """

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.before = request.GET.get(BEFORE, "")
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: Any = None) -> Any:
        self.params.pop(BEFORE, None)
        self.filter_params.pop(BEFORE, None)
        return super().get_filters_params(params)

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        try:
            return NEWEST_FIRST.beyond(rows, self.before) if self.before else rows
        except (ValueError, OverflowError):  # No place that this list gave: it begins anew.
            self.before = ""
            return rows

    def get_results(self, request: HttpRequest) -> None:
        self.page_num = 1
        super().get_results(request)

    @property
    def newest_query(self) -> str:
        """The address of the first page with the same filters."""
        return str(self.get_query_string(remove=["p"]))

    @property
    def older_query(self) -> str:
        """The address of the page behind this one; empty where there is none."""
        if not self.has_more:
            return ""
        place = NEWEST_FIRST.place_of(self.result_list[-1])
        return str(self.get_query_string({BEFORE: place}, remove=["p"]))
