"""The list of checkouts: what stands in it, what narrows it, how one is found again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checkouts import services
from checkouts.models import Checkout
from organizations.models import User
from tests.admin.conftest import Desk
from tests.admin.paying import CHECKOUTS, a_checkout, an_expired, left_the_chain, paid, time_over
from tests.admin.reading import text_of
from tests.checkouts.making import a_method, a_shared_method
from tests.payouts.making import People

USDT_ON_BASE = "0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2"


@pytest.fixture(autouse=True)
def _taken(people: People) -> None:
    """Acme takes USDC and USDT on Base, and USDC on Arbitrum."""
    a_method(people.admin)
    a_method(people.admin, token="USDT")
    a_method(people.admin, "arbitrum")


def rows_of(page: Any) -> int:
    return page.content.decode().count("<tr class=")


def test_a_row_says_how_much_for_whom_and_how_far(people: People, vera: User, desk: Desk) -> None:
    a_checkout(people.preparer, metadata={"plan": "pro", "order_id": "1001"})

    page = text_of(desk(vera).get(CHECKOUTS))

    assert "25.00 USDC on Base 1001 order_id and 1 more" in page
    assert "in 29 min" in page
    assert " pending " in page


def test_what_confirms_shows_a_bar_and_what_came(people: People, vera: User, desk: Desk) -> None:
    paid(a_checkout(people.preparer), is_final=False, confirmations=7)

    page = desk(vera).get(CHECKOUTS)

    assert "confirming 7 / 12" in text_of(page)
    assert '<progress class="bar" max="12" value="7"' in page.content.decode()


def test_a_part_is_shown_against_what_was_asked(people: People, vera: User, desk: Desk) -> None:
    paid(a_checkout(people.preparer), "10")

    page = text_of(desk(vera).get(CHECKOUTS))

    assert "10.00 of 25.00" in page
    assert "pending partly paid" in page


def test_a_canceled_one_is_called_so(people: People, mara: User, desk: Desk) -> None:
    services.cancel(people.preparer, a_checkout(people.preparer).id)

    body = desk(mara).get(CHECKOUTS).content.decode()

    assert '<span class="state state-grey state-struck">' in body
    assert "<b>canceled</b>" in body
    assert "<b>expired</b>" not in body


def unusual(people: People) -> dict[str, Checkout]:
    """One checkout of each kind of work, and one that is as usual."""
    made = {name: a_checkout(people.preparer, metadata={"order_id": name}) for name in (
        "usual", "partly_paid", "overpaid", "wrong_token", "reversed",
    )}  # fmt: skip
    paid(made["usual"])
    paid(made["partly_paid"], "10")
    paid(made["overpaid"], "30")
    paid(made["wrong_token"], contract=USDT_ON_BASE)
    left_the_chain(paid(made["reversed"]))
    for name in ("underpaid", "late"):
        late = {"expires_in_seconds": -30, "metadata": {"order_id": name}}
        made[name] = a_checkout(people.preparer, **late)
    in_time = made["underpaid"].deadline - timedelta(seconds=1)
    paid(made["underpaid"], "10", at=in_time)
    paid(made["late"], at=made["late"].deadline + timedelta(hours=3))
    time_over(made["late"])
    return made


@pytest.mark.parametrize(
    ("work", "tag"),
    [
        ("partly_paid", "partly paid"),
        ("underpaid", "underpaid"),
        ("overpaid", "overpaid"),
        ("late", "late payment"),
        ("wrong_token", "wrong token"),
        ("reversed", "reversed"),
    ],
)
def test_what_is_unusual_is_found_by_its_filter_and_says_so(
    people: People, vera: User, desk: Desk, work: str, tag: str
) -> None:
    unusual(people)

    page = desk(vera).get(CHECKOUTS, {"work": work})

    assert rows_of(page) == 1
    body = text_of(page)
    assert f" {work} order_id" in body
    assert tag in body.partition("order_id")[2]


def test_filters_narrow_by_status_chain_and_token(people: People, vera: User, desk: Desk) -> None:
    a_checkout(people.preparer, chain="arbitrum", metadata={"order_id": "one"})
    a_checkout(people.preparer, token="USDT", metadata={"order_id": "two"})
    an_expired(people.preparer, metadata={"order_id": "three"})
    client = desk(vera)

    for query, found in (
        ({"chain": "arbitrum"}, "one"),
        ({"token": "USDT"}, "two"),
        ({"status": "expired"}, "three"),
    ):
        page = client.get(CHECKOUTS, query)
        assert rows_of(page) == 1
        assert f" {found} order_id" in text_of(page)


def test_the_days_are_those_of_the_reader_and_both_inclusive(
    people: People, vera: User, desk: Desk
) -> None:
    a_checkout(people.preparer)
    today, client = timezone.localdate(), desk(vera)
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)

    for query, count in (
        (f"from={today}&to={today}", 1), (f"from={tomorrow}", 0), (f"to={yesterday}", 0),
        ("from=yesterday", 1), ("from=0001-01-01&to=9999-12-31", 1),
    ):  # fmt: skip
        assert rows_of(client.get(f"{CHECKOUTS}?{query}")) == count, query
    page = text_of(client.get(f"{CHECKOUTS}?from={yesterday}&to={tomorrow}&chain=base"))
    assert f"Created: {yesterday:%-d %b %Y} to {tomorrow:%-d %b %Y}" in page


@pytest.mark.parametrize(
    "search",
    ["id", "id_prefix", "address", "lower", "hash", "metadata", "old_name", "customer", "link"],
)
def test_a_checkout_is_found_by_each_of_its_names_exactly(
    people: People, vera: User, desk: Desk, search: str
) -> None:
    checkout = a_checkout(
        people.preparer, metadata={"plan": "pro", "cart": "77"}, customer_id="cus_1"
    )
    payment = paid(checkout)
    a_checkout(people.preparer, metadata={"plan": "professional", "cart": "771"})
    term = {
        "id": checkout.id,
        "id_prefix": checkout.id[:12],
        "address": checkout.address,
        "lower": checkout.address.lower(),
        "hash": payment.tx_hash.upper().replace("0X", "0x"),
        "metadata": "77",
        "old_name": "cart=77",
        "customer": "cus_1",
        "link": "pl_none",
    }[search]

    page = desk(vera).get(CHECKOUTS, {"q": f" {term} "})

    assert rows_of(page) == (0 if search == "link" else 1)
    assert (checkout.id in page.content.decode().replace("_5F", "_")) is (search != "link")


def test_older_checkouts_are_a_page_away(people: People, vera: User, desk: Desk) -> None:
    for number in range(51):
        a_checkout(people.preparer, metadata={"order_id": str(number)})
    client = desk(vera)

    first, second = client.get(CHECKOUTS), client.get(f"{CHECKOUTS}?p=2")

    assert (rows_of(first), rows_of(second)) == (50, 1)
    assert "Page 1 Older" in text_of(first)


@pytest.mark.parametrize("query", ["", "?status=confirming", "?work=late", "?work=reversed"])
def test_a_page_of_the_list_takes_at_most_seven_queries_and_counts_nothing(
    people: People, vera: User, desk: Desk, query: str
) -> None:
    unusual(people)
    paid(a_checkout(people.preparer), is_final=False)
    client = desk(vera)

    with CaptureQueriesContext(connection) as queries:
        client.get(f"{CHECKOUTS}{query}")

    assert len(queries) <= 7, "\n".join(each["sql"] for each in queries)
    assert not any("count(*)" in each["sql"].lower() for each in queries)


def test_the_requested_amount_is_told_apart_from_the_exact_one(
    people: People, vera: User, desk: Desk
) -> None:
    a_shared_method(people.admin, is_default=True)
    a_checkout(people.preparer)
    a_checkout(people.preparer)

    page = text_of(desk(vera).get(CHECKOUTS))

    assert "25.00 USDC" in page
    assert "25.000001 USDC" in page


def test_an_empty_list_says_what_will_appear_there(people: People, vera: User, desk: Desk) -> None:
    page = text_of(desk(vera).get(CHECKOUTS))

    assert "No checkouts yet A checkout appears here when your shop makes one over the API" in page
