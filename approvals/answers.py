"""How policies and groups are told in events. Amounts are atomic, as texts."""

from typing import Any

from approvals.models import ApproverGroup, Limit, Policy, Rule
from billing.times import iso


def policy_json(policy: Policy) -> dict[str, Any]:
    """The policy with its rules in order, its limits, and who published it."""
    return {
        "id": policy.id,
        "org_id": policy.organization_id,
        "environment": policy.environment,
        "version": policy.version,
        "status": policy.status,
        "note": policy.note,
        "lapse_after_hours": int(policy.lapse_after.total_seconds() // 3600),
        "rules": [_rule_json(rule) for rule in policy.rules.select_related("group")],
        "limits": [_limit_json(limit) for limit in policy.limits.all()],
        "edited_by": policy.edited_by,
        "published_by": policy.published_by or None,
        "published_at": iso(policy.published_at) if policy.published_at else None,
        "created_at": iso(policy.created_at),
    }


def group_json(group: ApproverGroup) -> dict[str, Any]:
    """The group with its members by name."""
    members = group.members.order_by("email")
    return {
        "id": group.id,
        "org_id": group.organization_id,
        "environment": group.environment,
        "name": group.name,
        "members": [{"user_id": user.id, "name": str(user)} for user in members],
        "keys_count": group.keys_count,
        "created_at": iso(group.created_at),
    }


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {
        "position": rule.position,
        "name": rule.name,
        "chains": rule.chains,
        "tokens": rule.tokens,
        "min_atomic": None if rule.min_atomic is None else str(rule.min_atomic),
        "max_atomic": None if rule.max_atomic is None else str(rule.max_atomic),
        "recipient_is": rule.recipient_is,
        "reference_types": rule.reference_types,
        "created_via": rule.created_via,
        "outcome": rule.outcome,
        "needed": rule.needed,
        "group_id": rule.group_id,
        "group": None if rule.group is None else rule.group.name,
        "people_only": rule.people_only,
    }


def _limit_json(limit: Limit) -> dict[str, Any]:
    return {
        "name": limit.name,
        "scope": limit.scope,
        "chain": limit.chain or None,
        "token": limit.token or None,
        "amount_atomic": str(limit.amount_atomic),
        "window_hours": limit.window_h,
    }
