"""Lines are written by what causes them, in its transaction: once each, whatever runs twice."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checkouts import services, settling
from checkouts.models import Checkout
from organizations import clock
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from revenue import ledger
from revenue.models import RevenueEvent
from revenue.types import RevenueType, SourceType
from tests.checkouts.making import a_draft, a_method
from tests.checkouts.making import caller_of as checkout_caller
from tests.checkouts.paying import a_pass, headed, log, paid
from tests.checkouts.paying import mined as mined_payment
from tests.checkouts.paying import orphaned as orphaned_payment
from tests.payouts.conftest import live as live
from tests.payouts.conftest import people as people
from tests.payouts.conftest import sandboxed as sandboxed
from tests.payouts.making import make_payout, mined, moved, orphaned
from tests.revenue.lines import AT, lines_of, put, source_of

PAID_BY = "0x" + "c" * 64  # payouts of the same test count theirs from 1


def hash_of(payout: PayoutIntent) -> str:
    assert payout.expected_tx_hash is not None
    return payout.expected_tx_hash


def line(source_id: str) -> RevenueEvent:
    return RevenueEvent.objects.get(source_id=source_id)


@pytest.fixture
def checkout(live, acme) -> Checkout:
    """49.99 USDC on Base, in live."""
    caller = checkout_caller(acme, "live")
    a_method(caller)
    return services.create(caller, a_draft(customer_id="cus_1"))


def confirm(checkout: Checkout, amount: int | None = None) -> str:
    tx_hash = paid(checkout, amount, tx_hash=PAID_BY, is_final=True)
    headed(1_011)
    a_pass()
    return tx_hash


# --- checkouts ---------------------------------------------------------------------------------


def test_a_confirmed_checkout_is_a_line_with_all_that_is_known(checkout, acme):
    tx_hash = confirm(checkout)

    written = line(checkout.id)
    assert (written.event_type, written.amount_atomic) == ("checkout_confirmed", 49_990_000)
    assert (written.organization_id, written.environment) == (acme.id, "live")
    assert (written.chain, written.token, written.tx_hash) == ("base", "USDC", tx_hash)
    assert (written.checkout_id, written.customer_id) == (checkout.id, "cus_1")
    assert (written.subscription_id, written.renewal_id, written.payout_id) == (None, None, None)
    checkout.refresh_from_db()
    assert written.occurred_at == written.created_at == checkout.confirmed_at


def test_what_is_paid_beyond_what_was_asked_is_no_revenue(checkout):
    confirm(checkout, 60_000_000)

    assert lines_of(checkout.id) == [(0, "checkout_confirmed", 49_990_000)]


def test_a_checkout_on_its_way_and_one_that_expired_are_no_lines(checkout):
    paid(checkout, 1_000_000)
    headed(1_000)
    a_pass()

    assert RevenueEvent.objects.count() == 0


def test_looking_again_writes_nothing_more(checkout):
    confirm(checkout)

    settling.settle_checkouts([checkout.id])
    a_pass()

    assert lines_of(checkout.id) == [(0, "checkout_confirmed", 49_990_000)]


def test_a_reversed_checkout_is_taken_back_and_written_again_when_it_is_restored(checkout):
    tx_hash = confirm(checkout)
    orphaned_payment(tx_hash)
    a_pass()
    gone = lines_of(checkout.id)

    mined_payment(tx_hash, log(checkout), block=1_004, is_final=True)
    headed(1_020)
    a_pass()

    assert gone == [(0, "checkout_confirmed", 49_990_000), (1, "checkout_reversed", 49_990_000)]
    assert lines_of(checkout.id) == [*gone, (2, "checkout_confirmed", 49_990_000)]
    reversed_line = RevenueEvent.objects.get(event_type="checkout_reversed")
    assert reversed_line.description == "The payment that confirmed it left the chain."
    assert (reversed_line.tx_hash, reversed_line.customer_id) == (tx_hash, "cus_1")


# --- payouts -----------------------------------------------------------------------------------


def test_a_settled_payout_is_a_line_at_what_really_moved(people):
    payout = make_payout(people, "settled")

    settlement = Settlement.objects.get()
    written = line(settlement.id)
    assert written.event_type == "payout_settled"
    assert written.amount_atomic == settlement.amount_atomic == payout.amount_atomic
    assert (written.payout_id, written.settlement_id) == (payout.id, settlement.id)
    assert (written.chain, written.token) == (settlement.chain, settlement.token)
    assert (written.tx_hash, written.checkout_id) == (settlement.tx_hash, None)


def test_a_payout_is_taken_back_with_its_block_and_written_again_when_it_is_mined_again(people):
    payout = make_payout(people, "settled")
    settlement = Settlement.objects.get()
    amount = settlement.amount_atomic

    orphaned(hash_of(payout))
    verify()
    verify()
    gone = lines_of(settlement.id)
    mined(hash_of(payout), moved(), block=1_007, fork="b")
    verify()
    verify()

    assert gone == [(0, "payout_settled", amount), (1, "payout_reversed", amount)]
    assert lines_of(settlement.id) == [*gone, (2, "payout_settled", amount)]


def test_settling_costs_one_statement_more(people):
    payout = make_payout(people, "executed")
    mined(hash_of(payout), moved())

    with CaptureQueriesContext(connection) as asked:
        verify()

    mine = [query["sql"] for query in asked if "revenue_" in query["sql"]]
    assert len(mine) == 1
    assert mine[0].lstrip().startswith("INSERT INTO revenue_revenueevent")


# --- the organization's own time ---------------------------------------------------------------


def test_in_the_sandbox_a_line_occurs_by_its_clock_and_is_created_by_the_walls(acme, zenith):
    clock.advance(acme.id, timedelta(days=40))
    at = timezone.now()

    ours = line(put(acme, "checkout_confirmed", 1_000_000, at))
    live_line = line(put(acme, "checkout_confirmed", 1_000_000, at, environment="live"))
    theirs = line(put(zenith, "checkout_confirmed", 1_000_000, at))

    assert (ours.occurred_at, ours.created_at) == (at + timedelta(days=40), at)
    assert live_line.occurred_at == theirs.occurred_at == at


# --- the two statements ------------------------------------------------------------------------


def a_line(acme, source_id="co_1", amount=5_000_000):
    return ledger.Line(
        organization_id=acme.id,
        environment="live",
        source_type=SourceType.CHECKOUT,
        source_id=source_id,
        event_type=RevenueType.CHECKOUT_CONFIRMED,
        amount_atomic=amount,
    )


def test_many_lines_are_one_statement(acme):
    lines = [a_line(acme, f"co_{n}") for n in range(500)]

    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        written = ledger.record(lines, at=AT)
        gone = ledger.take_back([source_of(each) for each in lines], at=AT, why="all")

    inserts = [query for query in asked if "INSERT" in query["sql"]]
    assert (written, gone, len(inserts)) == (500, 500, 2)


def test_what_stands_is_not_recorded_again_and_what_does_not_is_not_taken_back(acme):
    one = a_line(acme)
    with transaction.atomic():
        told = [
            ledger.take_back([source_of(one)], at=AT, why="nothing is there"),
            ledger.record([one], at=AT),
            ledger.record([one], at=AT),
            ledger.take_back([source_of(one)], at=AT, why="gone"),
            ledger.take_back([source_of(one)], at=AT, why="gone"),
            ledger.record([a_line(acme, amount=4_000_000)], at=AT),
            ledger.take_back([source_of(one)], at=AT, why="gone again"),
        ]

    assert told == [0, 1, 0, 1, 0, 1, 1]
    assert lines_of("co_1") == [
        (0, "checkout_confirmed", 5_000_000),
        (1, "checkout_reversed", 5_000_000),
        (2, "checkout_confirmed", 4_000_000),
        (3, "checkout_reversed", 4_000_000),
    ]


def test_one_id_of_two_organizations_is_two_sources(acme, zenith):
    with transaction.atomic():
        assert ledger.record([a_line(acme), a_line(zenith)], at=AT) == 2
        assert ledger.take_back([source_of(a_line(zenith))], at=AT, why="theirs") == 1

    ours = RevenueEvent.objects.filter(organization=acme)
    assert [each.event_type for each in ours] == ["checkout_confirmed"]


def test_a_line_is_written_only_where_its_cause_is(acme):
    line_ = a_line(acme)
    with transaction.atomic():
        ledger.record([line_], at=AT)
        transaction.set_rollback(True)

    assert lines_of("co_1") == []
