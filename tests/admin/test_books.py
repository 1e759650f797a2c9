"""The reconciliation page and the first page: numbers, and what is open as work."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.charts import Bar, stacked
from organizations.models import User
from payouts.models import PayoutIntent, Settlement
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.payouts.making import People, make_payout, mined, moved, reload, verified

BOOKS = "/admin/reconciliation/reconciliationrun/"


def short_paid(people: People) -> PayoutIntent:
    """500.00 was meant, 499.50 arrived."""
    payout = make_payout(people, "executed")
    assert payout.expected_tx_hash is not None
    mined(payout.expected_tx_hash, moved(499_500_000))
    verified()
    return reload(payout)


def resolve_url(settlement: Settlement) -> str:
    return f"{BOOKS}resolve/{settlement.id.replace('_', '_5F')}/"


def test_the_books_show_four_numbers(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "settled")
    make_payout(people, "approved")
    make_payout(people, "draft")
    short_paid(people)

    page = text_of(desk(jon).get(BOOKS))

    assert "Matched 1 settled as intended 500.00 USDC on Arbitrum One" in page
    assert "On their way 1 approved, not settled yet 500.00 USDC on Arbitrum One" in page
    assert "Unexpected 0" in page
    assert "Discrepancies 1 paid, but not as intended 499.50 USDC on Arbitrum One" in page


def test_a_discrepancy_is_work_with_what_it_looks_like(
    people: People, otto: User, desk: Desk
) -> None:
    short_paid(people)

    page = text_of(desk(otto).get(BOOKS))

    assert "Another amount 499.50 USDC on Arbitrum One · 500.00 USDC was meant" in page
    assert "0.50 USDC less arrived than was meant (0.1 %). It looks like a fee" in page
    assert "Nobody's yet Look into it" in page


def test_a_discrepancy_is_resolved_with_a_note(people: People, otto: User, desk: Desk) -> None:
    settlement = short_paid(people).settlement
    assert settlement is not None
    client = desk(otto)

    client.post(resolve_url(settlement), {"resolution": "accepted_fee", "note": "0.1 % fee."})

    settlement.refresh_from_db()
    assert (settlement.resolution, settlement.resolved_by) == ("accepted_fee", otto.id)
    page = text_of(client.get(BOOKS))
    assert "Discrepancies 0" in page
    assert "The two sides agree" in page


def test_a_resolution_needs_a_note(people: People, otto: User, desk: Desk) -> None:
    settlement = short_paid(people).settlement
    assert settlement is not None

    answer = desk(otto).post(resolve_url(settlement), {"resolution": "accepted_fee", "note": " "})

    assert "This field is required." in text_of(answer)
    settlement.refresh_from_db()
    assert settlement.resolved_at is None


def test_only_those_who_execute_resolve(people: People, jon: User, desk: Desk) -> None:
    settlement = short_paid(people).settlement
    assert settlement is not None

    answer = desk(jon).post(resolve_url(settlement), {"resolution": "refund", "note": "Mine."})

    assert answer.status_code == 403
    assert "Resolve…" not in text_of(desk(jon).get(BOOKS))


def test_anothers_settlement_is_not_found(
    people: People, strangers: People, otto: User, desk: Desk
) -> None:
    settlement = make_payout(strangers, "settled").settlement
    assert settlement is not None

    assert desk(otto).get(resolve_url(settlement)).status_code == 404


def test_the_books_are_reconciled_on_demand(people: People, otto: User, desk: Desk) -> None:
    make_payout(people, "settled")

    answer = desk(otto).post(f"{BOOKS}run/", follow=True)

    assert "The books were reconciled. It found nothing new." in text_of(answer)


def test_empty_books_say_how_they_begin(jon: User, desk: Desk) -> None:
    page = text_of(desk(jon).get(BOOKS))

    assert "Nothing to reconcile yet" in page


def test_home_says_what_needs_the_reader(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "draft")
    make_payout(people, "draft", chain="base", token="USDT")
    make_payout(people, "approved")
    short_paid(people)

    page = text_of(desk(jon).get("/admin/"))

    assert "2 to approve 500.00 USDC on Arbitrum One 500.00 USDT on Base" in page
    assert "With others: 1 to hand over" in page
    assert "1 discrepancy paid, but not as it was meant" in page
    assert "Today: 1 settled · 0 failed · 1 discrepancy" in page
    assert "Tron no node configured" in page


def test_home_says_when_nothing_does(jon: User, desk: Desk) -> None:
    assert "Nothing waits for you." in text_of(desk(jon).get("/admin/"))


def test_home_takes_a_fixed_number_of_queries(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "draft")
    make_payout(people, "settled")  # Its chain is followed, so that it could alarm.
    client = desk(jon)
    with CaptureQueriesContext(connection) as few:
        client.get("/admin/")
    for _ in range(3):
        make_payout(people, "settled")

    with CaptureQueriesContext(connection) as more:
        client.get("/admin/")

    assert len(more) == len(few) <= 12


def test_a_column_fills_the_picture_and_a_small_payment_is_still_seen() -> None:
    bars = stacked([[1_000_000], [0], [1]])

    assert bars == [
        Bar(x=100, y=6, width=800, height=594, series=0),
        Bar(x=2100, y=594, width=800, height=6, series=0),
    ]


def test_no_money_draws_nothing() -> None:
    assert stacked([[0, 0], [0, 0]]) == []
