"""Payouts under a published policy: what decides, what is told, when an approval lapses."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from approvals.terms import LimitTerms, RuleTerms
from billing.errors import BillingError
from events.models import Event
from organizations.models import User
from payouts import services
from payouts.models import PayoutIntent
from payouts.timeline import timeline
from tests.approvals.making import UNIT, a_group, published
from tests.payouts.making import OTHER_RECIPIENT, People, a_draft, make_payout, reload
from tests.payouts.recipients.booking import usable
from tests.payouts.replaying import assert_replays

LARGE = RuleTerms(
    "over 100 to a new recipient", min_atomic=100 * UNIT, recipient_is="new", needed=2
)


def told(payout: PayoutIntent) -> list[tuple[str, object]]:
    rows = Event.objects.filter(resource_id=payout.id).order_by("created_at", "id")
    return [(row.type, row.payload["data"].get("policy")) for row in rows]


def sentences(payout: PayoutIntent) -> list[str]:
    return [entry["text"] for entry in timeline(reload(payout))]


def test_two_of_a_group_approve_and_each_step_names_the_rule(people: People) -> None:
    published(people.admin, LARGE)
    payout = make_payout(people, "draft")

    first = services.approve(people.approver, payout.id)
    assert (first.status, len(first.approvals)) == ("draft", 1)
    second = services.approve(people.admin, payout.id)

    assert (second.status, second.approved_by) == ("approved", people.admin.actor_id)
    rule = {"position": 1, "name": "over 100 to a new recipient"}
    assert told(payout)[1:] == [
        ("payout.updated", {"version": 1, "rule": rule, "needed": 2, "have": 1}),
        ("payout.approved", {"version": 1, "rule": rule, "needed": 2, "have": 2}),
    ]
    said = sentences(payout)
    assert "rule 1 “over 100 to a new recipient” asks 2 approvals, 1 is given" in said[1]
    assert said[1].startswith("Jon approved (digest ")
    assert "asks 2 approvals, 2 are given" in said[2]
    assert_replays(payout.id)


def test_without_a_policy_the_event_says_so(people: People) -> None:
    payout = make_payout(people, "approved")

    nothing = {"version": None, "rule": None, "needed": 1, "have": 1}
    assert told(payout)[-1] == ("payout.approved", nothing)


def test_a_draft_says_what_it_needs_as_the_rules_are_now(people: People) -> None:
    payout = make_payout(people, "draft")
    assert sentences(payout)[-1] == "next: somebody other than who created it approves it"

    published(people.admin, LARGE)
    services.approve(people.approver, payout.id)
    assert sentences(payout)[-1] == (
        "next: rule 1 “over 100 to a new recipient” asks 2 approvals, 1 of them given"
    )
    published(people.admin, RuleTerms("stop", outcome="block"))
    assert sentences(payout)[-1] == (
        "next: nobody can approve it, rule 1 “stop” blocks it; cancel it"
    )


def test_whom_it_paid_before_is_no_longer_new(people: People) -> None:
    published(people.admin, LARGE)
    new = services.create(people.preparer, a_draft(recipient_address=OTHER_RECIPIENT))
    published(people.admin)
    make_payout(people, "settled")
    published(people.admin, LARGE)
    known = services.create(people.preparer, a_draft(amount=Decimal(501)))

    assert services.approve(people.approver, new.id).status == "draft"
    assert services.approve(people.approver, known.id).status == "approved"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (RuleTerms("no", outcome="block"), "blocked_by_policy"),
        (RuleTerms("finance", group_id="the group"), "approval_would_not_count"),
    ],
)
def test_what_a_rule_refuses_changes_nothing(
    people: People, ada: User, rule: RuleTerms, code: str
) -> None:
    group = a_group(people.admin, ada)
    terms = RuleTerms(rule.name, outcome=rule.outcome, group_id=rule.group_id and group.id)
    published(people.admin, terms)
    payout = make_payout(people, "draft")

    with pytest.raises(BillingError) as refused:
        services.approve(people.approver, payout.id)

    assert (refused.value.status, refused.value.code) == (403, code)
    assert reload(payout).approvals == []
    assert [kind for kind, _ in told(payout)] == ["payout.created"]


def test_a_limit_refuses_the_second_and_a_canceled_first_makes_room(people: People) -> None:
    published(people.admin, limits=[LimitTerms("a day", "organization", 900 * UNIT, 24)])
    first, second = (make_payout(people, "draft") for _ in range(2))
    services.approve(people.approver, first.id)

    with pytest.raises(BillingError) as refused:
        services.approve(people.approver, second.id)

    assert (refused.value.status, refused.value.code) == (403, "limit_exceeded")
    assert reload(second).approvals == []
    services.cancel(people.admin, first.id, reason="Not needed.", from_admin=True)
    assert services.approve(people.approver, second.id).status == "approved"


def test_an_approval_lapses_when_the_policy_of_its_organization_says(
    people: People, sandboxed: People
) -> None:
    published(people.admin, lapse_after=timedelta(hours=2))
    ours, elsewhere = make_payout(people, "approved"), make_payout(sandboxed, "approved")
    assert ours.approved_at is not None

    assert services.lapse(at=ours.approved_at + timedelta(hours=2)) == 0
    assert services.lapse(at=ours.approved_at + timedelta(hours=2, seconds=1)) == 1

    assert reload(ours).status == "draft"
    assert reload(elsewhere).status == "approved"


def test_a_policy_may_let_an_approval_stand_for_longer(people: People) -> None:
    published(people.admin, lapse_after=timedelta(days=30))
    payout = make_payout(people, "approved")

    assert services.lapse(at=timezone.now() + timedelta(days=8)) == 0
    assert services.lapse(at=timezone.now() + timedelta(days=31)) == 1
    assert reload(payout).status == "draft"


def test_a_rule_about_new_recipients_ends_once_the_book_knows_the_address(people: People) -> None:
    book = RuleTerms("in the book", recipient_is="address_book", needed=1)
    published(people.admin, book, RuleTerms("anybody else", needed=2))
    waiting, payout = make_payout(people, "draft"), make_payout(people, "draft")
    assert services.approve(people.approver, waiting.id).status == "draft"

    usable(people, payout.recipient_address)

    approved = services.approve(people.approver, payout.id)
    assert (approved.status, told(payout)[-1][1]) == (
        "approved",
        {"version": 1, "rule": {"position": 1, "name": "in the book"}, "needed": 1, "have": 1},
    )
