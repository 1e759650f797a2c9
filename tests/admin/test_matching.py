"""Matching by hand: unexpected money to a payout, and a payout to one of its transfers."""

from decimal import Decimal

from django.urls import reverse

from chainwatch.models import Transfer
from organizations.models import User
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.payouts.making import (
    OTHER_RECIPIENT,
    People,
    executed,
    make_payout,
    mined,
    moved,
    reload,
)
from tests.payouts.outgoing import a_source, approved, found, left


def quoted(identifier: str) -> str:
    return identifier.replace("_", "_5F")


def page_of(row: PayoutIntent | Settlement) -> str:
    kind = "payoutintent" if isinstance(row, PayoutIntent) else "settlement"
    return reverse(f"admin:payouts_{kind}_change", args=[quoted(row.pk)])


def match_url(settlement: Settlement) -> str:
    return reverse("admin:payouts_settlement_match", args=[quoted(settlement.pk)])


def choose_url(payout: PayoutIntent, transfer: Transfer) -> str:
    name = "admin:payouts_payoutintent_choose"
    return reverse(name, args=[quoted(payout.pk), transfer.id])


def unexpected(people: People) -> Settlement:
    a_source(people)
    left()
    found()
    return Settlement.objects.get()


def to_choose(people: People) -> PayoutIntent:
    payout = executed(people)
    assert payout.expected_tx_hash is not None
    mined(payout.expected_tx_hash, moved(499_000_000), moved(498_000_000))
    verify()
    return reload(payout)


def test_unexpected_money_names_what_it_could_be_for_the_likeliest_first(
    people: People, otto: User, desk: Desk
) -> None:
    less = approved(people, amount=Decimal(400))
    canceled = make_payout(people, "canceled")
    one, two = approved(people), approved(people)
    elsewhere = approved(people, recipient_address=OTHER_RECIPIENT)
    settlement = unexpected(people)
    client = desk(otto)

    assert f'href="{match_url(settlement)}"' in client.get(page_of(settlement)).content.decode()
    page = text_of(client.get(match_url(settlement)))

    order = [page.index(each.id) for each in (two, one, canceled, less)]
    assert order == sorted(order)
    assert elsewhere.id not in page
    assert "500.00 USDC on Arbitrum One · approved · exactly this much" in page


def test_it_is_matched_with_a_reason(people: People, otto: User, desk: Desk) -> None:
    payout, _ = approved(people), approved(people)
    settlement = unexpected(people)
    answers = {"payout_id": payout.id, "reason": "the treasurer said so"}

    answer = desk(otto).post(match_url(settlement), answers)

    assert (answer.status_code, answer["Location"]) == (302, page_of(payout))
    assert reload(payout).settlement_id == settlement.id
    says = text_of(desk(otto).get(page_of(payout)))
    assert "Otto matched it by hand with a transfer from the wallet: the treasurer said so" in says


def test_without_a_reason_nothing_happens(people: People, otto: User, desk: Desk) -> None:
    payout, _ = approved(people), approved(people)
    settlement = unexpected(people)

    desk(otto).post(match_url(settlement), {"payout_id": payout.id, "reason": " "})

    assert reload(payout).status == "approved"


def test_where_nothing_waits_the_page_says_so(people: People, otto: User, desk: Desk) -> None:
    settlement = unexpected(people)

    assert "No payout waits for this token to this address." in text_of(
        desk(otto).get(match_url(settlement))
    )


def test_what_is_refused_is_said(people: People, otto: User, desk: Desk) -> None:
    payout, _ = approved(people), approved(people)
    settlement = unexpected(people)
    client = desk(otto)
    answers = {"payout_id": payout.id, "reason": "so"}
    client.post(match_url(settlement), answers)
    second = approved(people)

    again = client.post(match_url(settlement), {**answers, "payout_id": second.id})

    assert again.status_code == 400
    assert f"pays {payout.id} already" in text_of(again)


def test_only_who_may_execute_matches(
    people: People, jon: User, strangers: People, zoe: User, desk: Desk
) -> None:
    payout, _ = approved(people), approved(people)
    settlement = unexpected(people)
    answers = {"payout_id": payout.id, "reason": "so"}

    assert desk(jon).post(match_url(settlement), answers).status_code == 403
    assert "Match to a payout" not in text_of(desk(jon).get(page_of(settlement)))
    assert desk(zoe).post(match_url(settlement), answers).status_code == 404
    assert reload(payout).status == "approved"


def test_one_that_waits_for_a_choice_shows_its_transfers_and_takes_one(
    people: People, otto: User, desk: Desk
) -> None:
    payout = to_choose(people)
    client, second = desk(otto), Transfer.objects.get(ordinal=1)

    page = text_of(client.get(page_of(payout)))
    assert "Which transfer pays it?" in page
    assert "499.00 USDC" in page and "498.00 USDC" in page
    assert "Choose the transfer that paid 500.00 USDC" in text_of(
        client.get(choose_url(payout, second))
    )

    answer = client.post(choose_url(payout, second), {"reason": "the other is a fee"})

    assert answer.status_code == 302
    settlement = reload(payout).settlement
    assert settlement is not None
    assert settlement.ordinal == 1
    assert "Which transfer pays it?" not in text_of(client.get(page_of(payout)))


def test_a_choice_is_offered_to_who_may_execute_alone(
    people: People, jon: User, strangers: People, zoe: User, desk: Desk
) -> None:
    payout = to_choose(people)
    transfer = Transfer.objects.get(ordinal=0)

    assert "This one…" not in text_of(desk(jon).get(page_of(payout)))
    assert desk(jon).post(choose_url(payout, transfer), {"reason": "so"}).status_code == 403
    assert desk(zoe).post(choose_url(payout, transfer), {"reason": "so"}).status_code == 404
    assert reload(payout).status == "verifying"
