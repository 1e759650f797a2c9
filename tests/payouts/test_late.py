"""Mined after all: a failed payout that was paid late, and what becomes of its retries."""

from datetime import timedelta

import pytest

from billing.chains import network
from billing.errors import BillingError
from events.models import Event
from payouts import services
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from tests.payouts.making import (
    People,
    a_draft,
    absent,
    event_types,
    executed,
    make_payout,
    mined,
    moved,
    reload,
)


@pytest.fixture
def lost(people: People) -> PayoutIntent:
    """A payout that failed as not found."""
    payout = executed(people)
    assert payout.executed_at is not None
    assert payout.expected_tx_hash is not None
    limit = network("arbitrum").not_found_limit
    absent(payout.expected_tx_hash, payout.executed_at + limit + timedelta(seconds=1))
    verify()
    payout = reload(payout)
    assert payout.failure_code == "transaction_not_found"
    return payout


def retry(people: People, lost: PayoutIntent, status: str) -> PayoutIntent:
    payout = make_payout(people, status)
    assert payout.retry_of_id == lost.id
    return payout


def mine(lost: PayoutIntent) -> None:
    assert lost.expected_tx_hash is not None
    mined(lost.expected_tx_hash, moved(), block=77)
    verify()


def test_it_stays_failed_and_its_settlement_is_a_discrepancy(
    people: People, lost: PayoutIntent
) -> None:
    mine(lost)

    payout = reload(lost)
    settlement = Settlement.objects.get()
    assert (payout.status, payout.settlement_id) == ("failed", settlement.id)
    assert (settlement.payout_id, settlement.discrepancies) == (lost.id, ["late_settlement"])
    assert event_types(lost)[-2:] == ["payout.failed", "payout.discrepancy"]
    assert verify().looked_at == 0


def test_a_draft_retry_is_refused_approval(people: People, lost: PayoutIntent) -> None:
    draft = retry(people, lost, "draft")
    mine(lost)

    with pytest.raises(BillingError) as refused:
        services.approve(people.approver, draft.id)

    assert refused.value.code == "possibly_already_paid"
    assert lost.id in refused.value.message


def test_a_person_can_approve_it_all_the_same_with_a_reason(
    people: People, lost: PayoutIntent
) -> None:
    draft = retry(people, lost, "draft")
    mine(lost)

    services.approve(people.approver, draft.id, override_reason="the first one was returned")

    assert reload(draft).status == "approved"


def test_a_person_who_resolves_the_difference_frees_the_retry(
    people: People, lost: PayoutIntent
) -> None:
    draft = retry(people, lost, "draft")
    mine(lost)

    Settlement.objects.update(resolved_at=lost.failed_at, resolution="written off")

    assert services.approve(people.approver, draft.id).status == "approved"
    assert services.create(people.preparer, a_draft()).status == "draft"


def test_an_approved_retry_goes_back_to_draft(people: People, lost: PayoutIntent) -> None:
    approved = retry(people, lost, "approved")
    mine(lost)

    payout = reload(approved)
    assert (payout.status, payout.approved_at, payout.approvals) == ("draft", None, [])
    assert event_types(approved)[-1] == "payout.approval_lapsed"


@pytest.mark.parametrize("state", ["pending_execution", "executed", "verifying"])
def test_a_retry_out_of_our_hands_raises_the_alarm(
    people: People, lost: PayoutIntent, state: str
) -> None:
    sent = retry(people, lost, state)
    mine(lost)

    assert reload(sent).status == state
    alarm = Event.objects.get(resource_id=sent.id, type="payout.discrepancy")
    assert alarm.payload["data"]["alarm"] == "possible_double_payment"


def test_an_equal_payout_is_refused_until_it_is_confirmed(
    people: People, lost: PayoutIntent
) -> None:
    with pytest.raises(BillingError) as refused:
        services.create(people.preparer, a_draft())

    assert refused.value.code == "possible_duplicate"
    assert lost.id in refused.value.message
    again = services.create(people.preparer, a_draft(confirm_duplicate=True))
    assert again.retry_of_id == lost.id


def test_a_payout_failed_by_hand_is_found_paid(people: People) -> None:
    payout = executed(people)
    services.fail_by_hand(people.operator, payout.id, "nobody knows")

    mine(payout)

    assert Settlement.objects.get().discrepancies == ["late_settlement"]
    assert reload(payout).failure_code == "failed_by_hand"
