"""Outgoing money judged at the same time as people act: real threads. `SOAK=1` runs 300 of each."""

import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest

from chainwatch.models import Transfer
from payouts import outflows, services
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from tests.payouts.making import People, event_types, make_payout, mined, moved, reload
from tests.payouts.outgoing import a_source, approved, found, left
from tests.payouts.replaying import assert_replays
from tests.payouts.test_races import at_once
from wallets import services as wallets

ROUNDS = 300 if os.environ.get("SOAK") else 12
REFUSED = {"payout_not_executable", "payout_not_draft", "payout_not_approved",
           "payout_not_pending_execution", "possibly_already_paid"}  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


def once(payout: PayoutIntent) -> None:
    """It was paid once, told once, and replays."""
    assert Settlement.objects.filter(payout_id=payout.id).count() == 1
    assert Counter(event_types(payout))["payout.settled"] == 1
    assert Counter(event_types(payout))["payout.executed"] == 1
    assert_replays(payout.id)


def test_two_watchers_and_a_reconciliation_match_a_payout_once(people: People) -> None:
    a_source(people)
    for number in range(ROUNDS):
        payout = approved(people, amount=Decimal(1 + number))
        left(moved(payout.amount_atomic), moved(payout.amount_atomic + 500_000))

        answers = at_once(
            [outflows.find, outflows.find, partial(outflows.catch_up, people.admin), verify]
        )

        assert answers == ["done"] * 4
        assert reload(payout).status == "settled"
        once(payout)
        strays = Settlement.objects.filter(payout=None)
        assert strays.count() == number + 1
        for stray in strays:
            assert event_types(stray.id) == ["settlement.unexpected"]


@pytest.mark.parametrize("act", ["execute", "cancel", "hand_over", "take_back", "approve_another"])
def test_of_a_match_and_an_act_one_comes_first(people: People, act: str) -> None:
    a_source(people)
    for number in range(ROUNDS):
        status = "pending_execution" if act == "take_back" else "approved"
        payout = make_payout(people, status, amount=Decimal(1 + number))
        draft = make_payout(people, "draft", amount=Decimal(1 + number))
        tx_hash = left(moved(payout.amount_atomic))
        acts: dict[str, Callable[[], object]] = {
            "execute": partial(services.execute, people.operator, payout.id, tx_hash),
            "cancel": partial(
                services.cancel, people.admin, payout.id, reason="stop", from_admin=True
            ),
            "hand_over": partial(
                services.hand_over, people.operator, [payout.id], override_reason="sure"
            ),
            "take_back": partial(services.take_back, people.operator, payout.id, "stop"),
            "approve_another": partial(services.approve, people.approver, draft.id),
        }

        answers = at_once([acts[act], outflows.find, verify])

        assert answers[1:] == ["done", "done"]
        assert answers[0] in {"done", *REFUSED}
        verify()
        found()
        payout = reload(payout)
        if payout.status == "settled":
            once(payout)
        else:
            assert act in ("cancel", "approve_another")
            assert Settlement.objects.filter(payout=None, tx_hash=tx_hash).count() == 1
        assert_replays(payout.id)
        assert Settlement.objects.filter(tx_hash=tx_hash).count() == 1


def test_one_transfer_matched_by_hand_to_two_payouts_at_once_pays_one(people: People) -> None:
    a_source(people)
    for number in range(ROUNDS):
        pair = [approved(people, amount=Decimal(1 + number)) for _ in range(2)]
        left(moved(pair[0].amount_atomic))
        found()
        settlement = Settlement.objects.get(payout=None)

        answers = at_once(
            [
                partial(
                    services.match_by_hand,
                    people.operator,
                    payout.id,
                    settlement_id=settlement.id,
                    reason="mine",
                )
                for payout in pair
            ]
        )

        assert sorted(answers) == ["done", "transfer_claimed"]
        assert sorted(reload(payout).status for payout in pair) == ["approved", "settled"]
        settlement.refresh_from_db()
        assert reload(pair[answers.index("done")]).settlement_id == settlement.id


def test_a_hand_and_the_watcher_never_both_take_a_transfer(people: People) -> None:
    """One payout names the hash while a person gives its transfer to the other."""
    a_source(people)
    for number in range(ROUNDS):
        pair = [approved(people, amount=Decimal(1 + number)) for _ in range(2)]
        tx_hash = left(moved(pair[0].amount_atomic))
        found()
        settlement = Settlement.objects.get(payout=None)
        services.execute(people.operator, pair[0].id, tx_hash)
        mined(tx_hash)

        answers = at_once(
            [
                partial(
                    services.match_by_hand,
                    people.operator,
                    pair[1].id,
                    settlement_id=settlement.id,
                    reason="mine",
                ),
                verify,
            ]
        )

        assert answers in (["done", "done"], ["transfer_claimed", "done"])
        verify()
        settlement.refresh_from_db()
        paid = [payout for payout in pair if reload(payout).settlement_id == settlement.id]
        assert [settlement.payout_id] == [payout.id for payout in paid]
        for payout in pair:
            assert_replays(payout.id)


def test_two_organizations_with_one_wallet_are_judged_apart(
    people: People, strangers: People
) -> None:
    a_source(people)
    a_source(strangers)
    for number in range(ROUNDS):
        payout = approved(people, amount=Decimal(1 + number))
        tx_hash = left(moved(payout.amount_atomic))

        answers = at_once(
            [
                outflows.find,
                outflows.find,
                partial(outflows.catch_up, people.admin),
                partial(outflows.catch_up, strangers.admin),
            ]
        )

        assert answers == ["done"] * 4
        once(payout)
        both = Settlement.objects.filter(tx_hash=tx_hash)
        assert {each.organization_id: each.payout_id for each in both} == {
            people.admin.organization_id: payout.id,
            strangers.admin.organization_id: None,
        }


def test_a_wallet_taken_away_while_it_is_judged_leaves_nothing_half_done(people: People) -> None:
    wallet = a_source(people)
    for number in range(ROUNDS):
        wallets.update(people.admin, wallet.id, {"is_source": True})
        payout = approved(people, amount=Decimal(1 + number))
        left(moved(payout.amount_atomic))

        answers = at_once(
            [partial(wallets.update, people.admin, wallet.id, {"is_source": False}), outflows.find]
        )

        assert answers == ["done", "done"]
        assert reload(payout).status in ("approved", "settled")
        assert_replays(payout.id)


def test_a_hand_and_the_watcher_s_own_match_take_a_transfer_once(people: People) -> None:
    """A person matches the very transfer that the watcher is about to match without a hash."""
    a_source(people)
    answered: Counter[str] = Counter()
    for number in range(ROUNDS):
        payout = approved(people, amount=Decimal(1 + number))
        tx_hash = left(moved(payout.amount_atomic), block=1_000 + number)
        transfer = Transfer.objects.get(tx_hash=tx_hash)
        by_hand = partial(
            services.match_by_hand,
            people.operator,
            payout.id,
            transfer_id=transfer.id,
            reason="mine",
        )

        answers = at_once([by_hand, outflows.find, verify, outflows.find])

        assert answers[1:] == ["done"] * 3
        answered[answers[0]] += 1
        assert reload(payout).status == "settled"
        once(payout)
        assert Settlement.objects.filter(tx_hash=tx_hash).count() == 1
    assert answered.keys() <= {"done", "transfer_claimed", "payout_not_matchable"}


def test_a_hand_takes_it_for_another_payout_and_the_watcher_for_this_one(people: People) -> None:
    """Whoever is second finds it claimed: it pays one of the two, and the other goes on waiting."""
    a_source(people)
    for number in range(ROUNDS):
        exact = approved(people, amount=Decimal(1 + number))
        other = approved(people, amount=Decimal(1_000 + number))
        tx_hash = left(moved(exact.amount_atomic), block=1_000 + number)
        transfer = Transfer.objects.get(tx_hash=tx_hash)
        by_hand = partial(
            services.match_by_hand,
            people.operator,
            other.id,
            transfer_id=transfer.id,
            reason="a part",
        )

        answers = at_once([outflows.find, by_hand, outflows.find, verify])

        assert [answers[0], *answers[2:]] == ["done"] * 3
        assert answers[1] in ("done", "transfer_claimed")
        winner, loser = (other, exact) if answers[1] == "done" else (exact, other)
        assert (reload(winner).status, reload(loser).status) == ("settled", "approved")
        once(winner)
        assert Settlement.objects.get(tx_hash=tx_hash).payout_id == winner.id
        assert_replays(loser.id)
