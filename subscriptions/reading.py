"""One subscription or renewal of the caller's, with what its answer needs."""

from billing.callers import Caller
from billing.errors import NotFound
from subscriptions.models import Renewal, Subscription


def subscription(caller: Caller, subscription_id: str) -> Subscription:
    """Return it with its customer and plan. Raises NotFound for any other, foreign or missing."""
    rows = Subscription.objects.visible_to(caller).select_related("customer", "plan")
    found: Subscription | None = rows.filter(id=subscription_id).first()
    if found is None:
        raise NotFound("subscription", subscription_id, param="id")
    return found


def renewal(caller: Caller, renewal_id: str) -> Renewal:
    """Return it with its subscription. Raises NotFound for any other, foreign or missing."""
    rows = Renewal.objects.visible_to(caller).select_related("subscription")
    found: Renewal | None = rows.filter(id=renewal_id).first()
    if found is None:
        raise NotFound("renewal", renewal_id, param="id")
    return found
