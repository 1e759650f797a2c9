"""Payments: what came in, what of it somebody must look at, and what became of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checkouts import services
from checkouts.models import Checkout, Payment
from organizations.models import User
from tests.admin.conftest import Desk
from tests.admin.paying import (
    PAYER,
    PAYMENTS,
    a_checkout,
    an_expired,
    left_the_chain,
    paid,
    time_over,
)
from tests.admin.reading import act_of, filled_buttons, page_of, text_of
from tests.checkouts.making import TREASURY, a_method, a_shared_method
from tests.payouts.making import People

USDT_ON_BASE = "0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
HOURS_3 = timedelta(hours=3)


@pytest.fixture(autouse=True)
def _taken(people: People) -> None:
    a_method(people.admin)


def rows_of(page: Any) -> int:
    return page.content.decode().count("<tr class=")


def late(people: People, usd: str = "25", **how: Any) -> Payment:
    checkout = an_expired(people.preparer)
    return paid(checkout, usd, at=checkout.deadline + HOURS_3, **how)


def too_little(people: People) -> Payment:
    checkout = a_checkout(people.preparer, expires_in_seconds=-30)
    payment = paid(checkout, "10", at=checkout.deadline - timedelta(seconds=1))
    time_over(checkout)
    return payment


def unassigned(people: People) -> Payment:
    """What a customer sent to the shared address with another amount than asked."""
    method = a_shared_method(people.admin)
    return paid(a_checkout(people.preparer, payment_method_id=method.id), "25.3")


# --- the list ------------------------------------------------------------------------------------


def test_what_waits_for_a_person_comes_first_and_longest_waiting_on_top(
    people: People, vera: User, desk: Desk
) -> None:
    paid(a_checkout(people.preparer))
    first, second = late(people, "25"), late(people, "26")

    page = text_of(desk(vera).get(PAYMENTS))

    assert "To look at 2 Underpaid All" in page
    assert page.index("25.00 USDC on Base") < page.index("26.00 USDC on Base")
    assert "25.00 USDC came 3 h after the checkout expired." in page
    assert "in time" not in page
    assert first.created_at < second.created_at


def test_underpaid_ones_have_their_own_tab(people: People, vera: User, desk: Desk) -> None:
    too_little(people)
    client = desk(vera)

    assert "To look at Underpaid 1 All" in text_of(client.get(PAYMENTS))
    page = text_of(client.get(f"{PAYMENTS}?tab=underpaid"))
    assert "10.00 USDC of 25.00 came, and then the checkout expired." in page


def test_all_of_them_stand_newest_first(people: People, vera: User, desk: Desk) -> None:
    paid(a_checkout(people.preparer))
    late(people, "26")

    page = desk(vera).get(f"{PAYMENTS}?tab=all")

    assert rows_of(page) == 2
    words = text_of(page)
    assert words.index("26.00 USDC on Base") < words.index("25.00 USDC on Base")


def test_empty_tabs_say_what_will_appear_there(people: People, vera: User, desk: Desk) -> None:
    client = desk(vera)

    assert "Nothing to look at A payment comes here when it is late" in text_of(
        client.get(PAYMENTS)
    )
    assert "Nothing was paid too little" in text_of(client.get(f"{PAYMENTS}?tab=underpaid"))
    assert "No payments yet" in text_of(client.get(f"{PAYMENTS}?tab=all"))


@pytest.mark.parametrize("search", ["id", "checkout", "address", "hash", "payer"])
def test_a_payment_is_found_by_its_names(
    people: People, vera: User, desk: Desk, search: str
) -> None:
    checkout = a_checkout(people.preparer)
    payment = paid(checkout)
    paid(a_checkout(people.preparer))
    term = {
        "id": payment.id,
        "checkout": checkout.id,
        "address": checkout.address.lower(),
        "hash": payment.tx_hash.removeprefix("0x"),
        "payer": PAYER,
    }[search]

    page = desk(vera).get(PAYMENTS, {"q": term})

    assert rows_of(page) == (0 if search == "payer" else 1)


@pytest.mark.parametrize("query", ["", "?tab=underpaid", "?tab=all", "?tab=all&kind=late"])
def test_a_page_of_the_list_takes_at_most_eight_queries(
    people: People, vera: User, desk: Desk, query: str
) -> None:
    late(people), late(people), too_little(people), unassigned(people)
    paid(a_checkout(people.preparer))
    client = desk(vera)

    with CaptureQueriesContext(connection) as queries:
        client.get(f"{PAYMENTS}{query}")

    assert len(queries) <= 8, "\n".join(each["sql"] for each in queries)
    assert not any("count(*)" in each["sql"].lower() for each in queries)


# --- what each says ------------------------------------------------------------------------------


def says(payment: Payment, desk: Desk, user: User) -> str:
    return text_of(desk(user).get(page_of(payment)))


def test_late_with_less_than_was_asked(people: People, vera: User, desk: Desk) -> None:
    assert (
        "10.00 USDC came 3 h after the checkout expired, which had asked for 25.00. Refund it from "
        "your own wallet, or agree with the customer on the rest."
    ) in says(late(people, "10"), desk, vera)


def test_late_after_it_was_paid_in_time(people: People, vera: User, desk: Desk) -> None:
    checkout = a_checkout(people.preparer)
    paid(checkout)

    second = paid(checkout, at=checkout.deadline + HOURS_3)

    assert (
        "25.00 USDC came 3 h after the time of its checkout, which had been paid already. "
        "Refund it from your own wallet, or credit it to the customer."
    ) in says(second, desk, vera)


def test_late_after_it_was_canceled(people: People, vera: User, desk: Desk) -> None:
    checkout = services.cancel(people.preparer, a_checkout(people.preparer).id)
    assert checkout.canceled_at is not None

    payment = paid(checkout, at=checkout.canceled_at + timedelta(minutes=4))

    assert "25.00 USDC came 4 min after the checkout was canceled." in says(payment, desk, vera)


def test_the_wrong_token(people: People, vera: User, desk: Desk) -> None:
    payment = paid(a_checkout(people.preparer), contract=USDT_ON_BASE)

    assert (
        "25.00 USDT came where the checkout asks for 25.00 USDC on Base, so it does not count. "
        "Refund it from your own wallet, or accept it as it is and deliver."
    ) in says(payment, desk, vera)


def test_a_namesake_is_told_by_its_own_name(people: People, vera: User, desk: Desk) -> None:
    a_method(people.admin, "arbitrum")

    payment = paid(a_checkout(people.preparer, chain="arbitrum"), contract=USDC_E)

    assert (
        "25.00 USDC.e came where the checkout asks for 25.00 USDC on Arbitrum One, so it does not "
        "count. That is USDC.e, the bridged USDC of Arbitrum, which is not USDC."
    ) in says(payment, desk, vera)


def test_what_names_no_checkout(people: People, vera: User, desk: Desk) -> None:
    page = says(unassigned(people), desk, vera)

    assert "25.30 USDC on Base reached the address of " in page
    assert "which its checkouts share, and none of them asks for exactly that. Find out who" in page
    assert "Checkout none is named by it" in page
    assert f"To {TREASURY}" in page
    assert "Ask the customer where to send it back" in page


def test_nothing_is_done_before_it_is_final(people: People, vera: User, desk: Desk) -> None:
    page = says(late(people, is_final=False), desk, vera)

    assert "late not final yet" in page
    assert "Wait until its block is final before you refund or deliver anything." in page
    assert "or accept it and deliver" not in page


def test_nothing_is_done_while_its_block_is_gone(people: People, vera: User, desk: Desk) -> None:
    payment = late(people)
    left_the_chain(payment)

    page = says(payment, desk, vera)

    assert "late left the chain" in page
    assert "Its block left the chain, so the money may not have moved. Do nothing yet" in page


# --- resolved ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [late, too_little, unassigned])
def test_it_is_resolved_and_says_who_did_when_and_why(
    people: People, mara: User, desk: Desk, make: Any
) -> None:
    payment, client = make(people), desk(mara)
    answer = client.get(page_of(payment))
    assert filled_buttons(answer) == ["Resolve…"]

    form = {"resolution": "refunded", "note": "sent back in 0xab12"}
    answer = client.post(act_of(payment, "resolve"), form, follow=True)

    stored = Payment.objects.get(id=payment.id)
    assert (stored.resolution, stored.resolved_by) == ("refunded", mara.id)
    page = text_of(answer)
    assert "Mara resolved it as refunded, just now . sent back in 0xab12" in page
    assert filled_buttons(answer) == []
    assert "No longer" not in page
    assert "Nothing to look at" in text_of(client.get(PAYMENTS))
    assert "Nothing was paid too little" in text_of(client.get(f"{PAYMENTS}?tab=underpaid"))


def test_its_checkout_tells_it_in_the_story(people: People, mara: User, desk: Desk) -> None:
    payment, client = late(people), desk(mara)
    form = {"resolution": "credited", "note": "for the next order"}
    client.post(act_of(payment, "resolve"), form)

    checkout = Checkout.objects.get()
    page = text_of(client.get(page_of(checkout)))

    assert "Mara resolved 25.00 USDC as credited for the next order" in page


def test_both_the_resolution_and_the_note_are_asked(people: People, mara: User, desk: Desk) -> None:
    payment, client = late(people), desk(mara)

    for form in ({"note": "why"}, {"resolution": "refunded", "note": " "}, {"resolution": "x"}):
        answer = client.post(act_of(payment, "resolve"), form)
        assert answer.status_code == 200
    assert Payment.objects.get(id=payment.id).resolution == ""


def test_a_second_resolution_is_refused_in_words(people: People, mara: User, desk: Desk) -> None:
    payment, client = late(people), desk(mara)
    form = {"resolution": "refunded", "note": "sent back"}
    client.post(act_of(payment, "resolve"), form)

    answer = client.post(act_of(payment, "resolve"), form)

    assert answer.status_code == 400
    assert f"Payment {payment.id} waits for nobody." in text_of(answer)


def test_a_payment_in_time_waits_for_nobody(people: People, mara: User, desk: Desk) -> None:
    payment, client = paid(a_checkout(people.preparer)), desk(mara)

    page = client.get(page_of(payment))

    assert act_of(payment, "resolve") not in page.content.decode()
    assert "25.00 USDC came in time and counts towards the checkout." in text_of(page)
