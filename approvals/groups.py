"""Groups of approvers: made and changed by whoever administers policies."""

import logging
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from approvals import locks
from approvals.answers import group_json
from approvals.errors import PolicyCannotBeMet
from approvals.models import ApproverGroup
from approvals.publishing import objections
from approvals.reading import approvers, in_force
from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from events.services import publish
from events.types import EventType
from organizations.models import User
from organizations.roles import ADMINISTER_POLICIES

logger = logging.getLogger(__name__)


@transaction.atomic
def create(
    caller: Caller, *, name: str, member_ids: Sequence[str], keys_count: bool = False
) -> ApproverGroup:
    """Make a group of people who may approve; publishes approver_group.updated.

    Raises InsufficientScope, InvalidRequest for a name that is taken or a person who may not.
    """
    caller.require(ADMINISTER_POLICIES)
    group = ApproverGroup(organization_id=caller.organization_id, environment=caller.environment)
    return _written(caller, group, name, member_ids, keys_count)


@transaction.atomic
def update(
    caller: Caller, group_id: str, *, name: str, member_ids: Sequence[str], keys_count: bool
) -> ApproverGroup:
    """Say anew who belongs to a group; it counts from the next approval on.

    It waits for the approvals that are being decided. Raises what `create` does, NotFound, and
    PolicyCannotBeMet where a published rule would ask more approvals than the group could give.
    """
    caller.require(ADMINISTER_POLICIES)
    locks.change_policy(caller.organization_id, caller.environment)
    group = ApproverGroup.objects.visible_to(caller).select_for_update().filter(id=group_id).first()
    if group is None:
        raise NotFound("approver group", group_id)
    _written(caller, group, name, member_ids, keys_count)
    published = in_force(caller.organization_id, caller.environment).policy
    if published is not None and published.rules.filter(group=group).exists():
        there_are = approvers(caller.organization_id, caller.environment)
        if against := objections(published, there_are):
            raise PolicyCannotBeMet(against[0])
    return group


def _written(
    caller: Caller, group: ApproverGroup, name: str, member_ids: Sequence[str], keys_count: bool
) -> ApproverGroup:
    name = " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise InvalidRequest("Give the group a name of up to 80 characters.", param="name")
    may = approvers(caller.organization_id, caller.environment).people
    if strangers := [one for one in member_ids if one not in may]:
        raise InvalidRequest(
            f"{strangers[0]} may not approve here. Give them a role that may, first.",
            param="members",
        )
    group.name, group.keys_count = name, keys_count
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        if "one_approver_group_per_name" not in str(error):
            raise
        raise InvalidRequest(f"There is a group named {name} already.", param="name") from None
    group.members.set(User.objects.filter(id__in=member_ids))
    publish(caller, EventType.APPROVER_GROUP_UPDATED, group.id, group_json(group))
    logger.info("approver group written group=%s members=%d", group.id, len(set(member_ids)))
    return group
