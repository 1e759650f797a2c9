"""Payouts that share a transaction are decided together."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.chains import network
from payouts.deciding import Fail, Flag, Settle, decide
from payouts.facts import Group, Intended, Movement, Named, Transaction
from payouts.models import Settlement
from payouts.states import Status
from payouts.verifying import verify
from tests.payouts.making import (
    OTHER_RECIPIENT,
    RECIPIENT,
    TREASURY,
    USDC,
    People,
    a_hash,
    executed,
    mined,
    moved,
    reload,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_one_transaction_settles_many_payouts(people: People) -> None:
    tx_hash = a_hash()
    first = executed(people, tx_hash, amount=Decimal(500))
    second = executed(people, tx_hash, amount=Decimal(300))
    third = executed(people, tx_hash, amount=Decimal(500), recipient_address=OTHER_RECIPIENT)
    mined(tx_hash, moved(300_000_000), moved(500_000_000, to=OTHER_RECIPIENT), moved(500_000_000))

    verify()

    assert [reload(p).status for p in (first, second, third)] == ["settled"] * 3
    paid = {s.payout_id: (s.ordinal, s.discrepancies) for s in Settlement.objects.all()}
    assert paid == {second.id: (0, []), third.id: (1, []), first.id: (2, [])}


def test_an_exact_amount_comes_before_another_amount(people: People) -> None:
    tx_hash = a_hash()
    inexact = executed(people, tx_hash, amount=Decimal(500))
    exact = executed(people, tx_hash, amount=Decimal("499.95"))
    mined(tx_hash, moved(499_950_000))

    verify()

    assert reload(exact).status == "settled"
    inexact = reload(inexact)
    assert (inexact.status, inexact.failure_code) == ("failed", "transfer_already_claimed")


def test_the_last_transfer_goes_to_the_last_payout_with_another_amount(people: People) -> None:
    tx_hash = a_hash()
    exact = executed(people, tx_hash, amount=Decimal(500))
    short = executed(people, tx_hash, amount=Decimal(300))
    mined(tx_hash, moved(500_000_000), moved(299_700_000))

    verify()

    assert [reload(p).status for p in (exact, short)] == ["settled", "settled"]
    assert Settlement.objects.get(payout=short).discrepancies == ["amount"]


def test_one_transfer_that_two_payouts_could_mean_is_for_a_person(people: People) -> None:
    tx_hash = a_hash()
    one = executed(people, tx_hash, amount=Decimal(500))
    other = executed(people, tx_hash, amount=Decimal(300))
    mined(tx_hash, moved(400_000_000))

    verify()

    assert {reload(p).attention for p in (one, other)} == {"choose_transfer"}


@pytest.mark.parametrize("logs", [1, 3, 8])
def test_of_eight_payouts_with_one_hash_as_many_settle_as_there_are_logs(
    people: People, logs: int
) -> None:
    tx_hash = a_hash()
    payouts = [executed(people, tx_hash) for _ in range(8)]
    mined(tx_hash, *[moved()] * logs)

    verify()

    states = [reload(p).status for p in payouts]
    assert states == ["settled"] * logs + ["failed"] * (8 - logs), "the oldest come first"
    assert Settlement.objects.count() == logs


def test_a_late_comer_finds_the_transfer_claimed(people: People) -> None:
    tx_hash = a_hash()
    first = executed(people, tx_hash)
    mined(tx_hash, moved())
    verify()
    late_comer = executed(people, tx_hash)

    verify()

    late_comer = reload(late_comer)
    assert (late_comer.status, late_comer.outcome) == ("failed", "moved")
    assert late_comer.failure_reason is not None
    assert first.id in late_comer.failure_reason


def intended(number: int, amount: int, hashes: list[str], *, late: bool = False) -> Intended:
    created_at = NOW + timedelta(seconds=number)
    return Intended(
        payout_id=f"po_{number:03}",
        status=Status.FAILED if late else Status.VERIFYING,
        contract=USDC,
        recipient=RECIPIENT,
        amount_atomic=amount,
        created_at=created_at,
        hashes=tuple(Named(each, created_at, created_at) for each in hashes),
        expected_tx_hash=hashes[-1],
        block_hash=f"block of {hashes[-1]}",
    )


def transaction(tx_hash: str, amounts: list[int]) -> Transaction:
    return Transaction(
        tx_hash=tx_hash,
        block_number=5,
        block_hash=f"block of {tx_hash}",
        succeeded=True,
        final_at=NOW,
        movements=tuple(
            Movement(f"{tx_hash}#{n}", tx_hash, n, USDC, TREASURY, RECIPIENT, amount, NOW)
            for n, amount in enumerate(amounts)
        ),
    )


def group(payouts: list[Intended], *transactions: Transaction) -> Group:
    return Group(
        network=network("arbitrum"),
        payouts=tuple(payouts),
        transactions={each.tx_hash: each for each in transactions},
        sources=frozenset(),
        awaited=frozenset(),
        now=NOW + timedelta(minutes=1),
    )


def test_a_payout_with_two_hashes_leaves_the_shared_transfer_to_its_neighbour() -> None:
    both, one = intended(1, 500, ["h1", "h2"]), intended(2, 500, ["h1"])

    verdicts = decide(group([both, one], transaction("h1", [500]), transaction("h2", [500])))

    paid = {v.payout_id: s.movement.tx_hash for v in verdicts for s in v.steps if type(s) is Settle}
    assert paid == {"po_001": "h2", "po_002": "h1"}


AMOUNTS = st.sampled_from([100, 200, 300])
HASHES = st.lists(st.sampled_from(["h1", "h2", "h3"]), min_size=1, max_size=3, unique=True)


@settings(max_examples=150)
@given(
    wanted=st.lists(st.tuples(AMOUNTS, HASHES, st.booleans()), min_size=1, max_size=8),
    logs=st.fixed_dictionaries({h: st.lists(AMOUNTS, max_size=4) for h in ("h1", "h2", "h3")}),
)
def test_no_transfer_is_spent_twice_and_no_exact_one_is_left_lying(
    wanted: list[tuple[int, list[str], bool]], logs: dict[str, list[int]]
) -> None:
    payouts = [intended(n, a, hashes, late=late) for n, (a, hashes, late) in enumerate(wanted)]
    by_id = {p.payout_id: p for p in payouts}
    judged = group(payouts, *(transaction(h, amounts) for h, amounts in logs.items()))

    verdicts = decide(judged)

    settled = [(v.payout_id, s.movement) for v in verdicts for s in v.steps if type(s) is Settle]
    taken = [movement.transfer_id for _, movement in settled]
    assert len(taken) == len(set(taken))
    for payout_id, movement in settled:
        assert movement.tx_hash in {named.tx_hash for named in by_id[payout_id].hashes}
    ended = {v.payout_id for v in verdicts for s in v.steps if type(s) in (Settle, Fail, Flag)}
    assert {p.payout_id for p in payouts if p.is_open} <= ended
    paid = {payout_id for payout_id, _ in settled}
    for payout in payouts:
        if payout.payout_id in paid or not payout.is_open:
            continue
        for movement in (m for t in judged.transactions.values() for m in t.movements):
            names_it = movement.tx_hash in {named.tx_hash for named in payout.hashes}
            is_exact = movement.amount_atomic == payout.amount_atomic
            assert not (names_it and is_exact and movement.transfer_id not in taken)
