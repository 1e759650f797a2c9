"""Whose rows of chainwatch a person sees.

A row of chainwatch names no customer, only an opaque scope. Live rows belong to everybody who may
read payouts (they are public facts); a simulated chain's to the organization that is its scope.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from billing.admin import ReadOnlyAdmin
from billing.admin_context import caller_of


def scope_of(request: HttpRequest) -> str:
    """The scope that the person looks at: the live networks, or their own simulated ones."""
    caller = caller_of(request)
    return "" if caller.is_live else caller.organization_id


def environment_of(scope: str) -> str:
    return "sandbox" if scope else "live"


class ScopedAdmin(ReadOnlyAdmin):
    def rows_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(scope=scope_of(request))
