from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reconciliation import books, services
from tests.reconciliation.rows import AT, a_payout, a_settlement, put_in


def put(organization, status, difference=0, **fields):
    """A payout with its settlement, `difference` atomic units off."""
    payout = a_payout(organization, status)
    settlement = a_settlement(
        organization, payout, amount_atomic=payout.amount_atomic + difference, **fields
    )
    put_in([payout], [settlement])
    return payout, settlement


def told(bucket):
    return bucket.count, bucket.total_amount


def test_empty_books_are_clean(acme):
    summary = services.summary(acme.id, "sandbox")

    assert told(summary.matched) == (0, 0)
    assert told(summary.unmatched_payouts) == (0, 0)
    assert told(summary.unexpected_settlements) == (0, 0)
    assert (summary.discrepancies, summary.is_clean) == ((), True)


def test_settled_as_intended_is_matched(acme):
    put(acme, "settled")
    put(acme, "settled")

    summary = services.summary(acme.id, "sandbox")

    assert told(summary.matched) == (2, Decimal(1000))
    assert summary.is_clean


@pytest.mark.parametrize("status", ["approved", "pending_execution", "executed", "verifying"])
def test_what_is_on_its_way_is_unmatched_and_clean(acme, status):
    put_in([a_payout(acme, status, amount_atomic=1_500_000)])

    summary = services.summary(acme.id, "sandbox")

    assert told(summary.unmatched_payouts) == (1, Decimal("1.5"))
    assert summary.is_clean


@pytest.mark.parametrize("status", ["draft", "canceled", "failed"])
def test_drafts_canceled_and_proven_failures_are_no_part(acme, status):
    put_in([a_payout(acme, status)])

    assert services.summary(acme.id, "sandbox").lines == ()


def test_a_failure_of_unknown_outcome_is_counted_and_not_clean(acme):
    put_in([a_payout(acme, "failed", outcome="unknown")])

    summary = services.summary(acme.id, "sandbox")

    assert told(summary.unknown_outcomes) == (1, Decimal(500))
    assert not summary.is_clean


def test_another_amount_is_a_discrepancy_and_not_matched(acme):
    payout, settlement = put(acme, "settled", -50_000, discrepancies=["amount"])

    summary = services.summary(acme.id, "sandbox")

    assert told(summary.matched) == (0, 0)
    (one,) = summary.discrepancies
    assert (one.payout_id, one.settlement_id, one.kinds) == (payout.id, settlement.id, ("amount",))
    assert (one.expected_amount, one.actual_amount) == (Decimal(500), Decimal("499.95"))
    assert one.difference == Decimal("-0.05")
    assert (one.chain, one.token, one.opened_at) == ("base", "USDC", AT)
    assert not summary.is_clean


def test_a_difference_nobody_recorded_is_seen_all_the_same(acme):
    put(acme, "settled", 1)

    (one,) = services.summary(acme.id, "sandbox").discrepancies

    assert (one.kinds, one.difference) == (("amount",), Decimal("0.000001"))


def test_another_recipient_or_contract_is_a_discrepancy(acme):
    put(acme, "settled", to_address="0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")
    put(acme, "settled", contract="0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")

    summary = services.summary(acme.id, "sandbox")

    assert summary.discrepancies_count == 2
    assert {one.kinds for one in summary.discrepancies} == {("approval_mismatch",)}


def test_a_late_settlement_is_a_discrepancy(acme):
    put(acme, "failed", discrepancies=["late_settlement"])

    (one,) = services.summary(acme.id, "sandbox").discrepancies

    assert (one.kinds, one.difference) == (("late_settlement",), Decimal(0))


def test_a_reversed_settlement_is_a_discrepancy_since_then(acme):
    at = AT + timedelta(hours=3)
    put(acme, "settled", reversed_at=at)

    summary = services.summary(acme.id, "sandbox")

    (one,) = summary.discrepancies
    assert (one.kinds, one.opened_at, summary.reversed_count) == (("reversed",), at, 1)


def test_a_resolved_discrepancy_is_matched_at_its_actual_amount(acme):
    put(acme, "settled", -50_000, discrepancies=["amount"], resolved_at=AT)
    put(acme, "failed", discrepancies=["late_settlement"], resolved_at=AT)

    summary = services.summary(acme.id, "sandbox")

    assert told(summary.matched) == (2, Decimal("999.95"))
    assert (summary.discrepancies, summary.is_clean) == ((), True)


def test_a_resolved_one_that_leaves_the_chain_is_open_again(acme):
    before, after = AT - timedelta(hours=1), AT + timedelta(hours=1)
    put(acme, "settled", discrepancies=["amount"], resolved_at=AT, reversed_at=after)
    put(acme, "settled", discrepancies=["amount"], resolved_at=AT, reversed_at=before)

    summary = services.summary(acme.id, "sandbox")

    assert (summary.discrepancies_count, summary.matched.count) == (1, 1)


def test_money_without_a_payout_is_unexpected_until_it_is_resolved(acme):
    put_in([], [a_settlement(acme), a_settlement(acme, resolved_at=AT, amount_atomic=1)])

    summary = services.summary(acme.id, "sandbox")

    assert told(summary.unexpected_settlements) == (1, Decimal(500))
    assert told(summary.resolved_unexpected) == (1, Decimal("0.000001"))
    assert not summary.is_clean


def test_neither_another_organization_nor_environment_is_counted(acme, zenith):
    put(acme, "settled", 5)
    put_in([], [a_settlement(acme)])

    assert services.summary(zenith.id, "sandbox").lines == ()
    assert services.summary(acme.id, "live").lines == ()


def test_from_is_inclusive_and_to_exclusive(acme):
    put_in([a_payout(acme, "approved")], [a_settlement(acme, created_at=AT + timedelta(days=9))])
    second = timedelta(seconds=1)

    def counts(since=None, until=None):
        summary = services.summary(acme.id, "sandbox", since, until)
        return summary.unmatched_payouts.count, summary.unexpected_settlements.count

    assert counts() == (1, 1)
    assert counts(since=AT) == (1, 1)
    assert counts(since=AT + second) == (0, 0)
    assert counts(until=AT) == (0, 0)
    assert counts(until=AT + second) == (1, 1)
    assert counts(AT, AT + second) == (1, 1)


def test_a_payouts_own_time_counts_not_its_settlements(acme):
    payout = a_payout(acme, "settled")
    settlement = a_settlement(acme, payout, block_time=AT + timedelta(days=40))
    put_in([payout], [settlement])

    january = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))

    assert services.summary(acme.id, "sandbox", *january).matched.count == 1


def test_sums_are_exact_beyond_what_a_float_or_a_bigint_holds(acme):
    many = [a_payout(acme, "approved", amount_atomic=10**18) for _ in range(10)]
    put_in([*many, a_payout(acme, "approved", amount_atomic=1)])

    summary = services.summary(acme.id, "sandbox")

    assert summary.unmatched_payouts.total_amount == Decimal("10000000000000.000001")


def test_each_chain_and_token_has_its_own_line(acme):
    put_in(
        [
            a_payout(acme, "approved", chain="base", token="USDT", amount_atomic=1),
            a_payout(acme, "approved", chain="arbitrum", token="USDC", amount_atomic=2),
            a_payout(acme, "approved", chain="arbitrum", token="USDC", amount_atomic=3),
        ]
    )

    lines = services.summary(acme.id, "sandbox").lines

    assert [(line.chain, line.token, line.count, line.amount_atomic) for line in lines] == [
        ("arbitrum", "USDC", 2, 5),
        ("base", "USDT", 1, 1),
    ]


def test_of_very_many_discrepancies_the_newest_are_listed_and_all_counted(acme, monkeypatch):
    monkeypatch.setattr(books, "DISCREPANCIES_SHOWN", 3)
    made = [put(acme, "settled", -1, created_at=AT + timedelta(minutes=n))[1].id for n in range(5)]

    summary = services.summary(acme.id, "sandbox")

    assert [one.settlement_id for one in summary.discrepancies] == made[:1:-1]
    assert summary.discrepancies_count == 5


def test_the_books_are_read_in_one_round_trip(acme):
    put(acme, "settled", 5)

    with CaptureQueriesContext(connection) as queries:
        services.summary(acme.id, "sandbox")

    assert len(queries) == 1
