"""What a request about revenue may say, in each spelling that clients use. Parsed here once."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from billing.api.schema import NamedWord
from billing.fields import (
    AmountField,
    CurrencyField,
    MetadataField,
    StrictCharField,
    StrictChoiceField,
)
from revenue.adjusting import NewAdjustment
from revenue.types import AdjustmentType

_TYPE = StrictChoiceField(choices=AdjustmentType.choices)


class TypeField(NamedWord):
    """The word of an adjustment, checked as every word is, under the contract's name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("AdjustmentType", AdjustmentType.values, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        # What is required and lacks has the code of that, which a bare choice does not know.
        return _TYPE.run_validation(data) if self.required else super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        return _TYPE.run_validation(data)  # type: ignore[no-any-return]  # a string


def _id(help_text: str) -> StrictCharField:
    return StrictCharField(required=False, allow_null=True, max_length=40, help_text=help_text)


class CreateAdjustmentRequest(serializers.Serializer[Any]):
    """Body of POST /v1/revenue/adjustments."""

    type = TypeField(
        help_text="`credit` adds to net revenue; `debit`, `chargeback` and `refund` take from it."
    )
    amount = AmountField(
        help_text="In dollars, above zero: the type says which way. `amount_usd` is read too, and "
        "then `currency` and `reason` may be left out."
    )
    currency = CurrencyField(help_text="`USD`, the only one: one token is one dollar.")
    reason = StrictCharField(
        allow_blank=True, max_length=1024, help_text="Why. `description` is read too."
    )
    checkout_id = _id("The checkout (`co_…`) it is about.")
    subscription_id = _id("The subscription (`sub_…`) it is about.")
    customer_id = _id("The customer (`cus_…`) it is about.")
    source_type = StrictCharField(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="What `source_id` names: `checkout`, `subscription`, `customer`, or a word of "
        "your own.",
    )
    source_id = StrictCharField(
        required=False, allow_null=True, max_length=256, help_text="What it is about."
    )
    metadata = MetadataField(
        required=False, allow_null=True, help_text="Up to 20 names and texts of your own."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind, named = attrs.get("source_type"), attrs.get("source_id")
        if (kind is None) != (named is None):
            lacking = "source_type" if kind is None else "source_id"
            message = "Give source_type and source_id together, or neither."
            raise serializers.ValidationError({lacking: [message]}, code="invalid_field_value")
        if kind in ("checkout", "subscription", "customer") and len(named or "") > 40:
            message = "This can have at most 40 characters."
            raise serializers.ValidationError({"source_id": [message]}, code="invalid_field_value")
        return attrs


CREATE = CreateAdjustmentRequest()


def new_adjustment(data: Any) -> NewAdjustment:
    """Read the body of a create. Raises ValidationError."""
    values = CREATE.run_validation(_as_documented(data))
    del values["currency"]
    values["metadata"] = values.get("metadata") or {}
    return NewAdjustment(**values)


def _as_documented(data: Any) -> Any:
    """The body in the documented words, where it speaks those of published clients."""
    if not isinstance(data, Mapping) or "amount_usd" not in data or "amount" in data:
        return data
    reason = data.get("reason")
    said = reason if reason is not None else data.get("description")
    spelled = {"amount": data["amount_usd"], "reason": "" if said is None else said}
    return {"currency": "USD", **data, **spelled}
