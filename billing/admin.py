"""What every screen of the admin shares: whose rows it shows, how a list and a record are written.

Nothing is edited here. A list reads, a record shows, and what changes goes through billing.acts,
whose buttons call the services.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.core.signals import request_started
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from billing.admin_context import caller_of, may
from billing.display import NOTHING

MOST_PAGES = 1_000_000  # What is beyond cannot be counted by the database either.
NUL = "\x00"  # No text of the database holds one: what names it is not there.
M = TypeVar("M", bound=Model)
Cell = Callable[[Any, M], "str | SafeString | None"]


def column(label: str, css: str = "") -> Callable[[Cell[M]], Cell[M]]:
    """A method that writes one cell of a list. `number` is right-aligned, `lead` heads a card."""

    def marked(method: Cell[M]) -> Cell[M]:
        method.short_description = label  # type: ignore[attr-defined]  # as Django's admin reads it
        method.css = css  # type: ignore[attr-defined]  # as templatetags.screens reads it
        return method

    return marked


@dataclass(frozen=True, slots=True)
class Facts:
    """One panel of a record: a title and what is so, each by its name."""

    title: str
    rows: Sequence[tuple[str, str | SafeString]]


class RowsList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """A page of rows, never counted: one row more is read, to know whether there is a next page."""

    has_more = False

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        if not 1 <= self.page_num <= MOST_PAGES:
            raise IncorrectLookupParameters
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return rows

    def get_results(self, request: HttpRequest) -> None:
        first = (self.page_num - 1) * self.list_per_page
        rows = list(self.queryset[first : first + self.list_per_page + 1])
        if not rows and self.page_num > 1:
            raise IncorrectLookupParameters
        self.has_more = len(rows) > self.list_per_page
        self.result_list = self.model_admin.prepare_rows(request, rows[: self.list_per_page])
        self.result_count = len(self.result_list)
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows of the person's organization and environment, to be read by whoever has `view_scope`.

    A subclass writes `list_display` (methods marked by `column`) and `facts`. Rows of others are
    404. Permissions come from the role alone; the rows of django.contrib.auth play no part.
    """

    view_scope: ClassVar[str] = "payouts:read"
    plural: ClassVar[str] = ""  # the list's title, where the model's own words are not a person's
    intro: ClassVar[str] = ""  # one sentence under the title of the list
    empty_title: ClassVar[str] = "Nothing here yet"
    empty_text: ClassVar[str] = ""  # what will appear here, and how it gets here
    record_template: ClassVar[str] = "admin/record.html"
    search_placeholder: ClassVar[str] = "Search"

    list_per_page = 50
    show_full_result_count = False
    actions = None
    sortable_by = ()
    ordering: Sequence[str] = ("-created_at", "-id")

    # --- who may ---------------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, self.view_scope)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.rows_of(request, super().get_queryset(request))

    def rows_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Only the rows of where the person stands. What is not Tenanted overrides this."""
        caller = caller_of(request)
        return rows.filter(organization_id=caller.organization_id, environment=caller.environment)

    # --- where -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """The list and the record, and nothing that adds, changes or deletes."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            *self.more_urls(),
            path("<path:object_id>/change/", wrap(self.record_view), name=f"{name}_change"),
        ]

    def more_urls(self) -> list[URLPattern]:
        return []

    def list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def url_of(self, obj: Model) -> str:
        """The record's page. Quoted, because the admin reads the `_25` of `po_25…` as a `%`."""
        return record_url(self.model, obj.pk)

    # --- the list --------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RowsList

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """A place to read, in one query for the page, what the cells of its rows will need."""
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if any(NUL in value for values in request.GET.lists() for value in values[1]):
            return HttpResponseRedirect(request.path)
        extra = {
            "title": self.list_title(),
            "intro": self.intro,
            "empty_title": self.empty_title,
            "empty_text": self.empty_text,
            "search_placeholder": self.search_placeholder,
        }
        page: HttpResponse = super().changelist_view(request, {**extra, **(extra_context or {})})
        return page

    # --- the record ------------------------------------------------------------------------------

    def record_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.get_or_404(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "obj": obj,
            "title": self.title_of(obj),
            "crumbs": self.crumbs(),
            "panels": self.facts(request, obj),
            **self.record_context(request, obj),
        }
        return TemplateResponse(request, self.record_template, context)

    def get_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The row behind a URL's quoted id; another organization's looks like a missing one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = unquote(object_id)
        obj = None if NUL in pk else self.get_object(request, pk)
        if obj is None:
            raise Http404(f"No such {self.opts.verbose_name}.")
        return obj

    def list_title(self) -> str:
        return self.plural or str(self.opts.verbose_name_plural).capitalize()

    def title_of(self, obj: Any) -> str:
        return str(obj)

    def crumbs(self) -> list[tuple[str, str]]:
        return [(self.list_title(), self.list_url())]

    def facts(self, request: HttpRequest, obj: Any) -> list[Facts]:
        return []

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {}


def record_url(model: type[Model], pk: object) -> str:
    """The page of one row in the admin, its id quoted."""
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[quote(str(pk))])


def text(value: object) -> str | SafeString:
    """A value as it is, or a dash where there is none."""
    return NOTHING if value in (None, "", [], {}) else str(value)


def _forget_zone(**_: object) -> None:
    """A thread serves many readers: the zone of the last one is nobody else's."""
    timezone.deactivate()


request_started.connect(_forget_zone, dispatch_uid="billing.admin.forget_zone")
