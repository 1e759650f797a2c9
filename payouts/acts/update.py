"""Update: what may still be said differently about a draft, then its status, all or nothing."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from approvals import services as approvals
from billing.callers import Caller
from billing.errors import InvalidRequest
from events.types import EventType
from payouts.acts.approve import approve_locked
from payouts.acts.cancel import cancel_locked
from payouts.acts.locking import locked, told
from payouts.errors import IllegalTransition
from payouts.models import PayoutIntent, Status

CHANGEABLE = ("description", "due_date", "metadata")
IMMUTABLE = ("recipient_address", "chain", "token", "amount", "amount_atomic", "currency")


@transaction.atomic
def update(caller: Caller, payout_id: str, changes: Mapping[str, Any]) -> PayoutIntent:
    """Apply the fields of CHANGEABLE in `changes`, then its `status` (`approved` or `canceled`).

    Nothing to change is no error and no event. Another due date voids the approvals given, since
    they were bound to the old one. Raises `field_immutable`, `payout_not_draft`, and what approve
    and cancel raise; then nothing of it happened.
    """
    immutable = next((name for name in IMMUTABLE if name in changes), None)
    if immutable is not None:
        raise InvalidRequest(
            f"{immutable} never changes after a payout was created. Cancel it and create another.",
            code="field_immutable",
            param=immutable,
        )
    payout = locked(caller, payout_id)
    wanted = {name: changes[name] for name in CHANGEABLE if name in changes}
    if "metadata" in wanted:
        wanted["metadata"] = wanted["metadata"] or {}
    status = changes.get("status")
    if wanted:
        caller.require("payouts:write")
        _apply(caller, payout, wanted)
    if status == Status.APPROVED:
        return approve_locked(caller, payout)
    if status == Status.CANCELED:
        return cancel_locked(caller, payout)
    if status is not None:
        raise InvalidRequest("status can be set to approved or canceled.", param="status")
    return payout


def _apply(caller: Caller, payout: PayoutIntent, wanted: Mapping[str, Any]) -> None:
    if payout.status != Status.DRAFT:
        raise IllegalTransition(payout, "update")
    changed = [name for name, value in wanted.items() if getattr(payout, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(payout, name, wanted[name])
    if "due_date" in changed and payout.approvals:
        approvals.void(payout.id, "The due date was changed.", timezone.now())
        payout.approvals = []
        changed.append("approvals")
    payout.save(update_fields=[*changed, "updated_at"])
    told(caller, EventType.PAYOUT_UPDATED, payout, changed=sorted(changed))
