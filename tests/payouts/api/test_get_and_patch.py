import pytest

from payouts.models import PayoutIntent

MISSING = "po_000000000000000000000000"


def test_one_payout_comes_with_its_timeline(acme, api, make_payout):
    payout = make_payout(acme, "approved")

    answer = api(acme).get(f"/v1/payouts/{payout['id']}")

    assert answer.status_code == 200
    told = answer.json()
    timeline = told.pop("timeline")
    assert told == payout
    assert [entry["type"] for entry in timeline] == [
        "payout.created",
        "payout.approved",
        "payout.next",
    ]


def test_a_draft_is_changed(acme, api, make_payout, events_of):
    payout = make_payout(acme)

    answer = api(acme).patch(
        f"/v1/payouts/{payout['id']}",
        {"description": "New", "due_date": "2025-03-01T00:00:00Z", "metadata": {"a": "b"}},
    )

    assert answer.status_code == 200
    told = answer.json()
    assert (told["description"], told["due_date"], told["metadata"], told["status"]) == (
        "New",
        "2025-03-01T00:00:00Z",
        {"a": "b"},
        "draft",
    )
    assert events_of(payout["id"]) == ["payout.created", "payout.updated"]


def test_null_empties_what_was_said(acme, api, make_payout):
    payout = make_payout(acme, description="Old", metadata={"a": "b"})

    answer = api(acme).patch(
        f"/v1/payouts/{payout['id']}", {"description": None, "due_date": None, "metadata": None}
    )

    assert answer.status_code == 200
    assert (answer.json()["description"], answer.json()["metadata"]) == (None, {})


def test_an_empty_change_changes_nothing_in_any_state(acme, api, make_payout, events_of):
    payout = make_payout(acme, "canceled")

    answer = api(acme).patch(f"/v1/payouts/{payout['id']}", {})

    assert (answer.status_code, answer.json()) == (200, payout)
    assert events_of(payout["id"]) == ["payout.created", "payout.canceled"]


def test_a_draft_is_approved(acme, api, make_payout, events_of):
    payout = make_payout(acme)

    answer = api(acme).patch(f"/v1/payouts/{payout['id']}", {"status": "approved"})

    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["approved_by"]) == ("approved", api(acme).key.id)
    assert told["approved_at"] is not None
    (approval,) = told["approvals"]
    assert approval["approved_by"] == api(acme).key.id
    assert len(approval["digest"]) == 64
    assert events_of(payout["id"]) == ["payout.created", "payout.approved"]


def test_a_draft_is_changed_and_approved_in_one_call(acme, api, make_payout):
    payout = make_payout(acme)

    answer = api(acme).patch(
        f"/v1/payouts/{payout['id']}", {"description": "Last words", "status": "approved"}
    )

    assert (answer.json()["description"], answer.json()["status"]) == ("Last words", "approved")


def test_a_draft_is_canceled_and_stays_so(acme, api, make_payout):
    payout = make_payout(acme)
    path = f"/v1/payouts/{payout['id']}"

    first = api(acme).patch(path, {"status": "canceled"})
    again = api(acme).patch(path, {"status": "canceled"})

    assert (first.status_code, first.json()["status"]) == (200, "canceled")
    assert first.json()["canceled_at"] is not None
    assert (again.status_code, again.json()["error"]["code"]) == (400, "payout_not_draft")


@pytest.mark.parametrize(
    "change", [{"status": "approved"}, {"status": "canceled"}, {"description": "x"}]
)
@pytest.mark.parametrize("status", ["approved", "pending_execution", "executed", "canceled"])
def test_only_a_draft_is_changed_approved_or_canceled_here(
    acme, api, make_payout, events_of, status, change
):
    payout = make_payout(acme, status)
    before = events_of(payout["id"])

    answer = api(acme).patch(f"/v1/payouts/{payout['id']}", change)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request"
    assert answer.json()["error"]["code"] == "payout_not_draft"
    assert events_of(payout["id"]) == before
    assert PayoutIntent.objects.get().status == status


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", 1),
        ("recipient_address", "x"),
        ("chain", "tron"),
        ("token", "USDT"),
        ("currency", "USD"),
    ],
)
def test_a_money_field_never_changes(acme, api, make_payout, name, value):
    payout = make_payout(acme)

    answer = api(acme).patch(f"/v1/payouts/{payout['id']}", {name: value, "description": "x"})

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (
        "field_immutable",
        name,
    )
    assert PayoutIntent.objects.get().description is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"status": "settled"}, "status"),
        ({"status": None}, "status"),
        ({"status": 1}, "status"),
        ({"description": "x" * 513}, "description"),
        ({"due_date": "soon"}, "due_date"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_a_wrong_value_is_refused_by_name(acme, api, make_payout, body, param):
    payout = make_payout(acme)

    answer = api(acme).patch(f"/v1/payouts/{payout['id']}", body)

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (
        "invalid_field_value",
        param,
    )


def test_approving_needs_its_scope_and_writing_its_own(acme, api, make_payout):
    payout = make_payout(acme)
    path = f"/v1/payouts/{payout['id']}"
    writer = api(acme, scopes=["payouts:read", "payouts:write"])
    approver = api(acme, scopes=["payouts:read", "payouts:approve"])

    approved_by_writer = writer.patch(path, {"status": "approved"})
    written_by_approver = approver.patch(path, {"description": "x"})
    approved = approver.patch(path, {"status": "approved"})

    assert approved_by_writer.json()["error"]["code"] == "insufficient_scope"
    assert written_by_approver.json()["error"]["code"] == "insufficient_scope"
    assert (approved_by_writer.status_code, written_by_approver.status_code) == (403, 403)
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")


def test_a_missing_payout_is_404(acme, api):
    for answer in (
        api(acme).get(f"/v1/payouts/{MISSING}"),
        api(acme).patch(f"/v1/payouts/{MISSING}", {"description": "x"}),
        api(acme).post(f"/v1/payouts/{MISSING}/execute", {"tx_hash": "0x" + "ab" * 32}),
    ):
        assert answer.status_code == 404
        assert answer.json() == {
            "error": {
                "type": "not_found",
                "code": "payout_not_found",
                "message": f"No such payout: {MISSING}.",
                "param": None,
            }
        }
