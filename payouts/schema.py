"""The shapes of answers about payouts, for the OpenAPI document; payouts.answers writes them.

The contract's fields come first, then ours. Tests hold both against real answers.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.chains import Chain, Environment, Token
from payouts.models import Discrepancy, FailureCode, Outcome, ReferenceType, Status


def environment() -> NamedWord:
    """Live or sandbox, as of every object."""
    return NamedWord("Environment", Environment.values)


@extend_schema_field({"type": "number", "format": "double"})
class AnsweredAmount(serializers.Field[Any, Any, Any, Any]):
    """An exact JSON number in token units; negative only where a difference is told."""


def time(text: str | None = None) -> serializers.DateTimeField:
    """A time that is null until it happens."""
    return serializers.DateTimeField(allow_null=True, help_text=text)


def text(help_text: str | None = None) -> serializers.CharField:
    """A text that is null where there is none."""
    return serializers.CharField(allow_null=True, help_text=help_text)


class GivenApprovalSerializer(serializers.Serializer[Any]):
    """One approval that counts, and the digest of what it agreed to."""

    approved_by = serializers.CharField(help_text="`usr_…` or `key_…`.")
    name = serializers.CharField()
    approved_at = serializers.DateTimeField()
    digest = serializers.CharField(
        help_text="SHA-256 of `v1|environment|id|chain|contract|recipient|amount_atomic|due_date`."
    )


class TimelineEntrySerializer(serializers.Serializer[Any]):
    """One thing that happened to a payout, for a person to read."""

    at = serializers.DateTimeField()
    type = serializers.CharField(help_text="The event's type, such as `payout.approved`.")
    actor_id = serializers.CharField(help_text="`usr_…`, `key_…` or `system`.")
    actor_name = serializers.CharField()
    text = serializers.CharField(help_text="What happened, as a sentence.")


class PayoutIntentSerializer(serializers.Serializer[Any]):
    """What an organization is going to pay, to whom, and how far it has come."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    recipient_address = serializers.CharField(help_text="In its chain's one canonical form.")
    chain = serializers.ChoiceField(choices=Chain.choices)
    token = serializers.ChoiceField(choices=Token.choices)
    amount = AnsweredAmount(help_text="Exact, in token units.")
    amount_atomic = serializers.CharField(help_text="The same in the token's smallest unit.")
    currency = serializers.CharField()
    status = NamedWord("PayoutIntentStatus", Status.values)
    description = text()
    reference_type = NamedWord("PayoutReferenceType", ReferenceType.values)
    reference_id = text()
    due_date = time()
    approved_at = time()
    approved_by = text("`usr_…` or `key_…`.")
    executed_at = time()
    expected_tx_hash = text("The hash last submitted; once settled, the one that settled it.")
    verified_at = time("The same as `settled_at`.")
    failed_at = time()
    canceled_at = time()
    failure_reason = text("Begins with a stable code, then says it in a sentence.")
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    metadata = serializers.DictField(
        child=serializers.CharField(), help_text="Your own notes, as you gave them."
    )
    external_id = text("Your own id of it.")
    settled_at = time("When a final transfer was proved to pay it.")
    settlement_id = text("The settlement that proves it.")
    settlement_reversed_at = time(
        "When the block of its settlement left the chain; null again once it is mined again."
    )
    proposed_tx_hash = text(
        "A transaction that used the nonce of the one submitted and moves the same money; a person "
        "decides whether it takes its place."
    )
    confirmations = serializers.IntegerField(help_text="Blocks that confirm it, its own the first.")
    required_confirmations = serializers.IntegerField(help_text="How many its chain asks for.")
    failure_code = NamedWord(
        "PayoutFailureCode",
        FailureCode.values,
        allow_null=True,
        help_text="The code of `failure_reason`.",
    )
    outcome = NamedWord(
        "PayoutOutcome",
        Outcome.values,
        allow_null=True,
        help_text="Of a failed payout: `proven` nothing moved, it `moved` otherwise, or `unknown`.",
    )
    stalled = serializers.BooleanField(
        help_text="Its hash was not seen for 15 minutes. Unknown is not failed."
    )
    retry_of = text("The payout that this one tries again.")
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="Sentences a person should read before paying."
    )
    approvals = GivenApprovalSerializer(many=True)
    recipient_id = text("Whose address it was in your address book when the payout was made.")
    recipient_name = text("What that recipient was called then.")


class PayoutIntentDetailsSerializer(PayoutIntentSerializer):
    """A payout with all that happened to it."""

    timeline = TimelineEntrySerializer(many=True)


class SettlementSerializer(serializers.Serializer[Any]):
    """One transfer that is the organization's: for a payout, or unexpected where that is null."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    payout_intent_id = text("Null: money left with no intent behind it.")
    chain = serializers.ChoiceField(choices=Chain.choices)
    tx_hash = serializers.CharField()
    log_index = serializers.IntegerField(help_text="The block's; moves when it is mined again.")
    from_address = text()
    to_address = text()
    token = serializers.ChoiceField(choices=Token.choices)
    amount_atomic = serializers.CharField()
    block_number = serializers.IntegerField()
    block_hash = text()
    confirmations = serializers.IntegerField()
    confirmed_at = time()
    detected_at = serializers.DateTimeField()
    environment = environment()
    created_at = serializers.DateTimeField()
    amount = AnsweredAmount(help_text="Exact, in token units.")
    ordinal = serializers.IntegerField(help_text="The log's place inside its transaction.")
    block_time = serializers.DateTimeField(help_text="When the block says the money moved.")
    discrepancies = serializers.ListField(
        child=NamedWord("SettlementDiscrepancy", Discrepancy.values),
        help_text="In what it differs from its payout.",
    )
    resolution = text("How a person closed the difference, null while it is open.")
    resolved_at = time()
    reversed_at = time("When its block left the chain, null unless it did and it is not back.")
    restored_at = time("When it last was final again in another block.")
    suggestion = text("Of an unexpected one: what the system makes of it.")


class RowErrorSerializer(serializers.Serializer[Any]):
    """Why one row was refused; as in the body of an error."""

    type = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    param = text()


class BulkRowSerializer(serializers.Serializer[Any]):
    """What became of one row: `payout` where it was created, else `error`."""

    index = serializers.IntegerField(help_text="The row's place in the request, from 0.")
    payout = PayoutIntentSerializer(required=False)
    error = RowErrorSerializer(required=False)


# Named by its call: a field called `data` cannot stand in a serializer's own body.
BULK_ANSWER = inline_serializer(name="BulkPayouts", fields={"data": BulkRowSerializer(many=True)})


class AdvancedSerializer(serializers.Serializer[Any]):
    """Where a simulated chain stands now."""

    chain = serializers.ChoiceField(choices=Chain.choices)
    head = serializers.IntegerField(help_text="Its newest block.")

    class Meta:
        ref_name = "AdvancedChain"
