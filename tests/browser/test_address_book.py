"""The address book and the notes, at a desk and on a phone, by day and by night."""

from dataclasses import replace

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from organizations.models import Organization, User
from payouts import notes
from payouts.recipients import acts
from tests.admin.reading import QUEUE, act_of, page_of
from tests.browser.conftest import Reader
from tests.browser.looks import all_looked_at
from tests.payouts.making import OTHER_RECIPIENT, People, make_payout
from tests.payouts.recipients.booking import LOOKALIKE, a_recipient, cooling, proposed, usable

pytestmark = pytest.mark.django_db(transaction=True)

THIRD = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture
def people(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> People:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    return People.of(acme, "live", mara, jon, otto, ada)


@pytest.fixture
def paths(people: People) -> dict[str, str]:
    """A book in which everything waits for something, and a payout that only looks right."""
    draft = acts.NewRecipient(
        "Acme Supplies & Sons GmbH", "Paper and ink.", ("office", "eu"), "K-77"
    )
    recipient = acts.create(people.preparer, draft)
    cooling(people, OTHER_RECIPIENT, recipient=recipient)
    usable(people, recipient=recipient)
    waiting = proposed(people, THIRD, chain="base", recipient=a_recipient(people, "Berta Söhne"))
    like = proposed(
        people, LOOKALIKE, recipient=a_recipient(people, "Acme Suppliers"), confirm_lookalike=True
    )
    paid = make_payout(people, "draft", reference_id="inv_884", due_date=timezone.now())
    doubtful = make_payout(people, "draft", recipient_address=LOOKALIKE, confirm_lookalike=True)
    make_payout(people, "draft", recipient_address=OTHER_RECIPIENT)
    notes.comment(
        people.preparer, paid.id, "Called Acme on the number of their letter:\nit is right."
    )
    notes.attach(people.preparer, paid.id, "Invoice 884 – October.pdf", b"%PDF-1.7 invoice")
    return {
        "book": "/admin/payouts/recipient/",
        "addresses": "/admin/payouts/recipientaddress/",
        "recipient": page_of(recipient),
        "propose": f"/admin/payouts/recipientaddress/new/?recipient={recipient.id}",
        "address": page_of(waiting),
        "alike": page_of(like),
        "approve-alike": act_of(like, "approve"),
        "payout": page_of(paid),
        "doubtful": page_of(doubtful),
        "approve-doubtful": act_of(doubtful, "approve"),
        "queue": QUEUE,
    }


def test_no_page_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str], jon: User
) -> None:
    page = reader(jon, "live")

    assert all_looked_at(page, {f"book-{name}": path for name, path in paths.items()}) == []


def test_a_comment_is_kept_without_javascript(
    reader: Reader, paths: dict[str, str], mara: User
) -> None:
    page = reader(mara, "live", javascript=False)
    page.goto(paths["doubtful"])

    page.get_by_label("Comment").fill("Who is this?")
    page.get_by_role("button", name="Keep it with the payout").click()

    expect(page.locator("#notes .words").first).to_have_text("Who is this?")
