"""Trying a policy: what would become of a payment that nobody makes, and of those that wait now."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from approvals import drafts
from approvals.admin.forms import TrialForm
from approvals.admin.lines import verdict_words
from approvals.admin.pages import PolicyPages
from approvals.facts import Facts
from approvals.judging import Verdict, judge
from approvals.limits import Asked, concerns, used
from approvals.models import Limit, LimitScope, Policy
from approvals.reading import InForce, approvers, in_force, rules_of
from approvals.waiting import waiting
from approvals.words import amount_of, limit_words
from billing.acts import said
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.errors import BillingError


@dataclass(frozen=True, slots=True)
class Difference:
    """A payment that waits now, and what it would need by the draft."""

    title: str
    url: str
    now: str
    then: str


def differences(caller: Caller, draft: Policy) -> list[Difference]:
    """Those that wait now and would need something else by the draft."""
    now, rules = in_force(caller.organization_id, caller.environment), rules_of(draft)
    found = []
    for each in waiting(caller):
        before, after = now.judge(each.facts), judge(draft, rules, each.facts)
        if _asked_by(before) != _asked_by(after):
            words = verdict_words(before), verdict_words(after)
            found.append(Difference(each.title, each.url, *words))
    return found


def _asked_by(verdict: Verdict) -> tuple[object, ...]:
    """What a payment needs, whatever the rule is called and wherever it stands."""
    group = None if verdict.group is None else verdict.group.id
    return verdict.is_blocked, verdict.needed, group, verdict.keys_count


class TriesPolicies(PolicyPages):
    """A page that asks and answers; nothing is written, so whoever reads the policy may try it."""

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.trial_view)
        return [path("trial/", view, name="approvals_policy_trial"), *super().more_urls()]

    def trial_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        caller = caller_of(request)
        draft = drafts.draft_of(caller)
        form, answers = TrialForm(request.GET or None), []
        if form.is_bound and form.is_valid():
            try:
                facts = form.facts(caller)
            except BillingError as refusal:
                form.add_error("amount", said(refusal))
            else:
                now = in_force(caller.organization_id, caller.environment)
                answers = [_answer(caller, "As it is now", now, facts)]
                if draft is not None:
                    then = InForce(draft, rules_of(draft))
                    answers.append(_answer(caller, "With the draft", then, facts))
        return self.page(
            request,
            "trial",
            title="What would happen",
            form=form,
            answers=answers,
            draft=draft,
            waiting=differences(caller, draft) if draft is not None else [],
        )


def _answer(caller: Caller, title: str, rules: InForce, facts: Facts) -> dict[str, Any]:
    verdict = rules.judge(facts)
    there_are = approvers(caller.organization_id, caller.environment)
    who = [] if verdict.is_blocked else sorted(there_are.of(verdict).values())
    limits = rules.policy.limits.all() if rules.policy is not None else []
    asked = Asked(caller.organization_id, facts, caller.actor_id, timezone.now())
    return {
        "title": title,
        "says": verdict_words(verdict),
        "is_blocked": verdict.is_blocked,
        "who": ", ".join(who),
        "too_few": len(who) < verdict.needed,
        "limits": [_limit_answer(limit, asked) for limit in limits if concerns(limit, facts)],
    }


def _limit_answer(limit: Limit, asked: Asked) -> dict[str, Any]:
    """How a limit stands. Of each recipient there is a sum of its own, and here is none."""
    says = {"name": limit.name, "says": limit_words(limit), "is_exceeded": False, "used": ""}
    if limit.scope == LimitScope.RECIPIENT:
        is_over = asked.facts.amount_atomic > limit.amount_atomic
        return {**says, "is_exceeded": is_over, "used": "counted for each recipient alone"}
    used_atomic = used(limit, asked)
    whose = "by you " if limit.scope == LimitScope.APPROVER else ""
    return {
        **says,
        "used": f"{amount_of(used_atomic)} approved {whose}in this time",
        "is_exceeded": used_atomic + asked.facts.amount_atomic > limit.amount_atomic,
    }
