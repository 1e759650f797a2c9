from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import exact_json
from tests.payouts.api.conftest import TRON_RECIPIENT, backdate
from tests.reconciliation.rows import AT, a_payout, put_in

ROWS = 3_000


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["data"]]


def test_the_newest_payout_comes_first_in_the_envelope_of_lists(acme, api, make_payout):
    first, second = make_payout(acme), make_payout(acme)

    answer = api(acme).get("/v1/payouts")

    assert answer.status_code == 200
    assert answer.json() == {"data": [second, first], "has_more": False, "next_cursor": None}


def test_an_empty_list_is_a_list(acme, api):
    assert api(acme).get("/v1/payouts").json() == {
        "data": [],
        "has_more": False,
        "next_cursor": None,
    }


def test_neither_another_organization_nor_the_other_environment_is_seen(
    acme, zenith, api, make_payout
):
    make_payout(acme)

    assert ids(api(zenith).get("/v1/payouts")) == []
    assert ids(api(acme, "live").get("/v1/payouts")) == []


def test_payouts_are_filtered_by_status(acme, api, make_payout):
    draft, canceled = make_payout(acme), make_payout(acme, "canceled")

    assert ids(api(acme).get("/v1/payouts", {"status": "draft"})) == [draft["id"]]
    assert ids(api(acme).get("/v1/payouts", {"status": "canceled"})) == [canceled["id"]]
    assert ids(api(acme).get("/v1/payouts", {"status": "verifying"})) == []


def test_payouts_are_filtered_by_chain_token_and_both_references(acme, api, make_payout):
    plain = make_payout(acme, reference_id="inv_1", external_id="x-1")
    tron = make_payout(
        acme, chain="tron", token="USDT", recipient_address=TRON_RECIPIENT, reference_id="inv_2"
    )

    assert ids(api(acme).get("/v1/payouts", {"chain": "tron"})) == [tron["id"]]
    assert ids(api(acme).get("/v1/payouts", {"token": "USDC"})) == [plain["id"]]
    assert ids(api(acme).get("/v1/payouts", {"reference_id": "inv_1"})) == [plain["id"]]
    assert ids(api(acme).get("/v1/payouts", {"external_id": "x-1"})) == [plain["id"]]
    assert ids(api(acme).get("/v1/payouts", {"chain": "tron", "token": "USDC"})) == []


def test_due_dates_are_compared_strictly(acme, api, make_payout):
    for day in (1, 2, 3):
        make_payout(acme, due_date=f"2025-02-0{day}T12:00:00Z", reference_id=f"day {day}")
    make_payout(acme, reference_id="no day")

    def days(**query):
        answer = api(acme).get("/v1/payouts", query)
        return sorted(row["reference_id"] for row in answer.json()["data"])

    second = "2025-02-02T12:00:00Z"
    assert days(due_date_before=second) == ["day 1"]
    assert days(due_date_after=second) == ["day 3"]
    assert days(
        due_date_after="2025-02-01T13:00:00+01:00", due_date_before="2025-02-03T12:00:01Z"
    ) == [
        "day 2",
        "day 3",
    ]


def test_times_of_creation_are_compared_strictly(acme, api, make_payout):
    payout = make_payout(acme)
    backdate(datetime(2025, 1, 15, 12, tzinfo=UTC))

    assert ids(api(acme).get("/v1/payouts", {"created_after": "2025-01-15T12:00:00Z"})) == []
    assert ids(api(acme).get("/v1/payouts", {"created_before": "2025-01-15T12:00:00Z"})) == []
    assert ids(api(acme).get("/v1/payouts", {"created_after": "2025-01-15T11:59:59Z"})) == [
        payout["id"]
    ]
    assert ids(api(acme).get("/v1/payouts", {"created_before": "2025-01-15T12:00:01Z"})) == [
        payout["id"]
    ]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("status", "done", "invalid_field_value"),
        ("status", "", "invalid_field_value"),
        ("chain", "bitcoin", "invalid_chain"),
        ("token", "DAI", "invalid_token"),
        ("due_date_before", "tomorrow", "invalid_field_value"),
        ("due_date_after", "2025-02-01", "invalid_field_value"),
        ("created_before", "2025-02-01T12:00:00", "invalid_field_value"),
        ("created_after", "99999-01-01T00:00:00Z", "invalid_field_value"),
        ("reference_id", "x" * 256, "invalid_field_value"),
        ("external_id", "", "invalid_field_value"),
        ("limit", "0", "invalid_limit"),
        ("limit", "101", "invalid_limit"),
        ("limit", "ten", "invalid_limit"),
        ("cursor", "nonsense", "invalid_cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(acme, api, name, value, code):
    answer = api(acme).get("/v1/payouts", {name: value})

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, name)


def test_unknown_parameters_are_ignored(acme, api, make_payout):
    payout = make_payout(acme)

    assert ids(api(acme).get("/v1/payouts", {"colour": "red"})) == [payout["id"]]


def test_a_cursor_belongs_to_its_filters(acme, api, make_payout):
    for _ in range(2):
        make_payout(acme)
    cursor = api(acme).get("/v1/payouts", {"limit": 1}).json()["next_cursor"]

    answer = api(acme).get("/v1/payouts", {"limit": 1, "cursor": cursor, "status": "draft"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_cursor")


def test_a_walk_over_3000_rows_of_one_time_meets_each_once(acme, api):
    put_in(a_payout(acme, created_at=AT) for _ in range(ROWS))

    seen: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        page = api(acme).get("/v1/payouts", query).json()
        assert page["has_more"] == (page["next_cursor"] is not None)
        seen += [row["id"] for row in page["data"]]
        cursor, pages = page["next_cursor"], pages + 1

    assert pages == 30
    assert len(seen) == len(set(seen)) == ROWS
    assert seen == sorted(seen, reverse=True)


def test_a_page_takes_two_queries_and_one_for_the_key(acme, api, make_payout):
    for _ in range(3):
        make_payout(acme, "executed")
    client = api(acme)
    client.get("/v1/payouts")

    with CaptureQueriesContext(connection) as queries:
        client.get("/v1/payouts")

    assert len(queries) <= 3


def test_amounts_in_a_list_are_exact(acme, api, make_payout):
    make_payout(acme, amount=exact_json.loads(b"0.100001"))

    answer = api(acme).get("/v1/payouts")

    assert b'"amount":0.100001,' in answer.content
