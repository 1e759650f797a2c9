"""GET /v1/revenue/events: the lines, newest first by when they occurred."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from revenue.models import RevenueEvent
from tests.revenue.lines import AT, put

PATH = "/v1/revenue/events"
DAY = timedelta(days=1)


def sources(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["source_id"] for row in answer.json()["data"]]


def test_a_line_is_answered_with_all_it_says(acme, api):
    checkout_id = put(
        acme, "checkout_confirmed", 49_990_000, checkout_id="co_1", customer_id="cus_1",
        tx_hash="0xab",
    )  # fmt: skip

    line = RevenueEvent.objects.get()
    assert api(acme).get(PATH).json()["data"] == [
        {
            "id": line.id,
            "org_id": acme.id,
            "event_type": "checkout_confirmed",
            "amount": 49.99,
            "currency": "USD",
            "token": "USDC",
            "chain": "base",
            "checkout_id": "co_1",
            "subscription_id": None,
            "customer_id": "cus_1",
            "renewal_id": None,
            "adjustment_id": None,
            "tx_hash": "0xab",
            "description": None,
            "occurred_at": "2025-01-15T12:00:00Z",
            "environment": "sandbox",
            "created_at": "2025-01-15T12:00:00Z",
            "payout_id": None,
            "settlement_id": None,
            "amount_atomic": "49990000",
            "event_id": line.id,
            "revenue_event_id": line.id,
            "type": "checkout_confirmed",
            "amount_usd": 49.99,
            "source_type": "checkout",
            "source_id": checkout_id,
        }
    ]


def test_a_line_that_names_nothing_paid_leaves_chain_and_token_out(acme, api):
    put(acme, "adjustment_credit", 1_000_000, chain=None, token=None)

    (row,) = api(acme).get(PATH).json()["data"]

    assert {"chain", "token"} & row.keys() == set()
    assert row["adjustment_id"] == row["source_id"]


def test_they_come_in_the_order_in_which_they_occurred_in_pages(acme, api):
    late = put(acme, "checkout_confirmed", 1, AT + DAY)
    early = put(acme, "checkout_confirmed", 1, AT - DAY)  # filled in later
    same = sorted(
        (put(acme, "payout_settled", 1, AT) for _ in range(3)),
        key=lambda source: RevenueEvent.objects.get(source_id=source).id,
    )

    pages, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = api(acme).get(PATH, query)
        pages += sources(answer)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break

    assert pages == [late, *same[::-1], early]


def test_they_are_filtered_by_each_word(acme, api):
    paid = put(acme, "checkout_confirmed", 1, AT, checkout_id="co_1", customer_id="cus_1")
    out = put(acme, "payout_settled", 1, AT + DAY)
    back = put(acme, "refund", 1, AT + 2 * DAY, checkout_id="co_1")

    def asked(**query):
        return sources(api(acme).get(PATH, query))

    assert asked(event_type="refund") == asked(type="refund") == [back]
    assert asked(source_type="settlement") == [out]
    assert asked(checkout_id="co_1") == [back, paid]
    assert asked(customer_id="cus_1") == [paid]
    assert asked(date_from="2025-01-16T12:00:00Z") == [back, out]
    assert asked(date_to="2025-01-16T12:00:00Z") == [paid]
    assert asked(date_from="2025-01-16T12:00:00Z", date_to="2025-01-16T12:00:01Z") == [out]
    assert asked(event_type="refund", type="chargeback") == []


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({"event_type": "gift"}, "invalid_field_value", "event_type"),
        ({"type": "gift"}, "invalid_field_value", "type"),
        ({"source_type": "gift"}, "invalid_field_value", "source_type"),
        ({"date_from": "2025-01-15"}, "invalid_field_value", "date_from"),
        ({"limit": "0"}, "invalid_limit", "limit"),
        ({"cursor": "bm90aGluZw"}, "invalid_cursor", "cursor"),
    ],
)
def test_a_wrong_filter_is_refused(acme, api, query, code, param):
    answer = api(acme).get(PATH, query)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)


def test_nobody_sees_anothers_lines(acme, zenith, api):
    ours = put(acme, "checkout_confirmed", 1)

    assert sources(api(acme).get(PATH)) == [ours]
    assert sources(api(zenith).get(PATH)) == sources(api(acme, "live").get(PATH)) == []


def test_a_page_is_one_query_however_long(acme, api):
    for n in range(30):
        put(acme, "checkout_confirmed", 1, datetime(2025, 1, 1, tzinfo=UTC) + n * DAY)
    api(acme).get(PATH)

    with CaptureQueriesContext(connection) as asked:
        api(acme).get(PATH, {"limit": 30})

    assert len([query for query in asked if "revenue_revenueevent" in query["sql"]]) == 1
