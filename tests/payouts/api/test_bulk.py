import pytest

from payouts.models import PayoutIntent
from tests.payouts.api.conftest import a_body


def test_the_good_rows_are_created_and_the_others_say_why_not(acme, api, events_of):
    rows = [
        a_body(amount=1),
        a_body(amount="2"),
        a_body(amount=3, external_id="x-1"),
        a_body(amount=4, external_id="x-1"),
        "not an object",
        {},
    ]

    answer = api(acme).post("/v1/payouts/bulk", {"payouts": rows})

    assert answer.status_code == 200
    data = answer.json()["data"]
    assert [row["index"] for row in data] == [0, 1, 2, 3, 4, 5]
    assert [row["payout"]["amount"] for row in data if "payout" in row] == [1, 3]
    assert [(row["error"]["code"], row["error"]["param"]) for row in data if "error" in row] == [
        ("invalid_field_value", "amount"),
        ("external_id_taken", "external_id"),
        ("invalid_field_value", None),
        ("missing_required_field", "recipient_address"),
    ]
    assert PayoutIntent.objects.count() == 2
    for row in data:
        if "payout" in row:
            assert events_of(row["payout"]["id"]) == ["payout.created"]


def test_rows_are_told_in_the_order_in_which_they_came(acme, api):
    rows = [a_body(amount=n + 1) for n in range(50)]

    data = api(acme).post("/v1/payouts/bulk", {"payouts": rows}).json()["data"]

    assert [row["payout"]["amount"] for row in data] == list(range(1, 51))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_field"),
        ({"payouts": None}, "missing_required_field"),
        ({"payouts": {}}, "invalid_field_value"),
        ({"payouts": "po"}, "invalid_field_value"),
        ({"payouts": [{}] * 1_001}, "invalid_field_value"),
    ],
)
def test_what_is_no_list_of_rows_is_refused(acme, api, body, code):
    answer = api(acme).post("/v1/payouts/bulk", body)

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, "payouts")


def test_no_rows_are_no_error(acme, api):
    answer = api(acme).post("/v1/payouts/bulk", {"payouts": []})

    assert (answer.status_code, answer.json()) == (200, {"data": []})


def test_a_replay_creates_nothing_twice(acme, api):
    client, body = api(acme), {"payouts": [a_body(amount=1), a_body(amount=0)]}
    first = client.post("/v1/payouts/bulk", body, idempotency_key="k-1")

    again = client.post("/v1/payouts/bulk", body, idempotency_key="k-1")

    assert (again.status_code, again.content) == (200, first.content)
    assert PayoutIntent.objects.count() == 1


def test_a_key_without_the_scope_creates_none(acme, api):
    answer = api(acme, scopes=["payouts:read"]).post("/v1/payouts/bulk", {"payouts": [a_body()]})

    assert answer.status_code == 403
