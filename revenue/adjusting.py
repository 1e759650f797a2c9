"""Adjust: book by hand what no chain can tell, with a reason. What was wrong is countered."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.ids import new_id
from billing.money import to_atomic
from billing.private_keys import refuse_private_keys_in_words
from events.services import publish
from events.types import EventType
from revenue import ledger
from revenue.answers import adjustment_json
from revenue.errors import AdjustmentWritten
from revenue.models import Adjustment, RevenueEvent
from revenue.types import LINE_OF, SourceType

logger = logging.getLogger(__name__)
DECIMALS = 6  # of a dollar: as of every token here

# What published clients may say an adjustment is about, and which of our fields that is.
NAMED_BY: Mapping[str, str] = {
    "checkout": "checkout_id",
    "subscription": "subscription_id",
    "customer": "customer_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdjustment:
    """What shall be booked; `amount` in dollars, above zero, and `type` says which way.

    `source_type` and `source_id` say what it is about in the words of published clients. What they
    name of NAMED_BY and the field of that name must not differ.
    """

    type: str
    amount: Decimal
    reason: str
    checkout_id: str | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    source_type: str | None = None
    source_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def create(caller: Caller, draft: NewAdjustment, *, id: str | None = None) -> Adjustment:
    """Write an adjustment with its line of the ledger, and publish adjustment.created.

    `id` names one beforehand, so that a form sent twice books once. Raises InsufficientScope,
    InvalidRequest, `adjustment_already_written`, `private_key_refused`.
    """
    caller.require("revenue:write")
    refuse_private_keys_in_words({"reason": draft.reason, **draft.metadata})
    adjustment = built(caller, draft, id=id)
    line = line_of(adjustment)
    # The line's place in the ledger decides where the same id comes twice, at whatever time.
    if not ledger.record([line], at=adjustment.created_at):
        raise AdjustmentWritten(adjustment.id)
    adjustment.save(force_insert=True)
    publish(
        caller,
        EventType.ADJUSTMENT_CREATED,
        adjustment.id,
        adjustment_json(adjustment),
        checkout_id=adjustment.checkout_id,
    )
    logger.info(
        "adjustment written adjustment=%s type=%s amount_atomic=%d actor=%s",
        adjustment.id,
        adjustment.type,
        adjustment.amount_atomic,
        caller.actor_id,
    )
    return adjustment


def built(caller: Caller, draft: NewAdjustment, *, id: str | None = None) -> Adjustment:
    """The adjustment as it would be written; nothing is. Raises InvalidRequest."""
    amount_atomic = to_atomic(draft.amount, DECIMALS)
    if amount_atomic <= 0:
        raise InvalidRequest("The amount must be above zero: the type says which way.")
    return Adjustment(
        id=id or new_id("adj"),
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        created_at=timezone.now(),
        type=draft.type,
        amount_atomic=amount_atomic,
        reason=draft.reason,
        metadata=dict(draft.metadata),
        applied_by=caller.actor_id,
        applied_by_name=caller.actor_name,
        revenue_event_id=new_id("rev"),
        **_about(draft),
    )


def line_of(adjustment: Adjustment) -> ledger.Line:
    """The line of the ledger that stands for it. One query where it names a checkout.

    Chain, token, customer and subscription are then those of that checkout's own line, where it
    has one: what is not said is not invented.
    """
    paid = _line_of_checkout(adjustment)
    return ledger.Line(
        organization_id=adjustment.organization_id,
        environment=adjustment.environment,
        source_type=SourceType.ADJUSTMENT,
        source_id=adjustment.id,
        event_type=LINE_OF[adjustment.type],
        amount_atomic=adjustment.amount_atomic,
        chain=paid.chain if paid else None,
        token=paid.token if paid else None,
        checkout_id=adjustment.checkout_id,
        subscription_id=adjustment.subscription_id or (paid.subscription_id if paid else None),
        renewal_id=paid.renewal_id if paid else None,
        customer_id=adjustment.customer_id or (paid.customer_id if paid else None),
        tx_hash=paid.tx_hash if paid else None,
        description=adjustment.reason or None,
        id=adjustment.revenue_event_id,
    )


def _line_of_checkout(adjustment: Adjustment) -> RevenueEvent | None:
    if adjustment.checkout_id is None:
        return None
    lines = RevenueEvent.objects.filter(
        organization_id=adjustment.organization_id,
        environment=adjustment.environment,
        source_type=SourceType.CHECKOUT,
        source_id=adjustment.checkout_id,
    )
    return lines.order_by("-ordinal").first()


def _about(draft: NewAdjustment) -> dict[str, str | None]:
    """Bring both ways of saying what it is about together. Raises where they differ."""
    about = {name: getattr(draft, name) for name in NAMED_BY.values()}
    if draft.source_type is None:
        named = next((word for word, name in NAMED_BY.items() if about[name]), None)
        return about | {
            "source_type": named,
            "source_id": about[NAMED_BY[named]] if named else None,
        }
    name = NAMED_BY.get(draft.source_type)
    if name is not None:
        if about[name] not in (None, draft.source_id):
            message = f"source_id and {name} name two different things. Give one of them."
            raise InvalidRequest(message, param="source_id")
        about[name] = draft.source_id
    return about | {"source_type": draft.source_type, "source_id": draft.source_id}
