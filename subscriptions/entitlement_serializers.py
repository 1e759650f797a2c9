"""What a request about entitlements may say: a value of its type, by either spelling.

The contract has `plan_id` with one of three values; published clients send `subscription_id` with
one `value`. Both are read.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.errors import InvalidRequest
from billing.fields import (
    Messages,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    Worded,
)
from subscriptions.entitlements import NewEntitlement, Value
from subscriptions.models import ValueType

LONGEST_KEY, LONGEST_TEXT = 256, 1_024
MOST_DIGITS, MOST_DECIMALS = 28, 12  # before and after the point, as the column holds them


@extend_schema_field({"type": "number"})
class NumberField(Worded):
    """A JSON number, kept exactly."""

    default_error_messages: ClassVar[Messages] = {
        "invalid": "This must be a JSON number.",
        "too_long": "This can have at most 28 digits before the point and 12 after it.",
    }

    def to_internal_value(self, data: object) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            self.fail("invalid")
        number = Decimal(data)
        _, digits, exponent = number.as_tuple()
        if not isinstance(exponent, int):
            self.fail("invalid")
        if number and (number.adjusted() >= MOST_DIGITS or _decimals(digits, exponent) > 0):
            self.fail("too_long")
        return number if number else Decimal(0)

    def to_representation(self, value: Decimal) -> Decimal:
        return value


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "number"}, {"type": "string"}]})
class AnyValueField(Worded):
    """The value in the one field that published clients have for it."""

    default_error_messages: ClassVar[Messages] = {
        "invalid": "This must be a boolean, a number or a string.",
    }

    def to_internal_value(self, data: object) -> Value:
        if isinstance(data, str):
            text: str = _TEXT.run_validation(data)
            return text
        if not isinstance(data, int | Decimal):
            self.fail("invalid")
        if isinstance(data, bool):
            return data
        number: Decimal = _NUMERIC.run_validation(data)
        return number

    def to_representation(self, value: Value) -> Value:
        return value


_TEXT = StrictCharField(max_length=LONGEST_TEXT, allow_blank=True)
_NUMERIC = NumberField()


class _Values(serializers.Serializer[Any]):
    """The value: the one of the three that fits the type, or `value`."""

    value_boolean = StrictBooleanField(required=False, allow_null=True)
    value_numeric = NumberField(required=False, allow_null=True)
    value_string = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=LONGEST_TEXT
    )
    value = AnyValueField(
        required=False,
        allow_null=True,
        help_text="Another spelling of the value, for all three types.",
    )


class CreateEntitlementRequest(_Values):
    """Body of POST /v1/subscriptions/entitlements."""

    plan_id = StrictCharField(
        max_length=40,
        help_text="The plan (`plan_…`). May be left out where `subscription_id` is given.",
    )
    subscription_id = StrictCharField(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="Another spelling: the plan of this subscription. It holds for all of the plan's "
        "subscribers.",
    )
    feature_key = StrictCharField(max_length=LONGEST_KEY, help_text="Your own name of it.")
    value_type = StrictChoiceField(
        choices=ValueType.choices,
        help_text="May be left out where `value` or `subscription_id` is given: it is then that of "
        "`value`, and without one the feature is simply open.",
    )


class UpdateEntitlementRequest(_Values):
    """Body of PATCH /v1/subscriptions/entitlements/{id}."""

    value_type = StrictChoiceField(
        choices=ValueType.choices, required=False, help_text="With another type its value too."
    )


_BOOLEANS = {"true": True, "false": False}
_NUMBER = re.compile(r"-?[0-9]{1,28}(\.[0-9]{1,12})?")
CREATE = CreateEntitlementRequest()
UPDATE = UpdateEntitlementRequest()


def new_entitlement(
    data: Mapping[str, Any], plan_of: Callable[[str], str]
) -> tuple[NewEntitlement, str | None]:
    """Read the body of a create, and the subscription that it names. Raises ValidationError.

    `plan_of` tells the plan of a subscription. Raises InvalidRequest where a plan and a
    subscription of another plan are named, or a value does not fit.
    """
    asked = dict(data)
    subscription_id = asked.get("subscription_id")
    if isinstance(subscription_id, str) and subscription_id and "plan_id" not in asked:
        asked["plan_id"] = plan_of(subscription_id)
    if "value_type" not in asked and (subscription_id is not None or "value" in asked):
        asked |= _typed(asked)
    values = CREATE.run_validation(asked)
    named = values.get("subscription_id")
    if named and "plan_id" in data and plan_of(named) != values["plan_id"]:
        raise InvalidRequest(
            f"Subscription {named} is of another plan. Give the plan alone.",
            param="subscription_id",
        )
    value = value_of(values, values["value_type"])
    if value is None:
        raise InvalidRequest(
            f"Give value_{values['value_type']} with this value_type.",
            code="missing_required_field",
            param=f"value_{values['value_type']}",
        )
    draft = NewEntitlement(values["plan_id"], values["feature_key"], values["value_type"], value)
    return draft, named


def changes(data: Mapping[str, Any], present: str) -> tuple[str, Value | None]:
    """Read the body of a PATCH of an entitlement whose type is `present`: type and value.

    No value: None. Raises ValidationError, and InvalidRequest where a value does not fit.
    """
    values = UPDATE.run_validation(data)
    wanted: str = values.get("value_type", present)
    return wanted, value_of(values, wanted)


def value_of(values: Mapping[str, Any], value_type: str) -> Value | None:
    """The value of that type, by either spelling; None where there is none.

    Raises InvalidRequest where another one is given, or two that differ.
    """
    for other in ValueType.values:
        if other != value_type and values.get(f"value_{other}") is not None:
            raise InvalidRequest(
                f"The value_type is {value_type}. Give value_{value_type} alone.",
                param=f"value_{other}",
            )
    plain: Value | None = values.get(f"value_{value_type}")
    if values.get("value") is None:
        return plain
    other_value = _as(values["value"], value_type)
    if plain is not None and plain != other_value:
        raise InvalidRequest("The two values contradict each other. Give one.", param="value")
    return other_value


def _as(value: Value, value_type: str) -> Value:
    """A value of that type; a text is read as one, since some clients send texts alone."""
    if value_type == ValueType.STRING and isinstance(value, str):
        return value
    if value_type == ValueType.BOOLEAN:
        if isinstance(value, bool):
            return value
        if value in _BOOLEANS:
            return _BOOLEANS[str(value)]
    if value_type == ValueType.NUMERIC:
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            return Decimal(value)
        if isinstance(value, Decimal):
            return value
    raise InvalidRequest(f"This is no value of the type {value_type}.", param="value")


def _typed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The type of what is given; where nothing is, the feature is simply open."""
    for each in ValueType.values:
        if asked.get(f"value_{each}") is not None:
            return {"value_type": each}
    value = asked.get("value")
    if value is None:
        return {"value_type": ValueType.BOOLEAN.value, "value": True}
    if isinstance(value, bool):
        return {"value_type": ValueType.BOOLEAN.value}
    is_text = isinstance(value, str)
    return {"value_type": (ValueType.STRING if is_text else ValueType.NUMERIC).value}


def _decimals(digits: tuple[int, ...], exponent: int) -> int:
    """By how many places it has more decimals than fit, zeros at the end aside."""
    zeros = next((place for place, digit in enumerate(reversed(digits)) if digit), 0)
    return max(-exponent - zeros - MOST_DECIMALS, 0)
