"""What a request about checkouts, payment methods and payment links may say. Parsed here once."""

from decimal import Decimal
from typing import Any, ClassVar, NoReturn

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.errors import InvalidRequest
from billing.fields import (
    AmountField,
    ChainField,
    Messages,
    MetadataField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    TokenField,
)
from checkouts.acts.create import EXPIRES_IN_S, NewCheckout
from checkouts.links import NewLink
from checkouts.methods import NewMethod
from checkouts.models import MethodStatus
from checkouts.return_urls import LONGEST

MOST_CONFIRMATIONS = 100_000  # as of a network (billing.networks)
TEN_YEARS_S = 10 * 365 * 24 * 3600
_STATUS = StrictChoiceField(choices=MethodStatus.choices)
FIXED = ("id", "org_id", "wallet_id", "chain", "token", "environment", "created_at")


class LifetimeField(StrictIntegerField):
    """A number of seconds. Too few and too many have codes of their own."""

    default_error_messages: ClassVar[Messages] = {
        "min_value": "This must be at least {limit} seconds.",
        "max_value": "This must be at most {limit} seconds.",
    }

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        if key in ("min_value", "max_value"):
            raise serializers.ValidationError(
                self.error_messages[key].format(**kwargs),
                code="expires_too_short" if key == "min_value" else "expires_too_long",
            )
        super().fail(key, **kwargs)


@extend_schema_field({"type": "number", "format": "double", "minimum": 0})
class BoundField(AmountField):
    """An amount in token units that may be zero."""

    least: ClassVar[Decimal] = Decimal(0)


@extend_schema_field({"type": "string", "format": "uri", "minLength": 1, "maxLength": LONGEST})
class ReturnUrlField(StrictCharField):
    """A URL as text; checkouts.return_urls judges it, and says in words what is wrong with it."""

    def __init__(self, help_text: str) -> None:
        super().__init__(required=False, allow_null=True, max_length=LONGEST, help_text=help_text)


class StatusField(NamedWord):
    """`active` or `disabled`, checked as every word is, under the contract's name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("PaymentMethodStatus", MethodStatus.values, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return _STATUS.run_validation(data)  # type: ignore[no-any-return]  # a string


class CreateCheckoutRequest(serializers.Serializer[Any]):
    """Body of POST /v1/checkouts."""

    amount_usd = AmountField(help_text="In token units, one token being one dollar; kept exactly.")
    chain = ChainField(help_text="The network to be paid on.")
    token = TokenField(help_text="The stablecoin to be paid in.")
    expires_in_seconds = LifetimeField(
        default=EXPIRES_IN_S,
        min_value=300,
        max_value=86_400,
        help_text="How long the customer has; what is mined later is late.",
    )
    metadata = MetadataField(
        required=False, allow_null=True, help_text="Up to 20 names and texts of your own."
    )
    payment_method_id = StrictCharField(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="The payment method (`pm_…`) to be paid by. Else the default one, if it takes "
        "this token on this chain, else the newest that does.",
    )
    customer_id = StrictCharField(
        required=False, allow_null=True, max_length=40, help_text="Whom you ask to pay."
    )
    success_url = ReturnUrlField(
        "Where the hosted page leads once it is paid: https, or http in the sandbox."
    )
    cancel_url = ReturnUrlField(
        "Where the hosted page leads who does not want to pay: https, or http in the sandbox."
    )


class _MethodRules(serializers.Serializer[Any]):
    """What a payment method may be told at any time."""

    display_name = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=256, help_text="For people."
    )
    required_confirmations = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MOST_CONFIRMATIONS,
        help_text="The network's own number where not given; fewer than that are refused.",
    )
    min_amount_usd = BoundField(
        required=False, allow_null=True, help_text="Checkouts of less are refused."
    )
    max_amount_usd = AmountField(
        required=False, allow_null=True, help_text="Checkouts of more are refused."
    )
    tolerance_usd = BoundField(
        required=False,
        allow_null=True,
        help_text="How much less than was asked still pays a checkout: 0 where not given. Less "
        "than the smallest amount taken, and on wallets with an extended public key alone.",
    )


class CreatePaymentMethodRequest(_MethodRules):
    """Body of POST /v1/payment-methods."""

    wallet_id = StrictCharField(max_length=40, help_text="Your wallet (`wal_…`) of that chain.")
    chain = ChainField(help_text="The network to be paid on.")
    token = TokenField(help_text="The stablecoin to be paid in.")
    is_default = StrictBooleanField(
        default=False, help_text="Take it before others; the default so far is one no more."
    )


class UpdatePaymentMethodRequest(_MethodRules):
    """Body of PATCH /v1/payment-methods/{id}: fields first, then the status, all or nothing."""

    is_default = StrictBooleanField(
        required=False, help_text="`false` on the default one: there is none then."
    )
    status = StatusField(required=False, help_text="`disabled` disables it, which is final.")


class CreatePaymentLinkRequest(serializers.Serializer[Any]):
    """Body of POST /v1/payment-links."""

    amount_usd = AmountField(help_text="In token units, one token being one dollar; kept exactly.")
    payment_method_id = StrictCharField(
        max_length=40,
        help_text="An active payment method of yours (`pm_…`). May be left out where `chain` and "
        "`token` are given.",
    )
    chain = ChainField(
        required=False,
        help_text="Another spelling, with `token`: the payment method that a checkout would take.",
    )
    token = TokenField(required=False, help_text="See `chain`.")
    description = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=512,
        help_text="What is paid for. Shown to whoever opens the link.",
    )
    expires_in_seconds = LifetimeField(
        required=False,
        allow_null=True,
        min_value=300,
        max_value=TEN_YEARS_S,
        help_text="How long it can be opened; for ever where not given.",
    )


class _LinkByChainRequest(CreatePaymentLinkRequest):
    """The same where no payment method is named: then both of the others are needed."""

    payment_method_id = StrictCharField(required=False, allow_null=True)
    chain = ChainField()
    token = TokenField()


CREATE = CreateCheckoutRequest()
CREATE_METHOD = CreatePaymentMethodRequest()
UPDATE_METHOD = UpdatePaymentMethodRequest()
CREATE_LINK = CreatePaymentLinkRequest()
CREATE_LINK_BY_CHAIN = _LinkByChainRequest()


def new_checkout(data: Any) -> NewCheckout:
    """Read the body of a create. Raises ValidationError."""
    values = CREATE.run_validation(data)
    values["metadata"] = values.get("metadata") or {}
    return NewCheckout(**values)


def new_method(data: Any) -> NewMethod:
    """Read the body of a create. Raises ValidationError."""
    values = CREATE_METHOD.run_validation(data)
    values["tolerance_usd"] = values.get("tolerance_usd") or Decimal(0)
    return NewMethod(**values)


def method_changes(data: Any) -> dict[str, Any]:
    """Read the body of a PATCH: only what it names. Raises `field_immutable` for what is fixed."""
    named = next((name for name in FIXED if name in data), None)
    if named is not None:
        message = f"{named} never changes. Make another payment method instead."
        raise InvalidRequest(message, code="field_immutable", param=named)
    values: dict[str, Any] = UPDATE_METHOD.run_validation(data)
    return values


def new_link(data: Any) -> NewLink:
    """Read the body of a create, by either spelling of what is paid by. Raises ValidationError."""
    is_by_chain = data.get("payment_method_id") is None and ("chain" in data or "token" in data)
    request = CREATE_LINK_BY_CHAIN if is_by_chain else CREATE_LINK
    return NewLink(**request.run_validation(data))
