"""The shapes of answers about subscriptions, for the OpenAPI document.

The contract's fields come first, then ours, then those that published clients read under a name of
their own. Tests hold all of them against real answers.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.chains import Chain, Token
from checkouts.schema import Usd, environment, text, time
from customers.serializers import CustomerSerializer
from subscriptions.models import (
    CanceledBecause,
    Interval,
    PlanStatus,
    RenewalStatus,
    Status,
    ValueType,
)

SAME_ID = "The same as `id`, under another name."


@extend_schema_field({"type": "number", "nullable": True})
class NumberOrNone(serializers.Field[Any, Any, Any, Any]):
    """An exact JSON number, null where the value is of another type."""


def value_type(**kwargs: Any) -> NamedWord:
    """Which of the three values there is."""
    return NamedWord("EntitlementValueType", ValueType.values, **kwargs)


def boolean_or_none() -> serializers.BooleanField:
    """A value, null where it is of another type."""
    return serializers.BooleanField(allow_null=True)


class SubscriptionPlanSerializer(serializers.Serializer[Any]):
    """What is sold by the period."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    name = serializers.CharField()
    description = text()
    amount = Usd(help_text="Of each period, in token units, one token being one dollar.")
    currency = serializers.CharField(help_text="`USD`.")
    token = serializers.ChoiceField(choices=Token.choices)
    interval = NamedWord("SubscriptionPlanInterval", Interval.values)
    interval_count = serializers.IntegerField(help_text="A period is so many intervals.")
    trial_days = serializers.IntegerField()
    status = NamedWord(
        "SubscriptionPlanStatus",
        PlanStatus.values,
        help_text="An `archived` one takes no new subscriptions; those there are go on.",
    )
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    chain = serializers.ChoiceField(choices=Chain.choices)
    amount_atomic = serializers.CharField(help_text="The amount in the token's smallest unit.")
    metadata = serializers.DictField(child=serializers.CharField())
    plan_id = serializers.CharField(help_text=SAME_ID)
    amount_usd = Usd(help_text="The same as `amount`.")


class SubscriptionSerializer(serializers.Serializer[Any]):
    """A customer's standing order of a plan. Times of the sandbox are by its own clock."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    customer_id = serializers.CharField()
    plan_id = serializers.CharField()
    payment_method_id = text("Null: the method that takes the plan's token on its chain.")
    status = NamedWord("SubscriptionStatus", Status.values)
    current_period_start = time("Of the trial, or of the newest period that was paid.")
    current_period_end = time("When that is over.")
    trial_end = time()
    canceled_at = time()
    cancel_at_period_end = serializers.BooleanField(
        help_text="It is canceled when the current period is over."
    )
    pause_start = time("When it was paused last.")
    pause_end = time("When it was resumed after that.")
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    customer = CustomerSerializer()
    plan = SubscriptionPlanSerializer()
    canceled_because = NamedWord(
        "CanceledBecause",
        CanceledBecause.values,
        allow_null=True,
        help_text="`unpaid`: every attempt of a renewal failed.",
    )
    expired_at = time()
    time_zone = serializers.CharField(help_text="By whose clocks its periods begin.")
    metadata = serializers.DictField(child=serializers.CharField())
    page_url = serializers.URLField(
        help_text="The customer's own page. Whoever knows it may pay, and cancel where you allow "
        "that."
    )
    subscription_id = serializers.CharField(help_text=SAME_ID)
    cancelled_at = time("The same as `canceled_at`.")


class SubscriptionRenewalSerializer(serializers.Serializer[Any]):
    """One period of a subscription that is to be paid. Times of the sandbox are by its clock."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    subscription_id = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    amount = Usd()
    token = serializers.ChoiceField(choices=Token.choices)
    checkout_id = text("Of the newest attempt.")
    status = NamedWord("RenewalStatus", RenewalStatus.values)
    attempt_count = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    next_attempt_at = time("Null where none will be made by itself.")
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    chain = serializers.ChoiceField(choices=Chain.choices)
    amount_atomic = serializers.CharField(help_text="The amount in the token's smallest unit.")
    hosted_url = text("The page to send the customer to.")
    closes_at = time("Until when the newest attempt can be paid.")
    paid_at = time()
    closed_at = time("Since when nothing more is done for it.")
    problem = text("Why no checkout could be made for it; that is tried again by itself.")
    renewal_id = serializers.CharField(help_text=SAME_ID)
    plan_id = serializers.CharField()
    amount_usd = Usd(help_text="The same as `amount`.")
    attempted_at = time("When the newest attempt was made.")
    next_retry_at = time("The same as `next_attempt_at`.")


class EntitlementSerializer(serializers.Serializer[Any]):
    """What a plan opens, and how far; exactly the value of its type is not null."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    plan_id = serializers.CharField()
    feature_key = serializers.CharField()
    value_type = value_type()
    value_boolean = boolean_or_none()
    value_numeric = NumberOrNone()
    value_string = text()
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    entitlement_id = serializers.CharField(help_text=SAME_ID)
    subscription_id = text("The one that the call named, whose plan this is of.")
    value = serializers.CharField(help_text="The value as text, whatever its type.")


class EntitlementCheckSerializer(serializers.Serializer[Any]):
    """Whether a customer may use a feature, and how far."""

    has_access = serializers.BooleanField()
    feature_key = serializers.CharField()
    value_type = value_type(help_text="`boolean` without access.")
    value_boolean = boolean_or_none()
    value_numeric = NumberOrNone()
    value_string = text()
    plan_id = text("Of the plan that opens it; null without access.")
    subscription_id = text("Of the subscription that opens it; null without access.")
    entitled = serializers.BooleanField(help_text="The same as `has_access`.")
    value = serializers.CharField(help_text="The value as text, whatever its type.")

    class Meta:
        ref_name = "EntitlementCheckResponse"
