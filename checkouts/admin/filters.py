"""What narrows the lists of money coming in: a state, a chain, a token, what is unusual, when."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.admin_context import caller_of
from billing.chains import Chain, Token
from checkouts.admin.finding import WORK, in_work
from checkouts.models import MethodStatus, PaymentKind, Status


class _OneOf(admin.SimpleListFilter):
    """Rows whose field holds one of a few stored words."""

    field = ""
    words: ClassVar[dict[str, str]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(**{self.field: chosen}) if chosen in self.words else queryset


class OfStatus(_OneOf):
    title = "status"
    parameter_name = field = "status"
    words: ClassVar[dict[str, str]] = {value: value for value in Status.values}


class OfChain(_OneOf):
    title = "chain"
    parameter_name = field = "chain"
    words: ClassVar[dict[str, str]] = dict(Chain.choices)


class OfToken(_OneOf):
    title = "token"
    parameter_name = field = "token"
    words: ClassVar[dict[str, str]] = dict(Token.choices)


class OfKind(_OneOf):
    title = "kind"
    parameter_name = field = "kind"
    words: ClassVar[dict[str, str]] = dict(PaymentKind.choices)


class OfMethodStatus(_OneOf):
    title = "status"
    parameter_name = field = "status"
    words: ClassVar[dict[str, str]] = {value: value for value in MethodStatus.values}


class OfWork(_OneOf):
    title = "with"
    parameter_name = "work"
    words: ClassVar[dict[str, str]] = WORK

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return in_work(queryset, chosen, caller_of(request)) if chosen in WORK else queryset
