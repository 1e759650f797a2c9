"""Jon's day, in a real browser: he sees what Mara made, approves it, and sees it settle."""

import re

import pytest
from playwright.sync_api import Page, expect

from chainwatch.following import follow
from organizations.models import Organization, User
from payouts import services, simulation
from payouts.models import PayoutIntent
from payouts.verifying import verify_payouts
from tests.browser.conftest import Reader, copied
from tests.payouts.making import OTHER_RECIPIENT, People, a_draft, reload

pytestmark = pytest.mark.django_db(transaction=True)


def a_draft_of_mara(sandboxed: People, **changes: object) -> PayoutIntent:
    return services.create(sandboxed.preparer, a_draft(reference_id="inv_884", **changes))


def a_block_later(sandboxed: People, payout: PayoutIntent, blocks: int = 1) -> None:
    simulation.advance_blocks(sandboxed.admin, payout.chain, blocks)
    follow(payout.chain, payout.scope)
    verify_payouts([payout.id])


def log_in(page: Page, user: User, password: str) -> None:
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_jon_approves_what_mara_made_and_sees_it_settle(
    open_page: Reader, sandboxed: People, acme: Organization, jon: User
) -> None:
    payout = a_draft_of_mara(sandboxed)
    page = open_page()

    log_in(page, jon, "the password of jon")
    expect(page.get_by_role("heading", name="Acme GmbH")).to_be_visible()
    expect(page.get_by_role("complementary", name="Environment")).to_contain_text("SANDBOX")
    page.get_by_role("link", name="1 to approve").click()

    row = page.get_by_role("row").filter(has_text="inv_884")
    expect(row).to_contain_text("500.00USDC")
    expect(row).to_contain_text("draft")
    row.get_by_role("checkbox").check()
    expect(page.locator("#sum")).to_have_text("1 selected · 500.00 USDC on Arbitrum One")
    page.get_by_role("button", name="Approve 1").click()

    what = "Approve 1 payout · 500.00 USDC on Arbitrum One"
    expect(page.get_by_role("heading", name=what)).to_be_visible()
    expect(page.get_by_text(payout.recipient_address)).to_be_visible()
    assert reload(payout).status == "draft"
    page.get_by_role("button", name=what).click()
    expect(page.get_by_text("Approve: 1 done")).to_be_visible()
    assert reload(payout).status == "approved"
    assert reload(payout).approved_by == jon.id

    services.execute(sandboxed.operator, payout.id, "0x" + "ab" * 32)
    a_block_later(sandboxed, payout)
    page.reload()
    page.get_by_role("link", name="On chain 1").click()
    row = page.get_by_role("row").filter(has_text="inv_884")
    expect(row.get_by_role("progressbar")).to_be_visible()
    row.get_by_role("link").first.click()
    expect(page.get_by_text("Next: it settles when its block is final")).to_be_visible()

    a_block_later(sandboxed, payout, 30)
    page.reload()
    expect(page.locator(".payout-head .state")).to_have_text("settled")
    expect(page.get_by_text("Jon approved")).to_be_visible()
    for check in ("contract", "recipient", "amount", "final"):
        expect(page.locator(".checks .yes").filter(has_text=check)).to_be_visible()

    page.get_by_role("link", name="Reconciliation").click()
    expect(page.locator(".buckets > div").first).to_contain_text(re.compile(r"Matched\s+1\s"))
    expect(page.get_by_role("heading", name="The two sides agree")).to_be_visible()


def test_it_goes_without_javascript_too(reader: Reader, sandboxed: People, jon: User) -> None:
    payout = a_draft_of_mara(sandboxed)
    page = reader(jon, javascript=False)

    page.goto("/admin/payouts/payoutintent/")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve 1 payout").click()

    expect(page.get_by_text("Approve: 1 done")).to_be_visible()
    assert reload(payout).status == "approved"


def test_mara_makes_a_payout_and_cannot_approve_it(
    reader: Reader, sandboxed: People, ada: User
) -> None:
    page = reader(ada)

    page.goto("/admin/payouts/payoutintent/")
    page.get_by_role("link", name="New payout").click()
    page.get_by_label("Amount").fill("1,250.00")
    page.get_by_label("Token").select_option("USDC")
    page.get_by_label("Chain").select_option("base")
    page.get_by_label("Recipient's address").fill(OTHER_RECIPIENT)
    page.get_by_role("button", name="Create draft").click()

    expect(page.get_by_role("heading", name="1,250.00 USDC on Base")).to_be_visible()
    expect(page.get_by_text("You created this payout. Somebody else must")).to_be_visible()
    expect(page.get_by_role("link", name="Approve")).to_have_count(0)


def test_the_keyboard_alone_approves(reader: Reader, sandboxed: People, jon: User) -> None:
    first = a_draft_of_mara(sandboxed)
    second = services.create(
        sandboxed.preparer, a_draft(chain="base", token="USDT", recipient_address=OTHER_RECIPIENT)
    )
    page = reader(jon)
    page.goto("/admin/payouts/payoutintent/")

    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#sum")).to_have_text(
        "2 selected · 500.00 USDT on Base · 500.00 USDC on Arbitrum One"
    )
    page.keyboard.press("a")
    page.get_by_role("button", name="Approve 2 payouts").press("Enter")

    expect(page.get_by_text("Approve: 2 done")).to_be_visible()
    assert {reload(first).status, reload(second).status} == {"approved"}


def test_before_many_are_approved_nothing_is_cut_on_a_phone(
    reader: Reader, sandboxed: People, jon: User
) -> None:
    a_draft_of_mara(sandboxed)
    other = a_draft(chain="base", token="USDT", recipient_address=OTHER_RECIPIENT)
    services.create(sandboxed.preparer, other)
    page = reader(jon, width=360)
    page.goto("/admin/payouts/payoutintent/")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Approve 2").click()

    expect(page.get_by_role("button", name="Approve 2 payouts")).to_be_visible()
    expect(page.get_by_text(OTHER_RECIPIENT)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_slash_searches_and_a_question_mark_explains(
    reader: Reader, sandboxed: People, jon: User
) -> None:
    a_draft_of_mara(sandboxed)
    page = reader(jon)
    page.goto("/admin/payouts/payoutintent/")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.keyboard.press("/")
    page.keyboard.type("inv_884")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=inv_884"))
    expect(page.get_by_role("row").filter(has_text="inv_884")).to_be_visible()


def test_an_address_is_whole_on_focus_and_copied_whole(
    reader: Reader, sandboxed: People, jon: User
) -> None:
    payout = a_draft_of_mara(sandboxed)
    page = reader(jon)
    page.goto("/admin/payouts/payoutintent/")

    page.locator(".address .short").first.focus()
    shown = page.evaluate("getComputedStyle(document.activeElement, '::after').content")
    page.get_by_role("button", name="Copy address").first.click()

    copied(page, payout.recipient_address)
    assert shown == f'"{payout.recipient_address}"'
