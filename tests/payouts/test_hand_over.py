"""Hand over, take back, cancel, execute and replace: what happens outside, as told here."""

import pytest

from billing.errors import BillingError
from chainwatch.models import WatchedTransaction
from payouts import services
from payouts.models import BatchItem, PayoutBatch, SubmittedHash
from tests.payouts.making import (
    People,
    a_hash,
    event_types,
    executed,
    make_payout,
    reload,
)


def test_approved_payouts_go_into_one_batch(people: People) -> None:
    payouts = [make_payout(people, "approved") for _ in range(2)]

    batch = services.hand_over(people.operator, [p.id for p in payouts])

    assert {reload(p).batch_id for p in payouts} == {batch.id}
    assert batch.id.startswith("bat_")
    assert event_types(payouts[0])[-1] == "payout.pending_execution"


def test_a_batch_is_all_or_nothing(people: People) -> None:
    good, bad = make_payout(people, "approved"), make_payout(people, "draft")

    with pytest.raises(BillingError) as refused:
        services.hand_over(people.operator, [good.id, bad.id])

    assert refused.value.code == "payout_not_approved"
    assert reload(good).status == "approved"
    assert PayoutBatch.objects.count() == 0


def test_taking_back_voids_the_batch_and_the_next_one_asks(people: People) -> None:
    payout = make_payout(people, "pending_execution")
    first = payout.batch_id

    services.take_back(people.operator, payout.id, "wrong wallet")

    payout = reload(payout)
    assert payout.status == "approved"
    assert payout.batch is None
    assert PayoutBatch.objects.get(id=first).voided_at is not None
    assert BatchItem.objects.get(payout=payout).take_back_reason == "wrong wallet"
    with pytest.raises(BillingError) as refused:
        services.hand_over(people.operator, [payout.id])
    assert refused.value.code == "handed_over_before"
    assert str(first) in refused.value.message
    services.hand_over(people.operator, [payout.id], confirm_not_signed=True)
    assert reload(payout).status == "pending_execution"


def test_canceling_what_was_approved_needs_the_admin_and_a_reason(people: People) -> None:
    payout = make_payout(people, "approved")

    with pytest.raises(BillingError) as refused:
        services.cancel(people.admin, payout.id, from_admin=True)

    assert refused.value.param == "reason"
    services.cancel(people.admin, payout.id, reason="not needed", from_admin=True)
    assert reload(payout).status == "canceled"


def test_a_hash_is_watched_for_thirty_days(people: People) -> None:
    payout = executed(people, "0x" + "AB" * 32)

    named = SubmittedHash.objects.get(payout=payout)
    watched = WatchedTransaction.objects.get()
    assert named.tx_hash == watched.tx_hash == payout.expected_tx_hash == "0x" + "ab" * 32
    assert (watched.scope, watched.key) == ("", "")
    assert (watched.watch_until - named.submitted_at).days == 30


def test_the_same_hash_again_changes_nothing(people: People) -> None:
    payout = executed(people)
    assert payout.expected_tx_hash is not None

    again = services.execute(people.operator, payout.id, payout.expected_tx_hash.upper()[2:])

    assert again.status == "executed"
    assert event_types(payout) == ["payout.created", "payout.approved", "payout.executed"]


def test_naming_a_hash_reserves_nothing(people: People, strangers: People) -> None:
    tx_hash = a_hash()
    executed(people, tx_hash)

    assert executed(people, tx_hash).status == "executed"


def test_an_earlier_hash_stays_watched_when_it_is_replaced(people: People) -> None:
    payout = executed(people)
    second = a_hash()

    services.replace_hash(people.operator, payout.id, second, "dropped")

    payout = reload(payout)
    assert (payout.status, payout.expected_tx_hash) == ("executed", second)
    assert payout.hashes.filter(closed_at=None).count() == 2
    assert event_types(payout)[-2:] == ["payout.executed", "payout.executed"]


def test_a_known_hash_replaces_nothing(people: People) -> None:
    payout = executed(people)
    assert payout.expected_tx_hash is not None

    with pytest.raises(BillingError) as refused:
        services.replace_hash(people.operator, payout.id, payout.expected_tx_hash, "dropped")

    assert refused.value.code == "hash_known"


def test_a_preparer_moves_nothing_that_is_approved(people: People) -> None:
    payout = make_payout(people, "approved")

    for act in (
        lambda: services.hand_over(people.preparer, [payout.id]),
        lambda: services.execute(people.preparer, payout.id, a_hash()),
        lambda: services.cancel(people.preparer, payout.id, reason="x", from_admin=True),
    ):
        with pytest.raises(BillingError) as refused:
            act()
        assert refused.value.code == "insufficient_scope"
