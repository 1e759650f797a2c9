from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from approvals.facts import Facts
from approvals.models import Approval
from approvals.services import approvals_of, decide, digest, history_of, void
from billing.callers import Caller
from billing.errors import Forbidden, InsufficientScope, InvalidRequest

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
LATER = datetime(2025, 1, 16, 12, tzinfo=UTC)
PAYOUT = "po_000000000000000000000001"
MakeFacts = Callable[..., Facts]


def test_one_approval_of_another_person_is_enough(approver: Caller, facts: MakeFacts) -> None:
    decision = decide(approver, facts(), at=NOON)

    assert decision.approved
    assert decision.needed == 1
    approval = Approval.objects.get()
    assert decision.approvals == (approval,)
    assert approval.organization_id == approver.organization_id
    assert approval.environment == "live"
    assert approval.subject_id == PAYOUT
    assert approval.actor_id == "usr_jon"
    assert approval.actor_name == "Jon"
    assert approval.person_id == "usr_jon"
    assert approval.approved_at == NOON
    assert approval.digest == decision.digest == digest(facts())


def test_the_creator_is_refused_and_nothing_is_written(approver: Caller, facts: MakeFacts) -> None:
    with pytest.raises(Forbidden) as refusal:
        decide(approver, facts(created_by="usr_jon"))

    assert refusal.value.status == 403
    assert refusal.value.type == "permission_error"
    assert refusal.value.code == "self_approval"
    assert not Approval.objects.exists()


def test_a_caller_without_the_scope_is_refused(approver: Caller, facts: MakeFacts) -> None:
    with pytest.raises(InsufficientScope):
        decide(replace(approver, scopes=frozenset({"payouts:write"})), facts())

    assert not Approval.objects.exists()


def test_a_second_approval_of_the_same_person_is_refused(
    approver: Caller, facts: MakeFacts
) -> None:
    decide(approver, facts())

    with pytest.raises(InvalidRequest) as refusal:
        decide(approver, facts())

    assert refusal.value.code == "already_approved"
    assert Approval.objects.count() == 1


def test_a_key_answers_in_the_name_of_the_person_who_issued_it(
    approver: Caller, facts: MakeFacts
) -> None:
    decide(replace(approver, actor_id="key_1", issued_by="usr_jon"), facts())

    assert Approval.objects.get().person_id == "usr_jon"


def test_a_void_approval_does_not_count_and_can_be_given_again(
    approver: Caller, facts: MakeFacts
) -> None:
    decide(approver, facts(), at=NOON)

    assert void(PAYOUT, "The due date changed.", NOON) == 1
    assert approvals_of([PAYOUT]) == {PAYOUT: []}
    decision = decide(approver, facts(), at=LATER)

    assert decision.approved
    assert [a.approved_at for a in decision.approvals] == [LATER]
    given = history_of([PAYOUT])[PAYOUT]
    assert [(a.approved_at, a.voided_at, a.void_reason) for a in given] == [
        (NOON, NOON, "The due date changed."),
        (LATER, None, ""),
    ]


def test_an_approval_of_other_facts_does_not_count(approver: Caller, facts: MakeFacts) -> None:
    decide(approver, facts(amount_atomic=1))

    decision = decide(replace(approver, actor_id="usr_ann"), facts())

    assert [a.actor_id for a in decision.approvals] == ["usr_ann"]


def test_voiding_twice_changes_nothing(approver: Caller, facts: MakeFacts) -> None:
    decide(approver, facts())
    void(PAYOUT, "Rejected.", NOON)

    assert void(PAYOUT, "Rejected again.", LATER) == 0
    assert Approval.objects.get().void_reason == "Rejected."


def test_approvals_are_grouped_by_what_they_approve(approver: Caller, facts: MakeFacts) -> None:
    decide(approver, facts(subject_id="po_a"))
    decide(approver, facts(subject_id="po_b"))

    found = approvals_of(["po_a", "po_b", "po_c"])

    assert {subject: [a.actor_id for a in given] for subject, given in found.items()} == {
        "po_a": ["usr_jon"],
        "po_b": ["usr_jon"],
        "po_c": [],
    }


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM approvals_approval",
        "UPDATE approvals_approval SET digest = repeat('0', 64)",
        "UPDATE approvals_approval SET actor_id = 'usr_mara'",
        "UPDATE approvals_approval SET voided_at = NULL, void_reason = ''",
        "UPDATE approvals_approval SET void_reason = 'another reason'",
    ],
)
def test_raw_sql_cannot_change_evidence(approver: Caller, facts: MakeFacts, statement: str) -> None:
    decide(approver, facts())
    void(PAYOUT, "Rejected.", NOON)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
