"""Revenue in the admin: the page that sums up, the ledger, adjustments after a second look."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test.utils import CaptureQueriesContext

from billing.charts import HEIGHT, grouped
from events.models import Event
from organizations.models import Organization, User
from revenue.models import Adjustment, BackFill, RevenueEvent
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.admin.test_step_up import grown_stale
from tests.revenue.lines import put

OVERVIEW = "/admin/revenue/revenueevent/overview/"
LEDGER = "/admin/revenue/revenueevent/"
ADJUSTMENTS = "/admin/revenue/adjustment/"
NEW = f"{ADJUSTMENTS}new/"
USD = 1_000_000
FORM = {"type": "refund", "amount": "1,250.50", "about": "", "reason": "Two shirts came back."}


@pytest.fixture
def now() -> datetime:
    """The middle of this month, so that the month before is a month away in every zone."""
    return datetime.now(UTC).replace(day=15, hour=12)


def hidden(page: HttpResponse, name: str) -> str:
    """The value of a hidden field."""
    text = page.content.decode()
    start = text.index(f'name="{name}"')
    start = text.index('value="', start) + len('value="')
    return text[start : text.index('"', start)]


def second_look(client: Any, **changes: str) -> tuple[HttpResponse, dict[str, str]]:
    """The page that shows the line, and what its button sends."""
    form = {**FORM, **changes}
    page = client.post(NEW, form)
    assert page.status_code == 200
    return page, {**form, "shown": hidden(page, "shown")}


# --- the page that sums up -----------------------------------------------------------------------


def test_it_shows_this_month_and_the_one_before(
    acme: Organization, ada: User, desk: Desk, now: datetime
) -> None:
    put(acme, "checkout_confirmed", 1_200 * USD, now, environment="live")
    put(acme, "refund", 200 * USD, now, environment="live")
    put(acme, "payout_settled", 700 * USD, now, environment="live")
    put(acme, "subscription_charged", 50 * USD, now - timedelta(days=31), environment="live")

    page = text_of(desk(ada).get(OVERVIEW))

    assert "Gross this month 1,200.00 USD paid by customers the month before: 50.00 USD" in page
    assert "Net this month 1,000.00 USD" in page
    assert "Payouts out this month 700.00 USD no part of revenue" in page
    row = f"{now:%Y-%m} 1,200.00 −200.00 0.00 0.00 0.00 1,000.00 700.00"
    assert row in page
    assert "All 12 1,250.00 −200.00 " in page


def test_it_has_a_chart_that_is_drawn_by_the_server(
    acme: Organization, ada: User, desk: Desk, now: datetime
) -> None:
    put(acme, "checkout_confirmed", 1_200 * USD, now, environment="live")

    page = desk(ada).get(OVERVIEW).content.decode()

    assert page.count("<rect") == 2
    assert (
        'role="img"' in page
        and "style=" not in page.partition("<svg class")[2].partition("</svg>")[0]
    )


def test_periods_are_those_of_the_organizations_zone(
    acme: Organization, ada: User, desk: Desk
) -> None:
    acme.time_zone = "Pacific/Auckland"
    acme.save()
    today = datetime.now(UTC)
    # Noon of the last day of the month before, in UTC: the first of this one in Auckland.
    at = today.replace(day=1, hour=12, minute=0) - timedelta(days=1)
    put(acme, "checkout_confirmed", 7 * USD, at, environment="live")

    page = text_of(desk(ada).get(OVERVIEW))

    assert "periods begin at midnight in Pacific/Auckland" in page
    assert f"{today:%Y-%m} 7.00 " in page


def test_it_says_what_will_appear_here_while_there_is_nothing(ada: User, desk: Desk) -> None:
    page = text_of(desk(ada).get(OVERVIEW))

    assert "Nothing earned in the last 12 months" in page
    assert "Each checkout that is paid, each payout that is settled" in page


def test_it_says_while_the_past_is_still_being_written(ada: User, desk: Desk) -> None:
    said = "What was paid before there was a ledger is still being written"
    assert said in text_of(desk(ada).get(OVERVIEW))

    BackFill.objects.create(name="checkouts", passes=1)

    assert said not in text_of(desk(ada).get(OVERVIEW))


def test_by_week_it_has_weeks(acme: Organization, ada: User, desk: Desk, now: datetime) -> None:
    put(acme, "checkout_confirmed", USD, datetime.now(UTC), environment="live")

    page = text_of(desk(ada).get(OVERVIEW, {"period": "weekly"}))

    assert "Gross this week 1.00 USD" in page


@pytest.mark.parametrize("path", [OVERVIEW, LEDGER, ADJUSTMENTS])
def test_a_page_takes_eight_queries_at_most(
    acme: Organization, ada: User, desk: Desk, path: str
) -> None:
    for n in range(20):
        put(acme, "checkout_confirmed", USD, datetime.now(UTC) - timedelta(days=9 * n))
    client = desk(ada, "sandbox")
    for n in range(3):
        _, sent = second_look(client, amount=f"{n + 1}.00")
        assert client.post(NEW, sent).status_code == 302
    client.get(path)

    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200

    assert len(asked) <= 8, [query["sql"][:90] for query in asked]


# --- the ledger ----------------------------------------------------------------------------------


def test_the_ledger_lists_lines_with_their_signs(
    acme: Organization, ada: User, desk: Desk, now: datetime
) -> None:
    put(acme, "checkout_confirmed", 49_990_000, now, environment="live")
    put(acme, "refund", 20 * USD, now, environment="live", chain=None, token=None,
        description="Came back.")  # fmt: skip

    page = text_of(desk(ada).get(LEDGER))
    refunds = text_of(desk(ada).get(LEDGER, {"type": "refund"}))

    assert "49.99 USDC Checkout paid" in page
    assert "−20.00 USD Refund Came back." in page
    assert "Checkout paid 49.99" not in refunds and "49.99 USDC" not in refunds


def test_a_line_is_shown_and_nobody_can_change_it(
    acme: Organization, ada: User, desk: Desk, now: datetime
) -> None:
    put(acme, "checkout_confirmed", 49_990_000, now, environment="live", tx_hash="0x" + "ab" * 32)
    line = RevenueEvent.objects.get()
    url = f"{LEDGER}{line.id.replace('_', '_5F')}/change/"
    client = desk(ada)

    page = text_of(client.get(url))

    assert "49.99 USDC" in page and "Checkout paid" in page
    client.post(url, {"amount_atomic": "1"})
    for path in ("add/", f"{line.id.replace('_', '_5F')}/delete/"):
        assert client.get(f"{LEDGER}{path}").status_code == 404
    assert RevenueEvent.objects.get().amount_atomic == 49_990_000


def test_an_id_is_searched_for_exactly(
    acme: Organization, ada: User, desk: Desk, now: datetime
) -> None:
    put(acme, "checkout_confirmed", 5 * USD, now, environment="live", checkout_id="co_here")
    put(acme, "checkout_confirmed", 7 * USD, now, environment="live", checkout_id="co_there")

    page = text_of(desk(ada).get(LEDGER, {"q": "co_here"}))

    assert "5.00 USDC" in page and "7.00 USDC" not in page


def rows_of(answer: Any) -> list[list[str]]:
    content = b"".join(cast(StreamingHttpResponse, answer).streaming_content)  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_ledger_is_exported_as_it_is_filtered_and_that_is_told(
    acme: Organization, ada: User, desk: Desk, now: datetime
) -> None:
    put(acme, "checkout_confirmed", 49_990_000, now, environment="live")
    put(acme, "chargeback", 5 * USD, now, environment="live", description="=HYPERLINK(1)")

    rows = rows_of(desk(ada).post(f"{LEDGER}export/?type=chargeback", {"format": "csv"}))

    assert [row[2:5] for row in rows] == [
        ["Type", "Amount", "Currency"],
        ["chargeback", "5", "USD"],
    ]
    assert rows[1][15] == "'=HYPERLINK(1)"
    told = Event.objects.get(type="export.made").payload["data"]
    assert (told["what"], told["filters"]) == ("revenue ledger", {"type": "chargeback"})


def test_periods_are_exported(acme: Organization, ada: User, desk: Desk) -> None:
    put(acme, "checkout_confirmed", 49_990_000, environment="live")

    rows = rows_of(desk(ada).post(f"{OVERVIEW}export/", {"format": "csv", "period": "monthly"}))

    assert rows[1][:5] == ["2025-01", "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z", "USD",
                           "49.99"]  # fmt: skip
    assert rows[0][12] == "Lines: Checkout paid" and rows[1][12] == "1"
    refused = desk(ada).post(f"{OVERVIEW}export/", {"format": "exe"}, follow=True)
    assert "The format must be csv or xlsx." in text_of(refused)


# --- adjustments ---------------------------------------------------------------------------------


def test_an_adjustment_is_shown_before_it_is_written(
    ada: User, acme: Organization, desk: Desk
) -> None:
    client = desk(ada, "sandbox")

    page, sent = second_look(client, about="co_12")

    shown = text_of(page)
    assert "Book a refund of 1,250.50 USD" in shown
    assert "Amount −1,250.50 USD" in shown and "Net revenue is lowered by it" in shown
    assert "About co_12" in shown and "Why Two shirts came back." in shown
    assert (Adjustment.objects.count(), RevenueEvent.objects.count()) == (0, 0)

    after = client.post(NEW, sent, follow=True)

    assert "It is booked, and stands in the ledger." in text_of(after)
    row, line = Adjustment.objects.get(), RevenueEvent.objects.get()
    assert (row.type, row.amount_atomic, row.checkout_id) == ("refund", 1_250_500_000, "co_12")
    assert (row.reason, row.applied_by) == ("Two shirts came back.", ada.id)
    assert (line.event_type, line.amount_atomic) == ("refund", 1_250_500_000)
    assert Event.objects.get(type="adjustment.created").actor_id == ada.id


def test_a_form_that_is_sent_twice_books_once(ada: User, acme: Organization, desk: Desk) -> None:
    client = desk(ada, "sandbox")
    _, sent = second_look(client)
    client.post(NEW, sent)

    again = client.post(NEW, sent)

    assert again.status_code == 400
    assert "is written already, and nothing was written now" in text_of(again)
    assert RevenueEvent.objects.count() == 1


@pytest.mark.parametrize("change", [{"amount": "9,250.50"}, {"type": "credit"}, {"about": "co_9"}])
def test_what_was_shown_is_what_is_written(
    ada: User, acme: Organization, desk: Desk, change: dict[str, str]
) -> None:
    client = desk(ada, "sandbox")
    _, sent = second_look(client)

    page = client.post(NEW, {**sent, **change})

    assert "The line it will write" in text_of(page)
    assert RevenueEvent.objects.count() == 0


def test_a_second_look_of_somebody_else_is_none(
    ada: User, otto: User, acme: Organization, desk: Desk
) -> None:
    _, sent = second_look(desk(ada, "sandbox"))

    page = desk(otto, "sandbox").post(NEW, sent)

    assert "The line it will write" in text_of(page)
    assert RevenueEvent.objects.count() == 0


def test_in_live_the_person_proves_who_they_are(ada: User, acme: Organization, desk: Desk) -> None:
    client = desk(ada)
    _, sent = second_look(client)

    asked = grown_stale(client).post(NEW, sent)

    assert "Confirm that it is you" in text_of(asked)
    assert RevenueEvent.objects.count() == 0
    answer = {**sent, "confirming": "POST", "password": "the password of ada"}
    assert client.post(NEW, answer).status_code == 302
    assert RevenueEvent.objects.get().environment == "live"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": "0"}, "The amount must be at least 0.01."),
        ({"amount": "1e3"}, "Write the amount in digits with a point"),
        ({"amount": "1.0000001"}, "more than the 6 decimals"),
        ({"about": "po_1"}, "This must begin with co_, sub_ or cus_."),
        ({"reason": ""}, "This field is required."),
        ({"type": "gift"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    ada: User, acme: Organization, desk: Desk, change: dict[str, str], said: str
) -> None:
    page = desk(ada, "sandbox").post(NEW, {**FORM, **change})

    assert said in text_of(page)
    assert RevenueEvent.objects.count() == 0


def test_an_adjustment_is_countered_once(ada: User, acme: Organization, desk: Desk) -> None:
    client = desk(ada, "sandbox")
    _, sent = second_look(client)
    client.post(NEW, sent)
    first = Adjustment.objects.get()
    url = f"{ADJUSTMENTS}{first.id.replace('_', '_5F')}/act/counter/"

    shown = text_of(client.get(url))
    client.post(url, {"reason": "Wrong shirt."})
    again = client.post(url, {"reason": "Once more."})

    assert "Book a credit of 1,250.50 USD that takes this refund back" in shown
    assert "Net revenue is raised by it" in shown
    counter = Adjustment.objects.exclude(id=first.id).get()
    assert (counter.type, counter.amount_atomic) == ("credit", first.amount_atomic)
    assert counter.reason == f"Counters {first.id}: Wrong shirt."
    assert again.status_code == 400 and "is written already" in text_of(again)
    first.refresh_from_db()
    assert first.reason == "Two shirts came back."


@pytest.mark.parametrize("person", ["mara", "jon", "vera"])
def test_who_may_not_write_reads_alone(
    acme: Organization, desk: Desk, request: pytest.FixtureRequest, person: str
) -> None:
    client = desk(request.getfixturevalue(person), "sandbox")

    page = client.get(OVERVIEW)

    assert page.status_code == 200 and "Book an adjustment" not in text_of(page)
    assert client.post(NEW, FORM).status_code == 403
    assert RevenueEvent.objects.count() == 0


def test_a_stranger_sees_nothing(acme: Organization, zoe: User, desk: Desk, now: datetime) -> None:
    put(acme, "checkout_confirmed", 49_990_000, now, environment="live")
    line = RevenueEvent.objects.get()
    client = desk(zoe)

    assert "49.99" not in text_of(client.get(OVERVIEW))
    assert "49.99" not in text_of(client.get(LEDGER))
    assert client.get(f"{LEDGER}{line.id.replace('_', '_5F')}/change/").status_code == 404


def test_bars_stand_on_the_line_of_zero_and_hang_from_it() -> None:
    found = grouped([[100, 50], [0, -100]])

    assert found.zero == HEIGHT // 2
    assert [(bar.series, bar.y, bar.height) for bar in found.bars] == [
        (0, 0, 300), (1, 150, 150), (1, 300, 300),
    ]  # fmt: skip
    assert grouped([[0, 0]]).bars == []
