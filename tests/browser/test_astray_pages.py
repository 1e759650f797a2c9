"""The pages of what went another way than meant, at a desk and on a phone, by day and by night."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django import Settings

from chainwatch.models import Transfer
from organizations.models import Organization, User
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from tests.admin.reading import act_of, page_of
from tests.browser.conftest import Reader
from tests.browser.looks import PHONE, all_looked_at
from tests.payouts.making import (
    OTHER_RECIPIENT,
    People,
    a_hash,
    executed,
    make_payout,
    mined,
    moved,
    orphaned,
    reload,
    superseded,
)
from tests.payouts.outgoing import a_source, approved, found, left

pytestmark = pytest.mark.django_db(transaction=True)

BOOKS = "/admin/reconciliation/reconciliationrun/"


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


def proposed(people: People) -> PayoutIntent:
    payout, by = executed(people, amount=Decimal("12500.50")), a_hash()
    assert payout.expected_tx_hash is not None
    mined(by, moved(payout.amount_atomic), is_final=False)
    superseded(payout.expected_tx_hash, by)
    return payout


def gone(people: People) -> PayoutIntent:
    payout = make_payout(people, "settled", recipient_address=OTHER_RECIPIENT)
    assert payout.expected_tx_hash is not None
    orphaned(payout.expected_tx_hash)
    return payout


def to_choose(people: People) -> PayoutIntent:
    payout = executed(people, amount=Decimal(700))
    assert payout.expected_tx_hash is not None
    mined(payout.expected_tx_hash, moved(699_000_000), moved(698_000_000))
    return payout


def address_of(row: Settlement | PayoutIntent, name: str, *more: str) -> str:
    kind = "settlement" if isinstance(row, Settlement) else "payoutintent"
    return reverse(f"admin:payouts_{kind}_{name}", args=[quote(row.pk), *more])


@pytest.fixture
def paths(people: People) -> dict[str, str]:
    """One payout of each kind, and money that left with none behind it."""
    replaced, lost, open_ = proposed(people), gone(people), to_choose(people)
    a_source(people)
    left(moved(4_200_000_000))
    approved(people, amount=Decimal(4200), description="Rent of the office", reference_id="inv_7")
    approved(people, amount=Decimal(4200))
    found()
    verify()
    stray = Settlement.objects.get(payout=None)
    settlement = reload(lost).settlement
    assert settlement is not None
    transfer = Transfer.objects.get(amount_atomic=698_000_000)
    return {
        "proposed": page_of(replaced),
        "declined": act_of(replaced, "decline_proposed_hash"),
        "reversed": page_of(lost),
        "reversed-settlement": page_of(settlement),
        "unexpected": page_of(stray),
        "match": address_of(stray, "match"),
        "to-choose": page_of(open_),
        "choose": address_of(open_, "choose", transfer.id),
        "books-astray": BOOKS,
        "exceptions": "/admin/payouts/payoutintent/?tab=exceptions",
        "settlements": "/admin/payouts/settlement/",
    }


def test_no_page_of_it_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str], otto: User
) -> None:
    page = reader(otto, "live")

    assert all_looked_at(page, paths) == []


def test_a_proposal_is_used_with_one_click_on_a_phone_without_a_script(
    reader: Reader, paths: dict[str, str], otto: User
) -> None:
    page = reader(otto, "live", width=PHONE, javascript=False)
    page.goto(paths["proposed"])

    page.get_by_role("button", name="Use this hash").click()

    expect(page.get_by_text("The transaction that replaced it is being watched.")).to_be_visible()
    expect(page.get_by_role("button", name="Use this hash")).not_to_be_visible()


def test_unexpected_money_is_matched_from_the_books(
    reader: Reader, paths: dict[str, str], otto: User
) -> None:
    page = reader(otto, "live")
    page.goto(BOOKS)

    page.get_by_role("link", name="Match…").click()
    page.get_by_text("Rent of the office").click()
    page.get_by_label("Reason").fill("the landlord asked for one sum")
    page.get_by_role("button", name="Match").click()

    expect(page.get_by_text("Matched. The payout says by whom, and why.")).to_be_visible()
    assert PayoutIntent.objects.get(reference_id="inv_7").status == "settled"
