"""What is known of an address: whose it is, whether it waits, was paid, looks like another."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payouts.recipients import Standing, acts, lookalikes, standing, standings
from tests.payouts.making import OTHER_RECIPIENT, RECIPIENT, People, make_payout
from tests.payouts.recipients.booking import (
    LOOKALIKE,
    SECOND_LOOKALIKE,
    a_recipient,
    cooling,
    proposed,
    usable,
)
from wallets import services as wallets


def of(people: People, address: str = RECIPIENT, chain: str = "arbitrum") -> Standing:
    here = people.admin
    return standing(here.organization_id, here.environment, chain, [address])[address]


def test_of_a_stranger_nothing_is_known(people: People) -> None:
    assert of(people) == Standing()


def test_what_is_proposed_has_a_name_and_is_not_usable(people: People) -> None:
    address = proposed(people)

    found = of(people)

    assert found == Standing(address.recipient_id, "Acme Supplies", "proposed")
    assert not found.is_cooling


def test_what_is_approved_cools_down_then_is_usable(people: People) -> None:
    address = cooling(people)
    found = of(people)
    assert (found.is_usable, found.is_cooling, found.usable_at) == (False, True, address.usable_at)

    acts.archive_address(people.admin, address.id, "Again.")
    usable(people, recipient=address.recipient)

    found = of(people)
    assert (found.recipient_name, found.is_usable, found.is_cooling) == (
        "Acme Supplies", True, False,
    )  # fmt: skip


@pytest.mark.parametrize("how", ["rejected", "archived"])
def test_what_is_out_of_the_book_has_no_name(people: People, how: str) -> None:
    address = proposed(people)
    if how == "rejected":
        acts.reject(people.approver, address.id, "No.")
    else:
        acts.archive_address(people.admin, address.id, "Gone.")

    assert of(people) == Standing()


def test_a_settled_payout_makes_it_paid_on_its_chain_alone(people: People) -> None:
    make_payout(people, "settled")
    make_payout(people, "draft", recipient_address=OTHER_RECIPIENT)

    assert of(people).was_paid
    assert not of(people, chain="base").was_paid
    assert not of(people, OTHER_RECIPIENT).was_paid


def test_a_lookalike_of_what_is_known_is_named(people: People) -> None:
    usable(people)
    wallets.create(people.admin, wallets.NewWallet("base", SECOND_LOOKALIKE, "Treasury"))

    assert of(people, LOOKALIKE).lookalike in (RECIPIENT, SECOND_LOOKALIKE)
    here = people.admin
    assert set(lookalikes(here.organization_id, here.environment, LOOKALIKE)) == {
        RECIPIENT, wallets.get(here, _wallet_id(people)).address,
    }  # fmt: skip
    assert of(people, OTHER_RECIPIENT).lookalike is None


def _wallet_id(people: People) -> str:
    from wallets.models import Wallet

    return Wallet.objects.get(organization_id=people.admin.organization_id).id


def test_another_organization_knows_nothing_of_it(
    people: People, strangers: People, sandboxed: People
) -> None:
    usable(people)
    make_payout(people, "settled")

    for others in (strangers, sandboxed):
        assert of(others) == Standing()
        assert of(others, LOOKALIKE) == Standing()


def test_a_page_of_addresses_costs_one_query(people: People) -> None:
    usable(people)
    make_payout(people, "settled", recipient_address=OTHER_RECIPIENT)
    here = people.admin
    places: list[Any] = [
        (chain, address)
        for chain in ("arbitrum", "base")
        for address in (RECIPIENT, OTHER_RECIPIENT, LOOKALIKE)
    ]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = standings(here.organization_id, here.environment, places)

    assert len(queries) == 1
    assert set(found) == set(places)
    assert found["arbitrum", RECIPIENT].is_usable
    assert not found["base", RECIPIENT].is_usable
    assert found["base", LOOKALIKE].lookalike == RECIPIENT
    with CaptureQueriesContext(connection) as queries:
        assert standings(here.organization_id, here.environment, []) == {}
    assert len(queries) == 0


def test_the_wait_is_counted_from_the_approval(people: People) -> None:
    address = cooling(people, OTHER_RECIPIENT, recipient=a_recipient(people, "Slow"))

    assert address.decided_at is not None
    assert of(people, OTHER_RECIPIENT).usable_at == address.decided_at + timedelta(hours=24)
