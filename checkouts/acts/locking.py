"""What every act begins with: the checkout, locked, if the caller may see it; what it ends with."""

from collections.abc import Sequence

from billing.callers import Caller
from billing.errors import NotFound
from checkouts.answers import Heads, checkout_json
from checkouts.models import Checkout, Payment
from events import services as events
from events.types import EventType


def locked(caller: Caller, checkout_id: str) -> Checkout:
    """Return the checkout with its row locked until the transaction ends. Raises NotFound.

    The lock decides every race between two acts, and between an act and the watcher: the second
    waits here and then reads what the first left.
    """
    rows = Checkout.objects.visible_to(caller).select_for_update()
    checkout: Checkout | None = rows.filter(id=checkout_id).first()
    if checkout is None:
        raise NotFound("checkout", checkout_id, param="checkout_id")
    return checkout


def told(
    caller: Caller,
    type_: EventType,
    checkout: Checkout,
    payments: Sequence[Payment] | None = None,
    heads: Heads | None = None,
    **more: object,
) -> Checkout:
    """Publish the act's event with the checkout as it now is, and `more` of what happened."""
    data = {**checkout_json(checkout, payments, heads), **more}
    events.publish(caller, type_, checkout.id, data, checkout_id=checkout.id)
    return checkout
