"""What narrows the lists of plans, subscriptions and renewals, and the tabs above them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet, Value
from django.http import HttpRequest

from billing.admin_context import caller_of
from billing.callers import Caller
from checkouts.models import Checkout
from customers.models import Customer
from customers.searching import LONGEST_TERM, found
from organizations import clock
from subscriptions.models import (
    Interval,
    PlanStatus,
    Renewal,
    RenewalStatus,
    Status,
    Subscription,
)

MOST_COUNTED = 1_000
SOON = timedelta(days=7)
ALL = "all"
SUBSCRIPTION_TABS = {
    ALL: "All",
    Status.TRIALING.value: "Trialing",
    Status.ACTIVE.value: "Active",
    Status.PAST_DUE.value: "Past due",
    Status.PAUSED.value: "Paused",
    Status.CANCELED.value: "Canceled",
    Status.EXPIRED.value: "Expired",
}
RENEWAL_TABS = {
    "due": "Due soon",
    "open": "Open",
    "failed": "Failed",
    "paid": "Paid",
    ALL: "All",
}
# What is counted: the rest only grows, and nobody acts on how many there are.
_COUNTED = (Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.PAUSED)


class _OneOf(admin.SimpleListFilter):
    """Rows whose field holds one of a few stored words."""

    words: ClassVar[Mapping[str, str]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen not in self.words:
            return queryset
        return queryset.filter(**{str(self.parameter_name): chosen})


class OfPlanStatus(_OneOf):
    title = parameter_name = "status"
    words: ClassVar[Mapping[str, str]] = {word: word for word in PlanStatus.values}


class OfInterval(_OneOf):
    title = parameter_name = "interval"
    words: ClassVar[Mapping[str, str]] = {word: word for word in Interval.values}


class Tab(admin.SimpleListFilter):
    """Which tab; the rows of it are chosen by the list itself. Drawn above the filters."""

    title = parameter_name = "tab"
    is_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield from ()


class SubscriptionTab(Tab):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = subscription_tab(request)
        return queryset if chosen == ALL else queryset.filter(status=chosen)


class RenewalTab(Tab):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return renewals_in(queryset, renewal_tab(request), now_of(request))


def subscription_tab(request: HttpRequest) -> str:
    """The tab that the address names, else all."""
    chosen = request.GET.get("tab", "")
    return chosen if chosen in SUBSCRIPTION_TABS else ALL


def renewal_tab(request: HttpRequest) -> str:
    """The tab that the address names: what is open first, except for a search."""
    chosen = request.GET.get("tab", "")
    if chosen in RENEWAL_TABS:
        return chosen
    return ALL if request.GET.get("q", "").strip() else "open"


def now_of(request: HttpRequest) -> datetime:
    """What time it is for the organization; asked once for a request."""
    if not hasattr(request, "_own_now"):
        caller = caller_of(request)
        moment = clock.now(caller.organization_id, caller.environment.value)
        request._own_now = moment  # type: ignore[attr-defined]  # kept for this request alone
    now: datetime = request._own_now  # type: ignore[attr-defined]  # set above
    return now


def renewals_in(rows: QuerySet[Renewal], tab: str, now: datetime) -> QuerySet[Renewal]:
    """The renewals of one tab. `due` are the open ones whose period begins in the next days."""
    if tab == "due":
        return rows.filter(is_due(now))
    if tab == "open":
        return rows.filter(closed_at=None)
    if tab == "failed":
        return rows.filter(status=RenewalStatus.FAILED)
    return rows.filter(status=RenewalStatus.PAID) if tab == "paid" else rows


def is_due(now: datetime) -> Q:
    """Open, and for a period that begins within the next seven days."""
    return Q(closed_at=None, period_start__gt=now, period_start__lte=now + SOON)


def subscription_counts(caller: Caller) -> Counter[str]:
    """How many there are in the states that move, counted up to MOST_COUNTED, in one statement."""
    mine = Subscription.objects.visible_to(caller).order_by()
    first, *others = [
        mine.filter(status=status).values_list("status")[:MOST_COUNTED] for status in _COUNTED
    ]
    return Counter(row[0] for row in first.union(*others, all=True))


def renewal_counts(caller: Caller, now: datetime) -> Counter[str]:
    """How many renewals each tab has that somebody may have to act on, in one statement."""
    mine = Renewal.objects.visible_to(caller).order_by()
    first, *others = [
        renewals_in(mine, tab, now).annotate(tab=Value(tab)).values_list("tab")[:MOST_COUNTED]
        for tab in ("due", "open", "failed")
    ]
    return Counter(row[0] for row in first.union(*others, all=True))


def tabs_of(
    words: Mapping[str, str], here: str, counts: Counter[str], alerts: frozenset[str]
) -> list[dict[str, Any]]:
    """The tabs as the list's template draws them; those of `alerts` count in red."""
    return [
        {
            "label": label,
            "url": f"?tab={tab}",
            "is_here": tab == here,
            "count": count_words(counts[tab]) if counts[tab] else "",
            "is_alert": tab in alerts,
        }
        for tab, label in words.items()
    ]


def count_words(count: int) -> str:
    """`999+` where nobody counted further."""
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)


def find_subscriptions(
    rows: QuerySet[Subscription], term: str, caller: Caller
) -> QuerySet[Subscription]:
    """Those that a search finds: by a whole id, or by what is remembered of their customers."""
    named = {"sub_": "pk", "cus_": "customer_id", "plan_": "plan_id", "ren_": "renewals__pk"}
    for prefix, field in named.items():
        if term.startswith(prefix):
            return rows.filter(**{field: term})
    if term.startswith("co_"):
        return rows.filter(pk__in=_checkout(term, caller).values("subscription_id"))
    return rows.filter(customer__in=_customers(term, caller))


def find_renewals(rows: QuerySet[Renewal], term: str, caller: Caller) -> QuerySet[Renewal]:
    """The same for renewals."""
    named = {"ren_": "pk", "sub_": "subscription_id",
             "cus_": "subscription__customer_id", "plan_": "subscription__plan_id"}  # fmt: skip
    for prefix, field in named.items():
        if term.startswith(prefix):
            return rows.filter(**{field: term})
    if term.startswith("co_"):
        return rows.filter(pk__in=_checkout(term, caller).values("renewal_id"))
    return rows.filter(subscription__customer__in=_customers(term, caller))


def _checkout(checkout_id: str, caller: Caller) -> QuerySet[Checkout]:
    """The checkout of that id, of whichever attempt it is."""
    mine: QuerySet[Checkout] = Checkout.objects.visible_to(caller).order_by()
    return mine.filter(pk=checkout_id)


def _customers(term: str, caller: Caller) -> QuerySet[Customer]:
    mine: QuerySet[Customer] = Customer.objects.visible_to(caller).order_by()
    environment = caller.environment.value
    return found(mine, caller.organization_id, environment, term[:LONGEST_TERM])
