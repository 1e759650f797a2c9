"""What narrows a list of plans, subscriptions, renewals or entitlements, checked strictly."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers

from billing.callers import Caller
from billing.fields import StrictCharField, StrictChoiceField
from subscriptions.models import (
    Entitlement,
    Plan,
    PlanStatus,
    Renewal,
    RenewalStatus,
    Status,
    Subscription,
)

_LONGEST_ID = 40


class WordField(StrictChoiceField):
    """A stored word, or another spelling that published clients have for one."""

    def __init__(self, words: list[str], others: Mapping[str, str], **kwargs: Any) -> None:
        self._others = others
        super().__init__(choices=[*words, *others], **kwargs)

    def to_internal_value(self, data: Any) -> str:
        word = super().to_internal_value(data)
        return self._others.get(word, word)


class PlanFilters(serializers.Serializer[Any]):
    """Query of GET /v1/subscriptions/plans."""

    status = StrictChoiceField(
        choices=PlanStatus.choices, required=False, help_text="Only plans in this state."
    )


class SubscriptionFilters(serializers.Serializer[Any]):
    """Query of GET /v1/subscriptions."""

    status = WordField(
        Status.values,
        {"cancelled": Status.CANCELED.value},
        required=False,
        help_text="Only subscriptions in this state. `cancelled` is read as `canceled`.",
    )
    customer_id = StrictCharField(
        required=False, max_length=_LONGEST_ID, help_text="Only subscriptions of this customer."
    )
    plan_id = StrictCharField(
        required=False, max_length=_LONGEST_ID, help_text="Only subscriptions to this plan."
    )


class RenewalFilters(serializers.Serializer[Any]):
    """Query of GET /v1/subscriptions/renewals."""

    status = WordField(
        RenewalStatus.values,
        {"succeeded": RenewalStatus.PAID.value},
        required=False,
        help_text="Only renewals in this state. `succeeded` is read as `paid`.",
    )
    subscription_id = StrictCharField(
        required=False, max_length=_LONGEST_ID, help_text="Only renewals of this subscription."
    )


class EntitlementFilters(serializers.Serializer[Any]):
    """Query of GET /v1/subscriptions/entitlements."""

    plan_id = StrictCharField(
        required=False, max_length=_LONGEST_ID, help_text="Only what this plan opens."
    )
    subscription_id = StrictCharField(
        required=False,
        max_length=_LONGEST_ID,
        help_text="Another spelling: only what the plan of this subscription opens.",
    )


class CheckQuery(serializers.Serializer[Any]):
    """Query of GET /v1/subscriptions/entitlements/check."""

    customer_id = StrictCharField(max_length=_LONGEST_ID, help_text="Who asks for the feature.")
    feature_key = StrictCharField(max_length=256, help_text="Which feature.")


_PLANS, _SUBSCRIPTIONS, _RENEWALS = PlanFilters(), SubscriptionFilters(), RenewalFilters()
_ENTITLEMENTS, _CHECK = EntitlementFilters(), CheckQuery()
PLAN_NAMES = ("status",)
SUBSCRIPTION_NAMES = ("status", "customer_id", "plan_id")
RENEWAL_NAMES = ("status", "subscription_id")
ENTITLEMENT_NAMES = ("plan_id", "subscription_id")
CHECK_NAMES = ("customer_id", "feature_key")


def plans(caller: Caller, query: QueryDict) -> QuerySet[Plan]:
    """Return the caller's plans that the query asks for. Raises ValidationError."""
    rows: QuerySet[Plan] = Plan.objects.visible_to(caller)
    return rows.filter(**_asked(_PLANS, PLAN_NAMES, query))


def subscriptions(caller: Caller, query: QueryDict) -> QuerySet[Subscription]:
    """Return the caller's subscriptions that the query asks for, with customer and plan."""
    rows: QuerySet[Subscription] = Subscription.objects.visible_to(caller)
    narrowed = rows.filter(**_asked(_SUBSCRIPTIONS, SUBSCRIPTION_NAMES, query))
    return narrowed.select_related("customer", "plan")


def renewals(caller: Caller, query: QueryDict) -> QuerySet[Renewal]:
    """Return the caller's renewals that the query asks for, with their subscriptions."""
    rows: QuerySet[Renewal] = Renewal.objects.visible_to(caller)
    narrowed = rows.filter(**_asked(_RENEWALS, RENEWAL_NAMES, query))
    return narrowed.select_related("subscription")


def entitlements(caller: Caller, query: QueryDict) -> QuerySet[Entitlement]:
    """Return the caller's entitlements that the query asks for; of a stranger's plan none."""
    asked = _asked(_ENTITLEMENTS, ENTITLEMENT_NAMES, query)
    rows: QuerySet[Entitlement] = Entitlement.objects.visible_to(caller)
    if "plan_id" in asked:
        rows = rows.filter(plan_id=asked["plan_id"])
    if "subscription_id" in asked:
        mine = Subscription.objects.visible_to(caller).filter(id=asked["subscription_id"])
        rows = rows.filter(plan_id__in=mine.order_by().values("plan_id"))
    return rows


def who_and_what(query: QueryDict) -> tuple[str, str]:
    """Return the customer and the feature that a check asks about. Raises ValidationError."""
    asked = _CHECK.run_validation({name: query[name] for name in CHECK_NAMES if name in query})
    return asked["customer_id"], asked["feature_key"]


def _asked(
    fields: serializers.Serializer[Any], names: tuple[str, ...], query: QueryDict
) -> dict[str, Any]:
    given = {name: query[name] for name in names if name in query}
    asked: dict[str, Any] = fields.run_validation(given) if given else {}
    return asked
