"""The set-based books against a naive reading of the same rows, over books made at random."""

import os
import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from payouts.models import Discrepancy, Outcome, PayoutIntent, Settlement, Status
from reconciliation import services
from tests.reconciliation.rows import AT, a_payout, a_settlement, put_in

BOOKS = 200 if os.environ.get("SOAK") else 32
ROWS = 150
ELSEWHERE = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
ON_THEIR_WAY = ("approved", "pending_execution", "executed", "verifying")


def fill(chance, organizations):
    """Up to ROWS payouts of every kind, most with what belongs to them, and some strays."""
    payouts, settlements = [], []
    for _ in range(chance.randrange(ROWS)):
        organization = organizations[chance.choice(["acme", "acme", "acme", "zenith"])]
        status = chance.choice([*Status.values, *["settled"] * 6])
        fields = {"outcome": chance.choice(Outcome.values)} if status == "failed" else {}
        payout = a_payout(organization, status, **_place(chance), **_money(chance), **fields)
        payouts.append(payout)
        is_late = status in ("failed", "canceled") and chance.random() < 0.5
        if status == "settled" or is_late:
            settlements.append(a_settlement(organization, payout, **_differences(chance, payout)))
    for _ in range(chance.randrange(ROWS // 5)):
        organization = organizations[chance.choice(["acme", "acme", "acme", "zenith"])]
        place = {**_place(chance), **_money(chance), **_marks(chance)}
        settlements.append(a_settlement(organization, **place))
    put_in(payouts, settlements)


def _place(chance):
    return {
        "environment": chance.choice(["sandbox", "sandbox", "sandbox", "live"]),
        "chain": chance.choice(["tron", "arbitrum", "base"]),
        "token": chance.choice(["USDT", "USDC"]),
        "created_at": _time(chance),
    }


def _money(chance):
    return {"amount_atomic": chance.choice([1, 2, chance.randrange(1, 10**18)])}


def _marks(chance):
    return {
        "resolved_at": chance.choice([None, None, _time(chance)]),
        "reversed_at": chance.choice([None, None, _time(chance)]),
        "block_time": _time(chance),
    }


def _differences(chance, payout):
    """Usually none; else one or more of those there are."""
    marks = {**_marks(chance), "created_at": _time(chance)}
    if chance.random() < 0.3:
        marks |= _money(chance)
    if chance.random() < 0.2:
        marks["to_address"] = ELSEWHERE
    if chance.random() < 0.2:
        marks["contract"] = ELSEWHERE
    if chance.random() < 0.2:
        marks["discrepancies"] = [chance.choice(Discrepancy.values)]
    return marks


def _time(chance):
    return AT + timedelta(hours=chance.randrange(-3, 4))


def naive(organization, environment, since, until):  # noqa: C901  # naive on purpose
    """The four buckets as product.md says them, row by row."""
    count: dict[str, int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    listed = set()

    def within(moment):
        return (since is None or moment >= since) and (until is None or moment < until)

    def add(bucket, atomic):
        count[bucket] += 1
        total[bucket] += atomic

    own = {"organization": organization, "environment": environment}
    for payout in PayoutIntent.objects.filter(**own):
        if not within(payout.created_at):
            continue
        settlement = Settlement.objects.filter(payout=payout).first()
        if settlement is None:
            if payout.status in ON_THEIR_WAY:
                add("unmatched", payout.amount_atomic)
            elif payout.outcome == "unknown":
                add("unknown", payout.amount_atomic)
            continue
        resolved_at, reversed_at = settlement.resolved_at, settlement.reversed_at
        is_resolved = resolved_at is not None
        if resolved_at is not None and reversed_at is not None and reversed_at > resolved_at:
            is_resolved = False
        as_intended = (
            payout.status == "settled"
            and settlement.amount_atomic == payout.amount_atomic
            and settlement.to_address == payout.recipient_address
            and settlement.contract == payout.contract
            and not settlement.discrepancies
            and reversed_at is None
        )
        if is_resolved or as_intended:
            add("matched", settlement.amount_atomic)
        else:
            listed.add((settlement.id, settlement.amount_atomic - payout.amount_atomic))
    for settlement in Settlement.objects.filter(payout=None, **own):
        if within(settlement.block_time):
            add("resolved" if settlement.resolved_at else "unexpected", settlement.amount_atomic)
    return count, total, listed


@pytest.mark.parametrize(
    "bounds", [(None, None), (AT, None), (None, AT), (AT, AT + timedelta(hours=2))]
)
def test_the_summary_is_what_a_naive_reading_says(acme, zenith, bounds):
    organizations = {"acme": acme, "zenith": zenith}

    # A smaller seed is no simpler book, so nothing is shrunk.
    @settings(max_examples=BOOKS // 4, deadline=None, phases=[Phase.generate])
    @given(seed=st.integers(0, 2**32))
    def hold(seed):
        point = transaction.savepoint()
        fill(random.Random(f"{seed} {bounds}"), organizations)  # made-up books, no secret

        for name, environment in (("acme", "sandbox"), ("zenith", "live")):
            organization = organizations[name]
            summary = services.summary(organization.id, environment, *bounds)
            count, total, listed = naive(organization, environment, *bounds)

            buckets = {
                "matched": summary.matched,
                "unmatched": summary.unmatched_payouts,
                "unexpected": summary.unexpected_settlements,
                "unknown": summary.unknown_outcomes,
                "resolved": summary.resolved_unexpected,
            }
            for bucket, found in buckets.items():
                assert found.count == count[bucket], bucket
                assert found.total_amount == Decimal(total[bucket]) / 10**6, bucket
            assert listed == {
                (one.settlement_id, one.actual_atomic - one.expected_atomic)
                for one in summary.discrepancies
            }
            assert summary.discrepancies_count == len(listed)
        transaction.savepoint_rollback(point)

    hold()
