"""How tests publish a policy, and the people whose approvals it asks."""

from collections.abc import Iterable
from datetime import timedelta

from approvals import drafts, groups
from approvals.models import ApproverGroup, Policy
from approvals.models.policies import LAPSE_AFTER
from approvals.publishing import publish
from approvals.terms import LimitTerms, RuleTerms
from billing.callers import Caller
from billing.chains import Environment
from organizations import services
from organizations.callers import caller_for_user
from organizations.models import Organization, User
from organizations.roles import Role

UNIT = 1_000_000  # one token, in atomic units


def published(
    caller: Caller,
    *rules: RuleTerms,
    limits: Iterable[LimitTerms] = (),
    note: str = "",
    lapse_after: timedelta = LAPSE_AFTER,
) -> Policy:
    """Publish a policy of exactly these rules and limits, as the next version."""
    draft = drafts.start(caller)
    for rule in draft.rules.all():
        drafts.remove_rule(caller, rule.id)
    for limit in draft.limits.all():
        drafts.remove_limit(caller, limit.id)
    for terms in rules:
        drafts.add_rule(caller, terms)
    for asked in limits:
        drafts.add_limit(caller, asked)
    drafts.describe(caller, note=note, lapse_after=lapse_after)
    draft.refresh_from_db()
    return publish(caller, draft.revision)


def a_group(
    caller: Caller, *members: User, name: str = "Finance", keys_count: bool = False
) -> ApproverGroup:
    ids = [user.id for user in members]
    return groups.create(caller, name=name, member_ids=ids, keys_count=keys_count)


def an_approver(organization: Organization, name: str) -> User:
    return services.create_staff(
        f"{name}@example.com", organization=organization, role=Role.APPROVER, name=name.capitalize()
    )


def live(user: User, organization: Organization) -> Caller:
    return caller_for_user(user, organization, Environment.LIVE)
