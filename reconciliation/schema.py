"""The shape of the books, for the OpenAPI document; reconciliation.answers writes them."""

from typing import Any

from rest_framework import serializers

from billing.chains import Chain, Token
from payouts.schema import AnsweredAmount, environment

Json = dict[str, Any]


class BucketSerializer(serializers.Serializer[Any]):
    """How many, and their exact sum."""

    count = serializers.IntegerField()
    total_amount = AnsweredAmount(help_text="In dollars: one token is one.")

    class Meta:
        ref_name = "ReconciliationBucket"


class TokenBooksSerializer(serializers.Serializer[Any]):
    """The books of one token on one chain."""

    chain = serializers.ChoiceField(choices=Chain.choices)
    token = serializers.ChoiceField(choices=Token.choices)
    matched = BucketSerializer()
    unmatched_payouts = BucketSerializer()
    unexpected_settlements = BucketSerializer()
    discrepancies = BucketSerializer()

    class Meta:
        ref_name = "ReconciliationByToken"


class DiscrepancySerializer(serializers.Serializer[Any]):
    """A settlement that is not as its payout was meant, and that nobody has resolved."""

    payout_intent_id = serializers.CharField()
    settlement_id = serializers.CharField()
    expected_amount = AnsweredAmount()
    actual_amount = AnsweredAmount()
    difference = AnsweredAmount(help_text="Actual minus expected.")
    chain = serializers.ChoiceField(choices=Chain.choices)
    token = serializers.ChoiceField(choices=Token.choices)
    kinds = serializers.ListField(
        child=serializers.CharField(),
        help_text="In what they differ: amount, late_settlement, approval_mismatch, reversed.",
    )
    opened_at = serializers.DateTimeField()

    class Meta:
        ref_name = "ReconciliationDiscrepancy"


class SummarySerializer(serializers.Serializer[Any]):
    """What was intended beside what the chain proved."""

    matched = BucketSerializer(help_text="Settled as intended, or resolved, at the actual amount.")
    unmatched_payouts = BucketSerializer(
        help_text="Approved, handed over, executed or verifying: on their way."
    )
    unexpected_settlements = BucketSerializer(
        help_text="Money that left a registered wallet with no payout behind it, unresolved."
    )
    discrepancies = DiscrepancySerializer(many=True, help_text="The newest 1,000.")
    discrepancies_count = serializers.IntegerField(help_text="All that are open.")
    reversed_count = serializers.IntegerField(
        help_text="Settlements whose block left the chain, among the above."
    )
    unknown_outcomes = BucketSerializer(
        help_text="Failed payouts of which nobody knows whether the money moved."
    )
    resolved_unexpected = BucketSerializer(help_text="Unexpected ones a person has explained.")
    by_token = TokenBooksSerializer(many=True)
    is_clean = serializers.BooleanField(help_text="Whether there is nothing a person must see.")
    to = serializers.DateTimeField(allow_null=True, help_text="Exclusive; as asked.")
    environment = environment()

    class Meta:
        ref_name = "ReconciliationSummary"

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python keeps for itself."""
        since = serializers.DateTimeField(allow_null=True, help_text="Inclusive; as asked.")
        return {**super().get_fields(), "from": since}


EXAMPLE: Json = {
    "matched": {"count": 31, "total_amount": 48210.0},
    "unmatched_payouts": {"count": 3, "total_amount": 1250.5},
    "unexpected_settlements": {"count": 0, "total_amount": 0},
    "discrepancies": [
        {
            "payout_intent_id": "po_5f0c8a1be2d34f6790ab12cd",
            "settlement_id": "stl_7a6b5c4d3e2f1a0b9c8d7e6f",
            "expected_amount": 500,
            "actual_amount": 499.95,
            "difference": -0.05,
            "chain": "tron",
            "token": "USDT",
            "kinds": ["amount"],
            "opened_at": "2025-01-15T12:11:00Z",
        }
    ],
    "discrepancies_count": 1,
    "reversed_count": 0,
    "unknown_outcomes": {"count": 0, "total_amount": 0},
    "resolved_unexpected": {"count": 0, "total_amount": 0},
    "by_token": [],
    "is_clean": False,
    "from": None,
    "to": None,
    "environment": "sandbox",
}
