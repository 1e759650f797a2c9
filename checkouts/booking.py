"""What confirmed checkouts say to the ledger (revenue.ledger), in the transaction that moved them.

What was asked is revenue, or what came, where that is less: what came beyond it is still the
customer's, until somebody books it as a credit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from checkouts.deciding import Confirm, Restore, Reverse, Step
from checkouts.models import Checkout
from revenue import ledger
from revenue.types import RevenueType, SourceType

WHY_TAKEN_BACK = "The payment that confirmed it left the chain."


@dataclass(frozen=True, slots=True)
class Booked:
    """A step that the ledger is told of, and the checkout that took it."""

    step: Step
    checkout: Checkout


def concerns(step: Step) -> bool:
    """Whether the ledger is told of this step."""
    return isinstance(step, Confirm | Reverse | Restore)


def book(taken: Iterable[Booked], *, at: datetime) -> None:
    """Write the lines of these steps: a statement for each kind of step there is.

    A checkout takes them in this order alone, where it takes several at once.
    """
    rows = list(taken)
    ledger.record([_line(each) for each in _of(rows, Confirm)], at=at)
    gone = [_source(each) for each in _of(rows, Reverse)]
    ledger.take_back(gone, at=at, why=WHY_TAKEN_BACK)
    ledger.record([_line(each) for each in _of(rows, Restore)], at=at)


def _of(rows: Iterable[Booked], kind: type[Step]) -> list[Checkout]:
    return [each.checkout for each in rows if isinstance(each.step, kind)]


def _source(checkout: Checkout) -> ledger.Source:
    return ledger.Source(
        organization_id=checkout.organization_id,
        environment=checkout.environment,
        source_type=SourceType.CHECKOUT,
        source_id=checkout.id,
    )


def _line(checkout: Checkout) -> ledger.Line:
    is_renewal = checkout.renewal_id is not None
    return ledger.Line(
        organization_id=checkout.organization_id,
        environment=checkout.environment,
        source_type=SourceType.CHECKOUT,
        source_id=checkout.id,
        event_type=RevenueType.SUBSCRIPTION_CHARGED
        if is_renewal
        else RevenueType.CHECKOUT_CONFIRMED,
        amount_atomic=min(int(checkout.amount_received_atomic), checkout.amount_atomic),
        chain=checkout.chain,
        token=checkout.token,
        checkout_id=checkout.id,
        subscription_id=checkout.subscription_id,
        renewal_id=checkout.renewal_id,
        customer_id=checkout.customer_id,
        tx_hash=checkout.tx_hash,
    )
