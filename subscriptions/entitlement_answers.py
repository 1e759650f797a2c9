"""Entitlements, and the answer of their check, as the API writes them."""

from decimal import Decimal
from typing import Any

from billing.times import iso
from subscriptions.models import Entitlement, ValueType


def entitlement_json(
    entitlement: Entitlement, subscription_id: str | None = None
) -> dict[str, Any]:
    """Return the entitlement: the contract's fields, then those that published clients read.

    `subscription_id` is whose plan was asked about, where a call named one; `value` is the value as
    text, whatever its type.
    """
    numeric = exact(entitlement.value_numeric)
    return {
        "id": entitlement.id,
        "org_id": entitlement.organization_id,
        "plan_id": entitlement.plan_id,
        "feature_key": entitlement.feature_key,
        "value_type": entitlement.value_type,
        "value_boolean": entitlement.value_boolean,
        "value_numeric": numeric,
        "value_string": entitlement.value_string,
        "environment": entitlement.environment,
        "created_at": iso(entitlement.created_at),
        "updated_at": iso(entitlement.updated_at),
        "entitlement_id": entitlement.id,
        "subscription_id": subscription_id,
        "value": value_text(entitlement.value_boolean, numeric, entitlement.value_string),
    }


def check_json(
    feature_key: str,
    *,
    value_type: str = ValueType.BOOLEAN.value,
    value_boolean: bool | None = None,
    value_numeric: Decimal | None = None,
    value_string: str | None = None,
    plan_id: str | None = None,
    subscription_id: str | None = None,
) -> dict[str, Any]:
    """Return the answer of a check; without a plan it is no, told as a boolean that is false.

    The contract's fields, then those that published clients read.
    """
    has_access = plan_id is not None
    numeric = exact(value_numeric)
    boolean = value_boolean if has_access else False
    return {
        "has_access": has_access,
        "feature_key": feature_key,
        "value_type": value_type,
        "value_boolean": boolean,
        "value_numeric": numeric,
        "value_string": value_string,
        "plan_id": plan_id,
        "subscription_id": subscription_id,
        "entitled": has_access,
        "value": value_text(boolean, numeric, value_string),
    }


def exact(number: Decimal | None) -> Decimal | None:
    """Without the zeros that the column pads it with: 10.000000000000 is 10."""
    if number is None:
        return None
    text = f"{number:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def value_text(boolean: bool | None, numeric: Decimal | None, text: str | None) -> str:
    """The one that is there, as text."""
    if boolean is not None:
        return "true" if boolean else "false"
    return f"{numeric:f}" if numeric is not None else text or ""
