"""Entitlements in the admin: they stand on their plan's page, and are changed from there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, ActsAdmin, Answers
from billing.admin import Facts, record_url
from billing.callers import Caller
from customers.admin.sections import Cells
from subscriptions import entitlements
from subscriptions.admin.plan_forms import (
    NewEntitlementForm,
    ValueForm,
    answers_of_entitlement,
    value_words,
)
from subscriptions.admin.words import READ, WRITE
from subscriptions.models import Entitlement, Plan

FOLLOWS = "Every subscriber of the plan has it so from the next check on."


def _add(caller: Caller, plan_id: str, answers: Answers) -> None:
    entitlements.create(caller, entitlements.NewEntitlement(plan_id=plan_id, **answers))


def _change(caller: Caller, entitlement_id: str, answers: Answers) -> None:
    entitlements.update(caller, entitlement_id, **answers)


def _remove(caller: Caller, entitlement_id: str, answers: Answers) -> None:
    entitlements.delete(caller, entitlement_id)


# On a plan: this is how an entitlement comes to be.
ADD = Act(
    "entitle",
    "Add an entitlement",
    WRITE,
    _add,
    asks=lambda plan: f"Let {plan} open a feature",
    done=lambda plan: "It is open to every subscriber of the plan.",
    form=NewEntitlementForm,
)


@admin.register(Entitlement)
class EntitlementAdmin(ActsAdmin):
    """No pages of their own but those of its acts: its place is the page of its plan."""

    view_scope = READ
    noun = "entitlement"
    plural = "Plans"
    list_select_related = ("plan",)
    acts = (
        Act(
            "update",
            "Change",
            WRITE,
            _change,
            asks=lambda each: f"Change how far {each.plan} opens {each.feature_key}",
            done=lambda each: f"{each.feature_key} is changed.",
            form=ValueForm,
            initial=answers_of_entitlement,
        ),
        Act(
            "delete",
            "Remove",
            WRITE,
            _remove,
            asks=lambda each: f"Let {each.plan} open {each.feature_key} no longer",
            done=lambda each: f"{each.feature_key} is removed from the plan.",
            look="danger",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.record_view)
        name = "subscriptions_entitlement_change"
        return [*self.more_urls(), path("<path:object_id>/change/", view, name=name)]

    def record_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(self.url_of(self.get_or_404(request, object_id)))

    def list_url(self) -> str:
        return reverse("admin:subscriptions_plan_changelist")

    def url_of(self, obj: Any) -> str:
        return record_url(Plan, obj.plan_id)

    def title_of(self, obj: Entitlement) -> str:
        return obj.plan.name

    def act_facts(self, request: HttpRequest, obj: Entitlement, act: Act) -> list[Facts]:
        rows = [
            ("Feature", obj.feature_key),
            ("Now", value_words(obj)),
            ("What follows", FOLLOWS if act.name == "update" else _GONE),
        ]
        return [Facts("The entitlement", rows)]

    def cells(self, request: HttpRequest, obj: Entitlement) -> Cells:
        """Its row on the page of its plan, with what this person can do to it."""
        acts = self.acts_for(request, obj)
        return [
            ("feature", "lead", format_html("<code>{}</code>", obj.feature_key)),
            ("value", "", value_words(obj) or format_html('<span class="hint">{}</span>', "empty")),
            ("id", "keep", format_html('<code class="hint">{}</code>', obj.pk)),
            *([("act", "keep", _buttons(acts, obj))] if acts else []),
        ]


_GONE = "Every subscriber of the plan is refused it from the next check on."


def _buttons(acts: list[tuple[Act, str]], obj: Entitlement) -> SafeString:
    links = SafeString()
    for act, url in acts:
        links += format_html(
            '<a class="link" href="{}" aria-label="{} {}">{}</a> ',
            url,
            act.label,
            obj.feature_key,
            act.label,
        )
    return links
