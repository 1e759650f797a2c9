"""Finding organizations and people for somebody at the command line."""

from billing.errors import InvalidRequest, NotFound
from organizations.models import Organization, User


def organization_named(text: str) -> Organization:
    """Return the organization with this `org_…` id, or with exactly this name.

    Raises NotFound, and InvalidRequest where several have the name.
    """
    by_id = Organization.objects.filter(id=text).first()
    if by_id is not None:
        return by_id
    named = list(Organization.objects.filter(name=text)[:2])
    if not named:
        raise NotFound("organization", text)
    if len(named) > 1:
        raise InvalidRequest(f"Several organizations are named {text}. Give the org_… id.")
    return named[0]


def person_with_email(email: str) -> User:
    """The person who logs in with this address. Raises NotFound."""
    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise NotFound("person", email)
    return found
