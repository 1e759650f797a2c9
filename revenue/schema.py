"""The shapes of answers about revenue, for the OpenAPI document; revenue.answers writes them.

The contract's fields come first, then ours, then the names that published clients read.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.chains import Chain, Environment, Token
from revenue.filters import EventTypeField
from revenue.serializers import TypeField
from revenue.types import RevenueType


@extend_schema_field({"type": "number", "format": "double"})
class Usd(serializers.Field[Any, Any, Any, Any]):
    """An exact JSON number in dollars, one token being one."""


def text(help_text: str | None = None) -> serializers.CharField:
    """A text that is null where there is none."""
    return serializers.CharField(allow_null=True, help_text=help_text)


def environment() -> NamedWord:
    return NamedWord("Environment", Environment.values)


class RevenueEventSerializer(serializers.Serializer[Any]):
    """A line of the ledger. It is written once, and never edited or deleted."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    event_type = EventTypeField()
    amount = Usd(help_text="Above zero: the type says which way.")
    currency = serializers.CharField()
    token = serializers.ChoiceField(
        choices=Token.choices, required=False, help_text="Left out where nothing was paid."
    )
    chain = serializers.ChoiceField(choices=Chain.choices, required=False)
    checkout_id = text()
    subscription_id = text()
    customer_id = text()
    renewal_id = text()
    adjustment_id = text()
    tx_hash = text()
    description = text("The reason of an adjustment, or why a line was taken back.")
    occurred_at = serializers.DateTimeField(
        help_text="By the organization's time: in the sandbox its clock can be moved ahead."
    )
    environment = environment()
    created_at = serializers.DateTimeField()
    payout_id = text("Of `payout_settled` and `payout_reversed`.")
    settlement_id = text()
    amount_atomic = serializers.CharField(help_text="The same in millionths.")
    event_id = serializers.CharField(help_text="The same as `id`.")
    revenue_event_id = serializers.CharField(help_text="The same as `id`.")
    type = EventTypeField(help_text="The same as `event_type`.")
    amount_usd = Usd(help_text="The same as `amount`.")
    source_type = serializers.CharField(
        help_text="What it comes from: `checkout`, `settlement`, `adjustment`."
    )
    source_id = serializers.CharField()


class AdjustmentSerializer(serializers.Serializer[Any]):
    """What was booked by hand. It is never edited or deleted: another one counters it."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    revenue_event_id = serializers.CharField(help_text="Its line of the ledger.")
    type = TypeField()
    amount = Usd()
    currency = serializers.CharField()
    reason = serializers.CharField()
    customer_id = text()
    checkout_id = text()
    subscription_id = text()
    applied_by = serializers.CharField(help_text="`usr_…` or `key_…`.")
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="The same: it never is.")
    applied_by_name = serializers.CharField()
    amount_atomic = serializers.CharField(help_text="The same in millionths.")
    metadata = serializers.DictField(child=serializers.CharField())
    adjustment_id = serializers.CharField(help_text="The same as `id`.")
    amount_usd = Usd(help_text="The same as `amount`.")
    description = serializers.CharField(help_text="The same as `reason`.")
    source_type = text("What `source_id` names.")
    source_id = text("What it is about.")


class EventCountsSerializer(serializers.Serializer[Any]):
    """How many lines of each type."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {word.value: serializers.IntegerField() for word in RevenueType}


class AccountingPeriodSerializer(serializers.Serializer[Any]):
    """A month or a week. One in which nothing happened is left out."""

    period = serializers.CharField(help_text="`2025-01`, or `2025-W03` as ISO 8601 has weeks.")
    gross_revenue = Usd(help_text="What customers paid, less what reorganizations took back.")
    refunds = Usd()
    adjustments_credit = Usd()
    adjustments_debit = Usd()
    chargebacks = Usd()
    net_revenue = Usd(help_text="Gross and credits, less refunds, debits and chargebacks.")
    fees = Usd(help_text="Always 0: there is nobody in between who takes any.")
    period_start = serializers.DateTimeField(help_text="Its first moment.")
    period_end = serializers.DateTimeField(help_text="The first moment after it.")
    payouts_out = Usd(help_text="What payouts moved out. No part of revenue.")
    event_counts = EventCountsSerializer()


class AccountsSerializer(serializers.Serializer[Any]):
    """The ledger by month or week, newest first, and its totals."""

    data = AccountingPeriodSerializer(many=True)  # type: ignore[assignment]  # the API's name
    time_zone = serializers.CharField()
    currency = serializers.CharField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    total_revenue_usd = Usd(help_text="Gross.")
    total_fees_usd = Usd()
    total_refunds_usd = Usd()
    net_revenue_usd = Usd()
    payouts_out_usd = Usd()
    total_revenue = Usd(help_text="The same as `total_revenue_usd`.")
    total_fees = Usd(help_text="The same as `total_fees_usd`.")
    total_net = Usd(help_text="The same as `net_revenue_usd`.")
    total_charges = serializers.IntegerField(help_text="How many payments of customers.")
    total_refunds = serializers.IntegerField(help_text="How many refunds.")
    transaction_count = serializers.IntegerField(help_text="Both together.")

    class Meta:
        ref_name = "AccountingPeriodList"
