"""A replaced transaction: same sender and nonce, another hash. It is proposed to a person."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing.errors import BillingError
from chainwatch.models import WatchedTransaction
from events.models import Event
from payouts import services
from payouts.answers import payout_json
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from payouts.timeline import timeline
from payouts.verifying import verify
from tests.payouts.making import (
    OTHER_RECIPIENT,
    USDT,
    People,
    a_hash,
    event_types,
    executed,
    mined,
    moved,
    orphaned,
    reload,
    superseded,
)
from tests.payouts.outgoing import a_source, found
from tests.payouts.replaying import assert_replays

TO_EXECUTED = ["payout.created", "payout.approved", "payout.executed"]


def hash_of(payout: PayoutIntent) -> str:
    assert payout.expected_tx_hash is not None
    return payout.expected_tx_hash


def replaced(payout: PayoutIntent, *logs: dict[str, Any], **how: Any) -> str:
    """Its nonce was used by another transaction, which is in a block that is not final yet."""
    by = a_hash()
    mined(by, *(logs or (moved(),)), **{"is_final": False, **how})
    superseded(hash_of(payout), by)
    return by


def a_minute_passes() -> None:
    earlier = timezone.now() - timedelta(minutes=1)
    SubmittedHash.objects.filter(look_again_at__isnull=False).update(look_again_at=earlier)


@pytest.fixture
def proposed(people: People) -> PayoutIntent:
    """An executed payout for which the transaction that replaced its own is proposed."""
    payout = executed(people)
    replaced(payout)
    verify()
    payout = reload(payout)
    assert payout.proposed_tx_hash is not None
    return payout


def accept(people: People, payout: PayoutIntent) -> PayoutIntent:
    assert payout.proposed_tx_hash is not None
    return services.use_proposed_hash(people.operator, payout.id, payout.proposed_tx_hash)


def test_it_is_proposed_and_told_once(people: People) -> None:
    payout = executed(people)
    by = replaced(payout)

    verified = verify()

    stored = reload(payout)
    assert (verified.proposed, verify().looked_at) == (1, 0)
    assert (stored.status, stored.proposed_tx_hash) == ("executed", by)
    assert stored.expected_tx_hash == payout.expected_tx_hash
    assert event_types(payout) == [*TO_EXECUTED, "payout.replacement_found"]
    told = Event.objects.get(type="payout.replacement_found").payload["data"]
    assert (told["proposed_tx_hash"], told["replaced_tx_hash"]) == (by, payout.expected_tx_hash)
    assert payout_json(stored)["proposed_tx_hash"] == by
    assert payout_json(stored)["warnings"][-1].startswith("replacement_found: ")
    assert by in timeline(stored)[-2]["text"]
    assert_replays(payout.id)


@pytest.mark.parametrize(
    ("logs", "succeeded"),
    [
        ((moved(499_999_999),), True),
        ((moved(to=OTHER_RECIPIENT),), True),
        ((moved(contract=USDT),), True),
        ((), False),
    ],
)
def test_what_does_not_move_the_same_money_is_not_proposed(
    people: People, logs: tuple[dict[str, Any], ...], succeeded: bool
) -> None:
    payout = executed(people)
    by = a_hash()
    mined(by, *logs, succeeded=succeeded)
    superseded(hash_of(payout), by)

    assert verify().proposed == 0
    stored = reload(payout)
    assert (stored.status, stored.proposed_tx_hash) == ("executed", None)
    assert "can no longer be mined" in timeline(stored)[-1]["text"]


def test_from_a_wallet_that_is_not_registered_it_is_not_proposed(people: People) -> None:
    payout = executed(people)
    a_source(people, OTHER_RECIPIENT)
    replaced(payout)

    assert verify().proposed == 0


def test_what_settled_another_payout_is_not_proposed(people: People) -> None:
    payout, other = executed(people), executed(people)
    mined(hash_of(other), moved())
    superseded(hash_of(payout), hash_of(other))

    verify()

    assert reload(other).status == "settled"
    assert reload(payout).proposed_tx_hash is None


def test_accepted_it_settles_with_the_new_hash(people: People, proposed: PayoutIntent) -> None:
    payout = accept(people, proposed)

    assert (payout.expected_tx_hash, payout.proposed_tx_hash) == (proposed.proposed_tx_hash, None)
    named = payout.hashes.get(tx_hash=payout.expected_tx_hash)
    assert named.reason == "proposed by the watcher: same sender and nonce"
    verify()
    mined(hash_of(payout), moved())
    verify()
    assert reload(payout).status == "settled"
    assert event_types(payout) == [
        *TO_EXECUTED, "payout.replacement_found", "payout.executed", "payout.verifying",
        "payout.settled",
    ]  # fmt: skip
    assert_replays(payout.id)


def test_another_hash_than_the_proposed_one_is_refused(
    people: People, proposed: PayoutIntent
) -> None:
    with pytest.raises(BillingError) as refused:
        services.use_proposed_hash(people.operator, proposed.id, a_hash())

    assert refused.value.code == "proposal_withdrawn"
    assert reload(proposed).expected_tx_hash == proposed.expected_tx_hash


def test_over_the_api_no_other_hash_takes_its_place(people: People, proposed: PayoutIntent) -> None:
    assert proposed.proposed_tx_hash is not None
    with pytest.raises(BillingError) as refused:
        services.execute(people.operator, proposed.id, proposed.proposed_tx_hash)

    assert refused.value.code == "payout_not_executable"


def test_a_proposal_falls_when_its_transaction_leaves_the_chain(proposed: PayoutIntent) -> None:
    assert proposed.proposed_tx_hash is not None
    orphaned(proposed.proposed_tx_hash)
    a_minute_passes()

    verify()

    payout = reload(proposed)
    assert (payout.status, payout.proposed_tx_hash) == ("executed", None)
    told = Event.objects.filter(resource_id=payout.id).order_by("created_at", "id").last()
    assert told is not None
    assert told.payload["data"]["withdrawn_tx_hash"] == proposed.proposed_tx_hash
    assert_replays(payout.id)


def test_a_proposal_falls_when_another_payout_is_paid_by_it(
    people: People, proposed: PayoutIntent
) -> None:
    assert proposed.proposed_tx_hash is not None
    executed(people, proposed.proposed_tx_hash)
    mined(proposed.proposed_tx_hash, moved())
    verify()
    a_minute_passes()

    verify()

    assert reload(proposed).proposed_tx_hash is None
    with pytest.raises(BillingError) as refused:
        accept(people, proposed)
    assert refused.value.code == "proposal_withdrawn"


def test_a_proposal_falls_when_its_own_transaction_is_mined_after_all(
    proposed: PayoutIntent,
) -> None:
    mined(hash_of(proposed), moved())

    verify()

    payout = reload(proposed)
    assert (payout.status, payout.proposed_tx_hash) == ("settled", None)
    assert payout.expected_tx_hash == proposed.expected_tx_hash


def test_a_replacement_that_is_mined_later_is_proposed_then(people: People) -> None:
    payout = executed(people)
    by = a_hash()
    at = timezone.now()
    WatchedTransaction.objects.create(
        chain="arbitrum", tx_hash=by, watched_at=at, watch_until=at + timedelta(days=3)
    )
    superseded(hash_of(payout), by)
    assert verify().proposed == 0
    mined(by, moved(), is_final=False)
    a_minute_passes()

    assert verify().proposed == 1


def test_a_replacement_of_the_replacement_is_proposed_in_turn(
    people: People, proposed: PayoutIntent
) -> None:
    payout = accept(people, proposed)
    orphaned(hash_of(payout))
    by = replaced(payout)

    verify()

    assert reload(payout).proposed_tx_hash == by


def test_two_that_replace_each_other_lead_round_in_no_circle(people: People) -> None:
    first, second = executed(people), executed(people)
    superseded(hash_of(first), hash_of(second))
    superseded(hash_of(second), hash_of(first))

    assert verify().proposed == 0


def decline(people: People, payout: PayoutIntent, reason: str = "it paid rent") -> PayoutIntent:
    assert payout.proposed_tx_hash is not None
    return services.decline_proposed_hash(
        people.operator, payout.id, payout.proposed_tx_hash, reason
    )


def test_what_a_person_declined_is_not_proposed_again(
    people: People, proposed: PayoutIntent
) -> None:
    decline(people, proposed)
    SubmittedHash.objects.update(judged_change=None)
    a_minute_passes()

    assert verify().proposed == 0
    payout = reload(proposed)
    assert (payout.status, payout.proposed_tx_hash) == ("executed", None)
    assert payout.expected_tx_hash == proposed.expected_tx_hash
    told = Event.objects.filter(resource_id=payout.id).order_by("created_at", "id").last()
    assert told is not None
    assert told.type == "payout.updated"
    assert told.payload["data"]["declined_tx_hash"] == proposed.proposed_tx_hash
    says = [line["text"] for line in timeline(payout)]
    assert "Otto said that the proposed transaction pays something else: it paid rent" in says
    assert_replays(payout.id)
    assert verify().looked_at == 0


def test_declined_money_is_judged_like_all_that_leaves(people: People) -> None:
    a_source(people)
    payout = executed(people)
    by = replaced(payout, is_final=True)
    verify()
    assert found() == (0, 0, 0, 0)

    decline(people, reload(payout))
    WatchedTransaction.objects.filter(tx_hash=by).update(
        final_at=timezone.now() - timedelta(minutes=3)
    )

    assert found() == (0, 1, 0, 0)
    assert Settlement.objects.get().suggestion == (
        f"fits executed {payout.id} whose transaction is in no block yet"
    )


def test_after_a_declined_one_another_is_proposed(people: People, proposed: PayoutIntent) -> None:
    decline(people, proposed)
    by = replaced(proposed)

    verify()

    assert reload(proposed).proposed_tx_hash == by


def test_declining_needs_a_reason(people: People, proposed: PayoutIntent) -> None:
    with pytest.raises(BillingError) as refused:
        decline(people, proposed, " ")

    assert refused.value.code == "missing_required_field"
    assert reload(proposed).proposed_tx_hash == proposed.proposed_tx_hash


def test_only_what_is_proposed_is_declined(people: People, proposed: PayoutIntent) -> None:
    with pytest.raises(BillingError) as refused:
        services.decline_proposed_hash(people.operator, proposed.id, a_hash(), "no")

    assert refused.value.code == "proposal_withdrawn"


def test_who_may_not_execute_decides_about_no_proposal(
    people: People, strangers: People, proposed: PayoutIntent
) -> None:
    tx_hash = proposed.proposed_tx_hash
    assert tx_hash is not None
    codes = []
    for caller in (people.approver, strangers.operator):
        with pytest.raises(BillingError) as refused:
            services.decline_proposed_hash(caller, proposed.id, tx_hash, "no")
        codes.append(refused.value.code)
        with pytest.raises(BillingError) as refused:
            services.use_proposed_hash(caller, proposed.id, tx_hash)
        codes.append(refused.value.code)

    assert codes == ["insufficient_scope"] * 2 + ["payout_not_found"] * 2


def test_money_that_was_noted_as_unexpected_is_adopted(people: People) -> None:
    a_source(people)
    payout = executed(people)
    by = a_hash()
    mined(by, moved())
    found()
    superseded(hash_of(payout), by)
    verify()

    accept(people, reload(payout))
    verify()

    settlement = Settlement.objects.get()
    assert (settlement.payout_id, reload(payout).status) == (payout.id, "settled")


def test_a_stalled_one_is_proposed_too(people: People) -> None:
    payout = executed(people)
    long_ago = timezone.now() - timedelta(minutes=20)
    SubmittedHash.objects.update(submitted_at=long_ago, submitted_at_chain_time=long_ago)
    by = replaced(payout)

    verify()

    stored = reload(payout)
    assert (stored.proposed_tx_hash, stored.stalled_at is not None) == (by, True)
    assert_replays(payout.id)
