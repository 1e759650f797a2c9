"""A list of the admin that can be taken away as a file: what it shows, all pages of it."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from billing.admin import ReadOnlyAdmin
from billing.admin_context import place_of
from billing.callers import Caller
from billing.display import zone
from billing.errors import BillingError


class Exporter(Protocol):
    """Answers rows as a file, and publishes that. A BillingError is told above the list."""

    def __call__(
        self,
        caller: Caller,
        rows: QuerySet[Any],
        /,
        *,
        format: str,
        zone: ZoneInfo,
        filters: Mapping[str, str],
    ) -> HttpResponseBase: ...


class ExportsList(ReadOnlyAdmin):
    """A subclass names its `exporter`; the page then offers CSV and XLSX (screens/export.html)."""

    exporter: ClassVar[Exporter]

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.export_view))
        return [path("export/", view, name=self._export_name()), *super().more_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        place = place_of(request)
        extra = {
            "export_url": reverse(f"admin:{self._export_name()}"),
            "export_query": request.GET.urlencode(),
            "zone": place.here.time_zone if place else "UTC",
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The file, or the list again with what is in its way."""
        place = place_of(request)
        if place is None or not self.has_view_permission(request):
            raise PermissionDenied(f"Your role may not do this. It needs {self.view_scope}.")
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            messages.error(request, "There is no such list. Choose the filters anew.")
            return HttpResponseRedirect(self.list_url())
        try:
            return self.exporter(
                place.caller,
                rows,
                format=request.POST.get("format", ""),
                zone=zone(place.here.time_zone),
                filters={
                    name: ",".join(values)
                    for name, values in request.GET.lists()
                    if name != PAGE_VAR
                },
            )
        except BillingError as refusal:
            messages.error(request, refusal.message)
            return HttpResponseRedirect(f"{self.list_url()}?{request.GET.urlencode()}")

    def _export_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_export"
