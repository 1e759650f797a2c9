"""Renewals in the admin: what is due, open, failed and paid, and who must be told."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, ActsAdmin
from billing.admin import Facts, column, text
from billing.admin_context import caller_of, may
from billing.display import amount_html, copy_html
from checkouts.admin.page import link_html, link_to
from checkouts.models import Checkout
from customers.models import Customer
from subscriptions.admin.acts import RENEWAL_ACTS, follows_retry
from subscriptions.admin.filters import (
    RENEWAL_TABS,
    RenewalTab,
    find_renewals,
    now_of,
    renewal_counts,
    renewal_tab,
    tabs_of,
)
from subscriptions.admin.words import (
    READ,
    attempts_words,
    customer_html,
    day_in,
    in_zone,
    moment_in,
    period_html,
    period_words,
    renewal_state,
    renewal_words,
)
from subscriptions.answers import hosted_url
from subscriptions.models import Plan, Renewal, RenewalSettings, RenewalStatus, Subscription
from subscriptions.renewal_settings import settings_of

_OF_A_ROW = ("subscription__customer", "subscription__plan")
_ALERTS = frozenset({"failed"})
_WE_TELL = "We e-mail customers when they are asked to pay."
_YOU_TELL = (
    "Customers are not e-mailed by us: tell those who are asked for their page, or let your shop "
    "do it on subscription.renewal_due."
)


@admin.register(Renewal)
class RenewalAdmin(ActsAdmin):
    view_scope = READ
    noun = "renewal"
    plural = "Renewals"
    empty_text = (
        "Each period of a subscription has one. It is made some days before the period begins, "
        "with a page to pay on."
    )
    list_display = ("amount", "who", "period", "due", "attempts", "page_", "state")
    list_filter = (RenewalTab,)
    list_select_related = _OF_A_ROW
    search_fields = ("id",)
    search_placeholder = "Customer, external id or id"
    record_template = "admin/subscriptions/renewal.html"
    acts = RENEWAL_ACTS

    # --- the list --------------------------------------------------------------------------------

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What is open by when it is due, anything else newest first."""
        is_open = renewal_tab(request) in ("due", "open")
        return ("period_start", "id") if is_open else ("-created_at", "-id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        found = find_renewals(queryset, term, caller_of(request)) if term else queryset
        return found, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra: dict[str, Any] = {}
        if may(request, READ):
            here = renewal_tab(request)
            counts = renewal_counts(caller_of(request), now_of(request))
            extra = {
                "tabs": tabs_of(RENEWAL_TABS, here, counts, _ALERTS),
                "tab_query": f"tab={here}",
                "empty_title": _EMPTY_TITLES[here],
                "search_help": "A search finds customers by part of their name, address or id.",
                "intro": _WE_TELL if self._settings(request).emails_customers else _YOU_TELL,
            }
            if here in ("due", "open"):
                extra |= {"previous_words": "Sooner", "next_words": "Later"}
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.now, row.zone = now_of(request), row.subscription.time_zone
        return rows

    @column("amount", "lead number")
    def amount(self, obj: Renewal) -> SafeString:
        return format_html(
            '<a class="to" href="{}">{}</a><span class="sub url">{}</span>',
            self.url_of(obj),
            amount_html(obj.amount_atomic, obj.token, obj.chain),
            obj.subscription.plan,
        )

    @column("customer")
    def who(self, obj: Renewal) -> SafeString:
        return customer_html(obj.subscription.customer)

    @column("period", "keep")
    def period(self, obj: Any) -> SafeString:
        return period_html(obj.period_start, obj.period_end, obj.zone)

    @column("due", "keep")
    def due(self, obj: Any) -> SafeString:
        return moment_in(obj.period_start, obj.now, obj.zone)

    @column("attempts", "keep")
    def attempts(self, obj: Renewal) -> str:
        return attempts_words(obj)

    @column("to pay on", "keep")
    def page_(self, obj: Renewal) -> SafeString | str:
        if obj.status != RenewalStatus.CHECKOUT_CREATED:
            return text(None)
        return format_html(
            '<a class="link" href="{}" target="_blank" rel="noopener"'
            ' aria-label="Its page, for {}">Its page</a>',
            hosted_url(obj.checkout_id),
            obj.subscription.customer,
        )

    @column("state")
    def state(self, obj: Any) -> SafeString:
        return renewal_state(obj, obj.now)

    # --- one renewal -----------------------------------------------------------------------------

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Renewal | None:
        """With whose it is, in one query."""
        rows = self.get_queryset(request).select_related(*_OF_A_ROW)
        found: Renewal | None = rows.filter(pk=object_id).first()
        return found

    def title_of(self, obj: Renewal) -> str:
        zone = obj.subscription.time_zone
        return f"{renewal_words(obj)} for the period from {day_in(obj.period_start, zone)}"

    def facts(self, request: HttpRequest, obj: Renewal) -> list[Facts]:
        now = now_of(request)
        return [Facts("Renewal", _rows(obj, now)), self._whom(request, obj)]

    def _whom(self, request: HttpRequest, obj: Renewal) -> Facts:
        """Who must be told, by whom, and of which page."""
        customer = obj.subscription.customer
        rows: list[tuple[str, str | SafeString]] = [
            ("Customer", link_to(Customer, customer.pk, str(customer))),
            ("E-mail", copy_html(customer.email, "e-mail address")),
        ]
        url = hosted_url(obj.checkout_id)
        if url and obj.status == RenewalStatus.CHECKOUT_CREATED:
            rows.append(("Page to pay on", link_html(url)))
            rows.append(("Told", self._told(request, obj)))
            return Facts("Who must be told", rows)
        return Facts("Whose it is", rows)

    def _told(self, request: HttpRequest, obj: Renewal) -> str:
        if obj.mail_owed_at is not None:
            return "Our e-mail is on its way."
        return _WE_TELL if self._settings(request).emails_customers else "Not by us: send it them."

    def record_context(self, request: HttpRequest, obj: Renewal) -> dict[str, Any]:
        return {
            **super().record_context(request, obj),
            "problem": obj.problem,
        }

    def act_facts(self, request: HttpRequest, obj: Renewal, act: Act) -> list[Facts]:
        zone = obj.subscription.time_zone
        rows: list[tuple[str, str | SafeString]] = [
            ("Customer", str(obj.subscription.customer)),
            ("E-mail", obj.subscription.customer.email),
            ("Period", period_words(obj.period_start, obj.period_end, zone)),
            ("State", renewal_state(obj, now_of(request))),
            ("What follows", follows_retry(obj)),
        ]
        return [Facts("The renewal", rows)]

    def _settings(self, request: HttpRequest) -> RenewalSettings:
        caller = caller_of(request)
        return settings_of(caller.organization_id, caller.environment.value)


def _rows(renewal: Renewal, now: datetime) -> list[tuple[str, str | SafeString]]:
    subscription, zone = renewal.subscription, renewal.subscription.time_zone
    checkout = renewal.checkout_id
    times = {
        "Asked for": renewal.attempted_at,
        "Open until": renewal.closes_at,
        "Next attempt": renewal.next_attempt_at,
        "Paid": renewal.paid_at,
        "Closed": renewal.closed_at,
    }
    start, end = in_zone(renewal.period_start, zone), in_zone(renewal.period_end, zone)
    return [
        ("State", renewal_state(renewal, now)),
        ("Subscription", link_to(Subscription, subscription.pk, subscription.pk)),
        ("Plan", link_to(Plan, subscription.plan_id, str(subscription.plan))),
        ("Period", f"{start} to {end}"),
        ("Amount", amount_html(renewal.amount_atomic, renewal.token, renewal.chain)),
        ("On", renewal.get_chain_display()),
        ("Due", moment_in(renewal.period_start, now, zone)),
        ("Attempts", attempts_words(renewal)),
        *[(name, moment_in(at, now, zone)) for name, at in times.items() if at is not None],
        ("Checkout", link_to(Checkout, checkout, checkout) if checkout else text(None)),
        ("Time zone", zone),
        ("Id", copy_html(renewal.id, "id")),
    ]


def list_url(tab: str) -> str:
    """The list of renewals, at one of its tabs."""
    return f"{reverse('admin:subscriptions_renewal_changelist')}?tab={tab}"


_EMPTY_TITLES = {
    "due": "Nothing is due in the next 7 days",
    "open": "Nobody is asked to pay",
    "failed": "No renewal failed",
    "paid": "None was paid yet",
    "all": "No renewals yet",
}
