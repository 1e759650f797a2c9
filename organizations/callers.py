"""From a person or a key to the Caller that every act takes first."""

from billing.callers import Caller
from billing.chains import Environment
from billing.errors import Forbidden
from organizations.models import ApiKey, Membership, Organization, User
from organizations.roles import Role, scopes_of


def caller_for_user(
    user: User, organization: Organization, environment: Environment | str, address: str = ""
) -> Caller:
    """A person acting for an organization, with the scopes of their role there.

    A superuser has every scope everywhere and is still themselves: what they created they cannot
    approve. Raises Forbidden for anybody else without a membership, and for a person switched off.
    """
    return caller_in_role(user, organization, _role_of(user, organization), environment, address)


def caller_in_role(
    user: User,
    organization: Organization,
    role: str,
    environment: Environment | str,
    address: str = "",
) -> Caller:
    """The same for whoever has just read the person's role there, and that they are active."""
    return Caller(
        organization_id=organization.id,
        environment=Environment(environment),
        actor_id=user.id,
        actor_name=str(user),
        scopes=scopes_of(role),
        plan=organization.plan,
        keys_may_self_approve=organization.keys_may_self_approve,
        address=address,
    )


def caller_for_key(key: ApiKey, address: str = "") -> Caller:
    """An API key acting for its organization; its organization should be loaded with it."""
    return Caller(
        organization_id=key.organization_id,
        environment=Environment(key.environment),
        actor_id=key.id,
        actor_name=key.name or f"key …{key.last_four}",
        scopes=frozenset(key.scopes),
        issued_by=key.issued_by_id,
        plan=key.organization.plan,
        keys_may_self_approve=key.organization.keys_may_self_approve,
        address=address,
    )


def _role_of(user: User, organization: Organization) -> str:
    if user.is_active and user.is_superuser:
        return Role.ADMIN
    membership = Membership.objects.filter(user=user, organization=organization).first()
    if membership is None or not user.is_active:
        raise Forbidden(f"{user} is not a member of {organization}.", code="not_a_member")
    return membership.role
