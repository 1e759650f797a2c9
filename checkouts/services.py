"""The acts on checkouts, payment methods and payment links. Every door comes through here.

Each act locks, checks, makes its transition, saves and publishes its event, in one transaction.
What the chain says is written by checkouts.recording and checkouts.settling.

    services.create(caller, NewCheckout(amount_usd=Decimal("49.99"), chain="tron", token="USDT"))
    services.methods.set_default(caller, "pm_…")
    services.links.close(caller, "pl_…")
"""

from checkouts import links, methods
from checkouts.acts.cancel import cancel
from checkouts.acts.create import NewCheckout, create
from checkouts.acts.fail import fail

__all__ = ["NewCheckout", "cancel", "create", "fail", "links", "methods"]
