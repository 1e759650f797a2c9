"""What narrows a list: each query parameter, checked strictly, as a condition on the rows."""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from billing.callers import Caller
from billing.errors import NotFound
from billing.fields import (
    AwareDateTimeField,
    ChainField,
    MetadataField,
    StrictCharField,
    StrictChoiceField,
    TokenField,
)
from checkouts.answers import Heads
from checkouts.models import Checkout, MethodStatus, PaymentLink, PaymentMethod, Status

_METADATA = re.compile(r"metadata\[(.*)\]", re.DOTALL)


class CheckoutFilters(serializers.Serializer[Any]):
    """Query of GET /v1/checkouts. Times are strict: `before` is earlier than, `after` is later."""

    status = StrictChoiceField(
        choices=Status.choices, required=False, help_text="Only checkouts in this state."
    )
    chain = ChainField(required=False, help_text="Only checkouts on this chain.")
    token = TokenField(required=False, help_text="Only checkouts in this token.")
    customer_id = StrictCharField(
        required=False, max_length=40, help_text="Only checkouts of this customer."
    )
    created_before = AwareDateTimeField(required=False, help_text="Created earlier than this.")
    created_after = AwareDateTimeField(required=False, help_text="Created later than this.")


class _Metadata(serializers.Serializer[Any]):
    metadata = MetadataField()


class PaymentMethodFilters(serializers.Serializer[Any]):
    """Query of GET /v1/payment-methods."""

    status = StrictChoiceField(
        choices=MethodStatus.choices, required=False, help_text="Only methods in this state."
    )


_CHECKOUTS, _METHODS, _METADATA_FILTER = CheckoutFilters(), PaymentMethodFilters(), _Metadata()
# For the document, which unfolds a serializer into one parameter per field.
CHECKOUT_QUERY: list[Any] = [
    CheckoutFilters,
    OpenApiParameter(
        "metadata",
        {"type": "object", "additionalProperties": {"type": "string", "maxLength": 500}},
        style="deepObject",
        explode=True,
        description="Only checkouts with exactly this text under this name, such as "
        "`metadata[order_id]=1234`; several must all hold.",
    ),
]
METHOD_QUERY: list[Any] = [PaymentMethodFilters]
CHECKOUT_LOOKUPS: Mapping[str, str] = {
    "status": "status",
    "chain": "chain",
    "token": "token",
    "customer_id": "customer_id",
    "created_before": "created_at__lt",
    "created_after": "created_at__gt",
}
METHOD_LOOKUPS: Mapping[str, str] = {"status": "status"}


def checkouts(caller: Caller, query: QueryDict) -> QuerySet[Checkout]:
    """Return the caller's checkouts that the query asks for. Raises ValidationError."""
    rows: QuerySet[Checkout] = Checkout.objects.visible_to(caller)
    rows = rows.filter(**_conditions(_CHECKOUTS, CHECKOUT_LOOKUPS, query))
    if wanted := {_name_in(word): query[word] for word in metadata_words(query)}:
        parsed = _METADATA_FILTER.run_validation({"metadata": wanted})
        rows = rows.filter(metadata__contains=parsed["metadata"])
    return rows


def metadata_words(query: QueryDict) -> list[str]:
    """The query's parameters that are about metadata: `metadata[order_id]` and the like."""
    return [word for word in query if _METADATA.fullmatch(word)]


# Written out: building this query costs more than the database's answer to it.
_WITH_HEAD = """
SELECT checkout.*, head.number AS head
  FROM checkouts_checkout AS checkout
  LEFT JOIN chainwatch_chainhead AS head ON head.chain = checkout.chain AND head.scope = %(scope)s
 WHERE checkout.id = %(id)s AND checkout.organization_id = %(organization)s
   AND checkout.environment = %(environment)s
"""


def checkout_and_heads(caller: Caller, checkout_id: str) -> tuple[Checkout, Heads]:
    """Return one checkout and its chain's head, in one query: this is asked again and again.

    Raises NotFound for any that is not the caller's, foreign or missing.
    """
    scope = "" if caller.is_live else caller.organization_id
    named = {
        "id": checkout_id,
        "scope": scope,
        "organization": caller.organization_id,
        "environment": caller.environment.value,
    }
    found = next(iter(Checkout.objects.raw(_WITH_HEAD, named)), None)
    if found is None:
        raise NotFound("checkout", checkout_id, param="checkout_id")
    number: int | None = found.head
    return found, {} if number is None else {(found.chain, scope): number}


def payment_methods(caller: Caller, query: QueryDict) -> QuerySet[PaymentMethod]:
    """Return the caller's payment methods that the query asks for. Raises ValidationError."""
    rows: QuerySet[PaymentMethod] = PaymentMethod.objects.visible_to(caller)
    return rows.filter(**_conditions(_METHODS, METHOD_LOOKUPS, query))


def payment_links(caller: Caller) -> QuerySet[PaymentLink]:
    """Return the caller's payment links with their methods."""
    rows: QuerySet[PaymentLink] = PaymentLink.objects.visible_to(caller)
    return rows.select_related("payment_method")


def _name_in(word: str) -> str:
    match = _METADATA.fullmatch(word)
    assert match is not None  # metadata_words chose it
    return match[1]


def _conditions(
    fields: serializers.Serializer[Any], lookups: Mapping[str, str], query: QueryDict
) -> dict[str, Any]:
    given = {name: query[name] for name in lookups if name in query}
    parsed: dict[str, Any] = fields.run_validation(given) if given else {}
    return {lookups[name]: value for name, value in parsed.items()}
