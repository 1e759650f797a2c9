"""The draft of a policy: started from what is published, edited line by line, or thrown away.

A draft decides nothing, so its edits are no events; publishing tells all of it at once. Every edit
locks the draft's row and counts its revision up: who publishes names the one they have seen.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from approvals import locks
from approvals.models import ApproverGroup, Limit, Policy, PolicyStatus, Rule
from approvals.reading import in_force
from approvals.terms import LimitTerms, RuleTerms
from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from organizations.roles import ADMINISTER_POLICIES

logger = logging.getLogger(__name__)
MOST_RULES, MOST_LIMITS = 50, 20
SOONEST_LAPSE, LATEST_LAPSE = timedelta(hours=1), timedelta(days=90)


def draft_of(caller: Caller) -> Policy | None:
    """The draft where the caller stands, None where nobody has started one."""
    return Policy.objects.visible_to(caller).filter(status=PolicyStatus.DRAFT).first()


@transaction.atomic
def start(caller: Caller) -> Policy:
    """Begin a draft with the published rules in it; the one there is, where there is one."""
    caller.require(ADMINISTER_POLICIES)
    # Of two who start at once the second waits here, and then finds the first one's draft.
    locks.change_policy(caller.organization_id, caller.environment)
    if existing := draft_of(caller):
        return existing
    now = in_force(caller.organization_id, caller.environment)
    newest = Policy.objects.visible_to(caller).order_by("-version").first()
    draft = Policy(
        organization_id=caller.organization_id,
        environment=caller.environment,
        version=newest.version + 1 if newest else 1,
        created_by=caller.actor_id,
        created_by_name=caller.actor_name,
        edited_by=caller.actor_id,
        edited_by_name=caller.actor_name,
    )
    if now.policy is not None:
        draft.lapse_after = now.policy.lapse_after
    draft.save(force_insert=True)
    if now.policy is not None:
        _copy(now.policy, draft)
    logger.info("policy drafted policy=%s version=%d", draft.id, draft.version)
    return draft


@transaction.atomic
def describe(caller: Caller, *, note: str, lapse_after: timedelta) -> Policy:
    """Say what the draft is for, and after how long an approval lapses (1 hour to 90 days)."""
    draft = _edited(caller)
    if not SOONEST_LAPSE <= lapse_after <= LATEST_LAPSE:
        raise InvalidRequest("An approval lapses after 1 hour to 90 days.", param="lapse_after_h")
    draft.note, draft.lapse_after = note.strip()[:500], lapse_after
    draft.save()
    return draft


@transaction.atomic
def add_rule(caller: Caller, terms: RuleTerms) -> Rule:
    """Put a rule at the end of the draft. Raises InvalidRequest, NotFound for the group."""
    draft = _edited(caller)
    count = draft.rules.count()
    if count >= MOST_RULES:
        raise InvalidRequest(f"A policy has at most {MOST_RULES} rules.")
    rule = Rule(policy=draft, position=count + 1, **_columns(caller, terms))
    _save(rule, insert=True)
    return rule


@transaction.atomic
def change_rule(caller: Caller, rule_id: str, terms: RuleTerms) -> Rule:
    """Let a rule of the draft say something else, at its place."""
    rule = _rule(_edited(caller), rule_id)
    for name, value in _columns(caller, terms).items():
        setattr(rule, name, value)
    _save(rule)
    return rule


@transaction.atomic
def move_rule(caller: Caller, rule_id: str, *, up: bool) -> None:
    """Let a rule and its neighbour change places; at the end of the list nothing happens."""
    draft = _edited(caller)
    rule = _rule(draft, rule_id)
    place = rule.position - 1 if up else rule.position + 1
    neighbour = draft.rules.filter(position=place).first()
    if neighbour is not None:
        # The constraint looks when the transaction ends, so two may share a place until then.
        neighbour.position, rule.position = rule.position, place
        neighbour.save(update_fields=["position", "updated_at"])
        rule.save(update_fields=["position", "updated_at"])


@transaction.atomic
def remove_rule(caller: Caller, rule_id: str) -> None:
    """Take a rule out of the draft; those below move up."""
    draft = _edited(caller)
    _rule(draft, rule_id).delete()
    for position, rule in enumerate(draft.rules.order_by("position"), 1):
        if rule.position != position:
            rule.position = position
            rule.save(update_fields=["position", "updated_at"])


@transaction.atomic
def add_limit(caller: Caller, terms: LimitTerms) -> Limit:
    """Put a limit into the draft. Raises InvalidRequest."""
    draft = _edited(caller)
    if draft.limits.count() >= MOST_LIMITS:
        raise InvalidRequest(f"A policy has at most {MOST_LIMITS} limits.")
    terms.require_sense()
    limit = Limit(policy=draft, **terms.columns)
    _save(limit, insert=True)
    return limit


@transaction.atomic
def change_limit(caller: Caller, limit_id: str, terms: LimitTerms) -> Limit:
    """Let a limit of the draft say something else."""
    limit = _limit(_edited(caller), limit_id)
    terms.require_sense()
    for name, value in terms.columns.items():
        setattr(limit, name, value)
    _save(limit)
    return limit


@transaction.atomic
def remove_limit(caller: Caller, limit_id: str) -> None:
    """Take a limit out of the draft."""
    _limit(_edited(caller), limit_id).delete()


@transaction.atomic
def discard(caller: Caller) -> None:
    """Throw the draft away; what is published stays as it is."""
    draft = _edited(caller)
    draft.rules.all().delete()
    draft.limits.all().delete()
    draft.delete()
    logger.info("policy draft discarded version=%d by=%s", draft.version, caller.actor_id)


def locked_draft(caller: Caller) -> Policy:
    """The draft with its row locked. Raises InsufficientScope, NotFound where there is none."""
    caller.require(ADMINISTER_POLICIES)
    drafts = Policy.objects.visible_to(caller).filter(status=PolicyStatus.DRAFT)
    draft = drafts.select_for_update().first()
    if draft is None:
        raise NotFound("policy draft", caller.environment.value)
    return draft


def _edited(caller: Caller) -> Policy:
    """The draft, locked, with the edit that follows counted and its author named."""
    draft = locked_draft(caller)
    draft.revision += 1
    draft.edited_by, draft.edited_by_name = caller.actor_id, caller.actor_name
    draft.save(update_fields=["revision", "edited_by", "edited_by_name", "updated_at"])
    return draft


def _columns(caller: Caller, terms: RuleTerms) -> dict[str, Any]:
    terms.require_sense()
    columns = terms.columns
    group_id = columns["group_id"]
    if group_id and not ApproverGroup.objects.visible_to(caller).filter(id=group_id).exists():
        raise NotFound("approver group", str(group_id), param="group_id")
    return columns


def _save(line: Rule | Limit, *, insert: bool = False) -> None:
    try:
        with transaction.atomic():
            line.save(force_insert=insert)
    except IntegrityError as error:
        if "per_name" not in str(error):
            raise
        raise InvalidRequest(
            f"The draft has another line named {line.name}. Give each its own name.", param="name"
        ) from None


def _rule(draft: Policy, rule_id: str) -> Rule:
    rule = draft.rules.filter(id=rule_id).first()
    if rule is None:
        raise NotFound("rule", rule_id)
    return rule


def _limit(draft: Policy, limit_id: str) -> Limit:
    limit = draft.limits.filter(id=limit_id).first()
    if limit is None:
        raise NotFound("limit", limit_id)
    return limit


def _copy(published: Policy, draft: Policy) -> None:
    """The same lines once more, in the draft; those of the published policy stay untouched."""
    for rule in published.rules.order_by("position"):
        kept = {name: getattr(rule, name) for name in (*RuleTerms("").columns, "position")}
        Rule.objects.create(policy=draft, **kept)
    for limit in published.limits.all():
        kept = {name: getattr(limit, name) for name in LimitTerms("", "", 0, 0).columns}
        Limit.objects.create(policy=draft, **kept)
