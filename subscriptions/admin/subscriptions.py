"""Subscriptions in the admin: the page that sums up, the list, and each one's own page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act
from billing.admin import Facts, column, text
from billing.admin_context import caller_of, may
from billing.creating import CreatesAdmin
from billing.display import moment_html
from billing.errors import BillingError
from subscriptions import services
from subscriptions.admin import overview, subscription_page
from subscriptions.admin.acts import RENEWAL_ACTS, SUBSCRIPTION_ACTS, can_retry, follows
from subscriptions.admin.filters import (
    SUBSCRIPTION_TABS,
    SubscriptionTab,
    find_subscriptions,
    now_of,
    subscription_counts,
    subscription_tab,
    tabs_of,
)
from subscriptions.admin.renewals import RenewalAdmin
from subscriptions.admin.subscription_forms import NewSubscriptionForm
from subscriptions.admin.timeline import timeline
from subscriptions.admin.words import (
    READ,
    WRITE,
    customer_html,
    moment_in,
    price_words,
    renewal_state,
    state_of,
)
from subscriptions.models import Renewal, Status, Subscription

_OF_A_ROW = ("customer", "plan")
_ALERTS = frozenset({Status.PAST_DUE.value})


@admin.register(Subscription)
class SubscriptionAdmin(CreatesAdmin):
    view_scope = READ
    noun = "subscription"
    plural = "Subscriptions"
    intro = "Who has which plan, and how far they have paid."
    empty_title = "No subscriptions yet"
    empty_text = (
        "One appears here when your shop gives a customer a plan with POST /v1/subscriptions, or "
        "when you start one with the button above."
    )
    list_display = ("who", "plan_", "ends", "payment", "since", "state")
    list_filter = (SubscriptionTab,)
    list_select_related = _OF_A_ROW
    search_fields = ("id",)
    search_placeholder = "Customer, external id or id"
    record_template = "admin/subscriptions/subscription.html"
    new_form = NewSubscriptionForm
    new_scope = WRITE
    new_label = "Start a subscription"
    new_intro = "Without a trial its first payment is asked for at once."
    new_template = "admin/subscriptions/new_subscription.html"
    acts = SUBSCRIPTION_ACTS

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.overview_view)
        return [path("overview/", view, name="subscriptions_overview"), *super().more_urls()]

    # --- the page that sums up -------------------------------------------------------------------

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        caller = caller_of(request)
        caller.require(READ)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Subscriptions",
            "new_url": self.new_url() if may(request, WRITE) else "",
            "new_label": self.new_label,
            "list_url": self.list_url(),
            **overview.context(caller, now_of(request)),
        }
        return TemplateResponse(request, "admin/subscriptions/overview.html", context)

    # --- the list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        found = find_subscriptions(queryset, term, caller_of(request)) if term else queryset
        return found, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra: dict[str, Any] = {}
        if may(request, READ):
            here = subscription_tab(request)
            counts = subscription_counts(caller_of(request))
            extra = {
                "tabs": tabs_of(SUBSCRIPTION_TABS, here, counts, _ALERTS),
                "tab_query": f"tab={here}",
                "search_help": "A search finds customers by part of their name, address or id.",
            }
            if here != "all":
                extra["empty_title"] = f"None is {SUBSCRIPTION_TABS[here].lower()}"
                extra["empty_text"] = _EMPTY[here]
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """One query for the page: the open renewals of its rows."""
        open_ = Renewal.objects.filter(subscription__in=[row.pk for row in rows], closed_at=None)
        by_subscription = {renewal.subscription_id: renewal for renewal in open_.order_by()}
        for row in rows:
            row.open_renewal, row.now = by_subscription.get(row.pk), now_of(request)
        return rows

    @column("customer", "lead")
    def who(self, obj: Subscription) -> SafeString:
        who = customer_html(obj.customer, is_link=False)
        return format_html('<a class="to url" href="{}">{}</a>', self.url_of(obj), who)

    @column("plan")
    def plan_(self, obj: Subscription) -> SafeString:
        return format_html(
            '<span class="url">{}</span><span class="sub">{}</span>',
            obj.plan,
            price_words(obj.plan),
        )

    @column("period ends", "keep")
    def ends(self, obj: Any) -> SafeString:
        return moment_in(obj.current_period_end, obj.now, obj.time_zone)

    @column("payment")
    def payment(self, obj: Any) -> SafeString | str:
        return renewal_state(obj.open_renewal, obj.now) if obj.open_renewal else text(None)

    @column("since", "keep")
    def since(self, obj: Subscription) -> SafeString:
        return moment_html(obj.created_at)

    @column("state")
    def state(self, obj: Subscription) -> SafeString:
        return state_of(obj)

    # --- one that is new -------------------------------------------------------------------------

    def form_for(self, request: HttpRequest) -> forms.Form:
        caller = caller_of(request)
        if request.method == "POST":
            return NewSubscriptionForm(request.POST, caller=caller)
        named = {"customer_id": "customer", "plan_id": "plan"}
        initial = {field: request.GET.get(name, "")[:256] for field, name in named.items()}
        return NewSubscriptionForm(initial=initial, caller=caller)

    def new_context(
        self, request: HttpRequest, form: forms.Form, refusal: BillingError | None
    ) -> dict[str, Any]:
        assert isinstance(form, NewSubscriptionForm)
        return {} if form.has_plans else {"plans_url": reverse("admin:subscriptions_plan_new")}

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Subscription:
        draft = services.NewSubscription(
            customer_id=answers["customer_id"],
            plan_id=answers["plan_id"],
            payment_method_id=answers["payment_method_id"] or None,
        )
        return services.create(caller_of(request), draft)

    # --- one subscription ------------------------------------------------------------------------

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Subscription | None:
        """With all that its pages say of it, in one query."""
        rows = self.get_queryset(request).select_related(*_OF_A_ROW, "payment_method")
        found: Subscription | None = rows.filter(pk=object_id).first()
        return found

    def title_of(self, obj: Subscription) -> str:
        return subscription_page.title_of(obj)

    def record_context(self, request: HttpRequest, obj: Subscription) -> dict[str, Any]:
        """Two queries: its renewals, and its events."""
        now, renewals = now_of(request), subscription_page.renewals_of(obj)
        renewal = subscription_page.open_of(renewals)
        lines, has_older = timeline(obj, renewal)
        most = subscription_page.MOST_RENEWALS
        return {
            **super().record_context(request, obj),
            "subscription": obj,
            "state": state_of(obj),
            "price": price_words(obj.plan),
            "notices": subscription_page.notices_of(obj, renewal, now),
            "retry_url": self._retry_url(request, renewal),
            "renewals": [subscription_page.renewal_cells(each, now) for each in renewals[:most]],
            "renewals_url": f"{reverse('admin:subscriptions_renewal_changelist')}?q={obj.pk}"
            if len(renewals) > most
            else "",
            "timeline": lines,
            "trail_url": f"{reverse('admin:events_event_changelist')}?q={obj.pk}"
            if has_older and may(request, "events:read")
            else "",
            "panels": subscription_page.facts(obj, renewal, now),
        }

    def _retry_url(self, request: HttpRequest, renewal: Renewal | None) -> str:
        """Where this person retries the open renewal; empty where nobody can, or they may not."""
        its_admin = self.admin_site.get_model_admin(Renewal)
        assert isinstance(its_admin, RenewalAdmin)
        (retry,) = RENEWAL_ACTS
        if renewal is None or not may(request, retry.scope) or not can_retry(renewal):
            return ""
        return its_admin.act_url(renewal, retry)

    def act_facts(self, request: HttpRequest, obj: Subscription, act: Act) -> list[Facts]:
        return subscription_page.what_it_asks(obj, follows(act, obj))


_EMPTY = {
    Status.TRIALING.value: "Who has a plan with a trial is here until that is over.",
    Status.ACTIVE.value: "Who has paid, or is asked for the first time, is here.",
    Status.PAST_DUE.value: "Who did not pay in time comes here while attempts are left.",
    Status.PAUSED.value: "What you or your shop pauses is here until it is resumed.",
    Status.CANCELED.value: "What was canceled, or never paid, stays here for the days of grace.",
    Status.EXPIRED.value: "What was canceled comes here once the days of grace are over.",
}
