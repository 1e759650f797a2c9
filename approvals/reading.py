"""Which rules hold now, and who there is to satisfy them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from approvals.facts import Facts
from approvals.judging import Verdict, judge
from approvals.models import ApproverGroup, Policy, PolicyStatus, Rule
from billing.callers import Caller
from organizations.models import ApiKey, Membership
from organizations.roles import APPROVE, Role, scopes_of

APPROVING_ROLES = [role.value for role in Role if APPROVE in scopes_of(role)]


@dataclass(frozen=True, slots=True)
class InForce:
    """The published policy and its rules in order; None and no rules where there is none."""

    policy: Policy | None
    rules: Sequence[Rule]

    def judge(self, facts: Facts) -> Verdict:
        return judge(self.policy, self.rules, facts)


def in_force(organization_id: str, environment: str) -> InForce:
    """What decides now: one query without a policy, two with one."""
    policy = Policy.objects.filter(
        organization_id=organization_id, environment=environment, status=PolicyStatus.PUBLISHED
    ).first()
    return InForce(policy, [] if policy is None else rules_of(policy))


def rules_of(policy: Policy) -> list[Rule]:
    """The rules of a policy in order, each with its group."""
    return list(policy.rules.select_related("group").order_by("position"))


def verdicts(caller: Caller, many: Iterable[Facts]) -> dict[str, Verdict]:
    """What each payment needs as things are, by its id, for a page of them. One query.

    A policy without rules reads as none: what it asks is the same.
    """
    rules = Rule.objects.filter(
        policy__organization_id=caller.organization_id,
        policy__environment=caller.environment,
        policy__status=PolicyStatus.PUBLISHED,
    )
    found = list(rules.select_related("policy", "group").order_by("position"))
    now = InForce(found[0].policy if found else None, found)
    return {facts.subject_id: now.judge(facts) for facts in many}


def lapse_spans() -> dict[tuple[str, str], timedelta]:
    """After what time an approval lapses, by organization and environment with a policy."""
    rows = Policy.objects.filter(status=PolicyStatus.PUBLISHED)
    return {(p.organization_id, p.environment): p.lapse_after for p in rows}


def members_of(group: ApproverGroup | None) -> frozenset[str] | None:
    """The ids of a group's members; None where there is no group, and anybody counts."""
    return None if group is None else frozenset(group.members.values_list("id", flat=True))


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who may approve at all in one organization and environment, by id, with their names.

    `behind_keys` are those who answer for a key that may approve: its issuer, or the key itself.
    """

    people: dict[str, str]
    behind_keys: dict[str, str]

    def of(self, verdict: Verdict) -> dict[str, str]:
        """Those of them whose approval counts for a verdict. One query where it names a group."""
        found = dict(self.people)
        if verdict.keys_count:
            found = {**self.behind_keys, **found}
        members = members_of(verdict.group)
        return {k: name for k, name in found.items() if members is None or k in members}


def approvers(organization_id: str, environment: str) -> Approvers:
    """Everybody who may approve: people by their role, keys by their scopes."""
    memberships = Membership.objects.filter(
        organization_id=organization_id, role__in=APPROVING_ROLES, user__is_active=True
    ).select_related("user")
    alive = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    keys = ApiKey.objects.filter(
        alive, organization_id=organization_id, environment=environment, revoked_at=None
    ).select_related("issued_by")
    return Approvers(
        {m.user_id: str(m.user) for m in memberships},
        {
            key.issued_by_id or key.id: str(key.issued_by or key)
            for key in keys
            if APPROVE in key.scopes
        },
    )
