"""The switch that stops payments: while an organization is paused, nothing more is agreed to.

It stops approving and handing over, in live and in the sandbox. It stops nothing that only looks or
takes back: whatever was sent is still followed, and withdrawing, rejecting and canceling go on.
"""

import logging
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Environment
from billing.errors import Forbidden, InsufficientScope, InvalidRequest
from events.services import publish
from events.types import EventType
from organizations.answers import organization_json
from organizations.models import Organization
from organizations.roles import ADMINISTER_ORGANIZATION, APPROVE

logger = logging.getLogger(__name__)
LONGEST_REASON = 500


class OrganizationPaused(Forbidden):
    """403: somebody stopped all payments of the organization."""

    code = "organization_paused"

    def __init__(self, organization: Organization) -> None:
        super().__init__(
            f"{organization.paused_by_name} paused all payments: {organization.pause_reason} "
            "Nothing is approved or handed over until an admin resumes them."
        )


def pause_words(organization: Organization) -> str:
    """Who stopped payments and why, in a sentence; empty where they go on."""
    if organization.paused_at is None:
        return ""
    return f"{organization.paused_by_name}: {organization.pause_reason}"


def may_pause(caller: Caller) -> bool:
    """Stopping is for many: whoever may approve, and whoever administers the organization."""
    return bool({ADMINISTER_ORGANIZATION, APPROVE} & caller.scopes)


@transaction.atomic
def pause(caller: Caller, reason: str) -> Organization:
    """Stop approving and handing over, at once; publishes organization.paused in both environments.

    It waits for the approvals and hand-overs that are being written this moment, and when it has
    returned none comes after it. Paused already: nothing changes, the first reason stays.
    Raises InsufficientScope, InvalidRequest without a reason.
    """
    if not may_pause(caller):
        raise InsufficientScope(f"{APPROVE} or {ADMINISTER_ORGANIZATION}")
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise InvalidRequest(
            "This needs a reason. Say in a few words why.",
            code="missing_required_field",
            param="reason",
        )
    organization = _locked(caller)
    if organization.paused_at is None:
        organization.paused_at = timezone.now()
        organization.paused_by, organization.paused_by_name = caller.actor_id, caller.actor_name
        organization.pause_reason = _sentence(reason)
        organization.save()
        _tell(caller, EventType.ORGANIZATION_PAUSED, organization)
        logger.warning(
            "organization paused organization=%s by=%s", organization.id, caller.actor_id
        )
    return organization


@transaction.atomic
def resume(caller: Caller) -> Organization:
    """Let payments go on; publishes organization.resumed. Not paused: nothing changes."""
    caller.require(ADMINISTER_ORGANIZATION)
    organization = _locked(caller)
    if organization.paused_at is not None:
        organization.paused_at = None
        organization.paused_by = organization.paused_by_name = organization.pause_reason = ""
        organization.save()
        _tell(caller, EventType.ORGANIZATION_RESUMED, organization)
        logger.info("organization resumed organization=%s by=%s", organization.id, caller.actor_id)
    return organization


def require_running(caller: Caller) -> None:
    """Raise OrganizationPaused where payments are paused; else none is until the transaction ends.

    The row is read FOR SHARE, which Django has no word for: any number of approvals hold it
    together, and `pause` waits for them. It comes after the locks on payouts, as everywhere.
    """
    rows = Organization.objects.raw(
        "SELECT * FROM organizations_organization WHERE id = %s FOR SHARE", [caller.organization_id]
    )
    organization = rows[0]
    if organization.paused_at is not None:
        raise OrganizationPaused(organization)


def _locked(caller: Caller) -> Organization:
    """The row, locked against FOR SHARE. Not FOR UPDATE: that would wait for every insert too."""
    rows = Organization.objects.select_for_update(no_key=True)
    return rows.get(id=caller.organization_id)


def _tell(caller: Caller, type_: EventType, organization: Organization) -> None:
    """It concerns both environments, and each has its own readers."""
    for environment in Environment:
        who = replace(caller, environment=environment)
        publish(who, type_, organization.id, organization_json(organization))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
