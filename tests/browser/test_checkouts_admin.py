"""The pages of being paid in a real browser: at a desk and on a phone, by day and by night."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from checkouts import branding
from checkouts.models import Branding, PaymentLink
from organizations.models import Organization, User
from tests.admin.paying import (
    BRANDING,
    CHECKOUTS,
    LINKS,
    METHODS,
    PAYMENTS,
    a_checkout,
    left_the_chain,
    paid,
    time_over,
)
from tests.admin.reading import act_of, page_of
from tests.browser.conftest import Reader, copied, picture
from tests.browser.looks import all_looked_at
from tests.checkouts.making import a_link, a_method, a_shared_method, a_wallet, reload
from tests.payouts.making import People

pytestmark = pytest.mark.django_db(transaction=True)

USDT_ON_BASE = "0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2"


@pytest.fixture
def people(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> People:
    """Acme's people in live; each chain has a node that nobody asks."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    return People.of(acme, "live", mara, jon, otto, ada)


@pytest.fixture
def paths(people: People) -> dict[str, str]:
    """A checkout in every state worth seeing, and where the pages are."""
    caller = people.preparer
    usual = a_method(people.admin, is_default=True, display_name="Shop, USDC on Base")
    a_method(people.admin, "tron", "USDT", min_amount_usd=Decimal(5), max_amount_usd=Decimal(9000))
    shared = a_shared_method(people.admin, display_name="Till")

    def order(number: int, **draft: object) -> dict[str, object]:
        return {"payment_method_id": usual.id, "metadata": {"order_id": f"2025-{number}"}, **draft}

    pending = a_checkout(caller, **order(1001, amount_usd=Decimal("12500.10")))
    a_checkout(caller, chain="tron", token="USDT", customer_id="cus_8f3c0d1e2a4b5c6d7e8f9a0b")
    part = a_checkout(caller, **order(1002))
    paid(part, "10")
    confirming = a_checkout(caller, **order(1003))
    paid(confirming, is_final=False, confirmations=7)
    confirmed = a_checkout(caller, **order(1004))
    paid(confirmed, "30")
    gone = a_checkout(caller, **order(1005, metadata={"order_id": "2025-1005", "plan": "pro"}))
    left_the_chain(paid(gone))
    wrong = a_checkout(caller, **order(1006))
    paid(wrong, contract=USDT_ON_BASE)
    stray = paid(a_checkout(caller, payment_method_id=shared.id), "25.3")
    short = a_checkout(caller, **order(1007, expires_in_seconds=-30))
    too_little = paid(short, "10", at=short.deadline - timedelta(seconds=1))
    late = a_checkout(caller, **order(1008, expires_in_seconds=-30))
    late_payment = paid(late, at=late.deadline + timedelta(hours=3))
    time_over(late)
    link = a_link(people.admin, payment_method_id=usual.id, description="Annual plan, invoice 884")
    return {
        "checkouts-live": CHECKOUTS,
        "checkout-pending": page_of(pending),
        "checkout-part": page_of(part),
        "checkout-confirming": page_of(confirming),
        "checkout-confirmed": page_of(confirmed),
        "checkout-reversed": page_of(gone),
        "checkout-underpaid": page_of(short),
        "checkout-late": page_of(late),
        "checkout-cancel": act_of(pending, "cancel"),
        "checkout-fail": act_of(pending, "fail"),
        "payments-live": PAYMENTS,
        "payments-underpaid": f"{PAYMENTS}?tab=underpaid",
        "payments-all": f"{PAYMENTS}?tab=all",
        "payment-late": page_of(late_payment),
        "payment-stray": page_of(stray),
        "payment-too-little": page_of(too_little),
        "payment-resolve": act_of(late_payment, "resolve"),
        "methods-live": METHODS,
        "method": page_of(usual),
        "method-new": f"{METHODS}new/",
        "method-update": act_of(usual, "update"),
        "method-disable": act_of(usual, "disable"),
        "links-live": LINKS,
        "link": page_of(link),
        "link-new": f"{LINKS}new/",
        "branding-live": BRANDING,
        "home-paid": "/admin/",
    }


def test_no_page_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str], ada: User
) -> None:
    page = reader(ada, "live")

    assert all_looked_at(page, paths) == []


def test_a_late_payment_is_found_from_the_first_page_and_resolved(
    reader: Reader, paths: dict[str, str], mara: User
) -> None:
    page = reader(mara, "live")
    page.goto("/admin/")

    page.get_by_role("link", name="payments to look at").click()
    row = page.get_by_role("row").filter(has_text="came 3 h after the checkout expired")
    row.get_by_role("link").first.click()
    page.get_by_role("link", name="Resolve…").click()
    page.get_by_label("refunded: sent back").check()
    page.get_by_label("Note").fill("sent back in 0xab12")
    page.get_by_role("button", name="Resolve").click()

    expect(page.get_by_text("Mara resolved it as refunded")).to_be_visible()
    expect(page.get_by_text("sent back in 0xab12")).to_be_visible()
    expect(page.get_by_role("link", name="Resolve…")).to_have_count(0)


def test_the_list_is_narrowed_without_a_script(
    reader: Reader, paths: dict[str, str], mara: User
) -> None:
    page = reader(mara, "live", javascript=False)
    page.goto(CHECKOUTS)

    page.locator(".filter summary").filter(has_text="With").click()
    page.get_by_role("link", name="underpaid").click()
    expect(page.locator(".rows tbody tr")).to_have_count(1)
    page.locator(".filter summary").filter(has_text="Created").click()
    page.get_by_label("To", exact=True).fill("2025-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".rows tbody tr").nth(5)).to_be_visible()


def test_what_is_typed_as_branding_is_seen_at_once_and_kept(
    reader: Reader, people: People, ada: User, acme: Organization
) -> None:
    page = reader(ada, "live")
    page.goto(BRANDING)

    page.get_by_label("Name", exact=True).fill("Acme Shop")
    page.get_by_label("Colour", exact=True).fill("#7a1fa2")
    expect(page.locator("[data-preview=name]")).to_have_text("Acme Shop")
    fills = page.locator("rect[data-preview=color]")
    expect(fills).to_have_count(2)
    for n in range(2):
        expect(fills.nth(n)).to_have_attribute("fill", "#7a1fa2")
    assert Branding.objects.count() == 0
    page.get_by_role("button", name="Keep this").click()

    expect(page.get_by_text("The pages look like this from now on.")).to_be_visible()
    assert branding.of(acme.id, "live").accent_color == "#7a1fa2"


def test_a_link_is_made_and_its_address_copied(reader: Reader, people: People, mara: User) -> None:
    a_method(people.admin, display_name="Shop")
    page = reader(mara, "live")
    page.goto(LINKS)

    page.get_by_role("link", name="Make a payment link").first.click()
    page.get_by_label("Amount").fill("20")
    page.get_by_role("button", name="Make a payment link").click()
    page.get_by_role("button", name="Copy link").click()

    copied(page, f"http://localhost:8000/pay/{PaymentLink.objects.get().id}")


def test_a_payment_is_played_in_the_sandbox(reader: Reader, sandboxed: People, mara: User) -> None:
    a_wallet(sandboxed.admin)
    a_method(sandboxed.admin)
    checkout = a_checkout(sandboxed.preparer)
    page = reader(mara)
    page.goto(page_of(checkout))

    page.get_by_role("link", name="Simulate a payment…").click()
    page.get_by_label("paid in two halves").check()
    page.get_by_role("button", name="Simulate a payment").click()

    expect(page.locator(".payout-head .state")).to_have_text("confirmed")
    assert reload(checkout).status == "confirmed"
    picture(page, "checkout-simulated-desk-light")
