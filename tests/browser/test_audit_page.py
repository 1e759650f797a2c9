"""The audit trail in a real browser: read, narrowed and exported, also without a script."""

import re

import pytest
from playwright.sync_api import expect

from events import sealing
from events.models import Event
from events.services import assign_sequences
from organizations.models import User
from tests.admin.reading import page_of
from tests.browser.conftest import Reader
from tests.browser.demonstrated import demonstrate
from tests.browser.looks import all_looked_at

pytestmark = pytest.mark.django_db(transaction=True)

TRAIL = "/admin/events/event/"


@pytest.fixture
def ada(db: None) -> User:
    """The demonstration, numbered and sealed, and its admin."""
    demonstrate()
    assign_sequences()
    sealing.seal()
    return User.objects.get(email="ada@acme.example")


def test_the_trail_and_an_event_fit_their_window_and_can_be_read(reader: Reader, ada: User) -> None:
    page = reader(ada)
    event = Event.objects.filter(type="payout.approved").latest("created_at")
    paths = {
        "audit": TRAIL,
        "audit-filtered": f"{TRAIL}?kind=payout&type=payout.approved",
        "audit-event": page_of(event),
        "audit-nothing": f"{TRAIL}?q=po_none",
    }

    assert all_looked_at(page, paths) == []


def test_it_is_narrowed_and_exported_without_a_script(reader: Reader, ada: User) -> None:
    page = reader(ada, javascript=False)
    page.goto(TRAIL)

    page.locator("summary", has_text="Thing").click()
    page.get_by_role("link", name="payout", exact=True).click()
    expect(page).to_have_url(re.compile("kind=payout"))
    page.locator("summary", has_text="Act").click()
    page.get_by_role("link", name="approved", exact=True).click()

    expect(page).to_have_url(re.compile("type=payout.approved"))
    expect(page.locator("tbody tr").first).to_contain_text("approved the payout of")
    with page.expect_download() as saved:
        page.locator("summary", has_text="Export").click()
        page.get_by_role("button", name="CSV", exact=True).click()
    assert saved.value.suggested_filename.startswith("audit-trail 20")
    made = Event.objects.get(type="export.made")
    assert made.payload["data"]["filters"] == {"kind": "payout", "type": "payout.approved"}
