"""What settled payouts say to the ledger (revenue.ledger), in the transaction that settled them.

Their lines are no revenue: they stand in the books of the same month as what came in, at what
really moved. A settlement with no payout behind it says nothing before it finds one.
"""

from collections.abc import Sequence
from datetime import datetime

from payouts.models import Settlement
from revenue import ledger
from revenue.types import RevenueType, SourceType

WHY_TAKEN_BACK = "The block of its transaction left the chain."


def book(settlement: Settlement, *, at: datetime) -> None:
    """Write the line of a settlement that has its payout."""
    ledger.record([_line(settlement)], at=at)


def book_again(settlements: Sequence[Settlement], *, at: datetime) -> None:
    """Write the lines of those that were restored, in one statement."""
    ledger.record([_line(each) for each in settlements if each.payout_id], at=at)


def take_back(settlements: Sequence[Settlement], *, at: datetime) -> None:
    """Write, in one statement, that these left the chain. Those with no line are left out."""
    gone = [
        ledger.Source(
            organization_id=each.organization_id,
            environment=each.environment,
            source_type=SourceType.SETTLEMENT,
            source_id=each.id,
        )
        for each in settlements
    ]
    ledger.take_back(gone, at=at, why=WHY_TAKEN_BACK)


def _line(settlement: Settlement) -> ledger.Line:
    return ledger.Line(
        organization_id=settlement.organization_id,
        environment=settlement.environment,
        source_type=SourceType.SETTLEMENT,
        source_id=settlement.id,
        event_type=RevenueType.PAYOUT_SETTLED,
        amount_atomic=settlement.amount_atomic,
        chain=settlement.chain,
        token=settlement.token,
        payout_id=settlement.payout_id,
        tx_hash=settlement.tx_hash,
    )
