"""At the same time: the chain turns while people act. Real threads; `SOAK=1` runs more rounds."""

import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest

from payouts import services
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from reconciliation.resolving import resolve
from tests.payouts.making import (
    People,
    a_hash,
    event_types,
    executed,
    make_payout,
    mined,
    moved,
    orphaned,
    reload,
    superseded,
)
from tests.payouts.replaying import assert_replays
from tests.payouts.test_races import at_once

ROUNDS = 250 if os.environ.get("SOAK") else 12

pytestmark = pytest.mark.django_db(transaction=True)


def hash_of(payout: PayoutIntent) -> str:
    assert payout.expected_tx_hash is not None
    return payout.expected_tx_hash


def settlement_of(payout: PayoutIntent) -> Settlement:
    return Settlement.objects.get(payout_id=payout.id)


def test_verifiers_at_once_reverse_and_restore_once_each(people: People) -> None:
    payout = make_payout(people, "settled")
    for turn in range(ROUNDS):
        orphaned(hash_of(payout))
        assert at_once([verify] * 4) == ["done"] * 4
        assert settlement_of(payout).reversed_at is not None
        mined(hash_of(payout), moved(), block=2_000 + turn)

        assert at_once([verify] * 4) == ["done"] * 4

        assert settlement_of(payout).reversed_at is None
    told = event_types(settlement_of(payout).id)
    assert told == ["settlement.reversed", "settlement.restored"] * ROUNDS
    assert_replays(payout.id)


def test_a_resolution_and_a_reversal_at_once_are_both_kept(people: People) -> None:
    answers: Counter[str] = Counter()
    for number in range(ROUNDS):
        payout = executed(people, amount=Decimal(500 + number))
        mined(hash_of(payout), moved(payout.amount_atomic - 1), block=3_000 + number)
        verify()
        settlement = settlement_of(payout)
        orphaned(hash_of(payout))

        refund = partial(resolve, people.operator, settlement.id, "refund", "sent back")
        answers.update(at_once([verify, refund, verify]))

        settlement = settlement_of(payout)
        assert (settlement.resolution, settlement.reversed_at is None) == ("refund", False)
        told = event_types(settlement.id)
        assert sorted(told) == ["settlement.resolved", "settlement.reversed"]
        assert_replays(payout.id)
    assert answers == {"done": 3 * ROUNDS}


def test_a_restoration_keeps_what_was_resolved_in_the_same_moment(people: People) -> None:
    for number in range(ROUNDS):
        payout = executed(people, amount=Decimal(500 + number))
        mined(hash_of(payout), moved(payout.amount_atomic), block=4_000 + number)
        verify()
        orphaned(hash_of(payout))
        verify()
        mined(hash_of(payout), moved(payout.amount_atomic), block=5_000 + number)
        settlement = settlement_of(payout)

        refund = partial(resolve, people.operator, settlement.id, "refund", "sent back")
        answers = at_once([verify, refund])

        # Whoever comes second finds nothing left to resolve, or a resolution to leave alone.
        assert sorted(answers) in (["done", "done"], ["done", "settlement_not_open"])
        settlement = settlement_of(payout)
        assert settlement.reversed_at is None
        assert (settlement.resolution == "refund") is (answers[1] == "done")


def test_of_a_proposal_accepted_and_its_own_hash_mined_one_settles_it(people: People) -> None:
    won: Counter[str] = Counter()
    for number in range(ROUNDS):
        payout = executed(people, amount=Decimal(500 + number))
        own, by, paid = hash_of(payout), a_hash(), moved(payout.amount_atomic)
        mined(by, paid, is_final=False, block=6_000 + number)
        superseded(own, by)
        verify()
        # A reorganization after all: its own transaction takes the nonce back and is final.
        mined(own, paid, block=7_000 + number)

        accept = partial(services.use_proposed_hash, people.operator, payout.id, by)
        answers = at_once([verify, accept])
        verify()

        payout = reload(payout)
        won[answers[1]] += 1
        assert answers[0] == "done"
        assert answers[1] in ("done", "payout_not_executed")
        assert (payout.status, payout.expected_tx_hash) == ("settled", own)
        assert settlement_of(payout).tx_hash == own
        assert_replays(payout.id)
    assert sum(won.values()) == ROUNDS


@pytest.mark.parametrize("rival", ["replace", "use", "decline", "fail", "mined"])
def test_of_a_proposal_used_and_anything_else_one_comes_first(people: People, rival: str) -> None:
    for number in range(ROUNDS):
        payout = executed(people, amount=Decimal(500 + number))
        own, by, other = hash_of(payout), a_hash(), a_hash()
        mined(by, moved(payout.amount_atomic), is_final=False, block=8_000 + number)
        superseded(own, by)
        verify()
        if rival == "mined":
            mined(by, moved(payout.amount_atomic), block=8_000 + number)
        use = partial(services.use_proposed_hash, people.operator, payout.id, by)
        rivals: dict[str, Callable[[], object]] = {
            "replace": partial(services.replace_hash, people.operator, payout.id, other, "typed"),
            "use": use,
            "decline": partial(
                services.decline_proposed_hash, people.operator, payout.id, by, "rent"
            ),
            "fail": partial(services.fail_by_hand, people.operator, payout.id, "lost"),
            "mined": verify,
        }

        answers = at_once([use, rivals[rival], verify])

        assert answers[2] == "done"
        assert answers[0] in ("done", "proposal_withdrawn", "payout_not_executed")
        stored = reload(payout)
        hashes = list(payout.hashes.order_by("id").values_list("tx_hash", flat=True))
        assert len(hashes) == len(set(hashes)) <= 3
        assert (by in hashes) is (answers[0] == "done" or (rival, answers[1]) == ("use", "done"))
        if rival in ("use", "decline"):
            assert sorted(answers[:2]) == ["done", "proposal_withdrawn"]
        elif rival == "replace":
            assert answers[1] == "done"
            assert stored.expected_tx_hash in (by, other)
        elif rival == "fail":
            assert (answers[1], stored.status) == ("done", "failed")
        else:
            assert answers[:2] == ["done", "done"]
            assert reload(payout).expected_tx_hash == by
        assert stored.proposed_tx_hash in (None, by)
        assert_replays(payout.id)
