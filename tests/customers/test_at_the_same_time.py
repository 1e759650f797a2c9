"""At the same time: real threads on PostgreSQL."""

from functools import partial
from typing import Any

import pytest

from billing.callers import Caller
from customers import services
from customers.models import Customer
from customers.services import NewCustomer
from events.models import Event
from organizations.models import Organization
from tests.checkouts.making import at_once, caller_of

MANY = 16

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def caller(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.mark.parametrize("param", ["email", "external_id"])
def test_of_many_with_the_same_one_is_kept(caller: Caller, param: str) -> None:
    drafts = [
        NewCustomer(
            email="ADA@example.com" if param == "email" and n % 2 else f"ada{n}@example.com"
            if param != "email" else "ada@example.com",
            external_id="user-1" if param == "external_id" else None,
        )
        for n in range(MANY)
    ]  # fmt: skip

    made = at_once([partial(services.create, caller, draft) for draft in drafts])

    assert [each for each in made if not isinstance(each, Customer)] == ["customer_exists"] * (
        MANY - 1
    )
    assert Customer.objects.count() == 1
    assert Event.objects.filter(type="customer.created").count() == 1


def test_changes_at_once_lose_nothing(caller: Caller) -> None:
    customer = services.create(caller, NewCustomer("ada@example.com"))
    changes: list[dict[str, Any]] = [
        {"name": "Ada"},
        {"external_id": "user-1"},
        {"metadata": {"a": 1}},
    ] * 5

    at_once([partial(services.update, caller, customer.id, each) for each in changes])

    customer.refresh_from_db()
    assert (customer.name, customer.external_id, customer.metadata) == (
        "Ada", "user-1", {"a": 1},
    )  # fmt: skip
    assert Event.objects.filter(type="customer.updated").count() == 3
