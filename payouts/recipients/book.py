"""How long a new address waits before money may be sent to it by name."""

from datetime import timedelta

from django.db import transaction

from billing.callers import Caller
from billing.chains import Environment
from billing.errors import InvalidRequest
from events.services import publish
from events.types import EventType
from organizations.answers import organization_json
from organizations.models import Organization
from organizations.roles import ADMINISTER_ORGANIZATION
from payouts.models import AddressBook

DEFAULT_HOURS = {Environment.LIVE: 24, Environment.SANDBOX: 0}
MOST_HOURS = 720


def cool_down_of(organization_id: str, environment: str) -> timedelta:
    """The wait of an address that is approved now."""
    book = AddressBook.objects.filter(organization_id=organization_id, environment=environment)
    hours = book.values_list("cool_down_hours", flat=True).first()
    if hours is None:
        hours = DEFAULT_HOURS[Environment(environment)]
    return timedelta(hours=hours)


@transaction.atomic
def set_cool_down(caller: Caller, hours: int) -> None:
    """Let addresses approved from now on wait so long; publish organization.updated.

    What was approved keeps its time: nobody shortens the wait of an address they just let in.
    """
    caller.require(ADMINISTER_ORGANIZATION)
    if not 0 <= hours <= MOST_HOURS:
        raise InvalidRequest(f"The cool-down is 0 to {MOST_HOURS} hours.", param="cool_down_hours")
    organization = Organization.objects.select_for_update().get(id=caller.organization_id)
    before = cool_down_of(caller.organization_id, caller.environment)
    if before == timedelta(hours=hours):
        return
    AddressBook.objects.update_or_create(
        organization=organization,
        environment=caller.environment,
        defaults={"cool_down_hours": hours},
    )
    told = {**organization_json(organization), "address_cool_down_hours": hours}
    publish(caller, EventType.ORGANIZATION_UPDATED, organization.id, told)
