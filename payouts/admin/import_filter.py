"""The queue, as far as it holds what one import made."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.admin import NUL
from billing.admin_context import caller_of
from payouts.models import PayoutImport


class FromImport(admin.SimpleListFilter):
    """One import's payouts. It is offered where the address names an import, as its page does."""

    title = "import"
    parameter_name = "import"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        if not asked or NUL in asked:
            return []
        rows = PayoutImport.objects.visible_to(caller_of(request)).filter(id=asked)
        return list(rows.values_list("id", "file_name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(payout_import_id=self.value())
