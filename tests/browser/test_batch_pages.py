"""A batch's pages in a real browser: at a desk, on a phone, by day, by night, and on paper."""

from decimal import Decimal

import pytest
from django.contrib.admin.utils import quote
from django.utils import timezone
from playwright.sync_api import expect

from chainwatch.models import Balance
from organizations.models import User
from payouts import services
from payouts.models import PayoutBatch
from tests.browser.conftest import Reader, picture
from tests.browser.looks import all_looked_at
from tests.payouts.conftest import live, people
from tests.payouts.making import (
    OTHER_RECIPIENT,
    TREASURY,
    USDC,
    USDT,
    People,
    a_hash,
    make_payout,
)
from wallets import services as wallets

__all__ = ["live", "people"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(people: People) -> PayoutBatch:
    """Two of three are still to be signed; the wallet holds enough of one token alone."""
    draft = wallets.NewWallet(chain="arbitrum", address=TREASURY, is_source=True)
    wallet = wallets.create(people.admin_of(people.operator), draft)
    for asset, amount in ((USDC, 10**10), (USDT, 10**6), ("fee_coin", 10**15)):
        Balance.objects.create(
            chain="arbitrum",
            address=wallet.address,
            asset=asset,
            amount_atomic=amount,
            block_number=1,
            node="test",
            asked_at=timezone.now(),
        )
    made = [
        make_payout(people, "approved", **each)
        for each in (
            {"amount": Decimal("1250.5"), "reference_id": "inv_884"},
            {"amount": Decimal(310), "recipient_address": OTHER_RECIPIENT, "token": "USDT"},
            {"amount": Decimal(99), "chain": "base"},
        )
    ]
    batch = services.hand_over(people.operator, [payout.id for payout in made])
    services.execute(people.operator, made[2].id, a_hash())
    return batch


def url(batch: PayoutBatch, view: str = "change/") -> str:
    return f"/admin/payouts/payoutbatch/{quote(batch.id)}/{view}"


def test_every_page_of_a_batch_fits_and_can_be_read(
    reader: Reader, otto: User, batch: PayoutBatch
) -> None:
    page = reader(otto, "live")
    paths = {
        "batches": "/admin/payouts/payoutbatch/",
        "batch": url(batch),
        "batch-print": url(batch, "print/"),
        "batch-hashes": url(batch, "hashes/"),
        "batch-take-back": url(batch, "act/take_back/"),
    }

    assert all_looked_at(page, paths) == []


def test_on_paper_there_is_the_sheet_alone(reader: Reader, otto: User, batch: PayoutBatch) -> None:
    page = reader(otto, "live", scheme="dark")
    page.goto(url(batch, "print/"))
    expect(page.locator(".sheet-rows svg")).to_have_count(2)  # of what is not paid yet

    page.emulate_media(media="print")

    picture(page, "batch-print-paper")
    for chrome in (".side", ".topbar"):
        expect(page.locator(chrome).first).not_to_be_visible()
    expect(page.get_by_text(batch.digest)).to_be_visible()
    expect(page.get_by_text("Do not sign: it is executed.")).to_be_visible()


def test_hashes_are_shown_line_by_line_before_they_are_submitted(
    reader: Reader, otto: User, batch: PayoutBatch
) -> None:
    page = reader(otto, "live", javascript=False)
    first = batch.payouts.filter(status="pending_execution").earliest("id")
    page.goto(url(batch))
    page.get_by_role("link", name="Submit hashes…").click()
    page.get_by_label("Hashes").fill(f"{first.id} {a_hash()}\npo_unknown {a_hash()}")
    page.get_by_role("button", name="Check these lines").click()

    expect(page.get_by_text("Line 2: This payout is not in the batch.")).to_be_visible()
    picture(page, "batch-hashes-check-desk-light")
    first.refresh_from_db()
    assert first.status == "pending_execution"

    page.get_by_role("button", name="Submit 1 hash").click()
    expect(page.get_by_text("Submit hashes: 1 done")).to_be_visible()
    first.refresh_from_db()
    assert first.status == "executed"


def test_a_file_is_downloaded_and_stands_on_the_page(
    reader: Reader, otto: User, batch: PayoutBatch
) -> None:
    page = reader(otto, "live")
    page.goto(url(batch))
    with page.expect_download() as taking:
        page.get_by_role("link", name="arbitrum-safe-builder.json").click()
    assert taking.value.suggested_filename == (
        f"{batch.id}-{batch.digest[:8]}-arbitrum-safe-builder.json"
    )

    page.reload()
    took = page.locator("section", has_text="Who took its files")
    expect(took.get_by_text("arbitrum-safe-builder.json")).to_be_visible()
