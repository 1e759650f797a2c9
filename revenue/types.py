"""The words of the ledger, and what each of them does to the totals."""

from collections.abc import Mapping

from django.db.models import TextChoices


class RevenueType(TextChoices):
    """What a line of the ledger says. Amounts are never negative: the word says which way.

    The contract's six, and ours: what a reorganization takes back (`…_reversed`), and money that
    left (`payout_settled`), which is no revenue.
    """

    CHECKOUT_CONFIRMED = "checkout_confirmed", "Checkout paid"
    SUBSCRIPTION_CHARGED = "subscription_charged", "Renewal paid"
    REFUND = "refund", "Refund"
    ADJUSTMENT_CREDIT = "adjustment_credit", "Credit"
    ADJUSTMENT_DEBIT = "adjustment_debit", "Debit"
    CHARGEBACK = "chargeback", "Chargeback"
    CHECKOUT_REVERSED = "checkout_reversed", "Checkout reversed"
    SUBSCRIPTION_REVERSED = "subscription_reversed", "Renewal reversed"
    PAYOUT_SETTLED = "payout_settled", "Payout settled"
    PAYOUT_REVERSED = "payout_reversed", "Payout reversed"


class AdjustmentType(TextChoices):
    """What a person or a program books by hand. `refund` is sent by published clients."""

    CREDIT = "credit", "Credit: adds to revenue"
    DEBIT = "debit", "Debit: takes from revenue"
    CHARGEBACK = "chargeback", "Chargeback: a customer got it back"
    REFUND = "refund", "Refund: you sent it back"


class SourceType(TextChoices):
    """What a line comes from; its id is the line's `source_id`."""

    CHECKOUT = "checkout"
    SETTLEMENT = "settlement"
    ADJUSTMENT = "adjustment"


REVERSED_BY: Mapping[RevenueType, RevenueType] = {
    RevenueType.CHECKOUT_CONFIRMED: RevenueType.CHECKOUT_REVERSED,
    RevenueType.SUBSCRIPTION_CHARGED: RevenueType.SUBSCRIPTION_REVERSED,
    RevenueType.PAYOUT_SETTLED: RevenueType.PAYOUT_REVERSED,
}
LINE_OF: Mapping[str, RevenueType] = {
    AdjustmentType.CREDIT: RevenueType.ADJUSTMENT_CREDIT,
    AdjustmentType.DEBIT: RevenueType.ADJUSTMENT_DEBIT,
    AdjustmentType.CHARGEBACK: RevenueType.CHARGEBACK,
    AdjustmentType.REFUND: RevenueType.REFUND,
}
# What takes each adjustment back: nothing of the ledger is ever edited.
COUNTERED_BY: Mapping[str, AdjustmentType] = {
    AdjustmentType.CREDIT: AdjustmentType.DEBIT,
    AdjustmentType.DEBIT: AdjustmentType.CREDIT,
    AdjustmentType.CHARGEBACK: AdjustmentType.CREDIT,
    AdjustmentType.REFUND: AdjustmentType.CREDIT,
}
