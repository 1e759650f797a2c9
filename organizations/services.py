"""Acts on organizations, people and keys. Each publishes its Event in the act's transaction.

`caller` is who does it; None is an operator at the command line, who acts as the system.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.callers import ALL_SCOPES, Caller, system
from billing.chains import Environment
from billing.errors import InvalidRequest, NotFound
from billing.plans import Plan
from events.services import publish
from events.types import EventType
from organizations import secrets
from organizations.answers import api_key_json, member_json, organization_json
from organizations.models import ApiKey, Membership, Organization, User
from organizations.pausing import pause as pause
from organizations.pausing import require_running as require_running
from organizations.pausing import resume as resume
from organizations.roles import (
    ADMINISTER_KEYS,
    ADMINISTER_MEMBERS,
    ADMINISTER_ORGANIZATION,
    APPROVE,
    Role,
)

OPERATOR = "The operator"


@transaction.atomic
def create_organization(
    name: str,
    *,
    plan: str = Plan.ENTERPRISE,
    keys_may_self_approve: bool = False,
    caller: Caller | None = None,
) -> Organization:
    """Create an organization; publishes organization.created in live, where its people look."""
    if not name.strip():
        raise InvalidRequest("An organization needs a name.", param="name")
    _require_choice(plan, Plan.values, "plan")
    organization = Organization.objects.create(
        name=name.strip(), plan=plan, keys_may_self_approve=keys_may_self_approve
    )
    who = _caller_in(organization, caller)
    publish(who, EventType.ORGANIZATION_CREATED, organization.id, organization_json(organization))
    return organization


@transaction.atomic
def update_organization(
    organization: Organization,
    *,
    name: str | None = None,
    plan: str | None = None,
    keys_may_self_approve: bool | None = None,
    requires_two_factor: bool | None = None,
    caller: Caller | None = None,
) -> Organization:
    """Change what is given; publishes organization.updated where something changed."""
    who = _caller_in(organization, caller, needs=ADMINISTER_ORGANIZATION)
    row = Organization.objects.select_for_update().get(id=organization.id)
    before = organization_json(row)
    if plan is not None:
        _require_choice(plan, Plan.values, "plan")
        row.plan = plan
    if name is not None and name.strip():
        row.name = name.strip()
    if keys_may_self_approve is not None:
        row.keys_may_self_approve = keys_may_self_approve
    if requires_two_factor is not None:
        row.requires_two_factor = requires_two_factor
    after = organization_json(row)
    if after != before:
        row.save()
        publish(who, EventType.ORGANIZATION_UPDATED, row.id, after)
    return row


@transaction.atomic
def create_staff(
    email: str,
    *,
    organization: Organization,
    role: str,
    name: str = "",
    password: str | None = None,
    caller: Caller | None = None,
) -> User:
    """A person who can log in to the admin, made where the address is new, and their membership.

    A password is set only for a new person or one that has none: nobody resets another's this way.
    """
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_user(email, password, name=name, is_staff=True)
    else:
        user.is_staff = True
        if password is not None and not user.has_usable_password():
            user.set_password(password)
        user.save()
    add_member(user, organization, role, caller=caller)
    return user


@transaction.atomic
def add_member(
    user: User, organization: Organization, role: str, *, caller: Caller | None = None
) -> Membership:
    """Make a person a member, or change their role; the same role again changes nothing."""
    who = _caller_in(organization, caller, needs=ADMINISTER_MEMBERS)
    _require_choice(role, Role.values, "role")
    membership, is_new = Membership.objects.select_for_update().get_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    if is_new:
        publish(who, EventType.MEMBER_ADDED, user.id, member_json(membership))
    elif membership.role != role:
        membership.role = role
        membership.save()
        publish(who, EventType.MEMBER_CHANGED, user.id, member_json(membership))
    return membership


@transaction.atomic
def remove_member(user: User, organization: Organization, *, caller: Caller | None = None) -> None:
    """End a membership; the person and what they did stay. Nothing happens where there is none."""
    who = _caller_in(organization, caller, needs=ADMINISTER_MEMBERS)
    membership = (
        Membership.objects.select_for_update().filter(user=user, organization=organization).first()
    )
    if membership is not None:
        data = member_json(membership)
        membership.delete()
        publish(who, EventType.MEMBER_REMOVED, user.id, data)


@transaction.atomic
def issue_api_key(
    organization: Organization,
    environment: str,
    *,
    scopes: frozenset[str] | None = None,
    name: str = "",
    expires_at: datetime | None = None,
    issued_by: User | None = None,
    caller: Caller | None = None,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its secret, which is shown this once and kept nowhere.

    Unasked, a sandbox key has every scope and a live key all but `payouts:approve`. A person gives
    a key no scope they do not have themselves. Publishes api_key.created, without the secret.
    """
    where = Environment(environment)
    who = _caller_in(organization, caller, environment=where, needs=ADMINISTER_KEYS)
    granted = _granted(scopes, where)
    if caller is not None and not granted <= caller.scopes:
        missing = ", ".join(sorted(granted - caller.scopes))
        raise InvalidRequest(f"You cannot give a key what you may not: {missing}.", param="scopes")
    secret = secrets.new_secret(where)
    key = ApiKey.objects.create(
        organization=organization,
        environment=where,
        name=name,
        secret_hash=secrets.hash_of(secret),
        last_four=secret[-4:],
        scopes=sorted(granted),
        issued_by=issued_by,
        expires_at=expires_at,
    )
    publish(who, EventType.API_KEY_CREATED, key.id, api_key_json(key))
    return key, secret


@transaction.atomic
def revoke_api_key(key_id: str, caller: Caller | None = None) -> ApiKey:
    """Revoke a key at once: its next call is refused. A second time changes nothing."""
    keys = ApiKey.objects.select_for_update(of=("self",)).select_related("organization")
    if caller is not None:
        keys = keys.visible_to(caller)
    key = keys.filter(id=key_id).first()
    if key is None:
        raise NotFound("api key", key_id)
    where = Environment(key.environment)
    who = _caller_in(key.organization, caller, environment=where, needs=ADMINISTER_KEYS)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save()
        publish(who, EventType.API_KEY_REVOKED, key.id, api_key_json(key))
    return key


def scopes_said(text: str | None) -> frozenset[str] | None:
    """Read `all` or `a:read,b:write`; None stays None, which means the default."""
    if text is None:
        return None
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    return ALL_SCOPES if words == {"all"} else words


def default_scopes(environment: str) -> frozenset[str]:
    """What a new key may do unless asked otherwise: in live, never approve."""
    return ALL_SCOPES - ({APPROVE} if environment == Environment.LIVE else frozenset())


def _granted(scopes: frozenset[str] | None, environment: Environment) -> frozenset[str]:
    if scopes is None:
        return default_scopes(environment)
    if unknown := scopes - ALL_SCOPES:
        raise InvalidRequest(
            f"No such scope: {', '.join(sorted(unknown))}. "
            f"There are: {', '.join(sorted(ALL_SCOPES))}.",
            param="scopes",
        )
    if not scopes:
        raise InvalidRequest("A key without scopes can do nothing.", param="scopes")
    return scopes


def _caller_in(
    organization: Organization,
    caller: Caller | None,
    *,
    environment: Environment = Environment.LIVE,
    needs: str | None = None,
) -> Caller:
    if caller is None:
        return system(organization.id, environment, OPERATOR)
    if needs is not None and caller.actor_id != "system":
        caller.require(needs)
    if needs is not None and caller.organization_id != organization.id:
        raise NotFound("organization", organization.id)
    return caller


def _require_choice(value: str, allowed: list[str], param: str) -> None:
    if value not in allowed:
        raise InvalidRequest(
            f"No such {param}: {value}. There are: {', '.join(allowed)}.", param=param
        )
