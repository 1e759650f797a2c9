"""GET /v1/customers: pages by cursor and by offset, and what a search finds."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.chains import Environment
from customers.models import Customer
from customers.searching import found
from organizations.models import Organization
from organizations.services import create_organization
from tests.conftest import Api, MakeApi


@pytest.fixture
def client(acme: Organization, api: MakeApi) -> Api:
    return api(acme)


def keep(organization: Organization, email: str, **fields: Any) -> Customer:
    return Customer.objects.create(
        organization=organization, environment=Environment.SANDBOX, email=email, **fields
    )


def asked(client: Api, **query: Any) -> Any:
    answer: Any = client.get("/v1/customers", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def emails(client: Api, **query: Any) -> list[str]:
    return [row["email"].partition("@")[0] for row in asked(client, **query)["data"]]


def test_pages_by_cursor_have_each_customer_once(acme: Organization, client: Api) -> None:
    for number in range(7):
        keep(acme, f"c{number}@example.com")

    walked, query = [], {"limit": 3}
    while True:
        page = asked(client, **query)
        walked += [row["email"][:2] for row in page["data"]]
        keep(acme, f"new{len(walked)}@example.com")  # What comes meanwhile moves nothing.
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]

    assert walked == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]


def test_pages_by_offset(acme: Organization, client: Api) -> None:
    for number in range(5):
        keep(acme, f"c{number}@example.com")

    assert emails(client, limit=2) == ["c4", "c3"]
    assert emails(client, limit=2, offset=2) == ["c2", "c1"]
    assert emails(client, limit=2, offset=4) == ["c0"]
    assert emails(client, offset=9) == []
    page = asked(client, limit=2, offset=1)
    assert page["has_more"] is True
    assert emails(client, limit=2, cursor=page["next_cursor"]) == ["c1", "c0"]
    assert emails(client, limit=2, cursor=page["next_cursor"], offset=0) == ["c1", "c0"]


@pytest.mark.parametrize("offset", ["-1", "1.5", "x", "", "1000001", "²", "1" * 30])
def test_a_bad_offset_is_refused(client: Api, offset: str) -> None:
    answer: Any = client.get("/v1/customers", {"offset": offset})

    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "offset")


def test_a_cursor_and_an_offset_contradict_each_other(acme: Organization, client: Api) -> None:
    for number in range(3):
        keep(acme, f"c{number}@example.com")
    cursor = asked(client, limit=1)["next_cursor"]

    answer: Any = client.get("/v1/customers", {"cursor": cursor, "offset": 1})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "offset")


def test_a_cursor_belongs_to_its_search(acme: Organization, client: Api) -> None:
    for number in range(3):
        keep(acme, f"ada{number}@example.com")
    cursor = asked(client, limit=1, search="ada")["next_cursor"]

    assert emails(client, search="ada", cursor=cursor) == ["ada1", "ada0"]
    answer: Any = client.get("/v1/customers", {"cursor": cursor, "search": "adb"})
    assert answer.json()["error"]["code"] == "invalid_cursor"


def test_a_search_finds_part_of_each_text_whatever_its_case(
    acme: Organization, client: Api
) -> None:
    keep(acme, "ada@shop.example", name="Ada Lovelace", external_id="user-1815")
    keep(acme, "grace@navy.example", name="Grace Hopper", external_id="USER-1906")
    keep(acme, "joe@shop.example", name="100% Joe_Ömer \\ 'x'")

    assert emails(client, search="LOVE") == ["ada"]
    assert emails(client, search="shop.ex") == ["joe", "ada"]
    assert emails(client, search="user-1") == ["grace", "ada"]
    assert emails(client, search="1906") == ["grace"]
    assert emails(client, search=" hopper ") == ["grace"]
    assert emails(client, search="ömer") == emails(client, search="O\u0308MER") == ["joe"]
    assert emails(client, search="ÖMER") == ["joe"]
    assert emails(client, search="100%") == ["joe"]
    assert emails(client, search="100_") == []
    assert emails(client, search="e_ö") == ["joe"]
    assert emails(client, search="\\ '") == ["joe"]
    assert emails(client, search="nobody") == []
    assert emails(client, search="ada@navy") == []
    assert emails(client, search="") == ["joe", "grace", "ada"]


def test_pieces_that_stand_apart_are_not_the_term(acme: Organization, client: Api) -> None:
    keep(acme, "ada@shop.example", name="abcd bcde")
    keep(acme, "eve@shop.example", name="abc", external_id="bcde")

    assert emails(client, search="abcde") == []
    assert emails(client, search="bcde") == ["eve", "ada"]


def test_one_or_two_characters_find_beginnings(acme: Organization, client: Api) -> None:
    keep(acme, "ada@shop.example", name="Bea Lovelace", external_id="xy-1")
    keep(acme, "zoe@shop.example")

    assert emails(client, search="a") == ["ada"]
    assert emails(client, search="BE") == ["ada"]
    assert emails(client, search="xy") == ["ada"]
    assert emails(client, search="lo") == []
    assert emails(client, search="z") == ["zoe"]


def test_a_search_that_is_too_long_is_refused(client: Api) -> None:
    answer: Any = client.get("/v1/customers", {"search": "x" * 257})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "search")


def test_a_search_stays_in_its_organization_and_environment(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    keep(acme, "ada@example.com")

    for client in (api(zenith), api(acme, Environment.LIVE)):
        assert emails(client, search="ada") == []
        assert emails(client) == []


def test_a_rare_term_is_answered_by_the_index(acme: Organization) -> None:
    Customer.objects.bulk_create(
        Customer(
            organization=acme, environment="sandbox", email=f"u{n}@{n % 97}.example",
            name=f"Person {n * 7919 % 100_003}",
        )
        for n in range(20_000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('customer_search')")
        cursor.execute("ANALYZE customers_customer")
    rows = found(Customer.objects.all(), acme.id, "sandbox", "u19999@")

    assert "customer_search" in rows.explain()
    assert [row.email for row in rows] == ["u19999@17.example"]


class TestASearch(TestCase):
    """A search by the index against a walk over every row."""

    # Few letters, so that the same pieces stand in many places.
    texts = st.one_of(
        st.text(st.sampled_from("aAb"), min_size=1, max_size=8),
        st.text(st.sampled_from("aAbB%_\\'ß ÖöŁI1"), min_size=1, max_size=8),
    )

    @given(rows=st.lists(st.tuples(texts, texts), max_size=6), term=texts)
    @settings(max_examples=150)
    def test_finds_what_a_walk_finds(self, rows: list[tuple[str, str]], term: str) -> None:
        organization = create_organization("Acme")
        for number, (name, external_id) in enumerate(rows):
            keep(organization, f"{number}@x.yz", name=name, external_id=f"{number}{external_id}")
        everyone = list(Customer.objects.filter(organization=organization))

        answer = found(Customer.objects.all(), organization.id, "sandbox", term)

        assert {row.id for row in answer} == {row.id for row in everyone if _has(row, term)}


def _has(row: Customer, term: str) -> bool:
    texts = [text.lower() for text in (row.email, row.name or "", row.external_id or "")]
    if len(term) < 3:
        return any(text.startswith(term.lower()) for text in texts)
    return any(term.lower() in text for text in texts)
