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
    StrictIntegerField,
)
from wallets.extended_keys import INDEXES

FIXED = (
    "wallet_id",
    "org_id",
    "chain",
    "address",
    "xpub",
    "derivation",
    "first_index",
    "next_index",
    "environment",
)


class CreateWalletRequest(serializers.Serializer[Any]):
    """Body of POST /v1/wallets: an `address`, or an `xpub`, of which each checkout gets its own."""

    chain = ChainField(help_text="The network of the address, or of the key's addresses.")
    address = StrictCharField(
        required=False,
        allow_null=True,
        max_length=1000,
        help_text="The wallet's public address. Checked strictly for its chain.",
    )
    xpub = StrictCharField(
        required=False,
        allow_null=True,
        max_length=1000,
        help_text="The extended public key of an account: m/44'/60'/0' for Arbitrum and Base, "
        "m/44'/195'/0' for Tron. It makes addresses and spends nothing.",
    )
    first_index = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=INDEXES - 1,
        help_text="The first address of the xpub that may be issued, 0 where it is not given. An "
        "index that was issued is never issued again.",
    )
    name = StrictCharField(
        required=False, allow_blank=True, max_length=120, help_text="For people."
    )
    is_source = StrictBooleanField(
        required=False,
        help_text="Whether payouts are paid from it. What leaves a source wallet is watched, and "
        "where a chain has one, only what is sent from one settles a payout. An address alone.",
    )

    def to_internal_value(self, data: Any) -> Any:
        """What was given; null counts as not given. Which fields go together, the service knows."""
        given = super().to_internal_value(data)
        return {name: value for name, value in given.items() if value is not None}


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
    address = serializers.CharField(
        allow_null=True, help_text="Null where the wallet is an extended key."
    )
    xpub = serializers.CharField(
        allow_null=True,
        help_text="The extended public key, of which every checkout gets an address of its own; "
        "null where the wallet is one address, as are the three fields that follow.",
    )
    derivation = serializers.CharField(
        allow_null=True, help_text="Where its addresses are below the xpub: /0/i."
    )
    first_index = serializers.IntegerField(allow_null=True)
    next_index = serializers.IntegerField(
        allow_null=True,
        help_text="The index of the next address that is issued. All wallets of one xpub share it.",
    )
    is_source = serializers.BooleanField()
    source_since = AwareDateTimeField(
        allow_null=True,
        help_text="Since when every transfer that leaves it is found; null where it is no source.",
    )
    environment = StrictChoiceField(choices=Environment.choices)
    created_at = AwareDateTimeField()
    updated_at = AwareDateTimeField()


def refuse_fixed_fields(data: dict[str, Any]) -> None:
    """Raise InvalidRequest where a change names what never changes."""
    named = next((field for field in FIXED if field in data), None)
    if named is not None:
        message = f"{named} never changes. Register another wallet instead."
        raise InvalidRequest(message, code="field_immutable", param=named)


CREATE = CreateWalletRequest()
UPDATE = UpdateWalletRequest()
