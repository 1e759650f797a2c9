"""What a request about payouts may say. Parsed here once, trusted inside.

Each serializer is made once, at import, and only ever asked to validate: that is what keeps
`POST /v1/payouts` near the cost of its INSERT. Answers are written by payouts.answers.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from billing.errors import InvalidRequest
from billing.fields import (
    AmountField,
    AwareDateTimeField,
    ChainField,
    CurrencyField,
    MetadataField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    TokenField,
)
from chainwatch.sandbox import MOST_BLOCKS_AT_ONCE
from payouts.acts.create import NewPayout
from payouts.acts.update import IMMUTABLE
from payouts.models import ReferenceType
from payouts.simulation import OUTCOMES

MOST_PAYOUTS = 1000  # in one bulk call, or one batch


class CreatePayoutIntentRequest(serializers.Serializer[Any]):
    """Body of POST /v1/payouts, and each row of POST /v1/payouts/bulk."""

    recipient_address = StrictCharField(
        max_length=128,
        help_text="Whom to pay. Checked strictly for its chain: EIP-55, or Tron's base58check. "
        "May be left out where `recipient_id` is given.",
    )
    recipient_id = StrictCharField(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="Somebody of your address book (`rcp_…`), in place of `recipient_address`: paid "
        "on this chain at the address that the book has approved.",
    )
    chain = ChainField(help_text="The network the money moves on.")
    token = TokenField(help_text="The stablecoin to pay in.")
    amount = AmountField(help_text="In token units, at most six decimals; kept exactly.")
    currency = CurrencyField(help_text="`USD`, the only one: one token is one dollar.")
    description = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=512, help_text="For people."
    )
    reference_type = StrictChoiceField(
        choices=ReferenceType.choices,
        required=False,
        help_text="What `reference_id` names; `manual` where not given.",
    )
    reference_id = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=255,
        help_text="Your own invoice, subscription or checkout.",
    )
    due_date = AwareDateTimeField(
        required=False, allow_null=True, help_text="By when it should be paid."
    )
    metadata = MetadataField(
        required=False, allow_null=True, help_text="Up to 20 names and texts of your own."
    )
    external_id = StrictCharField(
        required=False,
        allow_null=True,
        min_length=1,
        max_length=255,
        help_text="Your own id, unique among your payouts: a second one is refused.",
    )
    retry_of = StrictCharField(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="The payout (`po_…`) that this one tries again.",
    )
    confirm_duplicate = StrictBooleanField(
        required=False,
        help_text="Pay again although an equal payout failed and its money may have moved.",
    )
    confirm_lookalike = StrictBooleanField(
        required=False,
        help_text="Pay this address although it looks like one you know and is another.",
    )


class UpdatePayoutIntentRequest(serializers.Serializer[Any]):
    """Body of PATCH /v1/payouts/{id}: fields first, then the status, all or nothing."""

    status = StrictChoiceField(
        choices=[("approved", "approved"), ("canceled", "canceled")],
        required=False,
        help_text="`approved` approves a draft, `canceled` cancels it.",
    )
    description = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=512, help_text="For people."
    )
    due_date = AwareDateTimeField(
        required=False,
        allow_null=True,
        help_text="By when it should be paid. A new one voids the approvals given.",
    )
    metadata = MetadataField(
        required=False, allow_null=True, help_text="Replaces all that was there; null empties it."
    )


class ExecutePayoutRequest(serializers.Serializer[Any]):
    """Body of POST /v1/payouts/{id}/execute."""

    tx_hash = StrictCharField(
        min_length=1,
        max_length=255,
        help_text="The transaction that pays it. In the sandbox any 1 to 255 characters.",
    )


class HandOverRequest(serializers.Serializer[Any]):
    """Body of POST /v1/payouts/batches."""

    payout_ids = serializers.ListField(
        child=StrictCharField(max_length=40),
        min_length=1,
        max_length=MOST_PAYOUTS,
        help_text="Approved payouts (`po_…`) that are handed to a signer together.",
    )
    confirm_not_signed = StrictBooleanField(
        required=False,
        help_text="Where one was in an earlier batch: that pack was not and will not be signed.",
    )


class OutcomeField(StrictChoiceField):
    """How a simulated payout shall end."""

    invalid_code = "unknown_outcome"


class SimulatePayoutRequest(serializers.Serializer[Any]):
    """Body of POST /v1/sandbox/simulate-payout."""

    payout_id = StrictCharField(max_length=40, help_text="A payout of the sandbox.")
    outcome = OutcomeField(
        choices=[(word, word) for word in OUTCOMES],
        required=False,
        help_text="How it shall end; `settle` where not given.",
    )


class AdvanceBlocksRequest(serializers.Serializer[Any]):
    """Body of POST /v1/sandbox/advance_blocks."""

    chain = ChainField(help_text="Which of your simulated chains.")
    blocks = StrictIntegerField(
        min_value=1, max_value=MOST_BLOCKS_AT_ONCE, help_text="By how many blocks its head moves."
    )


class BulkRequest(serializers.Serializer[Any]):
    """Body of POST /v1/payouts/bulk, for the document: each row is judged by itself (`rows`)."""

    payouts: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=CreatePayoutIntentRequest(),
        max_length=MOST_PAYOUTS,
        help_text="Up to 1,000 payouts, each as in the create call.",
    )


CREATE = CreatePayoutIntentRequest()
NAMED = CreatePayoutIntentRequest()
NAMED.fields["recipient_address"].required = False  # The address book knows it.
UPDATE = UpdatePayoutIntentRequest()
EXECUTE = ExecutePayoutRequest()
HAND_OVER = HandOverRequest()
SIMULATE = SimulatePayoutRequest()
ADVANCE = AdvanceBlocksRequest()
_REQUIRED = frozenset(name for name, field in CREATE.fields.items() if field.required)


def new_payout(data: Any) -> NewPayout:
    """Read the body of a create. Raises ValidationError or InvalidRequest."""
    is_named = isinstance(data, dict) and data.get("recipient_id") is not None
    values = NAMED.run_validation(data) if is_named else _to_address(data)
    if values.get("metadata", values) is None:
        del values["metadata"]
    return NewPayout(**values)


def _to_address(data: Any) -> dict[str, Any]:
    values: dict[str, Any] = _good_values(data) or CREATE.run_validation(data)
    return values


def _good_values(data: Any) -> dict[str, Any] | None:
    """Return what CREATE makes of a good body, at half its cost; None where it must say more."""
    if not isinstance(data, dict) or not data.keys() >= _REQUIRED:
        return None
    try:
        return {
            name: field.run_validation(data[name])
            for name, field in CREATE.fields.items()
            if name in data
        }
    except ValidationError:  # CREATE looks at the other fields too, and says it as DRF does.
        return None


def changes(data: Any) -> dict[str, Any]:
    """Read the body of a PATCH: only what it names. Raises `field_immutable` for a money field."""
    named = next((name for name in IMMUTABLE if name in data), None)
    if named is not None:
        message = f"{named} never changes after a payout was created. Cancel it, create another."
        raise InvalidRequest(message, code="field_immutable", param=named)
    values: dict[str, Any] = UPDATE.run_validation(data)
    if "metadata" in values:
        values["metadata"] = values["metadata"] or {}
    return values


def rows(data: Any) -> list[Any]:
    """Read the body of a bulk create as far as that it has rows; each row is still unread."""
    payouts = data.get("payouts")
    if payouts is None:
        message = "payouts: this field is required."
        raise InvalidRequest(message, code="missing_required_field", param="payouts")
    if not isinstance(payouts, list) or len(payouts) > MOST_PAYOUTS:
        message = f"payouts must be a list of up to {MOST_PAYOUTS:,} objects."
        raise InvalidRequest(message, param="payouts")
    return payouts
