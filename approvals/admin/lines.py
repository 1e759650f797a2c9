"""A policy as its pages show it: each rule and limit a sentence, what is wrong said beside it."""

from dataclasses import dataclass
from typing import Any

from approvals.judging import Verdict
from approvals.models import Limit, Outcome, Policy, PolicyStatus, Rule
from approvals.reading import rules_of
from approvals.words import conditions_words, lapse_words, limit_words, outcome_words
from billing.display import State

STATES = {
    PolicyStatus.DRAFT: State("draft", "outline", "draft"),
    PolicyStatus.PUBLISHED: State("in force", "green", "settled"),
    PolicyStatus.RETIRED: State("retired", "grey", "canceled"),
}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule to be read."""

    id: str
    position: int
    name: str
    about: str
    asks: str
    is_block: bool
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One limit to be read."""

    id: str
    name: str
    says: str


def lines_of(policy: Policy | None) -> dict[str, Any]:
    """What the templates need of a policy; of none, that one approval is enough."""
    if policy is None:
        return {"policy": None, "rules": [], "limits": [], "lapses": "7 days"}
    rules = rules_of(policy)
    return {
        "policy": policy,
        "rules": [_rule_line(rule, len(rules)) for rule in rules],
        "limits": [_limit_line(limit) for limit in policy.limits.all()],
        "lapses": lapse_words(policy.lapse_after),
    }


def verdict_words(verdict: Verdict) -> str:
    """What a verdict comes to, for a table: `2 approvals, by rule 1 “large”`."""
    if verdict.is_blocked:
        return f"blocked, by {verdict.words}"
    needed = "1 approval" if verdict.needed == 1 else f"{verdict.needed} approvals"
    group = f" of {verdict.group}" if verdict.group is not None else ""
    people = ", people only" if verdict.rule is not None and verdict.rule.people_only else ""
    return f"{needed}{group}{people}, by {verdict.words}"


def _rule_line(rule: Rule, many: int) -> RuleLine:
    return RuleLine(
        id=rule.id,
        position=rule.position,
        name=rule.name,
        about=conditions_words(rule),
        asks=outcome_words(rule),
        is_block=rule.outcome == Outcome.BLOCK,
        is_first=rule.position == 1,
        is_last=rule.position == many,
    )


def _limit_line(limit: Limit) -> LimitLine:
    return LimitLine(limit.id, limit.name, limit_words(limit))
