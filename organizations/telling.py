"""Telling what a person did with their log-in: one event for each organization they belong to.

In live, where an organization looks for what concerns its people.
"""

from typing import Any

from django.db import transaction

from billing.callers import system
from billing.chains import Environment
from events.services import publish
from events.types import EventType
from organizations.answers import member_json
from organizations.callers import caller_for_user
from organizations.models import Membership, User

LOG_IN_PAGE = "The log-in page"


@transaction.atomic
def tell(user: User, type: EventType, *, address: str = "", **data: Any) -> None:
    """Publish `type` as this person's own act wherever they are a member."""
    for membership in _memberships(user):
        who = caller_for_user(user, membership.organization, Environment.LIVE, address)
        publish(who, type, user.id, {**member_json(membership), **data})


@transaction.atomic
def tell_of_failures(user: User, *, address: str, attempts: int, reason: str) -> None:
    """Publish member.log_in_failed: somebody, perhaps not this person, did not get in."""
    for membership in _memberships(user):
        nobody = system(membership.organization_id, Environment.LIVE, LOG_IN_PAGE, address)
        data = {**member_json(membership), "attempts": attempts, "reason": reason}
        publish(nobody, EventType.MEMBER_LOG_IN_FAILED, user.id, data)


def _memberships(user: User) -> list[Membership]:
    found = Membership.objects.filter(user=user).select_related("organization", "user")
    return list(found.order_by("organization_id"))
