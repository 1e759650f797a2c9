"""The pages of an import in a real browser: at a desk, on a phone, by day and by night."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from organizations.models import User
from payouts.models import PayoutIntent
from tests.browser.axe import violations
from tests.browser.conftest import Reader, picture
from tests.payouts.conftest import live, people
from tests.payouts.importing.files import GOOD, csv_of
from tests.payouts.making import OTHER_RECIPIENT, People

__all__ = ["live", "people"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("width", [1280, 360], ids=["desk", "phone"])
def test_a_file_is_checked_and_confirmed(
    people: People, mara: User, reader: Reader, width: int, dark: bool
) -> None:
    page = reader(mara, "live", width=width, scheme="dark" if dark else "light")
    page.goto("/admin/payouts/payoutimport/new/")
    _is_good(page, width)
    picture(page, f"import-new-{width}-{dark}")
    upload(page, f"{GOOD},1250.50", f"{GOOD},12,5", f"{OTHER_RECIPIENT},arbitrum,USDC,NaN")
    expect(page.get_by_text("Line 4")).to_be_visible()
    _is_good(page, width)
    picture(page, f"import-errors-{width}-{dark}")

    page.goto("/admin/payouts/payoutimport/new/")
    upload(page, f"{GOOD},1250.50", f"{GOOD},1250.50", f"{GOOD},1.250")
    _is_good(page, width)
    picture(page, f"import-warnings-{width}-{dark}")
    page.get_by_role("link", name="Create drafts").click()
    page.get_by_label("I looked at every warning").check()
    page.get_by_role("button", name="Create drafts").click()

    expect(page.get_by_text("Created 3 drafts")).to_be_visible()
    assert PayoutIntent.objects.count() == 3


def upload(page: Page, *rows: str) -> None:
    file = FilePayload(name="may.csv", mimeType="text/csv", buffer=csv_of(*rows))
    page.get_by_label("CSV or XLSX").set_input_files(files=file)
    page.get_by_role("button", name="Check this file").click()


def _is_good(page: Page, width: int) -> None:
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
