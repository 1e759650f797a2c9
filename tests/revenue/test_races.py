"""At the same time: one line, whoever writes it. Real threads on PostgreSQL."""

from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from organizations.callers import caller_for_key
from organizations.models import Organization
from reconciliation import ledger as filling
from revenue import ledger, services
from revenue.models import Adjustment, RevenueEvent
from revenue.types import RevenueType, SourceType
from tests.conftest import MakeApi
from tests.payouts.conftest import live as live
from tests.payouts.conftest import people as people
from tests.payouts.making import People, make_payout
from tests.payouts.test_races import at_once
from tests.revenue.lines import AT, forget_all, lines_of, source_of

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, THREADS = 6, 4


def test_a_source_is_booked_and_taken_back_once_each_time(acme: Organization) -> None:
    line = ledger.Line(
        organization_id=acme.id, environment="live", source_type=SourceType.CHECKOUT,
        source_id="co_1", event_type=RevenueType.CHECKOUT_CONFIRMED, amount_atomic=5,
    )  # fmt: skip

    @transaction.atomic
    def book() -> None:
        ledger.record([line], at=AT)

    @transaction.atomic
    def take_back() -> None:
        ledger.take_back([source_of(line)], at=AT, why="It left.")

    for turn in range(ROUNDS):
        assert at_once([book] * THREADS) == ["done"] * THREADS
        assert len(lines_of("co_1")) == 2 * turn + 1
        assert at_once([take_back] * THREADS) == ["done"] * THREADS
        assert len(lines_of("co_1")) == 2 * turn + 2


def test_an_adjustment_that_is_sent_twice_at_once_is_written_once(
    acme: Organization, api: MakeApi
) -> None:
    caller = caller_for_key(api(acme).key)
    draft = services.NewAdjustment(type="credit", amount=Decimal(5), reason="Goodwill.")

    for turn in range(ROUNDS):
        create = partial(services.create, caller, draft, id=f"adj_{turn}")
        told = sorted(at_once([create] * THREADS))

        assert told == ["adjustment_already_written"] * (THREADS - 1) + ["done"]

    assert Adjustment.objects.count() == RevenueEvent.objects.count() == ROUNDS


def test_a_back_fill_beside_itself_writes_each_line_once(people: People) -> None:
    for _ in range(3):
        make_payout(people, "settled")
    forget_all()

    assert at_once([filling.fill] * THREADS) == ["done"] * THREADS

    assert RevenueEvent.objects.count() == 3
