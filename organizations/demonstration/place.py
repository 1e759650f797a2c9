"""The demonstration's organization, people and key: found, or made in one transaction."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from billing.chains import Environment
from organizations.callers import caller_for_user
from organizations.demonstration import credentials
from organizations.demonstration.cast import Cast
from organizations.demonstration.credentials import PEOPLE, Credentials, Person
from organizations.models import ApiKey, Organization, User
from organizations.services import (
    create_organization,
    create_staff,
    issue_api_key,
    revoke_api_key,
    update_organization,
)

NAME = "Acme Demo"
LOADING = "Acme Demo (loading)"  # Until every story is told: so a killed run is seen and taken up.
KEY_NAME = "Demonstration"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What there is now. `is_new` tells whether this call made anything."""

    organization: Organization
    credentials: Credentials
    is_new: bool


def load(*, new_credentials: bool = False) -> Demonstration:
    """Make the demonstration, take up what an earlier call left undone, or find it as it is.

    Not to be called twice at the same time: the command holds a lock. `new_credentials` gives the
    people new passwords and a new key, and revokes the old one.
    """
    organization = _find()
    is_new = organization is None or organization.name == LOADING
    if organization is None:
        organization, known = _make()
    else:
        known = _known(organization, renew=new_credentials, must_know=is_new)
    if is_new:
        # The apps that tell stories are above this one: settings names them by string.
        for play in map(import_string, settings.DEMONSTRATIONS):
            play(_cast(organization))
        organization = update_organization(organization, name=NAME)
    return Demonstration(organization, known, is_new)


def _find() -> Organization | None:
    """By its people: their addresses are unique, the name of an organization is not."""
    emails = [person.email for person in PEOPLE]
    found = Organization.objects.filter(memberships__user__email__in=emails)
    return found.order_by("created_at", "id").first()


@transaction.atomic
def _make() -> tuple[Organization, Credentials]:
    organization = create_organization(LOADING)
    people = credentials.fresh_people()
    for person in people:
        user = create_staff(
            person.email, organization=organization, role=person.role, name=person.name
        )
        _give_password(user, person)
    return organization, _issued(organization, people)


def _known(organization: Organization, *, renew: bool, must_know: bool) -> Credentials:
    """The credentials as kept; new ones where asked for, or where nobody can have seen the old."""
    found = credentials.kept(organization.id)
    if renew or (found is None and must_know):
        return _renewed(organization)
    return found or Credentials(organization.id, PEOPLE, None)


@transaction.atomic
def _renewed(organization: Organization) -> Credentials:
    people = credentials.fresh_people()
    for person in people:
        _give_password(User.objects.select_for_update().get(email=person.email), person)
    old = ApiKey.objects.filter(organization=organization, name=KEY_NAME, revoked_at=None)
    for key_id in old.values_list("id", flat=True):
        revoke_api_key(key_id)
    return _issued(organization, people)


def _issued(organization: Organization, people: tuple[Person, ...]) -> Credentials:
    _, secret = issue_api_key(organization, Environment.SANDBOX, name=KEY_NAME)
    made = Credentials(organization.id, people, secret)
    credentials.keep(made)
    return made


def _give_password(user: User, person: Person) -> None:
    user.set_password(person.password)
    user.save(update_fields=["password", "updated_at"])


def _cast(organization: Organization) -> Cast:
    callers = (
        caller_for_user(User.objects.get(email=person.email), organization, Environment.SANDBOX)
        for person in PEOPLE
    )
    preparer, approver, admin = callers
    return Cast(preparer, approver, admin)
