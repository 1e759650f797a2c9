"""The tables of subscriptions: what is sold by the period, to whom, and each period's payment."""

from subscriptions.models.plans import Entitlement, Plan
from subscriptions.models.renewals import Renewal
from subscriptions.models.settings import RenewalSettings
from subscriptions.models.subscriptions import Subscription
from subscriptions.states import (
    CanceledBecause,
    Interval,
    PlanStatus,
    RenewalStatus,
    Status,
    ValueType,
)

__all__ = [
    "CanceledBecause",
    "Entitlement",
    "Interval",
    "Plan",
    "PlanStatus",
    "Renewal",
    "RenewalSettings",
    "RenewalStatus",
    "Status",
    "Subscription",
    "ValueType",
]
