"""The draft of the policy in the admin: rule by rule, limit by limit, each on a form of its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from approvals import drafts
from approvals.admin.forms import DescribeForm, LimitForm, RuleForm
from approvals.admin.lines import lines_of
from approvals.admin.pages import PolicyPages
from approvals.models import Limit, Policy, Rule
from billing.acts import said
from billing.callers import Caller
from billing.errors import BillingError

Line = TypeVar("Line", Rule, Limit)


class EditsDraft(PolicyPages):
    """The draft's page and its forms. Every change is one call of approvals.drafts."""

    def more_urls(self) -> list[URLPattern]:
        views: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("draft/", "draft", self.draft_view),
            ("draft/describe/", "describe", self.describe_view),
            ("draft/rules/new/", "new_rule", self.new_rule_view),
            ("draft/rules/<slug:line_id>/", "rule", self.rule_view),
            (
                "draft/rules/<slug:line_id>/<slug:act>/",
                "rule_act",
                require_POST(self.rule_act_view),
            ),
            ("draft/limits/new/", "new_limit", self.new_limit_view),
            ("draft/limits/<slug:line_id>/", "limit", self.limit_view),
            ("draft/limits/<slug:line_id>/remove/", "limit_remove", require_POST(self.remove_view)),
        ]
        wrap = self.admin_site.admin_view
        return [
            *(path(at, wrap(view), name=f"approvals_policy_{name}") for at, name, view in views),
            *super().more_urls(),
        ]

    def draft_view(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.draft_of(self.editor(request))
        if draft is None:
            messages.warning(request, "There is no draft any more: it was published or discarded.")
            return HttpResponseRedirect(self.list_url())
        return self.page(request, "draft", title="Draft", **lines_of(draft))

    def describe_view(self, request: HttpRequest) -> HttpResponse:
        draft = self._draft(self.editor(request))
        hours = int(draft.lapse_after.total_seconds() // 3600)
        form = DescribeForm(
            request.POST or None, initial={"note": draft.note, "lapse_after_h": hours}
        )

        def run(caller: Caller) -> None:
            drafts.describe(
                caller,
                note=form.cleaned_data["note"],
                lapse_after=timedelta(hours=form.cleaned_data["lapse_after_h"]),
            )

        return self._answer(request, form, run, title="Note and lapse", button="Keep this")

    def new_rule_view(self, request: HttpRequest) -> HttpResponse:
        form = RuleForm(self.editor(request), request.POST or None)
        return self._answer(
            request,
            form,
            lambda caller: drafts.add_rule(caller, form.terms()),
            title="Add a rule",
            button="Add the rule",
            intro="It comes last. The first rule that matches a payout decides about it.",
        )

    def rule_view(self, request: HttpRequest, line_id: str) -> HttpResponse:
        caller = self.editor(request)
        rule = _found(self._draft(caller).rules.filter(id=line_id).first())
        form = RuleForm(caller, request.POST or None, initial=RuleForm.said_of(rule))
        return self._answer(
            request,
            form,
            lambda who: drafts.change_rule(who, line_id, form.terms()),
            title=f"Rule {rule.position}",
            button="Keep this",
        )

    def rule_act_view(self, request: HttpRequest, line_id: str, act: str) -> HttpResponse:
        """Up, down or away: nothing that needs a question, for the draft decides nothing."""
        caller = self.editor(request)
        acts: dict[str, Callable[[], object]] = {
            "up": lambda: drafts.move_rule(caller, line_id, up=True),
            "down": lambda: drafts.move_rule(caller, line_id, up=False),
            "remove": lambda: drafts.remove_rule(caller, line_id),
        }
        if act not in acts:
            raise Http404("No such act.")
        return self._done(request, acts[act])

    def new_limit_view(self, request: HttpRequest) -> HttpResponse:
        self.editor(request)
        form = LimitForm(request.POST or None)
        return self._answer(
            request,
            form,
            lambda caller: drafts.add_limit(caller, form.terms()),
            title="Add a limit",
            button="Add the limit",
            intro="It holds besides the rules: what would exceed it is not approved by anybody.",
        )

    def limit_view(self, request: HttpRequest, line_id: str) -> HttpResponse:
        limit = _found(self._draft(self.editor(request)).limits.filter(id=line_id).first())
        form = LimitForm(request.POST or None, initial=LimitForm.said_of(limit))
        return self._answer(
            request,
            form,
            lambda caller: drafts.change_limit(caller, line_id, form.terms()),
            title=f"Limit {limit.name}",
            button="Keep this",
        )

    def remove_view(self, request: HttpRequest, line_id: str) -> HttpResponse:
        caller = self.editor(request)
        return self._done(request, lambda: drafts.remove_limit(caller, line_id))

    def _draft(self, caller: Caller) -> Policy:
        draft = drafts.draft_of(caller)
        if draft is None:
            raise Http404("There is no draft.")
        return draft

    def _done(self, request: HttpRequest, act: Callable[[], object]) -> HttpResponse:
        try:
            act()
        except BillingError as refusal:  # Another admin was faster; the page shows what is left.
            messages.error(request, said(refusal))
        return HttpResponseRedirect(self.draft_url())

    def _answer(
        self,
        request: HttpRequest,
        form: forms.Form,
        run: Callable[[Caller], object],
        **words: Any,
    ) -> HttpResponse:
        """Do what a form asks and go back to the draft, or show it with what is wrong."""
        status, refusal_words = 200, ""
        if request.method == "POST" and form.is_valid():
            try:
                run(self.editor(request))
            except BillingError as refusal:
                status = refusal.status
                if refusal.param in form.fields:
                    form.add_error(refusal.param, said(refusal))
                else:
                    refusal_words = said(refusal)
            else:
                return HttpResponseRedirect(self.draft_url())
        context = {
            "form": form,
            "refusal": refusal_words,
            "submit_label": words.pop("button"),
            "back_url": self.draft_url(),
            "crumbs": self.draft_crumbs(),
            **words,
        }
        return self.page(request, "form", status=status, **context)


def _found(line: Line | None) -> Line:
    if line is None:
        raise Http404("No such line of the draft.")
    return line
