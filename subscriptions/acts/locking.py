"""What every act begins with: the subscription, locked, if the caller may see it."""

from billing.callers import Caller
from billing.errors import NotFound
from subscriptions.models import Subscription


def locked(caller: Caller, subscription_id: str) -> Subscription:
    """Return the subscription with its row locked until the transaction ends. Raises NotFound.

    The lock decides every race between two acts, and between an act and the pass that renews: the
    second waits here and then reads what the first left.
    """
    rows = Subscription.objects.visible_to(caller).select_for_update(of=("self",))
    subscription: Subscription | None = (
        rows.select_related("plan", "customer", "payment_method").filter(id=subscription_id).first()
    )
    if subscription is None:
        raise NotFound("subscription", subscription_id, param="id")
    return subscription
