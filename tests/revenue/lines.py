"""Lines of the ledger for tests: written as the acts write them, read as short tuples."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from billing.ids import new_id
from organizations.models import Organization
from revenue import ledger
from revenue.models import RevenueEvent
from revenue.types import RevenueType, SourceType

AT = datetime(2025, 1, 15, 12, tzinfo=UTC)
FROM_ADJUSTMENT = {"refund", "adjustment_credit", "adjustment_debit", "chargeback"}
TAKES_BACK = {
    "checkout_reversed": "checkout_confirmed",
    "subscription_reversed": "subscription_charged",
    "payout_reversed": "payout_settled",
}


def put(
    organization: Organization,
    type_: str,
    amount_atomic: int,
    at: datetime = AT,
    *,
    environment: str = "sandbox",
    **more: Any,
) -> str:
    """Write one line; the id of its source. A `…_reversed` one comes with what it takes back.

    Both of the two occur at the same moment.
    """
    source_type = (
        SourceType.ADJUSTMENT
        if type_ in FROM_ADJUSTMENT
        else SourceType.SETTLEMENT
        if type_.startswith("payout")
        else SourceType.CHECKOUT
    )
    prefix = {"checkout": "co", "settlement": "stl", "adjustment": "adj"}[source_type.value]
    line = ledger.Line(
        organization_id=organization.id,
        environment=environment,
        source_type=source_type,
        source_id=new_id(prefix),
        event_type=RevenueType(TAKES_BACK.get(type_, type_)),
        amount_atomic=amount_atomic,
        **{"chain": "base", "token": "USDC", **more},
    )
    with transaction.atomic():
        assert ledger.record([line], at=at) == 1
        if type_ in TAKES_BACK:
            assert ledger.take_back([source_of(line)], at=at, why="It left.") == 1
    return line.source_id


def source_of(line: ledger.Line) -> ledger.Source:
    return ledger.Source(
        organization_id=line.organization_id,
        environment=line.environment,
        source_type=line.source_type,
        source_id=line.source_id,
    )


def lines_of(source_id: str) -> list[tuple[int, str, int]]:
    """Its lines in their order: ordinal, type, amount."""
    rows = RevenueEvent.objects.filter(source_id=source_id).order_by("ordinal")
    return list(rows.values_list("ordinal", "event_type", "amount_atomic"))


def forget_all() -> None:
    """Empty the ledger, as if it had not existed yet. Only whoever owns the database can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM revenue_adjustment")
        cursor.execute("DELETE FROM revenue_revenueevent")
        cursor.execute("SET LOCAL session_replication_role = origin")
