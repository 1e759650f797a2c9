"""Plans in the admin: made, worded, archived, with what they open and who has them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, record_url, text
from billing.admin_context import caller_of, may
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import copy_html, moment_html, state_html
from customers.admin.sections import Cells
from subscriptions import plans
from subscriptions.admin.entitlements import ADD, FOLLOWS, EntitlementAdmin
from subscriptions.admin.filters import OfInterval, OfPlanStatus, now_of
from subscriptions.admin.plan_forms import NewPlanForm, PlanForm, answers_of_plan
from subscriptions.admin.words import (
    PLAN_STATES,
    READ,
    WRITE,
    counted,
    customer_html,
    moment_in,
    price_html,
    price_words,
    state_of,
)
from subscriptions.models import Entitlement, Plan, PlanStatus, Subscription
from subscriptions.states import RUNNING

MOST = 10  # subscriptions on the page of their plan
MOST_ENTITLEMENTS = 100
_ARCHIVED = "Nobody new can subscribe. Those who have it keep it and are asked to pay as before."
_ACTIVE = "New customers can subscribe to it again."


def _update(caller: Caller, plan_id: str, answers: Answers) -> None:
    plans.update(caller, plan_id, answers)


def _archive(caller: Caller, plan_id: str, answers: Answers) -> None:
    plans.update(caller, plan_id, {"status": PlanStatus.ARCHIVED.value})


def _activate(caller: Caller, plan_id: str, answers: Answers) -> None:
    plans.update(caller, plan_id, {"status": PlanStatus.ACTIVE.value})


ACTS = (
    Act(
        "update",
        "Change",
        WRITE,
        _update,
        asks=lambda plan: f"Change what customers read of {plan}. Its price never changes",
        done=lambda plan: "It is changed.",
        form=PlanForm,
        initial=answers_of_plan,
    ),
    ADD,
    Act(
        "archive",
        "Archive",
        WRITE,
        _archive,
        asks=lambda plan: f"Offer {plan} to nobody new",
        done=lambda plan: f"{plan} is archived.",
        offered=lambda plan, caller: plan.status == PlanStatus.ACTIVE,
        look="danger",
    ),
    Act(
        "activate",
        "Offer again",
        WRITE,
        _activate,
        asks=lambda plan: f"Offer {plan} to new customers again",
        done=lambda plan: f"{plan} is offered again.",
        offered=lambda plan, caller: plan.status == PlanStatus.ARCHIVED,
        look="filled",
    ),
)
_FOLLOWS = {"archive": _ARCHIVED, "activate": _ACTIVE, "entitle": FOLLOWS}


@admin.register(Plan)
class PlanAdmin(CreatesAdmin):
    view_scope = READ
    noun = "plan"
    plural = "Plans"
    intro = "What is sold by the period. Another price is another plan."
    empty_title = "No plans yet"
    empty_text = (
        "Make one with the button above, or with POST /v1/subscriptions/plans: a name, an amount, "
        "a period. Then customers can subscribe to it."
    )
    list_display = ("name_", "price", "trial", "running", "made", "state")
    list_filter = (OfPlanStatus, OfInterval)
    search_fields = ("id",)
    search_placeholder = "Name or id of a plan"
    record_template = "admin/subscriptions/plan.html"
    new_form = NewPlanForm
    new_scope = WRITE
    new_label = "Make a plan"
    new_intro = "What is sold, for how much, how often. Only its words can be changed later."
    acts = ACTS

    # --- the list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if term.startswith("plan_"):
            return queryset.filter(pk=term), False
        return (queryset.filter(name__icontains=term) if term else queryset), False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """One query for the page: how many subscriptions run."""
        mine = Subscription.objects.filter(plan__in=[row.pk for row in rows], status__in=RUNNING)
        counts = dict(mine.order_by().values_list("plan_id").annotate(Count("pk")))
        for row in rows:
            row.running_count = counts.get(row.pk, 0)
        return rows

    @column("plan", "lead")
    def name_(self, obj: Plan) -> SafeString:
        return format_html('<a class="to name url" href="{}">{}</a>', self.url_of(obj), obj)

    @column("each period", "number")
    def price(self, obj: Plan) -> SafeString:
        return price_html(obj)

    @column("trial", "keep")
    def trial(self, obj: Plan) -> str | SafeString:
        return counted(obj.trial_days, "day") if obj.trial_days else text(None)

    @column("running", "number")
    def running(self, obj: Any) -> SafeString:
        return format_html(
            '<a class="link" href="{}">{}</a>', subscriptions_url(obj), f"{obj.running_count:,}"
        )

    @column("made", "keep")
    def made(self, obj: Plan) -> SafeString:
        return moment_html(obj.created_at)

    @column("state")
    def state(self, obj: Plan) -> SafeString:
        return state_html(PLAN_STATES[obj.status])

    # --- one plan --------------------------------------------------------------------------------

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Plan:
        return plans.create(caller_of(request), plans.NewPlan(**answers))

    def facts(self, request: HttpRequest, obj: Plan) -> list[Facts]:
        rows: list[tuple[str, str | SafeString]] = [
            ("State", state_html(PLAN_STATES[obj.status])),
            ("Each period", price_words(obj)),
            ("Trial", f"{counted(obj.trial_days, 'day')} free" if obj.trial_days else "none"),
            ("Description", text(obj.description)),
            ("Made", moment_html(obj.created_at)),
            ("Changed", moment_html(obj.updated_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        said: list[tuple[str, str | SafeString]] = sorted(obj.metadata.items())
        return [Facts("Plan", rows), *([Facts("Metadata", said)] if said else [])]

    def record_context(self, request: HttpRequest, obj: Plan) -> dict[str, Any]:
        """Three queries: what it opens, who has it newest first, and how many of them run."""
        mine = obj.subscriptions.order_by("-created_at", "-id").select_related("customer")
        found = list(mine[: MOST + 1])
        running = obj.subscriptions.filter(status__in=RUNNING).count()
        newest = [_cells(request, each) for each in found[:MOST]]
        offers = may(request, WRITE) and obj.status == PlanStatus.ACTIVE
        return {
            **super().record_context(request, obj),
            "entitlements": self._entitlements(request, obj),
            "subscriptions": newest,
            "running": counted(running, "subscription"),
            "all_url": subscriptions_url(obj) if len(found) > MOST else "",
            "subscribe_url": f"{reverse('admin:subscriptions_subscription_new')}?plan={obj.pk}"
            if offers
            else "",
        }

    def _entitlements(self, request: HttpRequest, obj: Plan) -> list[Cells]:
        its_admin = self.admin_site.get_model_admin(Entitlement)
        assert isinstance(its_admin, EntitlementAdmin)
        rows = obj.entitlements.order_by("feature_key", "id")[:MOST_ENTITLEMENTS]
        return [its_admin.cells(request, each) for each in rows]

    def act_facts(self, request: HttpRequest, obj: Plan, act: Act) -> list[Facts]:
        rows: list[tuple[str, str | SafeString]] = [("Each period", price_words(obj))]
        if act.name in _FOLLOWS:
            rows.append(("What follows", _FOLLOWS[act.name]))
        return [Facts("The plan", rows)]


def subscriptions_url(plan: Plan) -> str:
    """The list of its subscriptions."""
    query = urlencode({"q": plan.pk})
    return f"{reverse('admin:subscriptions_subscription_changelist')}?{query}"


def _cells(request: HttpRequest, subscription: Subscription) -> Cells:
    now, zone = now_of(request), subscription.time_zone
    url = record_url(Subscription, subscription.pk)
    who = customer_html(subscription.customer, is_link=False)
    return [
        ("customer", "lead", format_html('<a class="to" href="{}">{}</a>', url, who)),
        ("period ends", "keep", moment_in(subscription.current_period_end, now, zone)),
        ("since", "keep", moment_html(subscription.created_at)),
        ("state", "", state_of(subscription)),
    ]
