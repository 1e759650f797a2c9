"""What a request about wallets may say, and how a wallet is answered."""

from typing import Any

from rest_framework import serializers

from billing.chains import Chain, Environment
from billing.errors import InvalidRequest
from billing.fields import (
    AwareDateTimeField,
    ChainField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
)

FIXED = ("wallet_id", "org_id", "chain", "address", "xpub", "environment")


class CreateWalletRequest(serializers.Serializer[Any]):
    """Body of POST /v1/wallets."""

    chain = ChainField(help_text="The network of the address.")
    address = StrictCharField(
        max_length=1000,
        help_text="The wallet's public address. Checked strictly for its chain.",
    )
    name = StrictCharField(
        required=False, allow_blank=True, max_length=120, help_text="For people."
    )
    is_source = StrictBooleanField(
        required=False,
        help_text="Whether payouts are paid from it. What leaves a source wallet is watched, and "
        "where a chain has one, only what is sent from one settles a payout.",
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            refuse_xpub(data)
        return super().to_internal_value(data)


class UpdateWalletRequest(serializers.Serializer[Any]):
    """Body of PATCH /v1/wallets/{wallet_id}."""

    name = StrictCharField(
        required=False, allow_blank=True, max_length=120, help_text="For people."
    )
    is_source = StrictBooleanField(required=False, help_text="Whether payouts are paid from it.")

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            refuse_fixed_fields(data)
        return super().to_internal_value(data)


class WalletSerializer(serializers.Serializer[Any]):
    """A wallet, as wallets.answers writes it."""

    wallet_id = serializers.CharField()
    org_id = serializers.CharField()
    chain = StrictChoiceField(choices=Chain.choices)
    name = serializers.CharField()
    address = serializers.CharField()
    is_source = serializers.BooleanField()
    source_since = AwareDateTimeField(
        allow_null=True,
        help_text="Since when every transfer that leaves it is found; null where it is no source.",
    )
    environment = StrictChoiceField(choices=Environment.choices)
    created_at = AwareDateTimeField()
    updated_at = AwareDateTimeField()


def refuse_xpub(data: dict[str, Any]) -> None:
    """Raise InvalidRequest where a wallet is described by an extended public key."""
    if data.get("xpub") is not None:
        raise InvalidRequest(
            "A wallet is one address for now; extended public keys are not taken yet. "
            "Send the address you pay from.",
            code="xpub_not_supported",
            param="xpub",
        )


def refuse_fixed_fields(data: dict[str, Any]) -> None:
    """Raise InvalidRequest where a change names what never changes."""
    named = next((field for field in FIXED if field in data), None)
    if named is not None:
        message = f"{named} never changes. Register another wallet instead."
        raise InvalidRequest(message, code="field_immutable", param=named)


CREATE = CreateWalletRequest()
UPDATE = UpdateWalletRequest()
