"""The shapes of answers about checkouts, for the OpenAPI document; checkouts.answers writes them.

The contract's fields come first, then ours. Tests hold both against real answers.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.chains import Chain, Environment, Token
from checkouts.models import MethodStatus, PaymentKind, PaymentResolution, Purpose, Status
from checkouts.states import LinkStatus


def environment() -> NamedWord:
    """Live or sandbox, as of every object."""
    return NamedWord("Environment", Environment.values)


@extend_schema_field({"type": "number", "format": "double"})
class Usd(serializers.Field[Any, Any, Any, Any]):
    """An exact JSON number in token units, one token being one dollar."""


@extend_schema_field({"type": "number", "format": "double", "nullable": True})
class UsdOrNone(serializers.Field[Any, Any, Any, Any]):
    """The same, null where there is no such bound."""


def time(text: str | None = None) -> serializers.DateTimeField:
    """A time that is null until it happens."""
    return serializers.DateTimeField(allow_null=True, help_text=text)


def text(help_text: str | None = None) -> serializers.CharField:
    """A text that is null where there is none."""
    return serializers.CharField(allow_null=True, help_text=help_text)


class PaymentSerializer(serializers.Serializer[Any]):
    """One transfer that reached an address customers were told to pay to."""

    payment_id = serializers.CharField()
    checkout_id = text("Null while no checkout is named by it.")
    kind = NamedWord(
        "PaymentKind",
        PaymentKind.values,
        help_text="`on_time` counts towards its checkout; the others are work for a person.",
    )
    chain = serializers.ChoiceField(choices=Chain.choices)
    token = NamedWord(
        "PaymentToken", Token.values, allow_null=True, help_text="Null: none of those you take."
    )
    contract = serializers.CharField(help_text="Of the token that came.")
    from_address = serializers.CharField()
    amount_atomic = serializers.CharField()
    tx_hash = serializers.CharField()
    log_index = serializers.IntegerField()
    block_number = serializers.IntegerField()
    block_time = serializers.DateTimeField(help_text="When the block says the money moved.")
    detected_at = serializers.DateTimeField()
    final_at = time("Since when its network's rule of finality holds.")
    reversed_at = time("Since when its transaction is in no block any more.")
    resolution = NamedWord(
        "PaymentResolution",
        PaymentResolution.values,
        allow_null=True,
        help_text="What a person says became of it.",
    )
    resolved_at = time()


class CheckoutSerializer(serializers.Serializer[Any]):
    """One payment that a customer shall make, and how far it has come."""

    checkout_id = serializers.CharField()
    deposit_address = serializers.CharField(help_text="Where to pay.")
    chain = serializers.ChoiceField(choices=Chain.choices)
    token = serializers.ChoiceField(choices=Token.choices)
    amount_usd = Usd(
        help_text="What to pay, exactly. On a wallet of one address it may be up to a cent more "
        "than was requested, so that the amount names this checkout."
    )
    amount_atomic = serializers.CharField(help_text="The same in the token's smallest unit.")
    status = NamedWord("CheckoutStatus", Status.values)
    tx_hash = text("Of the first payment that counts.")
    confirmations = serializers.IntegerField(help_text="Blocks that confirm it, its own the first.")
    required_confirmations = serializers.IntegerField()
    expires_at = serializers.DateTimeField(help_text="What is mined later is late.")
    detected_at = time()
    confirmed_at = time()
    created_at = serializers.DateTimeField()
    metadata = serializers.DictField(
        child=serializers.CharField(), help_text="Your own notes, as you gave them."
    )
    org_id = serializers.CharField()
    environment = environment()
    purpose = NamedWord("CheckoutPurpose", Purpose.values)
    amount_requested_usd = Usd(help_text="As you asked for it.")
    amount_received_atomic = serializers.CharField(
        help_text="All that came on time in its token and still stands, final or not."
    )
    payments = PaymentSerializer(many=True, help_text="What came, oldest first.")
    hosted_url = serializers.URLField(help_text="The page to send the customer to.")
    payment_method_id = serializers.CharField()
    payment_link_id = text("The link that it was made by.")
    customer_id = text()
    subscription_id = text("The subscription whose renewal it pays.")
    renewal_id = text("The renewal that it pays.")
    success_url = text()
    cancel_url = text()
    expired_at = time()
    canceled_at = time("It expired because it was canceled.")
    failed_at = time()
    failure_reason = text("Why a person marked it as failed.")
    reversed_at = time("When a payment of the confirmed checkout left the chain.")
    restored_at = time("When it came back.")
    updated_at = serializers.DateTimeField()


class CheckoutStatusSerializer(serializers.Serializer[Any]):
    """How far a checkout has come, and when to ask again."""

    checkout_id = serializers.CharField()
    status = NamedWord("CheckoutStatus", Status.values)
    tx_hash = text()
    confirmations = serializers.IntegerField()
    required_confirmations = serializers.IntegerField()
    detected_at = time()
    confirmed_at = time()
    polling_interval_ms = serializers.IntegerField(
        help_text="Nothing new can be seen sooner: about as often as its chain is read, and every "
        "30 seconds once it is closed."
    )

    class Meta:
        ref_name = "CheckoutStatusResponse"


class PaymentMethodSerializer(serializers.Serializer[Any]):
    """A token on a chain, the wallet it is paid to, and the rules of payments made so."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    wallet_id = serializers.CharField()
    chain = serializers.ChoiceField(choices=Chain.choices)
    token = serializers.ChoiceField(choices=Token.choices)
    display_name = text()
    status = NamedWord(
        "PaymentMethodStatus",
        MethodStatus.values,
        help_text="Nothing new is paid by a disabled one.",
    )
    is_default = serializers.BooleanField()
    required_confirmations = serializers.IntegerField()
    min_amount_usd = UsdOrNone()
    max_amount_usd = UsdOrNone()
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    tolerance_usd = Usd(help_text="How much less than was asked still pays a checkout.")
    disabled_at = time()


class PaymentLinkSerializer(serializers.Serializer[Any]):
    """An amount behind a public page; whoever pays there gets a checkout of their own."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    amount_usd = Usd()
    payment_method_id = serializers.CharField()
    description = text("Shown to whoever opens it.")
    url = serializers.URLField(help_text="The page.")
    expires_at = time("Null: never.")
    environment = environment()
    created_at = serializers.DateTimeField()
    status = NamedWord(
        "PaymentLinkStatus", LinkStatus.values, help_text="Only an `active` one can be paid by."
    )
    closed_at = time()
    payment_link_id = serializers.CharField(help_text="The same as `id`, as some clients read it.")
    chain = serializers.ChoiceField(choices=Chain.choices)
    token = serializers.ChoiceField(choices=Token.choices)
