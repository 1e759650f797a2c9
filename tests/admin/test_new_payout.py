"""The form that makes a payout: exact money, and doubts that are shown and asked again."""

from typing import Any

import pytest

from organizations.models import User
from payouts import services
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, page_of, text_of
from tests.payouts.making import RECIPIENT, People, make_payout

NEW = f"{QUEUE}new/"
TWIN = "0x8617000000000000000000000000000000000000"  # begins as RECIPIENT does


def form(**changes: str) -> dict[str, str]:
    return {
        "amount": "1,250.00",
        "token": "USDC",
        "chain": "arbitrum",
        "recipient_address": RECIPIENT,
        "reference_type": "invoice",
        "reference_id": "inv_884",
        **changes,
    }


def lookalike_of(address: str) -> str:
    """The same first and last four digits after the 0x, another middle; no claim on a checksum."""
    return f"0x{address[2:6]}{'0' * 32}{address[-4:]}".lower()


def test_a_draft_is_made_as_it_was_typed(people: People, mara: User, desk: Desk) -> None:
    answer = desk(mara).post(NEW, form())

    payout = PayoutIntent.objects.get()
    assert answer["Location"] == page_of(payout)
    assert payout.amount_atomic == 1_250_000_000
    assert (payout.token, payout.chain, payout.recipient_address) == ("USDC", "arbitrum", RECIPIENT)
    assert (payout.reference_type, payout.reference_id) == ("invoice", "inv_884")
    assert (payout.status, payout.created_by) == ("draft", mara.id)


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("0.1234567", "Ensure that there are no more than 6 decimal places."),
        ("ten", "Enter a number."),
        ("NaN", "Enter a number."),
        ("-5", "Ensure this value is greater than or equal to 0.01."),
        ("0", "Ensure this value is greater than or equal to 0.01."),
        ("", "This field is required."),
    ],
)
def test_an_amount_that_is_none_is_refused(
    people: People, mara: User, desk: Desk, amount: str, says: str
) -> None:
    answer = desk(mara).post(NEW, form(amount=amount))

    assert says in text_of(answer)
    assert PayoutIntent.objects.count() == 0


def test_a_wrong_checksum_is_said_at_the_field(people: People, mara: User, desk: Desk) -> None:
    wrong = f"{RECIPIENT[:-1]}d"

    answer = desk(mara).post(NEW, form(recipient_address=wrong))

    assert answer.status_code == 400
    assert "Its checksum is wrong" in text_of(answer)
    assert PayoutIntent.objects.count() == 0


def test_a_chain_without_a_node_is_refused_in_live(people: People, mara: User, desk: Desk) -> None:
    answer = desk(mara).post(
        NEW, form(chain="tron", recipient_address="TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf")
    )

    assert answer.status_code == 400
    assert "No node of tron is configured" in text_of(answer)


def test_a_look_alike_is_shown_under_the_address_one_knows_with_the_difference_marked(
    people: People, mara: User, desk: Desk
) -> None:
    make_payout(people, "settled")
    twin = lookalike_of(RECIPIENT)

    answer = desk(mara).post(NEW, form(recipient_address=twin))

    body = answer.content.decode()
    assert answer.status_code == 400
    assert "This address only looks like one you know. Compare every character." in body
    assert "send confirm_lookalike" not in body, "that is a program's word"
    assert body.count("<mark>") >= 32, "each differing character, in both addresses"
    assert 'name="confirm_lookalike"' in body
    assert PayoutIntent.objects.exclude(status="settled").count() == 0


def test_a_look_alike_is_paid_only_when_that_is_confirmed(
    people: People, mara: User, desk: Desk
) -> None:
    make_payout(people, "settled")
    twin = lookalike_of(RECIPIENT)

    desk(mara).post(NEW, form(recipient_address=twin, confirm_lookalike="on"))

    made = PayoutIntent.objects.get(status="draft")
    assert made.recipient_address.lower() == twin


def test_a_possible_duplicate_asks_to_be_confirmed(people: People, mara: User, desk: Desk) -> None:
    failed = make_payout(people, "executed")
    services.fail_by_hand(people.operator, failed.id, "The wallet shows nothing.")
    client, again = desk(mara), form(amount="500")

    refused = client.post(NEW, again)
    assert refused.status_code == 400
    assert f"Payout {failed.id} has the same recipient, token and amount" in text_of(refused)
    assert "I looked at the earlier payout. Pay again all the same." in text_of(refused)

    client.post(NEW, {**again, "confirm_duplicate": "on"})
    assert PayoutIntent.objects.get(status="draft").retry_of_id == failed.id


def test_nothing_is_confirmed_that_was_not_asked(people: People, mara: User, desk: Desk) -> None:
    page = desk(mara).get(NEW).content.decode()

    assert "confirm_lookalike" not in page
    assert "confirm_duplicate" not in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_edits_money_or_state(people: People, ada: User, desk: Desk, method: str) -> None:
    payout = make_payout(people, "draft")
    client = desk(ada)
    changes: dict[str, Any] = {"amount_atomic": 1, "status": "settled", "recipient_address": TWIN}

    for path in (page_of(payout), f"{QUEUE}add/", f"{QUEUE}{payout.id}/delete/"):
        getattr(client, method)(path, changes)

    after = PayoutIntent.objects.get(id=payout.id)
    assert (after.amount_atomic, after.status, after.recipient_address) == (
        500_000_000, "draft", RECIPIENT,
    )  # fmt: skip
    assert PayoutIntent.objects.count() == 1


def test_no_form_has_a_field_for_money_or_state(people: People, ada: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")
    client = desk(ada)

    for path in (page_of(payout), page_of(payout).replace("change", "act/update")):
        body = client.get(path).content.decode()
        for name in ("status", "amount", "recipient_address", "chain", "token"):
            assert f'name="{name}"' not in body
