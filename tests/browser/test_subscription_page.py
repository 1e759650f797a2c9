"""The customer's page of a subscription as customers meet it: on a phone and at a desk."""

import re

import pytest
from playwright.sync_api import Page, expect

from billing.callers import Caller
from organizations.models import Organization
from subscriptions.hosted.standing import Stage
from subscriptions.models import Subscription
from tests.browser.conftest import Reader
from tests.browser.looks import PHONE, looked_at, width_of
from tests.checkouts.making import caller_of
from tests.subscriptions.making import pay, reload
from tests.subscriptions.staging import in_stage, path_of, with_history

pytestmark = pytest.mark.django_db(transaction=True)

# The others look like one of these, and have other words.
LOOKS = (
    Stage.TRIALING, Stage.DUE, Stage.ACTIVE, Stage.ENDING, Stage.PAST_DUE, Stage.PAUSED, Stage.OVER,
)  # fmt: skip
DESCRIPTION = "Every course of the studio, live and recorded. Up to three people."


@pytest.fixture
def sandbox(acme: Organization) -> Caller:
    return caller_of(acme)


def go(page: Page, subscription: Subscription, query: str = "") -> None:
    answer = page.goto(f"{path_of(subscription)}{query}")
    assert answer is not None and answer.ok
    expect(page.locator("#heading")).to_be_visible()


def test_every_look_fits_its_window_and_can_be_read_by_everybody(
    open_page: Reader, sandbox: Caller
) -> None:
    page, wrong = open_page(), list[str]()

    for stage in LOOKS:
        go(page, in_stage(sandbox, stage, description=DESCRIPTION))
        wrong += looked_at(page, f"subscription-{stage}")

    assert wrong == []


def test_long_words_fit_in_every_direction(open_page: Reader, sandbox: Caller) -> None:
    page, wrong = open_page(), list[str]()
    subscription = in_stage(
        sandbox,
        Stage.DUE,
        name="Rindfleischetikettierungsüberwachung" * 3,
        description="x" * 300,
        amount_atomic=999_999_999_123_456,
        interval_count=12,
    )
    with_history(sandbox, subscription, 25)

    for language in ("en", "ru", "ar"):
        go(page, subscription, f"?lang={language}")
        wrong += looked_at(page, f"subscription-long-{language}")
        page.goto(f"{path_of(subscription)}/cancel?lang={language}")
        expect(page.locator("form button")).to_be_visible()
        wrong += looked_at(page, f"subscription-cancel-{language}")

    assert wrong == []


def test_an_amount_fits_before_its_font_is_there(open_page: Reader, sandbox: Caller) -> None:
    page = open_page(width=PHONE)
    subscription = in_stage(sandbox, Stage.DUE, amount_atomic=999_999_999_123_456)
    page.route("**/*.woff2", lambda asked: asked.fulfill(status=200, body=b""))

    go(page, subscription)

    assert width_of(page) <= PHONE


def test_paying_leads_to_the_checkout_and_back_it_is_paid(
    open_page: Reader, sandbox: Caller
) -> None:
    subscription = in_stage(sandbox, Stage.DUE)
    page = open_page(width=PHONE, javascript=False)
    go(page, subscription, "?lang=es")

    page.locator("a.button").click()
    expect(page.locator("#heading")).to_have_text("Esperando su pago")
    assert re.search(r"/checkout/co_[0-9a-z]+\?lang=es$", page.url)

    pay(sandbox, subscription)
    go(page, subscription)
    expect(page.locator("#heading")).to_have_text("Active")
    page.get_by_role("link", name=re.compile("^Paid on ")).click()
    expect(page.locator("#heading")).to_have_text("Paid")


def test_a_cancel_is_asked_once_more_and_needs_no_script(
    open_page: Reader, sandbox: Caller
) -> None:
    subscription = in_stage(sandbox, Stage.ACTIVE)
    page = open_page(width=PHONE, javascript=False)
    go(page, subscription)

    page.get_by_role("link", name="Cancel this subscription").click()
    expect(page.get_by_role("heading", name="Cancel Pro?")).to_be_visible()
    page.get_by_role("link", name="Keep it").click()
    expect(page.locator("#heading")).to_have_text("Active")
    assert not reload(subscription).cancel_at_period_end

    page.get_by_role("link", name="Cancel this subscription").click()
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.locator("#heading")).to_have_text("Canceled")
    expect(page.get_by_role("link", name="Cancel this subscription")).to_have_count(0)
    assert page.url.endswith(path_of(subscription))
    assert reload(subscription).cancel_at_period_end


def test_it_is_used_by_keyboard_alone(open_page: Reader, sandbox: Caller) -> None:
    subscription = in_stage(sandbox, Stage.ACTIVE)
    page = open_page()
    page.goto(f"{path_of(subscription)}/cancel")
    expect(page.get_by_role("button", name="Cancel the subscription")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Cancel the subscription")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#heading")).to_have_text("Canceled")
