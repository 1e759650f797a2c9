"""A checkout's own page: its state, its story, its money, what can be done with it."""

from datetime import timedelta

import pytest

from checkouts import services
from checkouts.models import Checkout
from organizations.models import Organization, User
from tests.admin.conftest import Desk
from tests.admin.paying import CHECKOUTS, a_checkout, an_expired, left_the_chain, paid, time_over
from tests.admin.reading import act_of, filled_buttons, page_of, text_of
from tests.checkouts.making import (
    a_link,
    a_method,
    a_shared_method,
    caller_of,
    event_types,
    reload,
)
from tests.payouts.making import People


@pytest.fixture
def checkout(people: People) -> Checkout:
    """A pending one in live, on an address of an extended key."""
    a_method(people.admin)
    return a_checkout(people.preparer, metadata={"order_id": "1001"})


def test_the_head_says_how_much_of_what_for_whom(
    checkout: Checkout, vera: User, desk: Desk
) -> None:
    page = text_of(desk(vera).get(page_of(checkout)))

    assert "25.00 USDC on Base for 1001 order_id pending" in page


def test_the_facts_say_where_it_is_paid_whole_and_how_it_was_derived(
    checkout: Checkout, vera: User, desk: Desk
) -> None:
    answer = desk(vera).get(page_of(checkout))

    page, body = text_of(answer), answer.content.decode()
    assert f"Address {checkout.address}" in page
    assert f'data-copy="{checkout.address}"' in body
    assert f"https://basescan.org/address/{checkout.address}" in body
    assert "Derived address 0 of xpub" in page
    assert "path /0/0" in page
    assert f'href="http://localhost:8000/checkout/{checkout.id}"' in body
    assert "Confirmations 12 needed" in page


def test_on_a_shared_address_it_says_why_the_amount_is_odd(
    people: People, vera: User, desk: Desk
) -> None:
    a_shared_method(people.admin)
    a_checkout(people.preparer)
    second = a_checkout(people.preparer)

    page = text_of(desk(vera).get(page_of(second)))

    assert "25.000001 USDC on Base" in page
    assert "Requested 25.00 USDC ; the rest names it among the checkouts of one address" in page
    assert "Derived one address, shared by all checkouts of its wallet" in page


def test_the_story_is_told_newest_first(checkout: Checkout, vera: User, desk: Desk) -> None:
    paid(checkout, "10")
    paid(checkout, "15", is_final=False, confirmations=7)

    page = text_of(desk(vera).get(page_of(checkout)))

    story = page[page.index("Timeline") :]
    told = [
        "Next: it is confirmed when the money is final",
        "In block 1,000 · 7 of 12 confirmations, about 10 s left",
        "The blocks of Base began to confirm it",
        "25.00 USDC came: that is enough, in block 1,000",
        "15.00 USDC came, in block 1,000",
        "10.00 USDC came, in block 1,000",
        "Mara asked for 25.00 USDC on Base",
    ]
    places = [story.index(each) for each in told]
    assert places == sorted(places)


def test_a_payment_stands_with_its_evidence(checkout: Checkout, vera: User, desk: Desk) -> None:
    payment = paid(checkout)

    answer = desk(vera).get(page_of(checkout))

    page = text_of(answer)
    assert "25.00 USDC came in time and counts towards the checkout." in page
    assert "Block 1,000" in page
    assert "Log transfer 0 of its transaction, log 40" in page
    assert "Node rpc.example.com" in page
    assert f"https://basescan.org/tx/{payment.tx_hash}" in answer.content.decode()
    assert "Confirmed after 12 confirmations: the money is final, deliver" in page


def test_a_late_payment_leads_to_its_resolution_with_the_one_filled_button(
    people: People, mara: User, vera: User, desk: Desk
) -> None:
    a_method(people.admin)
    late = an_expired(people.preparer)
    payment = paid(late, at=late.deadline + timedelta(hours=3))

    answer = desk(mara).get(page_of(late))

    says = (
        "25.00 USDC came 3 h after the checkout expired. Refund it from your own wallet, or accept "
        "it and deliver."
    )
    assert says in text_of(answer)
    assert filled_buttons(answer) == ["Resolve…"]
    assert act_of(payment, "resolve") in answer.content.decode()
    assert filled_buttons(desk(vera).get(page_of(late))) == []


def test_an_underpaid_one_leads_to_its_resolution(people: People, mara: User, desk: Desk) -> None:
    a_method(people.admin)
    short = a_checkout(people.preparer, expires_in_seconds=-30)
    paid(short, "10", at=short.deadline - timedelta(seconds=1))
    time_over(short)

    answer = desk(mara).get(page_of(short))

    assert "expired underpaid" in text_of(answer)
    assert "10.00 USDC of 25.00 came, and then the checkout expired." in text_of(answer)
    assert filled_buttons(answer) == ["Resolve…"]


def test_what_left_the_chain_after_it_was_confirmed_is_an_alarm(
    checkout: Checkout, vera: User, desk: Desk
) -> None:
    left_the_chain(paid(checkout))

    answer = desk(vera).get(page_of(checkout))

    assert 'class="message message-error"' in answer.content.decode()
    page = text_of(answer)
    assert "25.00 USDC came in time, and then its block left the chain. Hold the delivery" in page
    assert "Alarm: the block that paid it left the chain after it was confirmed" in page
    assert "confirmed reversed" in page


def test_the_alarm_ends_when_a_person_says_what_became_of_the_money(
    checkout: Checkout, mara: User, desk: Desk
) -> None:
    payment, client = paid(checkout), desk(mara)
    left_the_chain(payment)
    assert "checkout reversed" in text_of(client.get("/admin/"))
    assert act_of(payment, "resolve") in client.get(page_of(checkout)).content.decode()

    form = {"resolution": "written_off", "note": "the customer is gone"}
    client.post(act_of(payment, "resolve"), form)

    assert "checkout reversed" not in text_of(client.get("/admin/"))
    answer = client.get(page_of(checkout))
    assert "A person has said what became of it." in text_of(answer)
    assert "message-error" not in answer.content.decode()
    assert text_of(client.get(CHECKOUTS, {"work": "reversed"})).count("1001") == 0


def test_too_much_is_said_with_how_much(checkout: Checkout, vera: User, desk: Desk) -> None:
    paid(checkout, "30")

    assert "5.00 USDC more came than was asked." in text_of(desk(vera).get(page_of(checkout)))


def test_a_link_leads_there_and_back(people: People, vera: User, desk: Desk) -> None:
    link = a_link(people.admin)
    checkout = services.links.open_checkout(link)
    client = desk(vera)

    page = client.get(page_of(checkout))
    assert page_of(link) in page.content.decode()
    assert "Payment link asked for 120.00 USDC on Base" in text_of(page)

    found = client.get(CHECKOUTS, {"q": link.id}).content.decode()
    assert page_of(checkout) in found


# --- acts ----------------------------------------------------------------------------------------


def test_it_is_canceled(checkout: Checkout, mara: User, desk: Desk) -> None:
    client, url = desk(mara), act_of(checkout, "cancel")
    asked = text_of(client.get(url))
    assert "Cancel 25.00 USDC on Base: nobody is waited for any longer" in asked
    assert "What is sent all the same is kept as a late payment" in asked

    answer = client.post(url, follow=True)

    checkout = reload(checkout)
    assert (checkout.status, checkout.canceled_at is not None) == ("expired", True)
    assert event_types(checkout.id) == ["checkout.created", "checkout.expired"]
    assert "25.00 USDC on Base is no longer waited for." in text_of(answer)
    assert "Mara canceled it" in text_of(answer)


def test_it_is_marked_as_failed_with_a_reason(checkout: Checkout, mara: User, desk: Desk) -> None:
    client, url = desk(mara), act_of(checkout, "fail")

    without = client.post(url, {"reason": " "})
    answer = client.post(url, {"reason": "the order was withdrawn"}, follow=True)

    assert "This field is required." in text_of(without)
    assert reload(checkout).status == "failed"
    assert "Mara marked it as failed: the order was withdrawn" in text_of(answer)
    assert "Why it failed the order was withdrawn" in text_of(answer)


@pytest.mark.parametrize("act", ["cancel", "fail"])
def test_a_refusal_is_shown_in_words(checkout: Checkout, mara: User, desk: Desk, act: str) -> None:
    paid(checkout)

    answer = desk(mara).post(act_of(checkout, act), {"reason": "no"})

    assert answer.status_code == 400
    assert f"Checkout {checkout.id} is confirmed." in text_of(answer)
    assert reload(checkout).status == "confirmed"


def test_what_was_partly_paid_is_not_offered_to_be_canceled(
    checkout: Checkout, mara: User, desk: Desk
) -> None:
    paid(checkout, "10")

    page = desk(mara).get(page_of(checkout)).content.decode()
    answer = desk(mara).post(act_of(checkout, "cancel"))

    assert act_of(checkout, "cancel") not in page
    assert act_of(checkout, "fail") in page
    assert "is pending and partly paid" in text_of(answer)


def test_nothing_is_simulated_in_live(checkout: Checkout, mara: User, desk: Desk) -> None:
    page = desk(mara).get(page_of(checkout)).content.decode()
    answer = desk(mara).post(act_of(checkout, "simulate"), {"outcome": "pay"})

    assert act_of(checkout, "simulate") not in page
    assert answer.status_code == 400
    assert reload(checkout).status == "pending"


# --- the sandbox ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status", "tells"),
    [
        ("pay", "confirmed", " confirmations: the money is final, deliver"),
        ("underpaid", "expired", "Underpaid: 12.50 USDC came where 25.00 was asked"),
        ("overpaid", "confirmed", "Overpaid: 2.50 USDC more came than was asked"),
        ("late", "expired", " s after the checkout expired"),
        ("wrong_token", "expired", "25.00 USDT came where the checkout asks for 25.00 USDC on"),
        ("two_parts", "confirmed", "25.00 USDC came: that is enough, in block"),
        ("reorg", "confirmed", "The block that paid it left the chain; it is pending again until"),
    ],
)
def test_a_payment_is_simulated_and_its_story_told(
    acme: Organization, mara: User, desk: Desk, outcome: str, status: str, tells: str
) -> None:
    checkout = a_checkout(caller_of(acme))
    client = desk(mara, "sandbox")
    assert filled_buttons(client.get(page_of(checkout))) == ["Simulate a payment…"]

    answer = client.post(act_of(checkout, "simulate"), {"outcome": outcome}, follow=True)

    page = text_of(answer)
    assert "Played to its end, with every event on the way." in page
    assert reload(checkout).status == status
    assert tells in page


def test_what_has_ended_is_not_simulated_again(acme: Organization, mara: User, desk: Desk) -> None:
    checkout, client = a_checkout(caller_of(acme)), desk(mara, "sandbox")
    client.post(act_of(checkout, "simulate"), {"outcome": "pay"})

    page = client.get(page_of(checkout)).content.decode()
    answer = client.post(act_of(checkout, "simulate"), {"outcome": "pay"})

    assert act_of(checkout, "simulate") not in page
    assert answer.status_code == 400
    assert f"Checkout {checkout.id} is confirmed." in text_of(answer)
