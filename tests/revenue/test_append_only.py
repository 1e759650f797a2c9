"""Nobody edits, deletes or truncates the ledger: not the ORM, not raw SQL, not by a cascade."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.chains import Environment
from organizations.callers import caller_for_key
from revenue import services
from revenue.adjusting import NewAdjustment
from revenue.models import Adjustment, RevenueEvent
from tests.revenue.lines import AT, lines_of, put

STATEMENTS = [
    "UPDATE revenue_revenueevent SET amount_atomic = 1",
    "UPDATE revenue_revenueevent SET description = 'better'",
    "UPDATE revenue_revenueevent SET occurred_at = now()",
    "DELETE FROM revenue_revenueevent",
    "TRUNCATE revenue_revenueevent CASCADE",
    "UPDATE revenue_adjustment SET reason = 'better'",
    "DELETE FROM revenue_adjustment",
    "TRUNCATE revenue_adjustment",
    "TRUNCATE organizations_organization CASCADE",
    "MERGE INTO revenue_revenueevent l USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
    "INSERT INTO revenue_revenueevent SELECT * FROM revenue_revenueevent "
    "ON CONFLICT (id) DO UPDATE SET amount_atomic = 1",
]


@pytest.fixture
def written(acme, api) -> list[Any]:
    caller = caller_for_key(api(acme).key)
    services.create(caller, NewAdjustment(type="credit", amount=Decimal(5), reason="goodwill"))
    put(acme, "checkout_confirmed", 49_990_000)
    with connection.cursor() as cursor:  # or the test's own transaction stands before TRUNCATE
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return list(RevenueEvent.objects.order_by("id").values())


@pytest.mark.parametrize("statement", STATEMENTS)
def test_raw_sql_is_refused_and_nothing_changes(written, statement):
    with pytest.raises(DatabaseError, match=r"is written for good|never truncated"):  # noqa: SIM117
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    assert list(RevenueEvent.objects.order_by("id").values()) == written
    assert Adjustment.objects.get().reason == "goodwill"


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.save(),
        lambda line: line.delete(),
        lambda line: RevenueEvent.objects.filter(id=line.id).update(amount_atomic=1),
        lambda line: RevenueEvent.objects.bulk_update([line], ["amount_atomic"]),
    ],
)
def test_the_orm_is_refused_too(acme, change: Callable[[RevenueEvent], object]):
    source_id = put(acme, "payout_settled", 3_000_000)
    line = RevenueEvent.objects.get(source_id=source_id)
    line.amount_atomic = 1

    with pytest.raises(DatabaseError), transaction.atomic():
        change(line)

    assert lines_of(source_id) == [(0, "payout_settled", 3_000_000)]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"ordinal": 0}, "one_revenue_line_per_source_and_ordinal"),
        ({"ordinal": 1}, "revenue_lines_of_a_source_alternate"),
        ({"ordinal": 2, "event_type": "checkout_reversed"}, "revenue_lines_of_a_source_alternate"),
        ({"ordinal": 2, "amount_atomic": 0}, "revenue_amount_is_positive"),
        ({"ordinal": 2, "amount_atomic": -5}, "revenue_amount_is_positive"),
        ({"ordinal": 2, "event_type": "gift"}, "revenue_type_is_known"),
    ],
)
def test_constraints_hold_what_a_line_may_say(acme, columns, why):
    source_id = put(acme, "checkout_confirmed", 5_000_000)
    values = {
        "organization": acme,
        "environment": Environment.SANDBOX,
        "source_type": "checkout",
        "source_id": source_id,
        "event_type": "checkout_confirmed",
        "amount_atomic": 5_000_000,
        "occurred_at": AT,
        **columns,
    }

    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        RevenueEvent.objects.create(**values)
