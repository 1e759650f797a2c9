"""The first page about money that comes in: what needs a person, and the month's sum."""

from datetime import timedelta

import pytest

from checkouts import resolving
from organizations.models import User
from tests.admin.conftest import Desk
from tests.admin.paying import (
    CHECKOUTS,
    PAYMENTS,
    a_checkout,
    an_expired,
    left_the_chain,
    paid,
    time_over,
)
from tests.admin.reading import text_of
from tests.checkouts.making import a_method
from tests.payouts.making import People

HOME = "/admin/"


@pytest.fixture(autouse=True)
def _taken(people: People) -> None:
    a_method(people.admin)


def test_payments_to_look_at_lead_to_their_list(people: People, vera: User, desk: Desk) -> None:
    client, late = desk(vera), an_expired(people.preparer)
    assert "to look at" not in text_of(client.get(HOME))

    payment = paid(late, at=late.deadline + timedelta(hours=3))

    page = client.get(HOME)
    assert "1 payment to look at late, in another token, or named by no checkout" in text_of(page)
    assert f'href="{PAYMENTS}?tab=look"' in page.content.decode()
    resolving.resolve(people.preparer, payment.id, "refunded", "sent back")
    assert "to look at" not in text_of(client.get(HOME))


def test_underpaid_ones_lead_to_theirs(people: People, vera: User, desk: Desk) -> None:
    short = a_checkout(people.preparer, expires_in_seconds=-30)
    paid(short, "10", at=short.deadline - timedelta(seconds=1))
    time_over(short)

    page = desk(vera).get(HOME)

    assert "1 payment of an underpaid checkout less came than was asked" in text_of(page)
    assert f'href="{PAYMENTS}?tab=underpaid"' in page.content.decode()


def test_a_reversed_checkout_is_urgent(people: People, vera: User, desk: Desk) -> None:
    left_the_chain(paid(a_checkout(people.preparer)))

    page = desk(vera).get(HOME)

    assert "1 checkout reversed what paid it left the chain after it was confirmed" in text_of(page)
    body = page.content.decode()
    assert f'<li class="urgent">\n          <a href="{CHECKOUTS}?work=reversed">' in body


def test_money_in_is_summed_per_chain_and_token_once_it_is_final(
    people: People, vera: User, desk: Desk
) -> None:
    client = desk(vera)
    assert "Customers paid nothing in the last 30 days." in text_of(client.get(HOME))
    paid(a_checkout(people.preparer))
    paid(a_checkout(people.preparer), "17.5")
    paid(a_checkout(people.preparer), "1000", is_final=False)

    page = text_of(client.get(HOME))

    story = page[page.index("Money in") :]
    assert " 42.50 USDC on Base" in story
    assert "Nothing was settled in the last 30 days." in page
