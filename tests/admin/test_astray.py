"""What went another way than meant: a transaction replaced, a settlement that left the chain."""

from datetime import timedelta

import pytest
from django.utils import timezone

from organizations.models import User
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from reconciliation.resolving import resolve
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, act_of, filled_buttons, page_of, text_of
from tests.payouts.making import (
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
from tests.payouts.outgoing import a_source, approved, became_final, found, left

BOOKS = "/admin/reconciliation/reconciliationrun/"


@pytest.fixture
def proposed(people: People) -> PayoutIntent:
    """One whose transaction was replaced by another that moves the same money."""
    payout, by = executed(people), a_hash()
    assert payout.expected_tx_hash is not None
    mined(by, moved(), is_final=False)
    superseded(payout.expected_tx_hash, by)
    verify()
    return reload(payout)


@pytest.fixture
def gone(people: People) -> PayoutIntent:
    """A settled one whose block left the chain."""
    payout = make_payout(people, "settled")
    assert payout.expected_tx_hash is not None
    orphaned(payout.expected_tx_hash)
    verify()
    return reload(payout)


def settlement_of(payout: PayoutIntent) -> Settlement:
    assert payout.settlement is not None
    return payout.settlement


def test_a_proposal_says_what_is_so_and_what_to_do_with_one_filled_button(
    proposed: PayoutIntent, otto: User, desk: Desk
) -> None:
    answer = desk(otto).get(page_of(proposed))

    page = text_of(answer)
    assert "its sender used the same nonce for another one" in page
    assert f"Submitted {proposed.expected_tx_hash}" in page
    assert f"Mined instead {proposed.proposed_tx_hash}" in page
    assert filled_buttons(answer) == ["Use this hash"]
    assert "It pays something else…" in page


def test_one_click_uses_it(proposed: PayoutIntent, otto: User, desk: Desk) -> None:
    client = desk(otto)
    click = {"tx_hash": proposed.proposed_tx_hash}

    answer = client.post(act_of(proposed, "use_proposed_hash"), click, follow=True)

    assert reload(proposed).expected_tx_hash == proposed.proposed_tx_hash
    assert "The transaction that replaced it is being watched." in text_of(answer)
    assert "Mined instead" not in text_of(answer)


def test_a_click_on_an_old_page_is_refused_in_words(
    proposed: PayoutIntent, otto: User, desk: Desk
) -> None:
    assert proposed.proposed_tx_hash is not None
    orphaned(proposed.proposed_tx_hash)
    PayoutIntent.objects.filter(id=proposed.id).update(proposed_tx_hash=None)
    click = {"tx_hash": proposed.proposed_tx_hash}

    answer = desk(otto).post(act_of(proposed, "use_proposed_hash"), click)

    assert answer.status_code == 400
    assert f"That hash is no longer proposed for payout {proposed.id}" in text_of(answer)


def test_it_is_declined_with_a_reason(proposed: PayoutIntent, otto: User, desk: Desk) -> None:
    client, url = desk(otto), act_of(proposed, "decline_proposed_hash")
    shown = {"tx_hash": proposed.proposed_tx_hash}
    asked = client.get(url)

    without = client.post(url, {**shown, "reason": " "})
    answer = client.post(url, {**shown, "reason": "that was the rent"}, follow=True)

    assert "does not pay 500.00 USDC" in text_of(asked)
    assert f'value="{proposed.proposed_tx_hash}"' in asked.content.decode()
    assert "This field is required." in text_of(without)
    assert reload(proposed).proposed_tx_hash is None
    says = "Otto said that the proposed transaction pays something else: that was the rent"
    assert says in text_of(answer)


def test_who_may_not_execute_sees_it_without_buttons(
    proposed: PayoutIntent, jon: User, desk: Desk
) -> None:
    answer = desk(jon).get(page_of(proposed))

    assert "Mined instead" in text_of(answer)
    assert "Somebody who hands payouts over decides about it." in text_of(answer)
    assert "Use this hash" not in text_of(answer)
    click = {"tx_hash": proposed.proposed_tx_hash, "reason": "no"}
    for act in ("use_proposed_hash", "decline_proposed_hash"):
        assert desk(jon).post(act_of(proposed, act), click).status_code == 403


def test_a_settlement_that_left_the_chain_is_said_in_red_on_both_pages(
    gone: PayoutIntent, otto: User, desk: Desk
) -> None:
    for row in (gone, settlement_of(gone)):
        answer = desk(otto).get(page_of(row))

        assert 'class="message message-error"' in answer.content.decode()
        assert "The block that proved it left the chain" in text_of(answer)
        assert "Do not pay again yet." in text_of(answer)
        assert "left the chain" in text_of(answer)
        assert filled_buttons(answer) == ["Resolve…"]
    assert "settled" in text_of(desk(otto).get(page_of(gone)))


def test_mined_again_the_alarm_is_gone_and_the_story_tells_it(
    gone: PayoutIntent, otto: User, desk: Desk
) -> None:
    assert gone.expected_tx_hash is not None
    mined(gone.expected_tx_hash, moved(), block=1_234)
    verify()

    page = text_of(desk(otto).get(page_of(gone)))

    assert "The block that proved it left the chain" not in page
    assert "Mined again in block 1,234: it is settled as before" in page
    assert (
        "Its block left the chain; mined again since."
        in desk(otto).get(page_of(gone)).content.decode()
    )


def test_it_is_an_exception_until_somebody_resolves_it(
    people: People, gone: PayoutIntent, otto: User, desk: Desk
) -> None:
    client, url = desk(otto), f"{QUEUE}?tab=exceptions"
    assert "Exceptions 1" in text_of(client.get(url))
    assert "settled left the chain" in text_of(client.get(url))

    resolve(people.operator, settlement_of(gone).id, "refund", "they sent it back")

    assert "No exceptions" in text_of(client.get(url))


def test_a_resolved_one_asks_for_nothing_more(
    people: People, gone: PayoutIntent, otto: User, desk: Desk
) -> None:
    resolve(people.operator, settlement_of(gone).id, "refund", "they sent it back")

    answer = desk(otto).get(page_of(gone))

    assert "A person has resolved it since." in text_of(answer)
    assert filled_buttons(answer) == []


def test_unexpected_money_in_the_books_leads_to_its_match(
    people: People, otto: User, jon: User, desk: Desk
) -> None:
    a_source(people)
    approved(people), approved(people)
    tx_hash = left()
    found()
    settlement = Settlement.objects.get()
    match = page_of(settlement).replace("/change/", "/match/")

    assert f'href="{match}"' in desk(otto).get(BOOKS).content.decode()
    assert f'href="{match}"' not in desk(jon).get(BOOKS).content.decode()
    orphaned(tx_hash)
    verify()
    assert f'href="{match}"' not in desk(otto).get(BOOKS).content.decode()


def test_declined_money_comes_back_as_work(
    people: People, proposed: PayoutIntent, otto: User, desk: Desk
) -> None:
    a_source(people)
    assert proposed.proposed_tx_hash is not None
    became_final(proposed.proposed_tx_hash, timezone.now() - timedelta(minutes=3))
    shown = {"tx_hash": proposed.proposed_tx_hash, "reason": "that was the rent"}

    desk(otto).post(act_of(proposed, "decline_proposed_hash"), shown)
    found()

    assert "Money left with no payout behind it" in text_of(desk(otto).get(BOOKS))
