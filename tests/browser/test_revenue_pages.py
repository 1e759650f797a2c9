"""Revenue in a real browser: at a desk and on a phone, by day and by night, without a mouse."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from organizations.models import Organization, User
from revenue.models import BackFill, RevenueEvent
from tests.browser.conftest import Reader
from tests.browser.looks import PHONE, all_looked_at, looked_at
from tests.revenue.lines import put

pytestmark = pytest.mark.django_db(transaction=True)
LEDGER = "/admin/revenue/revenueevent/"
USD = 1_000_000


@pytest.fixture
def year(acme: Organization) -> None:
    """A year of a shop: growing, with a bad month."""
    BackFill.objects.create(name="checkouts", passes=2)
    middle = datetime.now(UTC).replace(day=15)
    for back in range(12):
        at = middle - timedelta(days=30 * back)
        paid = (18_400 - 1_300 * back) * USD if back != 4 else 900 * USD
        put(acme, "checkout_confirmed", paid, at, environment="live")
        put(acme, "subscription_charged", (2_100 - 90 * back) * USD + 490_000, at, chain="tron",
            token="USDT", environment="live")  # fmt: skip
        put(acme, "payout_settled", (9_000 - 410 * back) * USD, at, environment="live")
        put(acme, "refund", (340 + back) * USD, at, description="Came back.", chain=None,
            token=None, environment="live")  # fmt: skip
    put(
        acme,
        "chargeback",
        2_400 * USD,
        middle - timedelta(days=120),
        chain=None,
        token=None,
        environment="live",
    )
    put(acme, "checkout_reversed", 125 * USD, middle, environment="live")


def test_every_page_at_every_size(reader: Reader, ada: User, year: None) -> None:
    page = reader(ada, "live")
    paths = {
        "revenue-overview": f"{LEDGER}overview/",
        "revenue-ledger": LEDGER,
        "revenue-adjustments": "/admin/revenue/adjustment/",
        "revenue-adjust": "/admin/revenue/adjustment/new/",
    }

    assert all_looked_at(page, paths) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_an_adjustment_is_booked_by_keyboard(
    reader: Reader, ada: User, acme: Organization, javascript: bool
) -> None:
    page = reader(ada, "live", width=PHONE, javascript=javascript)
    page.goto("/admin/revenue/adjustment/new/")

    page.get_by_label("What it is", exact=True).select_option("refund")
    page.get_by_label("Amount in USD").fill("1,250.50")
    page.get_by_label("Why").fill("Two shirts came back.")
    page.get_by_role("button", name="Look at it once more").press("Enter")

    expect(page.get_by_role("heading", name="Book a refund of 1,250.50 USD")).to_be_visible()
    if javascript:  # which axe needs
        assert looked_at(page, "revenue-second-look") == []
    assert RevenueEvent.objects.count() == 0
    page.get_by_role("button", name="Book the refund").press("Enter")
    expect(page.get_by_text("It is booked, and stands in the ledger.")).to_be_visible()
    if javascript:
        assert looked_at(page, "revenue-adjustment") == []
    assert RevenueEvent.objects.get().amount_atomic == 1_250_500_000
