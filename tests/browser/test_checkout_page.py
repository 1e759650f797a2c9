"""The hosted checkout as customers meet it: on a phone and at a desk, with and without a script."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django import Settings

from billing.callers import Caller
from checkouts import services
from checkouts.hosted.stages import Stage
from checkouts.models import Checkout
from organizations.models import Organization
from tests.browser.conftest import Reader, copied
from tests.browser.looks import PHONE, looked_at
from tests.checkouts.making import a_draft, a_link, a_method, a_shared_method, caller_of
from tests.checkouts.paying import a_pass, made_final, orphaned
from tests.checkouts.staging import BLOCK, arrived, at_head, in_stage

pytestmark = pytest.mark.django_db(transaction=True)

SOON_MS = 15_000  # a page asks every three seconds, and the machine may be busy


@pytest.fixture
def sandbox(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.fixture
def in_live(settings: Settings, acme: Organization) -> Caller:
    """Acme in live, where every chain has a node that nobody asks."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    return caller_of(acme, "live")


def go(page: Page, checkout: Checkout, query: str = "") -> None:
    answer = page.goto(f"/checkout/{checkout.id}{query}")
    assert answer is not None and answer.ok


def heading(page: Page, text: str) -> None:
    expect(page.locator("#heading")).to_have_text(text, timeout=SOON_MS)


def test_from_open_to_paid_without_a_reload(open_page: Reader, sandbox: Caller) -> None:
    checkout = in_stage(sandbox, Stage.PAYING, success_url="https://shop.example/thanks")
    page = open_page(width=PHONE)
    go(page, checkout)
    page.evaluate("window.isTheSame = true")
    heading(page, "Waiting for your payment")
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"29:[0-5]\d"))

    tx_hash = arrived(checkout)
    at_head(checkout, BLOCK)
    heading(page, "Payment found")
    expect(page.locator("#said")).to_have_text("Payment found")
    expect(page.get_by_text(checkout.address)).not_to_be_attached()

    at_head(checkout, BLOCK + 3)
    expect(page.get_by_text("4 of 12 confirmations")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 4)

    made_final(tx_hash)
    at_head(checkout, BLOCK + 11)
    heading(page, "Paid")
    expect(page.get_by_text(tx_hash)).to_be_visible()
    back = page.get_by_role("link", name="Back to Acme GmbH")
    expect(back).to_have_attribute("href", f"https://shop.example/thanks?checkout_id={checkout.id}")
    expect(page).to_have_title(re.compile(r"^Paid · 49\.99 USDC · Acme GmbH$"))
    assert page.evaluate("window.isTheSame") is True


def test_from_open_to_paid_without_a_script(open_page: Reader, sandbox: Caller) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page(width=PHONE, javascript=False)
    go(page, checkout)
    expect(page.get_by_text(checkout.address)).to_be_visible()
    without_script = page.locator("noscript p")  # which is not looked into for text
    expect(without_script).to_be_visible()
    expect(without_script).to_contain_text("This page refreshes itself every 30 seconds.")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)

    tx_hash = arrived(checkout)
    at_head(checkout, BLOCK + 3)
    without_script.locator("a").click()
    heading(page, "Payment found")
    expect(page.get_by_text("4 of 12 confirmations")).to_be_visible()

    made_final(tx_hash)
    at_head(checkout, BLOCK + 11)
    heading(page, "Paid")  # by itself: it refreshes every five seconds now


def test_a_payment_link_leads_to_a_checkout_and_back_to_it(
    open_page: Reader, sandbox: Caller
) -> None:
    a_method(sandbox)
    link = a_link(sandbox, amount_usd=Decimal(25), description="Two seats for the concert")
    page = open_page(width=PHONE, javascript=False)

    page.goto(f"/pay/{link.id}?lang=es")
    page.get_by_role("button", name="Pagar 25.00 USDC").click()

    heading(page, "Esperando su pago")
    path = page.url
    page.goto(f"/pay/{link.id}?lang=es")
    assert page.url == path


def test_address_and_amount_are_copied_exactly(open_page: Reader, sandbox: Caller) -> None:
    method = a_shared_method(sandbox)
    in_stage(sandbox, Stage.PAYING, payment_method_id=method.id, amount_usd=Decimal("1250.5"))
    checkout = in_stage(
        sandbox, Stage.PAYING, payment_method_id=method.id, amount_usd=Decimal("1250.5")
    )
    page = open_page(width=PHONE)
    go(page, checkout)

    for name, text in (("Copy the address", checkout.address), ("Copy the amount", "1250.500001")):
        page.get_by_role("button", name=name).click()
        expect(page.locator("#said")).to_have_text("Copied")
        copied(page, text)
    expect(page.locator(".amount")).to_have_text("1,250.500001USDC")


def test_a_wrong_clock_of_the_customer_does_no_harm(open_page: Reader, sandbox: Caller) -> None:
    page = open_page()
    page.add_init_script("{ const now = Date.now; Date.now = () => now() + 3 * 86400 * 1000; }")
    go(page, in_stage(sandbox, Stage.PAYING))

    clock = page.locator("[data-clock]")
    expect(clock).to_have_text(re.compile(r"29:[0-5]\d"))
    first = clock.inner_text()

    expect(clock).not_to_have_text(first)
    expect(clock).to_have_text(re.compile(r"29:[0-5]\d"))
    ring = page.locator("[data-ring]").get_attribute("stroke-dasharray") or ""
    assert 90 < float(ring.split()[0]) < 100


def test_when_the_time_is_up_the_address_goes_by_itself(open_page: Reader, sandbox: Caller) -> None:
    checkout = services.create(sandbox, a_draft(expires_in_seconds=6))
    page = open_page()
    go(page, checkout)
    expect(page.get_by_text(checkout.address)).to_be_visible()

    heading(page, "The time is up")
    expect(page.get_by_text(checkout.address)).not_to_be_attached()


def test_the_minutes_that_are_left_are_told_to_who_cannot_see_them(
    open_page: Reader, sandbox: Caller
) -> None:
    page = open_page()
    go(page, services.create(sandbox, a_draft(expires_in_seconds=62)), "?lang=ru")

    expect(page.locator("#said")).to_have_text("Осталась 1 минута")


def test_who_held_the_focus_holds_it_after_a_change(open_page: Reader, sandbox: Caller) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page()
    go(page, checkout)
    page.get_by_role("button", name="Copy the address").focus()

    arrived(checkout)
    heading(page, "Payment found")

    expect(page.locator("#heading")).to_be_focused()


def test_a_payment_that_left_the_chain_is_not_asked_for_again(
    open_page: Reader, sandbox: Caller
) -> None:
    checkout = in_stage(sandbox, Stage.DETECTED)
    assert checkout.tx_hash is not None
    page = open_page(width=PHONE)
    go(page, checkout)

    orphaned(checkout.tx_hash)
    a_pass()

    heading(page, "The network has taken your payment back for now")
    expect(page.get_by_text("Do not pay again")).to_be_visible()
    expect(page.get_by_text(checkout.address)).not_to_be_attached()


def test_a_lost_connection_is_said_and_mended(open_page: Reader, sandbox: Caller) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page()
    is_lost = True

    def answer(route: Route) -> None:
        if is_lost:
            route.fulfill(status=200, body="not what was asked for")
        else:
            route.continue_()

    page.route("**/status", answer)
    go(page, checkout)
    expect(page.get_by_text("No connection.")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text(checkout.address)).to_be_visible()

    is_lost = False
    expect(page.get_by_text("No connection.")).not_to_be_visible(timeout=40_000)


def test_every_stage_fits_its_window_and_can_be_read_by_everybody(
    open_page: Reader, sandbox: Caller
) -> None:
    page, wrong = open_page(), list[str]()
    urls = {"success_url": "https://shop.example/ok", "cancel_url": "https://shop.example/cart"}

    for stage in Stage:
        go(page, in_stage(sandbox, stage, **urls))
        wrong += looked_at(page, f"checkout-{stage}")

    assert wrong == []


def shared(caller: Caller) -> Checkout:
    method = a_shared_method(caller)
    in_stage(caller, Stage.PAYING, payment_method_id=method.id)
    return in_stage(caller, Stage.PAYING, payment_method_id=method.id)


def huge(caller: Caller) -> Checkout:
    a_method(caller, "tron", "USDT")
    amount = Decimal("999999999.123456")
    return in_stage(caller, Stage.PAYING, chain="tron", token="USDT", amount_usd=amount)


def arbitrum(caller: Caller) -> Checkout:
    a_method(caller, "arbitrum", "USDC")
    amount = Decimal("1250")
    return in_stage(caller, Stage.PAYING, chain="arbitrum", amount_usd=amount)


@pytest.mark.parametrize("make", [shared, huge, arbitrum])
def test_live_fits_its_window_in_every_direction(
    open_page: Reader, in_live: Caller, make: Callable[[Caller], Checkout]
) -> None:
    page, wrong = open_page(), list[str]()
    checkout = make(in_live)

    for language in ("en", "ru", "ar"):
        go(page, checkout, f"?lang={language}")
        wrong += looked_at(page, f"checkout-{make.__name__}-{language}")

    assert wrong == []


def test_the_pages_of_a_link_fit_and_can_be_read(open_page: Reader, sandbox: Caller) -> None:
    page = open_page()
    a_method(sandbox)
    link = a_link(sandbox, description="Annual plan for the whole team, invoice 884")

    page.goto(f"/pay/{link.id}")
    assert looked_at(page, "link") == []
    page.locator("summary").click()
    expect(page.get_by_role("link", name="Türkçe")).to_be_visible()
    assert looked_at(page, "link-languages") == []


def test_the_code_with_the_amount_is_chosen_without_a_script(
    open_page: Reader, in_live: Caller
) -> None:
    page = open_page(width=PHONE, javascript=False)
    go(page, arbitrum(in_live))
    expect(page.get_by_role("img", name="QR code of the address", exact=True)).to_be_visible()

    page.get_by_text("With the amount").click()

    expect(page.get_by_role("img", name="QR code of the address with the amount")).to_be_visible()
    expect(page.get_by_role("img", name="QR code of the address", exact=True)).not_to_be_visible()
