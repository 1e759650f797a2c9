"""The shapes of answers about batches, for the document; payouts.batch_answers writes them."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from billing.api.schema import NamedWord
from billing.chains import Chain, Token
from payouts.handover.files import FORMATS
from payouts.schema import (
    AnsweredAmount,
    PayoutIntentSerializer,
    RowErrorSerializer,
    environment,
    text,
    time,
)


class BatchTotalSerializer(serializers.Serializer[Any]):
    """What a batch pays of one token on one chain. Unlike tokens are never added."""

    chain = serializers.ChoiceField(choices=Chain.choices)
    token = serializers.ChoiceField(choices=Token.choices)
    payouts = serializers.IntegerField(help_text="How many payouts it sums.")
    amount = AnsweredAmount(help_text="Exact, in token units.")
    amount_atomic = serializers.CharField()


class BatchFileSerializer(serializers.Serializer[Any]):
    """One file for whoever signs: some payouts of one chain in one format."""

    name = serializers.CharField()
    format = NamedWord("BatchFileFormat", ["pack", *(each.name for each in FORMATS)])
    chain = NamedWord(
        "BatchFileChain", Chain.values, allow_null=True, help_text="Null for the whole pack."
    )
    part = serializers.IntegerField(help_text="Which part, from 1: a part has at most 200 payouts.")
    parts = serializers.IntegerField()
    payouts = serializers.IntegerField(help_text="How many payouts are in it.")
    url = serializers.CharField(help_text="Where it is downloaded.")


class PayoutBatchSerializer(serializers.Serializer[Any]):
    """Payouts that were handed to a signer together."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    environment = environment()
    payout_ids = serializers.ListField(child=serializers.CharField())
    handed_over_by = serializers.CharField(help_text="`usr_…` or `key_…`.")
    handed_over_by_name = serializers.CharField()
    digest = text(
        "SHA-256 of `v1|batch id|digest|…`, the approvals' digests sorted. In every file that has "
        "room for it."
    )
    totals = BatchTotalSerializer(many=True)
    files = BatchFileSerializer(many=True, help_text="Empty where the batch is void.")
    voided_at = time("When a payout was taken back from it or canceled: its files are void.")
    created_at = serializers.DateTimeField()


class ExecutedRowSerializer(serializers.Serializer[Any]):
    """What became of one row: `payout` where its hash was taken, else `error`."""

    payout_id = serializers.CharField()
    payout = PayoutIntentSerializer(required=False)
    error = RowErrorSerializer(required=False)


EXECUTED_ANSWER = inline_serializer(
    name="ExecutedBatch", fields={"data": ExecutedRowSerializer(many=True)}
)
