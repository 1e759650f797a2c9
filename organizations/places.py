"""Where a person may stand in the admin. Named by string in billing.admin_context, which asks."""

from billing.admin_context import Choice
from billing.callers import Caller
from billing.chains import Environment
from organizations.callers import caller_in_role
from organizations.models import Membership, Organization, User
from organizations.pausing import pause_words
from organizations.roles import Role

SUPERUSER = "superuser"  # the word shown; they have every scope everywhere


def places_of(user: User) -> tuple[Choice, ...]:
    """The organizations of a person, by name; a superuser's are all. One query."""
    if user.is_superuser:
        return tuple(_choice(o, SUPERUSER) for o in Organization.objects.order_by("name", "id"))
    memberships = Membership.objects.filter(user=user).select_related("organization")
    ordered = memberships.order_by("organization__name", "id")
    return tuple(_choice(m.organization, m.role) for m in ordered)


def caller_at(user: User, choice: Choice, environment: Environment, address: str) -> Caller:
    """The Caller of an active person in one of the organizations that `places_of` just read."""
    organization = choice.organization
    assert isinstance(organization, Organization), "places_of put it there"
    role = Role.ADMIN.value if choice.role == SUPERUSER else choice.role
    return caller_in_role(user, organization, role, environment, address)


def _choice(organization: Organization, role: str) -> Choice:
    return Choice(
        organization.id,
        organization.name,
        role,
        organization.time_zone,
        organization,
        paused=pause_words(organization),
    )
