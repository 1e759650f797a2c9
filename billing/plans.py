"""What an organization's plan includes. Gates apply to live only; the sandbox has everything."""

from django.db.models import TextChoices

from billing.callers import Caller
from billing.errors import PlanRequired


class Plan(TextChoices):
    """From least to most: each includes those before it."""

    FREE = "free"
    STARTER = "starter"
    GROWTH = "growth"
    SCALE = "scale"
    ENTERPRISE = "enterprise"


# Feature -> the lowest plan that has it in live. `live` itself is the gate of every call.
GATES: dict[str, Plan] = {
    "live": Plan.STARTER,
    "webhooks": Plan.STARTER,
    "checkouts": Plan.STARTER,
    "subscriptions": Plan.GROWTH,
    "payouts": Plan.SCALE,
    "reconciliation": Plan.SCALE,
}
_ORDER = {plan.value: place for place, plan in enumerate(Plan)}


def require_plan(caller: Caller, feature: str) -> None:
    """Raise PlanRequired (403) where the caller's plan does not include `feature` in live."""
    lowest = GATES[feature]
    if caller.is_live and _ORDER[caller.plan] < _ORDER[lowest]:
        name = "Calling" if feature == "live" else feature.capitalize()
        raise PlanRequired(name, lowest)
