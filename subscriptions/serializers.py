"""What a request about plans, subscriptions and renewals may say. Parsed here once.

Published clients spell some of it otherwise than the contract; both spellings are read, and answers
are always the contract's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rest_framework import serializers

from billing.api.schema import WholeBody
from billing.errors import InvalidRequest
from billing.fields import (
    AmountField,
    ChainField,
    MetadataField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    TokenField,
)
from subscriptions.models import Interval, PlanStatus
from subscriptions.models.plans import LONGEST_TRIAL_DAYS, MOST_INTERVALS
from subscriptions.plans import NewPlan
from subscriptions.services import NewSubscription

# The other spellings, and what they mean. A client that sets a status means what it then is.
INTERVALS: Mapping[str, str] = MappingProxyType(
    {
        "day": Interval.DAILY.value,
        "week": Interval.WEEKLY.value,
        "month": Interval.MONTHLY.value,
        "year": Interval.YEARLY.value,
    }
)
ACTIONS = ("cancel", "cancel_immediately", "pause", "resume")
ACTION_OF_STATUS: Mapping[str, str] = MappingProxyType(
    {
        "canceled": "cancel_immediately",
        "cancelled": "cancel_immediately",
        "paused": "pause",
        "active": "resume",
    }
)
FIXED_OF_PLAN = (
    "id", "org_id", "amount", "amount_usd", "currency", "interval", "interval_count", "trial_days",
    "chain", "token", "environment", "created_at",
)  # fmt: skip
FIXED_OF_SUBSCRIPTION = ("customer_id", "plan_id", "payment_method_id", "trial_end")


class IntervalField(StrictChoiceField):
    """What a period is a number of; `month` is read as `monthly`, and so on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[*Interval.values, *INTERVALS], **kwargs)

    def to_internal_value(self, data: Any) -> str:
        word = super().to_internal_value(data)
        return INTERVALS.get(word, word)


class CreatePlanRequest(serializers.Serializer[Any]):
    """Body of POST /v1/subscriptions/plans."""

    name = StrictCharField(max_length=256, help_text="Shown to customers.")
    description = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=1024
    )
    amount_usd = AmountField(
        help_text="Of each period, in token units, one token being one dollar; kept exactly."
    )
    interval = IntervalField(
        help_text="Weeks have seven days; months and years are steps of the calendar. `month` is "
        "read as `monthly`, and so on."
    )
    interval_count = StrictIntegerField(
        default=1,
        min_value=1,
        max_value=MOST_INTERVALS,
        help_text="A period is so many intervals: 3 and `monthly` is a quarter.",
    )
    trial_days = StrictIntegerField(
        default=0,
        min_value=0,
        max_value=LONGEST_TRIAL_DAYS,
        help_text="How long it is free at first.",
    )
    token = TokenField(help_text="The stablecoin to be paid in.")
    chain = ChainField(help_text="The network to be paid on.")
    metadata = MetadataField(
        required=False, allow_null=True, help_text="Up to 20 names and texts of your own."
    )


class UpdatePlanRequest(serializers.Serializer[Any]):
    """Body of PATCH /v1/subscriptions/plans/{id}: only what it names is changed."""

    name = StrictCharField(required=False, max_length=256, help_text="Shown to customers.")
    description = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=1024
    )
    status = StrictChoiceField(
        choices=PlanStatus.choices,
        required=False,
        help_text="`archived`: no new subscriptions; those there are go on.",
    )
    metadata = MetadataField(
        required=False, allow_null=True, help_text="Up to 20 names and texts of your own."
    )


class CreateSubscriptionRequest(serializers.Serializer[Any]):
    """Body of POST /v1/subscriptions."""

    customer_id = StrictCharField(max_length=40, help_text="Who shall have it (`cus_…`).")
    plan_id = StrictCharField(max_length=40, help_text="What they shall have (`plan_…`).")
    payment_method_id = StrictCharField(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="How they pay (`pm_…`). Else the default method, if it takes the plan's token on "
        "its chain, else the newest that does.",
    )
    metadata = MetadataField(
        required=False, allow_null=True, help_text="Up to 20 names and texts of your own."
    )


class UpdateSubscriptionRequest(WholeBody):
    """Body of PATCH /v1/subscriptions/{id}."""

    action = StrictChoiceField(
        choices=[(word, word) for word in ACTIONS],
        help_text="`cancel` ends it with the current period. May be left out where `status` is "
        "given.",
    )
    status = StrictChoiceField(
        choices=[(word, word) for word in ACTION_OF_STATUS],
        required=False,
        help_text="Another spelling of the action: `canceled` cancels immediately, `paused` "
        "pauses, `active` resumes.",
    )


CREATE_PLAN = CreatePlanRequest()
UPDATE_PLAN = UpdatePlanRequest()
CREATE = CreateSubscriptionRequest()
UPDATE = UpdateSubscriptionRequest()


def new_plan(data: Any) -> NewPlan:
    """Read the body of a create. Raises ValidationError."""
    if "interval" not in data and "billing_interval" in data:
        data = {**data, "interval": data["billing_interval"]}
    values = CREATE_PLAN.run_validation(data)
    values["metadata"] = values.get("metadata") or {}
    return NewPlan(**values)


def plan_changes(data: Any) -> dict[str, Any]:
    """Read the body of a PATCH: only what it names. Raises `field_immutable` for what is fixed."""
    _refuse_fixed(data, FIXED_OF_PLAN, "Make another plan with it instead.")
    values: dict[str, Any] = UPDATE_PLAN.run_validation(data)
    if "metadata" in values:
        values["metadata"] = values["metadata"] or {}
    return values


def new_subscription(data: Any) -> NewSubscription:
    """Read the body of a create. Raises ValidationError."""
    values = CREATE.run_validation(data)
    values["metadata"] = values.get("metadata") or {}
    return NewSubscription(**values)


def action(data: Any) -> str:
    """Read which of ACTIONS the body of a PATCH asks for, by either spelling.

    Raises `field_immutable` for what is fixed, and InvalidRequest where the two contradict.
    """
    _refuse_fixed(data, FIXED_OF_SUBSCRIPTION, "Cancel it and make another one instead.")
    status = data.get("status")
    meant = ACTION_OF_STATUS.get(status) if isinstance(status, str) else None
    if meant is not None and "action" not in data:
        data = {**data, "action": meant}
    word: str = UPDATE.run_validation(data)["action"]
    if meant not in (None, word):
        raise InvalidRequest(
            f"The action {word} and the status {status} contradict each other. Give the action.",
            param="status",
        )
    return word


def _refuse_fixed(data: Any, fixed: tuple[str, ...], instead: str) -> None:
    named = next((name for name in fixed if name in data), None)
    if named is not None:
        raise InvalidRequest(
            f"{named} never changes. {instead}", code="field_immutable", param=named
        )
