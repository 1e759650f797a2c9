"""What a request about the address book may say, and the shapes of its answers."""

from typing import Any

from rest_framework import serializers

from billing.chains import Chain
from billing.fields import ChainField, StrictBooleanField, StrictCharField
from payouts.acts.locking import LONGEST_REASON
from payouts.models import AddressStatus
from payouts.recipients.words import (
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_REFERENCE,
    LONGEST_TAG,
    MOST_TAGS,
)
from payouts.schema import environment, text, time


class UpdateRecipientRequest(serializers.Serializer[Any]):
    """Body of PATCH /v1/recipients/{id}."""

    name = StrictCharField(
        required=False,
        max_length=LONGEST_NAME,
        help_text="Whom you pay. No two recipients have one name, unless one is archived.",
    )
    note = StrictCharField(
        required=False, allow_blank=True, max_length=LONGEST_NOTE, help_text="For people."
    )
    tags = serializers.ListField(
        child=StrictCharField(max_length=LONGEST_TAG),
        required=False,
        max_length=MOST_TAGS,
        help_text="Your own words, kept in small letters and each once.",
    )
    reference = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_REFERENCE,
        help_text="Your own number of them, such as a creditor's account.",
    )


class CreateRecipientRequest(UpdateRecipientRequest):
    """Body of POST /v1/recipients."""

    name = StrictCharField(
        max_length=LONGEST_NAME,
        help_text="Whom you pay. No two recipients have one name, unless one is archived.",
    )


class ProposeAddressRequest(serializers.Serializer[Any]):
    """Body of POST /v1/recipients/{id}/addresses."""

    chain = ChainField(help_text="The network the recipient is paid on.")
    address = StrictCharField(
        max_length=128, help_text="Checked strictly for its chain, as a payout's recipient is."
    )
    confirm_lookalike = StrictBooleanField(
        required=False,
        help_text="Propose it although it looks like an address you know and is another.",
    )


class ApproveAddressRequest(serializers.Serializer[Any]):
    """Body of POST /v1/recipients/{id}/addresses/{address_id}/approve."""

    confirm_lookalike = StrictBooleanField(
        required=False,
        help_text="Approve it although it looks like an address you know and is another.",
    )


class ReasonRequest(serializers.Serializer[Any]):
    """Body of what rejects or archives: why, for whoever reads it later."""

    reason = StrictCharField(max_length=LONGEST_REASON, help_text="Kept in the audit trail.")


class RecipientFilters(serializers.Serializer[Any]):
    """Query of GET /v1/recipients."""

    name = StrictCharField(
        required=False, max_length=LONGEST_NAME, help_text="Only those whose name has this in it."
    )
    chain = ChainField(required=False, help_text="Only those with a live address on this chain.")
    address = StrictCharField(
        required=False, max_length=128, help_text="Only whoever has exactly this live address."
    )
    tag = StrictCharField(
        required=False, max_length=LONGEST_TAG, help_text="Only those with this tag."
    )


class RecipientAddressSerializer(serializers.Serializer[Any]):
    """Where a recipient is paid on one chain, and who agreed to that."""

    id = serializers.CharField()
    chain = serializers.ChoiceField(choices=Chain.choices)
    address = serializers.CharField(help_text="In its chain's one canonical form.")
    status = serializers.ChoiceField(choices=AddressStatus.choices)
    is_usable = serializers.BooleanField(
        help_text="Whether `recipient_id` of a payout can mean it: approved, and cooled down."
    )
    usable_at = time("When it is or was: approval plus the cool-down; null until approved.")
    warnings = serializers.ListField(child=serializers.CharField())
    proposed_at = serializers.DateTimeField()
    proposed_by = serializers.CharField(help_text="`usr_…` or `key_…`.")
    proposed_by_name = serializers.CharField()
    approved_at = time()
    approved_by = text("`usr_…` or `key_…`, never who proposed it.")
    approved_by_name = text()
    rejected_at = time()
    archived_at = time()

    class Meta:
        ref_name = "RecipientAddress"


class RecipientSerializer(serializers.Serializer[Any]):
    """Somebody you pay, with every address they ever had in the book, newest first."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    name = serializers.CharField()
    note = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    reference = serializers.CharField()
    addresses = RecipientAddressSerializer(many=True)
    archived_at = time("Archived for good: never paid by name any more.")
    environment = environment()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    created_by = serializers.CharField(help_text="`usr_…` or `key_…`.")
    created_by_name = serializers.CharField()

    class Meta:
        ref_name = "Recipient"


CREATE = CreateRecipientRequest()
UPDATE = UpdateRecipientRequest()
PROPOSE = ProposeAddressRequest()
APPROVE = ApproveAddressRequest()
REASON = ReasonRequest()
FILTERS = RecipientFilters()
