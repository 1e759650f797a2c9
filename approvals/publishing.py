"""Publishing a policy: what it changes in words, what speaks against it, and the act itself."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from approvals import locks
from approvals.answers import policy_json
from approvals.drafts import locked_draft
from approvals.errors import PolicyCannotBeMet, PolicyChanged
from approvals.judging import Verdict
from approvals.models import Outcome, Policy, PolicyStatus, RecipientIs, Rule
from approvals.reading import Approvers, approvers, in_force, rules_of
from approvals.words import lapse_words, limit_words, rule_words
from billing.callers import Caller
from events.services import publish as tell
from events.types import EventType

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what a publication changes. `kind` is added, removed, changed or moved."""

    kind: str
    what: str
    before: str = ""
    after: str = ""


@transaction.atomic
def publish(caller: Caller, revision: int) -> Policy:
    """Let the draft decide from now on, and retire the version before it; one policy.published.

    It waits for the approvals that are being decided, and those that follow are decided by it.
    `revision` is the draft as the person saw it. Raises InsufficientScope, NotFound without a
    draft, PolicyChanged, and PolicyCannotBeMet for what would lock everybody out.
    """
    caller.require("policies:administer")
    locks.change_policy(caller.organization_id, caller.environment)
    draft = locked_draft(caller)
    if draft.revision != revision:
        raise PolicyChanged(draft)
    if against := objections(draft, approvers(caller.organization_id, caller.environment)):
        raise PolicyCannotBeMet(against[0])
    at, before = timezone.now(), in_force(caller.organization_id, caller.environment).policy
    said = [change.what for change in changes(draft, before)]
    if before is not None:
        before.status, before.retired_at = PolicyStatus.RETIRED, at
        before.save()
    draft.status, draft.published_at = PolicyStatus.PUBLISHED, at
    draft.published_by, draft.published_by_name = caller.actor_id, caller.actor_name
    draft.save()
    tell(caller, EventType.POLICY_PUBLISHED, draft.id, {**policy_json(draft), "changes": said})
    logger.info("policy published policy=%s version=%d", draft.id, draft.version)
    return draft


def changes(draft: Policy, published: Policy | None) -> list[Change]:
    """What would be different, line by line; lines are the same where their names are."""
    old = [] if published is None else rules_of(published)
    new = rules_of(draft)
    found = _differences("rule", _named(old), _named(new))
    kept = [rule.name for rule in new if rule.name in _named(old)]
    if kept != [rule.name for rule in old if rule.name in _named(new)]:
        found.append(
            Change(
                "moved", "The order of the rules changes", " · ".join(_named(old)), " · ".join(kept)
            )
        )
    limits_before = (
        {} if published is None else {x.name: limit_words(x) for x in published.limits.all()}
    )
    found += _differences(
        "limit", limits_before, {x.name: limit_words(x) for x in draft.limits.all()}
    )
    if published is not None and published.lapse_after != draft.lapse_after:
        before, after = lapse_words(published.lapse_after), lapse_words(draft.lapse_after)
        found.append(
            Change("changed", "When an approval lapses", f"after {before}", f"after {after}")
        )
    return found


def objections(policy: Policy, there_are: Approvers) -> list[str]:
    """The rules that nobody could ever satisfy, each in a sentence that says what to do."""
    found = []
    for rule in rules_of(policy):
        counting = there_are.of(Verdict(policy.version, rule))
        if rule.outcome == Outcome.APPROVALS and rule.needed > len(counting):
            who = ", ".join(sorted(counting.values())) or "nobody"
            of = f" of {rule.group}" if rule.group is not None else ""
            found.append(
                f"Rule {rule.position} “{rule.name}” asks {rule.needed} approvals{of}, and only "
                f"{len(counting)} may give one: {who}. Ask fewer, or let more people approve."
            )
    return found


def warnings(draft: Policy, there_are: Approvers, caller: Caller) -> list[str]:
    """What is allowed and yet should be looked at twice before it is published."""
    rules, found = rules_of(draft), []
    for rule in rules:
        counting = there_are.of(Verdict(draft.version, rule))
        if rule.outcome == Outcome.APPROVALS and rule.needed == len(counting):
            makers = ", ".join(sorted(counting.values()))
            found.append(
                f"Rule {rule.position} “{rule.name}” needs every one of those who count: {makers}. "
                "What one of them makes themselves, nobody can approve."
            )
        if earlier := next((r for r in rules[: rule.position - 1] if covers(r, rule)), None):
            found.append(
                f"Rule {rule.position} “{rule.name}” never decides: rule {earlier.position} "
                f"“{earlier.name}” matches everything that it matches, and comes first."
            )
        if rule.outcome == Outcome.BLOCK and covers(rule, Rule()):
            found.append(f"Rule {rule.position} “{rule.name}” blocks every payout that reaches it.")
    if draft.edited_by == draft.created_by == caller.actor_id:
        found.append(
            "Nobody but you has worked on this draft. Let another admin look at it, or publish it."
        )
    return found


def covers(earlier: Rule, later: Rule) -> bool:
    """Whether every payment that `later` matches is one that `earlier` matches."""
    return (
        _within(later.chains, earlier.chains)
        and _within(later.tokens, earlier.tokens)
        and _within(later.reference_types, earlier.reference_types)
        and (earlier.min_atomic is None or (later.min_atomic or 0) >= earlier.min_atomic)
        and (
            earlier.max_atomic is None
            or (later.max_atomic is not None and later.max_atomic <= earlier.max_atomic)
        )
        and earlier.created_via in ("any", later.created_via)
        and (
            earlier.recipient_is in (RecipientIs.ANY, later.recipient_is)
            or (earlier.recipient_is, later.recipient_is)
            == (RecipientIs.KNOWN, RecipientIs.ADDRESS_BOOK)
        )
    )


def _within(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


def _named(rules: Sequence[Rule]) -> dict[str, str]:
    return {rule.name: rule_words(rule) for rule in rules}


def _differences(noun: str, old: dict[str, str], new: dict[str, str]) -> list[Change]:
    added = [Change("added", f"New {noun} “{n}”", after=new[n]) for n in new if n not in old]
    removed = [
        Change("removed", f"{noun.capitalize()} “{n}” goes", before=old[n])
        for n in old
        if n not in new
    ]
    changed = [
        Change("changed", f"{noun.capitalize()} “{n}” changes", old[n], new[n])
        for n in new
        if n in old and old[n] != new[n]
    ]
    return [*added, *changed, *removed]
