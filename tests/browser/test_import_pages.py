"""The pages of an import in a real browser: at a desk, on a phone, by day and by night."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from organizations.models import User
from payouts.importing.working import work_due
from payouts.models import PayoutIntent
from tests.browser.axe import violations
from tests.browser.conftest import Reader, picture
from tests.payouts.conftest import live, people
from tests.payouts.importing.files import GOOD, csv_of, many
from tests.payouts.making import OTHER_RECIPIENT, People

__all__ = ["live", "people"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("width", [1280, 360], ids=["desk", "phone"])
def test_a_file_is_corrected_and_confirmed(
    people: People, mara: User, reader: Reader, width: int, dark: bool
) -> None:
    page = reader(mara, "live", width=width, scheme="dark" if dark else "light")
    page.goto("/admin/payouts/payoutimport/new/")
    _is_good(page, width)
    picture(page, f"import-new-{width}-{dark}")
    upload(
        page,
        f"{GOOD},1250.50",
        f"{GOOD},12,5",
        f"{OTHER_RECIPIENT},arbitrum,USDC,NaN",
        f"{GOOD},1250.50",
        f"{GOOD},1.250",
    )
    expect(page.get_by_role("heading", name="To correct (2 lines)")).to_be_visible()
    _is_good(page, width)
    picture(page, f"import-errors-{width}-{dark}")

    line = page.get_by_role("group", name="Line 3")
    line.get_by_label("beyond the columns").fill("")
    line.get_by_label("amount").fill("12.5")
    page.get_by_role("group", name="Line 4").get_by_label("amount").fill("5")
    page.get_by_role("button", name="Keep and check again").click()
    expect(page.get_by_text("No line is wrong;")).to_be_visible()
    page.get_by_label("Confirm line 5").check()
    page.get_by_role("button", name="Confirm those ticked").click()
    expect(page.get_by_text("Confirmed by Mara")).to_be_visible()
    _is_good(page, width)
    picture(page, f"import-warnings-{width}-{dark}")
    page.get_by_role("link", name="Create drafts").click()
    page.get_by_label("I looked at every warning").check()
    page.get_by_role("button", name="Create drafts").click()

    expect(page.get_by_text("Created 5 drafts")).to_be_visible()
    _is_good(page, width)
    picture(page, f"import-done-{width}-{dark}")
    amounts = sorted(PayoutIntent.objects.values_list("amount_atomic", flat=True))
    assert amounts == [1_250_000, 5_000_000, 12_500_000, 1_250_500_000, 1_250_500_000]


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_a_long_file_shows_how_far_it_is(
    people: People, mara: User, reader: Reader, javascript: bool
) -> None:
    page = reader(mara, "live", width=390, javascript=javascript)
    page.goto("/admin/payouts/payoutimport/new/")
    file = FilePayload(name="may.csv", mimeType="text/csv", buffer=many(2_500))
    page.get_by_label("CSV or XLSX").set_input_files(files=file)
    page.get_by_role("button", name="Check this file").click()
    expect(page.get_by_text("The file waits to be checked")).to_be_visible()
    if javascript:
        _is_good(page, 390)
    picture(page, f"import-progress-{javascript}")

    work_due()

    expect(page.get_by_text("Every line is good.")).to_be_visible()  # nobody asked it to look
    page.get_by_role("link", name="Create drafts").click()
    page.get_by_role("button", name="Create drafts").click()
    expect(page.get_by_text("Creating 2,500 drafts")).to_be_visible()
    work_due()

    expect(page.get_by_role("link", name="2,500 drafts")).to_be_visible()
    assert PayoutIntent.objects.count() == 2_500


def upload(page: Page, *rows: str) -> None:
    file = FilePayload(name="may.csv", mimeType="text/csv", buffer=csv_of(*rows))
    page.get_by_label("CSV or XLSX").set_input_files(files=file)
    page.get_by_role("button", name="Check this file").click()


def _is_good(page: Page, width: int) -> None:
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
