"""Update: description, due date, metadata; then the status; all or nothing."""

from datetime import UTC, datetime

import pytest

from approvals.models import Approval
from billing.errors import BillingError
from payouts import services
from tests.payouts.making import People, a_draft, event_types, make_payout, reload

DUE = datetime(2030, 1, 15, 12, tzinfo=UTC)


def test_fields_of_a_draft_change_with_one_event(people: People) -> None:
    payout = make_payout(people, "draft")

    services.update(
        people.preparer, payout.id, {"description": "x", "due_date": DUE, "metadata": {"a": "b"}}
    )

    payout = reload(payout)
    assert (payout.description, payout.due_date, payout.metadata) == ("x", DUE, {"a": "b"})
    assert event_types(payout) == ["payout.created", "payout.updated"]


@pytest.mark.parametrize("changes", [{}, {"description": None}])
def test_nothing_to_change_is_no_event(people: People, changes: dict[str, None]) -> None:
    payout = make_payout(people, "draft")

    services.update(people.preparer, payout.id, changes)

    assert event_types(payout) == ["payout.created"]


@pytest.mark.parametrize(
    "field", ["recipient_address", "chain", "token", "amount", "amount_atomic", "currency"]
)
def test_money_is_immutable(people: People, field: str) -> None:
    payout = make_payout(people, "draft")

    with pytest.raises(BillingError) as refused:
        services.update(people.preparer, payout.id, {"description": "x", field: "y"})

    assert (refused.value.code, refused.value.param) == ("field_immutable", field)
    assert reload(payout).description is None


def test_fields_and_status_are_all_or_nothing(people: People) -> None:
    payout = make_payout(people, "draft")

    with pytest.raises(BillingError) as refused:  # Mara never approves what she created.
        services.update(
            people.admin_of(people.preparer), payout.id, {"description": "x", "status": "approved"}
        )

    assert (refused.value.status, refused.value.code) == (403, "self_approval")
    assert reload(payout).description is None
    assert event_types(payout) == ["payout.created"]


def test_a_description_and_an_approval_go_together(people: People) -> None:
    payout = make_payout(people, "draft")

    services.update(people.approver, payout.id, {"description": "x", "status": "approved"})

    payout = reload(payout)
    assert (payout.status, payout.description) == ("approved", "x")
    assert event_types(payout) == ["payout.created", "payout.updated", "payout.approved"]


def test_canceling_by_status_cancels(people: People) -> None:
    payout = make_payout(people, "draft")

    services.update(people.preparer, payout.id, {"status": "canceled"})

    assert reload(payout).status == "canceled"


def test_metadata_of_nothing_is_empty(people: People) -> None:
    payout = services.create(people.preparer, a_draft(metadata={"a": "b"}))

    services.update(people.preparer, payout.id, {"metadata": None})

    assert reload(payout).metadata == {}


def test_another_due_date_voids_the_approvals_given(people: People) -> None:
    payout = make_payout(people, "draft")
    Approval.objects.create(
        organization_id=payout.organization_id, environment="live", subject_id=payout.id,
        digest="0" * 64, actor_id="usr_one", actor_name="One", person_id="usr_one",
        approved_at=payout.created_at,
    )  # fmt: skip
    payout.approvals = [{"approved_by": "usr_one"}]
    payout.save(update_fields=["approvals"])

    services.update(people.preparer, payout.id, {"due_date": DUE})

    assert reload(payout).approvals == []
    assert Approval.objects.get().void_reason == "The due date was changed."
