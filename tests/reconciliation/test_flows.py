"""Money out per day: which day a settlement belongs to, which count, and what the sums cost."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from reconciliation import flows
from tests.reconciliation.rows import a_payout, a_settlement, put_in

UNIT = 1_000_000
# The night before, clocks in Berlin went from 1:59 to 3:00.
NOW = datetime(2025, 3, 31, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def settled(organization, at, units, **fields):
    payout = a_payout(organization, "settled", amount_atomic=units * UNIT, **fields)
    return payout, a_settlement(organization, payout, created_at=at)


def out(caller):
    with timezone.override(BERLIN):
        flow = flows.money_out(caller, NOW)
    return [(day, [cell and strip_tags(cell) for cell in cells]) for day, cells in flow.days]


def test_a_day_is_one_of_the_reader_s_zone(acme, api):
    rows = [
        settled(acme, datetime(2025, 3, 29, 22, 59, tzinfo=UTC), 1),
        settled(acme, datetime(2025, 3, 29, 23, 0, tzinfo=UTC), 2),
        settled(acme, datetime(2025, 3, 30, 21, 59, tzinfo=UTC), 4),
        settled(acme, datetime(2025, 3, 30, 22, 0, tzinfo=UTC), 8),
        settled(acme, NOW, 16, chain="arbitrum", token="USDT"),
    ]
    put_in(*zip(*rows, strict=True))

    assert out(api(acme).caller) == [
        (date(2025, 3, 31), ["16.00USDT", "8.00USDC"]),
        (date(2025, 3, 30), [None, "6.00USDC"]),
        (date(2025, 3, 29), [None, "1.00USDC"]),
    ]


def test_what_is_older_than_a_month_is_left_out(acme, api):
    rows = [
        settled(acme, datetime(2025, 3, 1, 9, 59, tzinfo=UTC), 1),
        settled(acme, datetime(2025, 3, 1, 10, 0, tzinfo=UTC), 2),
        settled(acme, datetime(2025, 3, 2, 10, 0, tzinfo=UTC), 4),
    ]
    put_in(*zip(*rows, strict=True))

    # What is left of the thirty-first day counts to the thirtieth.
    assert out(api(acme).caller) == [(date(2025, 3, 2), ["6.00USDC"])]


def test_what_left_the_chain_what_was_not_meant_and_what_is_others_is_left_out(acme, zenith, api):
    at = datetime(2025, 3, 30, 12, tzinfo=UTC)
    gone = settled(acme, at, 1)
    gone[1].reversed_at = at
    rows = [gone, settled(zenith, at, 2), settled(acme, at, 4, environment="live")]
    rows.append(settled(acme, at, 8))
    payouts, settlements = zip(*rows, strict=True)
    put_in(payouts, [*settlements, a_settlement(acme, created_at=at)])

    assert out(api(acme).caller) == [(date(2025, 3, 30), ["8.00USDC"])]


def test_the_sums_are_read_from_their_index_alone(acme, api):
    """Among rows that are counted first: which index looks cheapest is else what ran before."""
    kinds = [("base", "USDC"), ("arbitrum", "USDT"), ("tron", "USDT")]
    rows = [
        settled(acme, NOW - timedelta(hours=4 * n), 1, chain=chain, token=token)
        for n in range(160)
        for chain, token in kinds
    ]
    put_in(*zip(*rows, strict=True))
    caller = api(acme).caller
    with connection.cursor() as cursor:
        cursor.execute("analyze payouts_settlement")

    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        flows.money_out(caller, NOW)
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("set local enable_bitmapscan = off")
        cursor.execute("explain " + asked[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Only Scan using settlement_money_out" in plan
    assert "Filter" not in plan.split("settlement_money_out")[1]
