"""Resolve: a person says what became of money that paid nothing, and it is work no more."""

import logging

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.private_keys import refuse_private_keys_in_words
from checkouts.answers import payment_json
from checkouts.models import Payment, PaymentResolution
from events import services as events
from events.types import EventType

logger = logging.getLogger(__name__)

LONGEST_NOTE = 500


@transaction.atomic
def resolve(caller: Caller, payment_id: str, resolution: str, note: str) -> Payment:
    """Say what became of a payment that needs a person, and publish payment.resolved with the note.

    One that is late, in the wrong token or unassigned; or that came in time for a checkout which
    then came to nothing. What the chain does with it later changes where it stands, and no more
    what it is. Raises NotFound, InvalidRequest (`payment_not_open`, `invalid_field_value`).
    """
    caller.require("checkouts:write")
    note = note.strip()
    if resolution not in PaymentResolution.values:
        allowed = ", ".join(PaymentResolution.values)
        raise InvalidRequest(f"The resolution must be one of: {allowed}.", param="resolution")
    if not 1 <= len(note) <= LONGEST_NOTE:
        raise InvalidRequest(f"Say why, in 1 to {LONGEST_NOTE} characters.", param="note")
    refuse_private_keys_in_words({"note": note})
    payment = _locked(caller, payment_id)
    if not is_open(payment):
        raise InvalidRequest(
            f"Payment {payment.id} waits for nobody. Only one that needs a person is resolved, "
            "and only once.",
            code="payment_not_open",
            param="payment_id",
        )
    payment.resolution, payment.note = resolution, note
    payment.resolved_at, payment.resolved_by = timezone.now(), caller.actor_id
    payment.save(update_fields=["resolution", "note", "resolved_at", "resolved_by", "updated_at"])
    data = {**payment_json(payment), "note": note}
    events.publish(
        caller, EventType.PAYMENT_RESOLVED, payment.id, data, checkout_id=payment.checkout_id
    )
    logger.info(
        "payment resolved payment=%s resolution=%s by=%s", payment.id, resolution, caller.actor_id
    )
    return payment


def is_open(payment: Payment) -> bool:
    """Whether it waits for a person: it counts towards nothing, and nobody resolved it.

    One that is in no block any more, of a checkout that was confirmed by it, can be resolved too:
    the alarm would never end where it is lost.
    """
    if payment.resolution:
        return False
    checkout = payment.checkout
    if checkout is None or payment.needs_a_person:
        return True
    is_lost = checkout.reversed_at is not None and payment.reversed_at is not None
    return is_lost or checkout.underpaid_at is not None


def _locked(caller: Caller, payment_id: str) -> Payment:
    rows = Payment.objects.visible_to(caller).select_for_update(of=("self",))
    payment: Payment | None = rows.select_related("checkout").filter(id=payment_id).first()
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment
