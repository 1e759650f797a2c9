"""The acts on subscriptions and renewals. Every door comes through here.

Each act locks the subscription, checks, makes its transition, saves and publishes its event, in one
transaction. What time and payments do is written by the pass (subscriptions.renewing).

    services.create(caller, NewSubscription(customer_id="cus_…", plan_id="plan_…"))
    services.cancel(caller, "sub_…")
    services.retry(caller, "ren_…")
"""

from subscriptions.acts.cancel import cancel, cancel_immediately, cancel_on_page
from subscriptions.acts.create import NewSubscription, create
from subscriptions.acts.pause import pause, resume
from subscriptions.acts.retry import retry

__all__ = [
    "NewSubscription",
    "cancel",
    "cancel_immediately",
    "cancel_on_page",
    "create",
    "pause",
    "resume",
    "retry",
]
