"""What narrows a list: each query parameter, checked strictly, as a condition on the rows."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers

from billing.callers import Caller
from billing.errors import NotFound
from billing.fields import (
    AwareDateTimeField,
    ChainField,
    StrictCharField,
    StrictChoiceField,
    TokenField,
)
from payouts.models import PayoutBatch, PayoutIntent, Settlement, Status


class PayoutFilters(serializers.Serializer[Any]):
    """Query of GET /v1/payouts. Times are strict: `before` is earlier than, `after` later than."""

    status = StrictChoiceField(
        choices=Status.choices, required=False, help_text="Only payouts in this state."
    )
    due_date_before = AwareDateTimeField(required=False, help_text="Due earlier than this.")
    due_date_after = AwareDateTimeField(required=False, help_text="Due later than this.")
    chain = ChainField(required=False, help_text="Only payouts on this chain.")
    token = TokenField(required=False, help_text="Only payouts in this token.")
    reference_id = StrictCharField(
        required=False, max_length=255, help_text="Only payouts with exactly this reference."
    )
    external_id = StrictCharField(
        required=False, max_length=255, help_text="The one payout with this id of yours."
    )
    created_before = AwareDateTimeField(required=False, help_text="Created earlier than this.")
    created_after = AwareDateTimeField(required=False, help_text="Created later than this.")


class SettlementFilters(serializers.Serializer[Any]):
    """Query of GET /v1/payouts/settlements."""

    payout_intent_id = StrictCharField(
        required=False, max_length=40, help_text="Only the settlements of this payout."
    )
    chain = ChainField(required=False, help_text="Only settlements on this chain.")


_PAYOUTS, _SETTLEMENTS = PayoutFilters(), SettlementFilters()
# For the document, which unfolds a serializer into one parameter per field.
PAYOUT_QUERY: list[Any] = [PayoutFilters]
SETTLEMENT_QUERY: list[Any] = [SettlementFilters]
PAYOUT_LOOKUPS: Mapping[str, str] = {
    "status": "status",
    "due_date_before": "due_date__lt",
    "due_date_after": "due_date__gt",
    "chain": "chain",
    "token": "token",
    "reference_id": "reference_id",
    "external_id": "external_id",
    "created_before": "created_at__lt",
    "created_after": "created_at__gt",
}
SETTLEMENT_LOOKUPS: Mapping[str, str] = {"payout_intent_id": "payout_id", "chain": "chain"}


def payouts(caller: Caller, query: QueryDict) -> QuerySet[PayoutIntent]:
    """Return the caller's payouts that the query asks for. Raises ValidationError."""
    rows: QuerySet[PayoutIntent] = PayoutIntent.objects.visible_to(caller)
    return rows.filter(**_conditions(_PAYOUTS, PAYOUT_LOOKUPS, query))


def settlements(caller: Caller, query: QueryDict) -> QuerySet[Settlement]:
    """Return the caller's settlements that the query asks for, unexpected ones too."""
    rows: QuerySet[Settlement] = Settlement.objects.visible_to(caller)
    return rows.filter(**_conditions(_SETTLEMENTS, SETTLEMENT_LOOKUPS, query))


def batches(caller: Caller) -> QuerySet[PayoutBatch]:
    """Return the caller's batches."""
    return PayoutBatch.objects.visible_to(caller)


def payout(caller: Caller, payout_id: str) -> PayoutIntent:
    """Return one payout of the caller's. Raises NotFound for any other, foreign or missing."""
    found: PayoutIntent | None = (
        PayoutIntent.objects.visible_to(caller).filter(id=payout_id).first()
    )
    if found is None:
        raise NotFound("payout", payout_id)
    return found


def batch(caller: Caller, batch_id: str) -> PayoutBatch:
    """Return one batch of the caller's. Raises NotFound for any other, foreign or missing."""
    found: PayoutBatch | None = PayoutBatch.objects.visible_to(caller).filter(id=batch_id).first()
    if found is None:
        raise NotFound("batch", batch_id)
    return found


def _conditions(
    fields: serializers.Serializer[Any], lookups: Mapping[str, str], query: QueryDict
) -> dict[str, Any]:
    given = {name: query[name] for name in lookups if name in query}
    parsed: dict[str, Any] = fields.run_validation(given) if given else {}
    return {lookups[name]: value for name, value in parsed.items()}
