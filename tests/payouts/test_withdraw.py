"""An approver takes their own approval back, until the money is out of everybody's hands."""

from functools import partial

import pytest

from approvals.models import Approval
from approvals.terms import RuleTerms
from billing.errors import BillingError
from organizations.models import Organization
from organizations.services import pause
from payouts import services
from payouts.timeline import timeline
from tests.approvals.making import an_approver, live, published
from tests.payouts.making import People, event_types, make_payout, reload
from tests.payouts.replaying import assert_replays
from tests.payouts.test_races import at_once

REASON = "The invoice is wrong."


def test_what_was_approved_is_a_draft_again_and_says_why(people: People) -> None:
    payout = make_payout(people, "approved")

    services.withdraw_approval(people.approver, payout.id, REASON)

    payout = reload(payout)
    assert (payout.status, payout.approvals, payout.approved_by) == ("draft", [], None)
    approval = Approval.objects.get()
    assert (approval.void_reason, approval.decides) == (f"Withdrawn. {REASON}", True)
    assert event_types(payout)[-1] == "payout.approval_withdrawn"
    assert timeline(payout)[-2]["text"] == f"Jon took their approval back: {REASON}"
    assert_replays(payout.id)
    assert services.approve(people.approver, payout.id).status == "approved", "and can be again"


def test_the_approval_of_another_stands(people: People, acme: Organization) -> None:
    nina = live(an_approver(acme, "nina"), acme)
    published(people.admin, RuleTerms("two", needed=2))
    payout = make_payout(people, "draft")
    services.approve(people.approver, payout.id)
    services.approve(nina, payout.id)

    services.withdraw_approval(people.approver, payout.id, REASON)

    payout = reload(payout)
    assert payout.status == "draft"
    assert [a["name"] for a in payout.approvals] == ["Nina"]
    assert services.approve(people.admin, payout.id).status == "approved"


def test_one_of_several_is_taken_back_from_a_draft(people: People) -> None:
    published(people.admin, RuleTerms("two", needed=2))
    payout = make_payout(people, "draft")
    services.approve(people.approver, payout.id)

    services.withdraw_approval(people.approver, payout.id, REASON)

    assert reload(payout).approvals == []
    assert_replays(payout.id)


@pytest.mark.parametrize("status", ["pending_execution", "executed", "settled", "canceled"])
def test_it_is_too_late_once_it_is_handed_over(people: People, status: str) -> None:
    payout = make_payout(people, status)

    with pytest.raises(BillingError) as refused:
        services.withdraw_approval(people.approver, payout.id, REASON)

    assert (refused.value.status, refused.value.code) == (400, "payout_not_approved")
    assert reload(payout).status == status


@pytest.mark.parametrize(
    ("who", "reason", "code"),
    [
        ("admin", REASON, "nothing_to_withdraw"),
        ("operator", REASON, "insufficient_scope"),
        ("approver", "  ", "missing_required_field"),
    ],
)
def test_only_ones_own_and_only_with_a_reason(
    people: People, who: str, reason: str, code: str
) -> None:
    payout = make_payout(people, "approved")

    with pytest.raises(BillingError) as refused:
        services.withdraw_approval(getattr(people, who), payout.id, reason)

    assert refused.value.code == code
    assert reload(payout).status == "approved"


def test_a_stranger_finds_nothing(people: People, strangers: People) -> None:
    payout = make_payout(people, "approved")

    with pytest.raises(BillingError) as refused:
        services.withdraw_approval(strangers.approver, payout.id, REASON)

    assert refused.value.status == 404


def test_it_goes_while_payments_are_paused(people: People) -> None:
    payout = make_payout(people, "approved")
    pause(people.admin, "A phone was stolen.")

    assert services.withdraw_approval(people.approver, payout.id, REASON).status == "draft"


@pytest.mark.django_db(transaction=True)
def test_of_withdraw_and_hand_over_exactly_one_wins(people: People) -> None:
    for _ in range(10):
        payout = make_payout(people, "approved")

        answers = at_once(
            [
                partial(services.withdraw_approval, people.approver, payout.id, REASON),
                partial(services.hand_over, people.operator, [payout.id]),
            ]
        )

        assert sorted(answers) == ["done", "payout_not_approved"]
        assert reload(payout).status in ("draft", "pending_execution")
        assert_replays(payout.id)
