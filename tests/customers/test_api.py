"""/v1/customers: what is asked and answered, changed, and refused."""

from collections.abc import Callable
from typing import Any

import pytest

from billing.chains import Environment
from customers.models import Customer
from events.models import Event
from organizations.models import Organization
from tests.conftest import Api, MakeApi

Json = dict[str, Any]

ADA: Json = {
    "email": "Ada@Example.com",
    "name": "Ada Lovelace",
    "external_id": "user-1815",
    "metadata": {"tier": "gold", "seats": 3, "is_new": True, "tags": ["a", None]},
}


@pytest.fixture
def client(acme: Organization, api: MakeApi) -> Api:
    return api(acme)


def made(client: Api, **fields: Any) -> Json:
    answer: Any = client.post("/v1/customers", fields)
    assert answer.status_code == 201, answer.content
    told: Json = answer.json()
    return told


def error_of(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def test_a_customer_is_told_field_by_field(
    client: Api, acme: Organization, events_of: Callable[[str], list[str]]
) -> None:
    told = made(client, **ADA)

    assert told == {
        "id": told["id"],
        "org_id": acme.id,
        "email": "Ada@Example.com",
        "name": "Ada Lovelace",
        "external_id": "user-1815",
        "metadata": ADA["metadata"],
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
        "customer_id": told["id"],
    }
    assert told["id"].startswith("cus_")
    answer: Any = client.get(f"/v1/customers/{told['id']}")
    assert answer.json() == told
    assert events_of(told["id"]) == ["customer.created"]
    data = Event.objects.get(type="customer.created").payload["data"]
    assert {name: data[name] for name in told} == told


def test_what_is_not_said_is_null(client: Api) -> None:
    told = made(client, email="ada@example.com")
    blank = made(client, email="eve@example.com", name="", external_id="", metadata=None)

    for customer in (told, blank):
        assert (customer["name"], customer["external_id"], customer["metadata"]) == (None,) * 3


def test_numbers_of_metadata_stay_exact(client: Api) -> None:
    body = b'{"email": "a@example.com", "metadata": {"a": 0.1000000000000000000001, "b": 1e30}}'

    answer: Any = client.post("/v1/customers", body)

    assert b'"a":0.1000000000000000000001' in answer.content
    again = client.get(f"/v1/customers/{answer.json()['id']}").content
    assert b'"a":0.1000000000000000000001' in again
    assert b'"b":1000000000000000000000000000000' in again


def test_a_customer_changes_by_what_is_named(
    client: Api, events_of: Callable[[str], list[str]]
) -> None:
    customer = made(client, **ADA)
    path = f"/v1/customers/{customer['id']}"

    answer: Any = client.patch(path, {"name": None, "email": "king@example.com", "metadata": {}})

    told = answer.json()
    assert (told["name"], told["email"], told["metadata"]) == (None, "king@example.com", {})
    assert told["external_id"] == "user-1815"
    assert told["updated_at"] > customer["updated_at"] or told["updated_at"].endswith("Z")
    assert events_of(customer["id"]) == ["customer.created", "customer.updated"]
    event = Event.objects.get(type="customer.updated")
    assert sorted(event.payload["data"]["changed"]) == ["email", "metadata", "name"]


@pytest.mark.parametrize("body", [{}, ADA, {"name": "Ada Lovelace"}, {"unknown": 1}])
def test_nothing_to_change_is_no_event(
    client: Api, events_of: Callable[[str], list[str]], body: Json
) -> None:
    customer = made(client, **ADA)

    answer: Any = client.patch(f"/v1/customers/{customer['id']}", body)

    assert (answer.status_code, answer.json()) == (200, customer)
    assert events_of(customer["id"]) == ["customer.created"]


def test_the_case_of_an_address_can_be_mended(client: Api) -> None:
    customer = made(client, **ADA)

    answer: Any = client.patch(f"/v1/customers/{customer['id']}", {"email": "ada@example.com"})

    assert answer.json()["email"] == "ada@example.com"


# --- once each --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"email": "Ada@Example.com"}, "email"),
        ({"email": "ada@example.COM"}, "email"),
        ({"email": "eve@example.com", "external_id": "user-1815"}, "external_id"),
    ],
)
def test_a_second_customer_with_the_same_is_refused_and_says_which(
    client: Api, body: Json, param: str
) -> None:
    first = made(client, **ADA)
    other = made(client, email="other@example.com")

    created: Any = client.post("/v1/customers", body)
    changed: Any = client.patch(f"/v1/customers/{other['id']}", {param: body[param]})

    for answer in (created, changed):
        assert error_of(answer) == (400, "customer_exists", param)
        assert first["id"] in answer.json()["error"]["message"]
    assert Customer.objects.count() == 2
    assert Event.objects.filter(type__startswith="customer.").count() == 2


def test_beyond_ascii_two_that_differ_in_case_are_one(client: Api) -> None:
    made(client, email="ada@bücher.example")

    answer: Any = client.post("/v1/customers", {"email": "ADA@BÜCHER.example"})

    assert error_of(answer) == (400, "customer_exists", "email")


def test_external_ids_are_told_apart_by_case_and_many_have_none(client: Api) -> None:
    for number, external_id in enumerate(["a", "A", " a", None, None]):
        made(client, email=f"a{number}@example.com", external_id=external_id)

    assert Customer.objects.count() == 5


def test_elsewhere_the_same_address_is_somebody_else(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    for client in (api(acme), api(zenith), api(acme, Environment.LIVE)):
        made(client, **ADA)

    assert Customer.objects.count() == 3


def test_a_repeat_with_its_key_makes_one(client: Api) -> None:
    first: Any = client.post("/v1/customers", ADA, idempotency_key="ada")
    again: Any = client.post("/v1/customers", ADA, idempotency_key="ada")
    other: Any = client.post("/v1/customers", {**ADA, "name": "Eve"}, idempotency_key="ada")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert other.json()["error"]["code"] == "idempotency_key_reused"
    assert Customer.objects.count() == 1


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "email"),
        ({"email": None}, "missing_required_field", "email"),
        ({"email": ""}, "invalid_field_value", "email"),
        ({"email": "ada"}, "invalid_field_value", "email"),
        ({"email": " ada@example.com"}, "invalid_field_value", "email"),
        ({"email": "ada@example.com\nBcc: eve@example.com"}, "invalid_field_value", "email"),
        ({"email": f"{'a' * 243}@example.com"}, "invalid_field_value", "email"),
        ({"email": 5}, "invalid_field_value", "email"),
        ({"name": "x" * 257}, "invalid_field_value", "name"),
        ({"name": 5}, "invalid_field_value", "name"),
        ({"external_id": "x" * 257}, "invalid_field_value", "external_id"),
        ({"metadata": "gold"}, "invalid_field_value", "metadata"),
        ({"metadata": []}, "invalid_field_value", "metadata"),
        ({"metadata": {"": 1}}, "invalid_field_value", "metadata"),
        ({"metadata": {str(n): n for n in range(21)}}, "invalid_field_value", "metadata"),
        ({"metadata": {"a": "x" * 16_384}}, "invalid_field_value", "metadata"),
        ({"metadata": {"seed_phrase": "abandon"}}, "private_key_refused", "seed_phrase"),
    ],
)
def test_a_bad_body_is_refused(client: Api, body: Json, code: str, param: str) -> None:
    answer: Any = client.post("/v1/customers", {"email": "ada@example.com"} | body if body else {})

    assert error_of(answer) == (400, code, param)
    assert not Customer.objects.exists()


@pytest.mark.parametrize("number", ["1e400000", "1e-400000", "1" * 41, "0.1e41"])
def test_a_number_that_no_column_holds_is_refused(client: Api, number: str) -> None:
    body = f'{{"email": "a@example.com", "metadata": {{"a": [{{"b": {number}}}]}}}}'

    assert error_of(client.post("/v1/customers", body.encode())) == (
        400, "invalid_field_value", "metadata",
    )  # fmt: skip


@pytest.mark.parametrize("body", [{"email": None}, {"email": "ada"}, {"name": ["Ada"]}])
def test_a_bad_change_changes_nothing(client: Api, body: Json) -> None:
    customer = made(client, **ADA)

    answer: Any = client.patch(f"/v1/customers/{customer['id']}", body)

    assert answer.status_code == 400
    assert client.get(f"/v1/customers/{customer['id']}").json() == customer  # type: ignore[attr-defined]


def test_without_the_scope_nothing_is_kept(acme: Organization, api: MakeApi) -> None:
    reader = api(acme, scopes=["customers:read"])
    writer = api(acme, scopes=["customers:write"])

    assert error_of(reader.post("/v1/customers", ADA))[:2] == (403, "insufficient_scope")
    assert error_of(writer.get("/v1/customers"))[:2] == (403, "insufficient_scope")
    assert made(writer, **ADA)["name"] == "Ada Lovelace"
