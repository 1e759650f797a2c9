"""What the database itself refuses, from raw SQL, whoever holds the connection."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from payouts.models import PayoutIntent, Settlement, Status
from payouts.states import EDGES
from tests.payouts.making import People, make_payout, reload

STATES = [state.value for state in Status]
ILLEGAL = [(a, b) for a in STATES for b in STATES if a != b and (a, b) not in EDGES]
# What a row needs so that only the edge itself can be wrong with it. Columns no state asks for.
FIELDS_OF: dict[str, dict[str, object]] = {
    "draft": {"approved_at": None, "approved_by": None, "approval_digest": ""},
    "canceled": {"canceled_at": "2026-01-01T00:00:00Z"},
    "failed": {
        "failed_at": "2026-01-01T00:00:00Z",
        "failure_code": "no_transfer",
        "failure_reason": "no_transfer: nothing moved",
        "outcome": "proven",
    },
}
CHANGES: dict[str, Any] = {
    "recipient_address": "0x52908400098527886E0F7030069857D2E4169EE7",
    "recipient_key": "11112222",
    "chain": "base",
    "token": "USDT",
    "contract": "0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2",
    "amount_atomic": 1,
    "currency": "EUR",
    "environment": "sandbox",
    "created_at": "2020-01-01T00:00:00Z",
    "created_by": "usr_somebody",
    "id": "po_another",
}


def update(payout: PayoutIntent, changes: dict[str, Any]) -> None:
    columns = ", ".join(f"{column} = %s" for column in changes)
    with transaction.atomic(), connection.cursor() as cursor:
        sql = f"UPDATE payouts_payoutintent SET {columns} WHERE id = %s"
        cursor.execute(sql, [*changes.values(), payout.id])


@pytest.mark.parametrize(("source", "target"), ILLEGAL)
def test_an_illegal_edge_is_refused(people: People, source: str, target: str) -> None:
    payout = make_payout(people, source)

    with pytest.raises(IntegrityError, match=f"cannot go from {source} to {target}"):
        update(payout, {"status": target, **FIELDS_OF.get(target, {})})

    assert reload(payout).status == source


def test_there_are_forty_two_illegal_edges() -> None:
    assert (len(ILLEGAL), len(EDGES)) == (42, 14)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("column", CHANGES)
def test_the_money_never_changes(people: People, state: str, column: str) -> None:
    payout = make_payout(people, state)

    with pytest.raises(IntegrityError, match=r"the money of payout .* never changes"):
        update(payout, {column: CHANGES[column]})


def test_the_organization_never_changes(people: People, strangers: People) -> None:
    payout = make_payout(people, "draft")

    with pytest.raises(IntegrityError, match=r"the money of payout .* never changes"):
        update(payout, {"organization_id": strangers.admin.organization_id})


@pytest.mark.parametrize("state", STATES)
def test_no_payout_is_deleted(people: People, state: str) -> None:
    payout = make_payout(people, state)

    with (
        pytest.raises(DatabaseError, match="is never deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM payouts_payoutintent WHERE id = %s", [payout.id])


@pytest.mark.parametrize("state", [state for state in STATES if state != "draft"])
def test_a_payout_begins_as_a_draft(people: People, state: str) -> None:
    payout = make_payout(people, state)
    columns = [f.column for f in PayoutIntent._meta.concrete_fields if f.column != "id"]
    names = ", ".join(columns)

    with (
        pytest.raises(DatabaseError, match="must begin as a draft"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO payouts_payoutintent (id, {names}) SELECT 'po_copy', {names} "
            "FROM payouts_payoutintent WHERE id = %s",
            [payout.id],
        )


@pytest.mark.parametrize(
    ("state", "changes", "constraint"),
    [
        ("draft", {"approved_by": "usr_x"}, "payout_approval_fits_its_status"),
        ("draft", {"approved_at": "2026-01-01T00:00:00Z"}, "payout_approval_fits_its_status"),
        ("draft", {"status": "approved"}, "payout_approval_fits_its_status"),
        ("draft", {"expected_tx_hash": "0xab"}, "payout_hash_fits_its_status"),
        ("draft", {"settled_at": "2026-01-01T00:00:00Z"}, "payout_settlement_fits_its_status"),
        ("draft", {"failure_code": "no_transfer"}, "payout_failure_fits_its_status"),
        ("draft", {"canceled_at": "2026-01-01T00:00:00Z"}, "payout_cancel_fits_its_status"),
        ("approved", {"status": "executed"}, "payout_hash_fits_its_status"),
        ("approved", {"status": "draft"}, "payout_approval_fits_its_status"),
        ("approved", {"status": "pending_execution"}, "payout_batch_fits_its_status"),
        ("executed", {"status": "verifying"}, "payout_watch_fits_its_status"),
        ("executed", {"attention": "choose_transfer"}, "payout_watch_fits_its_status"),
        ("verifying", {"status": "settled"}, "payout_settlement_fits_its_status"),
        ("verifying", {"status": "failed"}, "payout_failure_fits_its_status"),
        ("draft", {"status": "canceled"}, "payout_cancel_fits_its_status"),
    ],
)
def test_fields_that_do_not_fit_the_state_are_refused(
    people: People, state: str, changes: dict[str, Any], constraint: str
) -> None:
    payout = make_payout(people, state)

    with pytest.raises(IntegrityError, match=constraint):
        update(payout, changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"approved_by": "usr_somebody"},
        {"approved_at": "2020-01-01T00:00:00Z"},
        {"approval_digest": "0" * 64},
        {"due_date": "2031-01-01T00:00:00Z"},
    ],
)
def test_what_was_approved_never_changes(people: People, changes: dict[str, Any]) -> None:
    payout = make_payout(people, "approved")

    with pytest.raises(IntegrityError, match=r"the approval of payout .* never changes"):
        update(payout, changes)


@pytest.mark.parametrize("state", ["settled", "failed", "canceled"])
@pytest.mark.parametrize(
    "changes", [{"description": "rewritten"}, {"metadata": "{}"}, {"executed_at": None}]
)
def test_what_has_ended_never_changes(people: People, state: str, changes: dict[str, Any]) -> None:
    payout = make_payout(people, state, description="as it was", metadata={"a": "b"})
    if state == "canceled" and "executed_at" in changes:
        changes = {"canceled_at": "2020-01-01T00:00:00Z"}

    with pytest.raises(IntegrityError, match="has ended: it never changes"):
        update(payout, changes)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount_atomic", 1),
        ("to_address", "0x52908400098527886E0F7030069857D2E4169EE7"),
        ("tx_hash", "0xab"),
        ("block_number", 5),
        ("evidence", "{}"),
        ("payout_id", None),
        ("confirmations", 1),
    ],
)
def test_a_settlement_s_facts_never_change(
    people: People, column: str, value: str | int | None
) -> None:
    payout = make_payout(people, "settled")

    with (
        pytest.raises(IntegrityError, match="its facts never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"UPDATE payouts_settlement SET {column} = %s WHERE payout_id = %s", [value, payout.id]
        )


def test_a_settlement_is_never_deleted_but_can_be_resolved(people: People) -> None:
    payout = make_payout(people, "settled")

    with (
        pytest.raises(IntegrityError, match="is never deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM payouts_settlement WHERE payout_id = %s", [payout.id])
    Settlement.objects.filter(payout=payout).update(
        resolved_at="2026-01-01T00:00:00Z", resolution="accepted fee", resolved_by="usr_x"
    )

    assert Settlement.objects.get(payout=payout).resolution == "accepted fee"
