"""What a policy says of one payment: the first rule that matches decides. Pure: rows in, no query.

The rows are loaded by approvals.reading, the group of each rule with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from approvals.facts import Facts
from approvals.models import ApproverGroup, CreatedVia, Outcome, Policy, RecipientIs, Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one payment needs, and which line of which version says so.

    `version` is None where no policy is published; `rule` is None where no rule matched, and then
    one approval is enough (product.md, section 4).
    """

    version: int | None
    rule: Rule | None

    @property
    def is_blocked(self) -> bool:
        return self.rule is not None and self.rule.outcome == Outcome.BLOCK

    @property
    def needed(self) -> int:
        return 1 if self.rule is None else self.rule.needed

    @property
    def group(self) -> ApproverGroup | None:
        return None if self.rule is None else self.rule.group

    @property
    def keys_count(self) -> bool:
        """Whether the approval of an API key is one."""
        if self.rule is None:
            return True
        return not self.rule.people_only and (self.group is None or self.group.keys_count)

    @property
    def words(self) -> str:
        """Which line it is, for a sentence: `rule 3 “over 1,000 to a new recipient”`."""
        if self.rule is not None:
            return str(self.rule)
        return "the default rule"


def judge(policy: Policy | None, rules: Iterable[Rule], facts: Facts) -> Verdict:
    """Find the first rule that matches; `rules` in their order, empty without a policy."""
    version = None if policy is None else policy.version
    return Verdict(version, next((rule for rule in rules if matches(rule, facts)), None))


def matches(rule: Rule, facts: Facts) -> bool:
    """Whether every condition of the rule holds for the payment."""
    return (
        (not rule.chains or facts.chain in rule.chains)
        and (not rule.tokens or facts.token in rule.tokens)
        and (rule.min_atomic is None or facts.amount_atomic >= rule.min_atomic)
        and (rule.max_atomic is None or facts.amount_atomic <= rule.max_atomic)
        and (not rule.reference_types or facts.reference_type in rule.reference_types)
        and rule.created_via in (CreatedVia.ANY, facts.created_via)
        and _is_such(facts.recipient_is, rule.recipient_is)
    )


def _is_such(recipient_is: str, asked: str) -> bool:
    """Whoever is in the address book was vouched for, and is known too."""
    if asked == RecipientIs.KNOWN:
        return recipient_is in (RecipientIs.KNOWN, RecipientIs.ADDRESS_BOOK)
    return asked in (RecipientIs.ANY, recipient_is)
