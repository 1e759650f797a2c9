"""Cancel: the customer is not waited for any longer, because the merchant says so."""

import logging

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from checkouts.acts.amounts import let_go
from checkouts.acts.locking import locked, told
from checkouts.errors import CheckoutNotPending
from checkouts.models import Checkout, Status
from events.types import EventType

logger = logging.getLogger(__name__)


@transaction.atomic
def cancel(caller: Caller, checkout_id: str) -> Checkout:
    """Expire a pending checkout at once, and publish checkout.expired.

    What reaches its address later is a late payment, as of every expired one. Raises NotFound, and
    CheckoutNotPending where it is not pending or something was paid already.
    """
    caller.require("checkouts:write")
    checkout = locked(caller, checkout_id)
    if checkout.status != Status.PENDING or _has_come(checkout):
        raise CheckoutNotPending(checkout, "cancel")
    at = timezone.now()
    checkout.cancel(at=at)
    checkout.save(update_fields=["status", "expired_at", "canceled_at", "updated_at"])
    let_go(checkout, at=at)
    logger.info("checkout canceled checkout=%s actor=%s", checkout.id, caller.actor_id)
    return told(caller, EventType.CHECKOUT_EXPIRED, checkout)


def _has_come(checkout: Checkout) -> bool:
    """Whether anything stands on its address: of the wrong token too, which a person looks at."""
    return bool(
        checkout.amount_received_atomic or checkout.payments.filter(reversed_at=None).exists()
    )
