"""Approve, reject and lapse."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from approvals.models import Approval
from billing.errors import BillingError
from payouts import services
from payouts.models import Settlement
from payouts.verifying import verify
from tests.payouts.making import (
    RECIPIENT,
    USDC,
    People,
    a_draft,
    a_hash,
    event_types,
    executed,
    make_payout,
    mined,
    moved,
    reload,
)


def test_an_approval_is_bound_to_the_digest_of_what_was_approved(people: People) -> None:
    due = datetime(2030, 1, 15, 12, tzinfo=UTC)
    payout = services.create(people.preparer, a_draft(due_date=due))

    services.approve(people.approver, payout.id)

    text = f"v1|live|{payout.id}|arbitrum|{USDC}|{RECIPIENT}|500000000|2030-01-15T12:00:00Z"
    digest = hashlib.sha256(text.encode()).hexdigest()
    payout = reload(payout)
    assert (payout.status, payout.approved_by) == ("approved", people.approver.actor_id)
    assert payout.approval_digest == digest
    assert [(a["approved_by"], a["digest"]) for a in payout.approvals] == [
        (people.approver.actor_id, digest)
    ]
    assert event_types(payout) == ["payout.created", "payout.approved"]


def test_nobody_approves_what_they_created(people: People) -> None:
    payout = services.create(people.approver, a_draft())

    with pytest.raises(BillingError) as refused:
        services.approve(people.approver, payout.id)

    assert (refused.value.status, refused.value.code) == (403, "self_approval")
    assert reload(payout).status == "draft"
    assert Approval.objects.count() == 0


def test_approving_needs_its_scope(people: People) -> None:
    payout = make_payout(people, "draft")

    with pytest.raises(BillingError) as refused:
        services.approve(people.operator, payout.id)

    assert (refused.value.status, refused.value.code) == (403, "insufficient_scope")


def test_a_key_may_approve_its_own_in_the_sandbox(sandboxed: People) -> None:
    key = replace(sandboxed.admin, actor_id="key_1", issued_by=sandboxed.admin.actor_id)
    payout = services.create(key, a_draft())

    assert services.approve(key, payout.id).approved_by == "key_1"


def test_money_that_fits_and_nobody_claims_stops_an_approval(people: People) -> None:
    draft = make_payout(people, "draft")
    other = executed(people)
    second = a_hash()
    services.replace_hash(people.operator, other.id, second, "sped up")
    mined(second, moved())
    verify()
    assert other.expected_tx_hash is not None
    mined(other.expected_tx_hash, moved())
    verify()
    assert Settlement.objects.filter(payout=None).count() == 1

    with pytest.raises(BillingError) as refused:
        services.approve(people.approver, draft.id)

    assert refused.value.code == "possibly_already_paid"
    assert reload(draft).status == "draft"
    services.approve(people.approver, draft.id, override_reason="that one was another invoice")
    assert reload(draft).status == "approved"


def test_a_transfer_of_a_payout_under_way_stops_nobody(people: People) -> None:
    draft = make_payout(people, "draft")
    other = executed(people)
    assert other.expected_tx_hash is not None
    mined(other.expected_tx_hash, moved(), is_final=False)
    verify()

    assert services.approve(people.approver, draft.id).status == "approved"


def test_hand_over_is_stopped_by_the_same_money(people: People) -> None:
    approved = make_payout(people, "approved")
    other = executed(people)
    assert other.expected_tx_hash is not None
    services.fail_by_hand(people.operator, other.id, "gave up")
    mined(other.expected_tx_hash, moved(), is_final=False)

    with pytest.raises(BillingError) as refused:
        services.hand_over(people.operator, [approved.id])

    assert refused.value.code == "possibly_already_paid"
    assert services.lapse(at=timezone.now() + timedelta(days=8)) == 0, "lapse skips it too"


def test_a_rejected_draft_stays_one_and_says_why(people: People) -> None:
    payout = make_payout(people, "draft")

    services.reject(people.approver, payout.id, "wrong invoice")

    assert reload(payout).status == "draft"
    assert event_types(payout) == ["payout.created", "payout.rejected"]


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_rejection_needs_a_reason(people: People, reason: str) -> None:
    payout = make_payout(people, "draft")

    with pytest.raises(BillingError) as refused:
        services.reject(people.approver, payout.id, reason)

    assert refused.value.param == "reason"


def test_an_approval_lapses_after_seven_days(people: People) -> None:
    payout = make_payout(people, "approved")
    assert payout.approved_at is not None
    assert services.lapse(at=payout.approved_at + timedelta(days=7)) == 0

    lapsed = services.lapse(at=payout.approved_at + timedelta(days=7, seconds=1))

    payout = reload(payout)
    assert lapsed == 1
    assert (payout.status, payout.approved_at, payout.approved_by) == ("draft", None, None)
    assert payout.approvals == []
    assert Approval.objects.get().void_reason == "The approval lapsed."
    assert event_types(payout)[-1] == "payout.approval_lapsed"
    assert services.approve(people.approver, payout.id).status == "approved"
