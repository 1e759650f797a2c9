"""Fail: a person says that a checkout will not be paid, and why. Nothing fails by itself."""

import logging

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.private_keys import refuse_private_keys_in_words
from checkouts.acts.amounts import let_go
from checkouts.acts.locking import locked, told
from checkouts.errors import CheckoutNotPending
from checkouts.models import Checkout, Status
from events.types import EventType

logger = logging.getLogger(__name__)

LONGEST_REASON = 500


@transaction.atomic
def fail(caller: Caller, checkout_id: str, reason: str) -> Checkout:
    """Mark a pending checkout as failed, and publish checkout.failed with the reason.

    For the admin: no call of the API leads here. Raises NotFound, CheckoutNotPending, and
    InvalidRequest for a reason that says nothing.
    """
    caller.require("checkouts:write")
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise InvalidRequest(f"Say why, in 1 to {LONGEST_REASON} characters.", param="reason")
    refuse_private_keys_in_words({"reason": reason})
    checkout = locked(caller, checkout_id)
    if checkout.status != Status.PENDING:
        raise CheckoutNotPending(checkout, "fail")
    at = timezone.now()
    checkout.fail(at=at, reason=reason)
    checkout.save(update_fields=["status", "failed_at", "failure_reason", "updated_at"])
    let_go(checkout, at=at)
    logger.info("checkout failed checkout=%s actor=%s", checkout.id, caller.actor_id)
    return told(caller, EventType.CHECKOUT_FAILED, checkout)
