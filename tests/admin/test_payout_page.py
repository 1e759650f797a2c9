"""A payout's own page: its state, its story, its proof."""

from organizations.models import User
from payouts import services
from tests.admin.conftest import Desk
from tests.admin.reading import page_of, text_of
from tests.payouts.making import RECIPIENT, People, make_payout, mined, moved, verified


def test_the_head_says_what_is_paid_to_whom(people: People, jon: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")

    page = text_of(desk(jon).get(page_of(payout)))

    assert f"500.00 USDC on Arbitrum One to {RECIPIENT}" in page
    assert "draft 0 of 1" in page


def test_the_timeline_tells_the_story_newest_on_top(people: People, jon: User, desk: Desk) -> None:
    payout = make_payout(people, "approved")
    services.execute(people.operator, payout.id, "0x" + "ab" * 32)

    page = text_of(desk(jon).get(page_of(payout)))

    story = page[page.index("Timeline") :]
    told = ["Next: Arbitrum One mines", "Hash submitted by Otto", "Jon approved", "Mara created it"]
    places = [story.index(each) for each in told]
    assert places == sorted(places)


def test_a_payout_on_chain_shows_its_confirmations_as_words_and_a_bar(
    people: People, jon: User, desk: Desk
) -> None:
    payout = make_payout(people, "executed")
    assert payout.expected_tx_hash is not None
    mined(payout.expected_tx_hash, moved(), is_final=False)
    verified()

    page = desk(jon).get(page_of(payout))

    assert "12 / 12" in text_of(page)
    assert '<progress class="bar" max="12" value="12"' in page.content.decode()


def test_a_settlement_stands_with_its_evidence_and_a_verdict_for_each_check(
    people: People, jon: User, desk: Desk
) -> None:
    payout = make_payout(people, "settled")

    page = desk(jon).get(page_of(payout))

    for name in ("contract", "recipient", "amount", "final", "approval"):
        assert f"{name}\n" in page.content.decode() or name in text_of(page)
    assert "Block 1,000" in text_of(page)
    assert "Node test" in text_of(page)
    assert "Receipt success" in text_of(page)
    assert "No source wallet was registered, so any sender was taken." in text_of(page)


def test_an_amount_that_differs_says_both_and_leads_to_its_resolution(
    people: People, ada: User, desk: Desk
) -> None:
    payout = make_payout(people, "executed")
    assert payout.expected_tx_hash is not None
    mined(payout.expected_tx_hash, moved(499_500_000))
    verified()

    page = desk(ada).get(page_of(payout))

    assert "499.50 USDC arrived, 500.00 was meant." in text_of(page)
    assert "/admin/reconciliation/reconciliationrun/resolve/stl_5F" in page.content.decode()


def test_in_live_addresses_and_hashes_lead_to_the_explorer(
    people: People, jon: User, desk: Desk
) -> None:
    payout = make_payout(people, "settled")

    page = desk(jon).get(page_of(payout)).content.decode()

    assert f"https://arbiscan.io/address/{RECIPIENT}" in page
    assert f"https://arbiscan.io/tx/{payout.expected_tx_hash}" in page


def test_a_warning_of_its_creation_stands_on_the_page(
    people: People, jon: User, desk: Desk
) -> None:
    first = make_payout(people, "draft", reference_id="inv_884")
    second = make_payout(people, "draft", reference_id="inv_884")

    page = text_of(desk(jon).get(page_of(second)))

    assert f"Payout {first.id} has the same reference." in page
