"""What the policy asks of a payout, in the sentences of its timeline."""

from collections.abc import Mapping
from typing import Any

from approvals import services as approvals
from payouts.acts.approve import facts_of
from payouts.models import PayoutIntent


def was_asked(data: Mapping[str, Any]) -> str:
    """What a rule asked when somebody approved; empty where no rule did."""
    policy = data.get("policy")
    if not policy or policy["rule"] is None:
        return ""
    rule, needed, have = policy["rule"], policy["needed"], policy["have"]
    given = "" if needed == 1 else f", {have} {'is' if have == 1 else 'are'} given"
    return f"; rule {rule['position']} “{rule['name']}” asks {_many(needed)}{given}"


def is_asked(payout: PayoutIntent) -> str:
    """What a draft needs as the rules are now; what is given already counts where it still does."""
    standing = approvals.standing(facts_of(payout), payout.organization_id)
    verdict = standing.verdict
    if verdict.is_blocked:
        return f"next: nobody can approve it, {verdict.words} blocks it; cancel it"
    if verdict.rule is None:
        return "next: somebody other than who created it approves it"
    who = f" of {verdict.group}" if verdict.group is not None else ""
    given = f", {standing.have} of them given" if standing.have else ""
    return f"next: {verdict.words} asks {_many(verdict.needed)}{who}{given}"


def _many(needed: int) -> str:
    return "1 approval" if needed == 1 else f"{needed} approvals"
