"""What every step ends with: its event, with the subscription as it then is."""

from billing.callers import Caller, system
from billing.chains import Environment
from events import services as events
from events.types import EventType
from subscriptions.answers import renewal_json, subscription_json
from subscriptions.models import Renewal, Subscription


def told(
    caller: Caller,
    type_: EventType,
    subscription: Subscription,
    renewal: Renewal | None = None,
    **more: object,
) -> None:
    """Publish that this happened, with the renewal it is about and the page where it is paid.

    The address of the customer's own page stays out: whoever reads events is not the customer.
    """
    data = {**subscription_json(subscription), **more}
    del data["page_url"]
    checkout_id = None
    if renewal is not None:
        checkout_id = renewal.checkout_id
        data["renewal"] = renewal_json(renewal)
        data["hosted_url"] = data["renewal"]["hosted_url"]
        data["checkout_id"] = checkout_id
    events.publish(caller, type_, subscription.id, data, checkout_id=checkout_id)


def renewer(subscription: Subscription) -> Caller:
    """The caller of what nobody asked for: the pass that renews."""
    return system(
        subscription.organization_id, Environment(subscription.environment), "The renewals"
    )
