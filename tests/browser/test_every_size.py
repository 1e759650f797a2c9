"""Every page at a desk and on a phone, by day and by night, with the demonstration's payouts."""

import pytest
from playwright.sync_api import expect

from organizations.models import User
from payouts.models import PayoutIntent, Settlement
from tests.admin.reading import QUEUE, act_of, page_of
from tests.browser.conftest import Reader, picture
from tests.browser.demonstrated import demonstrate
from tests.browser.looks import DESK, PHONE, all_looked_at, looked_at, width_of

pytestmark = pytest.mark.django_db(transaction=True)

BOOKS = "/admin/reconciliation/reconciliationrun/"


@pytest.fixture
def paths(db: None) -> dict[str, str]:
    """The demonstration, and where its pages are."""
    demonstrate()
    settled = Settlement.objects.exclude(discrepancies=[]).get()
    draft = PayoutIntent.objects.filter(status="draft").latest("created_at")
    assert settled.payout is not None
    return {
        "home": "/admin/",
        "queue": QUEUE,
        "all": f"{QUEUE}?tab=all",
        "draft": page_of(draft),
        "approve": act_of(draft, "approve"),
        "settled": page_of(settled.payout),
        "reconciliation": BOOKS,
        "settlement": page_of(settled),
        "new": f"{QUEUE}new/",
        "keys": "/admin/organizations/apikey/new/",
        "members": "/admin/organizations/membership/",
        "wallets": "/admin/wallets/wallet/",
        "checkouts": "/admin/checkouts/checkout/",
        "payments": "/admin/checkouts/payment/",
        "links": "/admin/checkouts/paymentlink/",
        "methods": "/admin/checkouts/paymentmethod/",
        "branding": "/admin/checkouts/branding/",
        "chains": "/admin/chainwatch/chainhead/",
        "transfers": "/admin/chainwatch/transfer/",
        "events": "/admin/events/event/",
    }


def person(name: str) -> User:
    return User.objects.get(email=f"{name}@acme.example")


def test_no_page_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str]
) -> None:
    page = reader(person("ada"))

    assert all_looked_at(page, paths) == []


def test_the_log_in_page(open_page: Reader, db: None) -> None:
    for width, size in ((DESK, "desk"), (PHONE, "phone")):
        page = open_page(width=width)
        page.goto("/admin/login/")

        assert width_of(page) <= width
        expect(page.get_by_label("E-mail")).to_be_focused()
        picture(page, f"log-in-{size}-light")


def test_on_a_phone_rows_are_cards_and_the_menu_opens_without_a_script(
    reader: Reader, paths: dict[str, str]
) -> None:
    page = reader(person("jon"), width=PHONE, javascript=False)
    page.goto(QUEUE)

    row = page.locator(".rows tbody tr").first
    assert row.evaluate("row => getComputedStyle(row).display") == "block"
    expect(page.get_by_role("link", name="Settlements")).not_to_be_visible()
    page.get_by_role("link", name="Open the menu").click()
    expect(page.get_by_role("link", name="Settlements")).to_be_visible()


def test_the_system_decides_between_day_and_night_until_the_reader_does(
    reader: Reader, paths: dict[str, str]
) -> None:
    page = reader(person("jon"), scheme="dark")
    page.goto("/admin/")
    night = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.locator(".person summary").click()
    page.get_by_role("button", name="Light").click()
    page.reload()
    day = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert (night, day) == ("rgb(15, 17, 20)", "rgb(247, 247, 248)")


def test_night_comes_without_a_script_too(reader: Reader, paths: dict[str, str]) -> None:
    page = reader(person("jon"), scheme="dark", javascript=False)
    page.goto("/admin/")

    shade = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert shade == "rgb(15, 17, 20)"


def test_what_is_selected_is_summed_per_chain_and_token(
    reader: Reader, paths: dict[str, str]
) -> None:
    page = reader(person("jon"))
    page.goto(QUEUE)

    page.get_by_label("Select all rows of this page").check()

    expect(page.locator("#sum")).to_have_text(
        "4 selected · 395.99 USDC on Arbitrum One · 22,400.00 USDC on Base · 1,600.00 USDT on Tron"
    )
    expect(page.get_by_role("button", name="Approve 4")).to_be_visible()
    picture(page, "selected-desk-light")
    page.get_by_role("button", name="Approve 4").click()
    expect(page.get_by_role("button", name="Approve 4 payouts")).to_be_visible()
    picture(page, "approve-many-desk-light")
    page.get_by_role("button", name="Approve 4 payouts").click()
    expect(page.get_by_text("Approve: 4 done")).to_be_visible()
    picture(page, "approved-many-desk-light")


def test_the_list_is_taken_away_as_a_file(reader: Reader, paths: dict[str, str]) -> None:
    page = reader(person("jon"))
    page.goto(f"{QUEUE}?tab=all")

    page.locator("summary", has_text="Export").click()
    assert looked_at(page, "export-menu") == []
    with page.expect_download() as taking:
        page.get_by_role("button", name="CSV", exact=True).click()

    assert taking.value.suggested_filename.startswith("payouts 20")
    lines = taking.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + PayoutIntent.objects.count()
