"""GET /v1/revenue/accounting: the ledger by month or week of a time zone, and its totals."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from revenue.types import RevenueType
from tests.revenue.lines import put

PATH = "/v1/revenue/accounting"
USD = 1_000_000
NO_COUNTS = {word.value: 0 for word in RevenueType}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def counts(**some: int) -> dict[str, int]:
    return {**NO_COUNTS, **some}


@pytest.fixture
def january(acme) -> None:
    """The old documentation's own month: 12,500 gross, a credit of 50, a chargeback of 200."""
    put(acme, "checkout_confirmed", 12_000 * USD, at("2025-01-02T08:00:00Z"))
    put(acme, "subscription_charged", 500 * USD, at("2025-01-15T12:00:00Z"))
    put(acme, "adjustment_credit", 50 * USD, at("2025-01-20T12:00:00Z"))
    put(acme, "chargeback", 200 * USD, at("2025-01-31T23:59:59.999999Z"))
    put(acme, "payout_settled", 700 * USD, at("2025-01-31T12:00:00Z"))


def test_a_month_is_summed_up(acme, api, january):
    answer = api(acme).get(PATH)

    assert answer.status_code == 200
    assert answer.json() == {
        "data": [
            {
                "period": "2025-01",
                "gross_revenue": 12_500,
                "refunds": 0,
                "adjustments_credit": 50,
                "adjustments_debit": 0,
                "chargebacks": 200,
                "net_revenue": 12_350,
                "fees": 0,
                "period_start": "2025-01-01T00:00:00Z",
                "period_end": "2025-02-01T00:00:00Z",
                "payouts_out": 700,
                "event_counts": counts(
                    checkout_confirmed=1, subscription_charged=1, adjustment_credit=1,
                    chargeback=1, payout_settled=1,
                ),
            }
        ],
        "time_zone": "UTC",
        "currency": "USD",
        "period_start": "2025-01-01T00:00:00Z",
        "period_end": "2025-02-01T00:00:00Z",
        "total_revenue_usd": 12_500,
        "total_fees_usd": 0,
        "total_refunds_usd": 0,
        "net_revenue_usd": 12_350,
        "payouts_out_usd": 700,
        "total_revenue": 12_500,
        "total_fees": 0,
        "total_net": 12_350,
        "total_charges": 2,
        "total_refunds": 0,
        "transaction_count": 2,
    }  # fmt: skip


def test_each_type_goes_into_its_own_column_with_its_sign(acme, api):
    for number, word in enumerate(RevenueType):
        put(acme, word.value, 10**number * USD)

    (row,) = api(acme).get(PATH).json()["data"]

    # In the order of the types: confirmed 1, charged 10, refund 100, credit 1,000, debit 10,000,
    # chargeback 100,000; each reversed one brings what it takes back, so that both are nothing.
    assert row["gross_revenue"] == 11
    assert row["refunds"] == 100
    assert row["adjustments_credit"] == 1_000
    assert row["adjustments_debit"] == 10_000
    assert row["chargebacks"] == 100_000
    assert row["net_revenue"] == 11 + 1_000 - 100 - 10_000 - 100_000
    assert row["payouts_out"] == 10**8
    assert row["event_counts"] == {
        **counts(**{word.value: 1 for word in RevenueType}),
        "checkout_confirmed": 2,
        "subscription_charged": 2,
        "payout_settled": 2,
    }


def test_a_reversal_of_another_month_lowers_the_month_in_which_it_happened(acme, api):
    from django.db import transaction

    from revenue import ledger
    from revenue.types import SourceType

    paid = put(acme, "checkout_confirmed", 5 * USD, at("2025-01-15T12:00:00Z"))
    source = ledger.Source(
        organization_id=acme.id, environment="sandbox", source_type=SourceType.CHECKOUT,
        source_id=paid,
    )  # fmt: skip
    with transaction.atomic():
        ledger.take_back([source], at=at("2025-02-03T12:00:00Z"), why="It left.")

    told = api(acme).get(PATH).json()

    assert [(row["period"], row["gross_revenue"]) for row in told["data"]] == [
        ("2025-02", -5), ("2025-01", 5),
    ]  # fmt: skip
    assert told["total_revenue_usd"] == 0


def test_amounts_are_exact(acme, api):
    for _ in range(3):
        put(acme, "checkout_confirmed", 9_007_199_254_740_993)
    put(acme, "checkout_confirmed", 1)

    body = api(acme).get(PATH).content.decode()

    assert '"total_revenue_usd":27021597764.22298' in body


def test_months_begin_at_midnight_of_the_zone(acme, api):
    put(acme, "checkout_confirmed", 1 * USD, at("2024-12-31T22:59:59Z"))
    put(acme, "checkout_confirmed", 2 * USD, at("2024-12-31T23:00:00Z"))
    put(acme, "checkout_confirmed", 4 * USD, at("2025-01-31T23:00:00Z"))

    def months(zone):
        rows = api(acme).get(PATH, {"time_zone": zone}).json()["data"]
        return [(row["period"], row["gross_revenue"]) for row in rows]

    assert months("UTC") == [("2025-01", 4), ("2024-12", 3)]
    assert months("Europe/Berlin") == [("2025-02", 4), ("2025-01", 2), ("2024-12", 1)]
    assert months("America/New_York") == [("2025-01", 4), ("2024-12", 3)]


def test_weeks_are_those_of_iso_8601(acme, api):
    put(acme, "checkout_confirmed", 1 * USD, at("2024-12-29T23:59:59Z"))
    put(acme, "checkout_confirmed", 2 * USD, at("2024-12-30T00:00:00Z"))
    put(acme, "checkout_confirmed", 4 * USD, at("2025-01-06T00:00:00Z"))

    rows = api(acme).get(PATH, {"period": "weekly"}).json()["data"]

    assert [(row["period"], row["gross_revenue"], row["period_start"]) for row in rows] == [
        ("2025-W02", 4, "2025-01-06T00:00:00Z"),
        ("2025-W01", 2, "2024-12-30T00:00:00Z"),
        ("2024-W52", 1, "2024-12-23T00:00:00Z"),
    ]


def test_both_spellings_of_a_period_are_read(acme, api, january):
    def asked(period):
        return api(acme).get(PATH, {"period": period}).json()

    assert asked("month") == asked("monthly")
    assert asked("week") == asked("weekly")
    assert len(asked("week")["data"]) == 4


def test_one_period_is_asked_for_by_its_name(acme, api, january):
    put(acme, "checkout_confirmed", 3 * USD, at("2025-02-03T00:00:00Z"))

    month = api(acme).get(PATH, {"period": "2025-01"}).json()
    week = api(acme).get(PATH, {"period": "2025-W06"}).json()
    empty = api(acme).get(PATH, {"period": "2031-07"}).json()

    assert [row["period"] for row in month["data"]] == ["2025-01"]
    assert month["total_revenue_usd"] == 12_500
    assert [(row["period"], row["gross_revenue"]) for row in week["data"]] == [("2025-W06", 3)]
    assert (empty["data"], empty["total_revenue_usd"]) == ([], 0)
    assert (empty["period_start"], empty["period_end"]) == (
        "2031-07-01T00:00:00Z", "2031-08-01T00:00:00Z",
    )  # fmt: skip


def test_a_range_cuts_its_periods_and_says_so(acme, api, january):
    query = {"period_start": "2025-01-15", "period_end": "2025-01-30", "time_zone": "UTC"}

    told = api(acme).get(PATH, query).json()

    (row,) = told["data"]
    assert (row["gross_revenue"], row["adjustments_credit"], row["chargebacks"]) == (500, 50, 0)
    # A day that is an end is included.
    assert (row["period_start"], row["period_end"]) == (
        "2025-01-15T00:00:00Z", "2025-01-31T00:00:00Z",
    )  # fmt: skip
    assert (told["period_start"], told["period_end"]) == (row["period_start"], row["period_end"])
    assert told["net_revenue_usd"] == 550


def test_bounds_are_days_of_the_zone_or_times(acme, api):
    put(acme, "checkout_confirmed", 1 * USD, at("2025-01-14T23:30:00Z"))

    def gross(**query):
        return api(acme).get(PATH, query).json()["total_revenue_usd"]

    assert gross(period_start="2025-01-15") == 0
    assert gross(period_start="2025-01-15", time_zone="Europe/Berlin") == 1
    assert gross(period_end="2025-01-14") == 1
    assert gross(period_end="2025-01-14", time_zone="Europe/Berlin") == 0
    assert gross(period_start="2025-01-14T23:30:00Z") == 1
    assert gross(period_end="2025-01-14T23:30:00Z") == 0


def test_an_empty_ledger_is_no_error(acme, api):
    told = api(acme).get(PATH).json()

    assert (told["data"], told["total_revenue_usd"]) == ([], 0)
    assert (told["period_start"], told["period_end"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({"period": "daily"}, "unknown_period", "period"),
        ({"period": ""}, "unknown_period", "period"),
        ({"period": "2025-13"}, "unknown_period", "period"),
        ({"period": "2025-00"}, "unknown_period", "period"),
        ({"period": "0000-01"}, "unknown_period", "period"),
        ({"period": "9999-12"}, "unknown_period", "period"),
        ({"period": "2025-W53"}, "unknown_period", "period"),
        ({"period": "2025-W00"}, "unknown_period", "period"),
        ({"period": "2025-01", "period_start": "2025-01-02"}, "invalid_field_value", "period"),
        ({"period_start": "soon"}, "invalid_field_value", "period_start"),
        ({"period_start": "2025-02-30"}, "invalid_field_value", "period_start"),
        ({"period_end": "9999-12-31"}, "invalid_field_value", "period_end"),
        ({"period_start": "0001-01-01", "time_zone": "Asia/Tokyo"}, "invalid_field_value",
         "period_start"),
        ({"period_start": "2025-01-02", "period_end": "2025-01-01"}, "invalid_field_value",
         "period_start"),
        ({"time_zone": "Mars/Olympus"}, "unknown_time_zone", "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "unknown_time_zone", "time_zone"),
        ({"time_zone": ""}, "invalid_field_value", "time_zone"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(acme, api, query, code, param):
    answer = api(acme).get(PATH, query)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)


def test_nobody_sees_anothers_books(acme, zenith, api, january):
    assert api(zenith).get(PATH).json()["data"] == []
    assert api(acme, "live").get(PATH).json()["data"] == []
    assert api(acme, scopes=["payouts:read"]).get(PATH).status_code == 403


def test_it_is_two_queries_however_many_periods(acme, api):
    for month in range(1, 13):
        put(acme, "checkout_confirmed", USD, datetime(2025, month, 5, tzinfo=UTC))
    api(acme).get(PATH)

    with CaptureQueriesContext(connection) as asked:
        told = api(acme).get(PATH).json()

    assert len(told["data"]) == 12
    assert len([query for query in asked if "revenue_revenueevent" in query["sql"]]) == 2


def test_the_sandbox_clock_gives_a_played_year_its_months(acme, api):
    from datetime import timedelta

    from organizations import clock

    first = datetime.now(UTC)
    put(acme, "checkout_confirmed", USD, first)
    clock.advance(acme.id, timedelta(days=366))
    put(acme, "checkout_confirmed", USD, first)

    rows = api(acme).get(PATH).json()["data"]

    assert [row["gross_revenue"] for row in rows] == [Decimal(1), Decimal(1)]
    assert rows[0]["period"][:4] == str((first + timedelta(days=366)).year)
