"""Customers in the admin: found, added, changed, and with what they were asked to pay."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.callers import Caller
from billing.chains import Environment
from checkouts import services as checkouts
from customers import services
from customers.models import Customer
from customers.services import NewCustomer
from events.models import Event
from organizations.models import Organization, User
from subscriptions import services as subscriptions
from tests.admin.conftest import Desk
from tests.admin.conftest import desk as desk
from tests.admin.reading import act_of, page_of, text_of
from tests.checkouts.making import a_draft, caller_of
from tests.subscriptions.making import a_plan, subscribed

LIST = "/admin/customers/customer/"
NEW = f"{LIST}new/"
MOST_QUERIES = 8


@pytest.fixture
def caller(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.fixture
def ada_lovelace(caller: Caller) -> Customer:
    draft = NewCustomer("ada@example.com", "Ada Lovelace", "user-1815", {"tier": "gold", "n": 1})
    return services.create(caller, draft)


def test_the_empty_list_says_how_customers_come(ada: User, desk: Desk) -> None:
    page = text_of(desk(ada, "sandbox").get(LIST))

    assert "No customers yet" in page
    assert "POST /v1/customers" in page


def test_the_list_is_searched(
    ada: User, desk: Desk, caller: Caller, ada_lovelace: Customer
) -> None:
    services.create(caller, NewCustomer("grace@example.com"))
    client = desk(ada, "sandbox")

    for term in ("love", "USER-18", "ada@", ada_lovelace.id):
        page = text_of(client.get(LIST, {"q": term}))
        assert "Ada Lovelace" in page
        assert "grace@example.com" not in page
    assert "grace@example.com" in text_of(client.get(LIST))


def test_a_list_takes_few_queries(ada: User, desk: Desk, caller: Caller) -> None:
    for number in range(60):
        services.create(caller, NewCustomer(f"c{number}@example.com"))
    client = desk(ada, "sandbox")

    with CaptureQueriesContext(connection) as asked:
        client.get(LIST, {"q": "example"})

    assert len(asked) <= MOST_QUERIES


def test_a_customers_page_has_what_is_known_and_what_they_were_asked_to_pay(
    ada: User, desk: Desk, caller: Caller, ada_lovelace: Customer
) -> None:
    client = desk(ada, "sandbox")
    assert "No checkout names them yet" in text_of(client.get(page_of(ada_lovelace)))
    for _ in range(12):
        checkouts.create(caller, a_draft(customer_id=ada_lovelace.id))

    with CaptureQueriesContext(connection) as asked:
        answer = client.get(page_of(ada_lovelace))

    page = text_of(answer)
    for words in ("ada@example.com", "user-1815", "tier", "gold", "49.99", "All of them"):
        assert words in page
    assert f"?q={ada_lovelace.id}" in answer.content.decode()
    assert len(asked) <= MOST_QUERIES


def test_a_customers_subscriptions_stand_on_their_page(
    ada: User, desk: Desk, caller: Caller, ada_lovelace: Customer
) -> None:
    client = desk(ada, "sandbox")
    assert "No subscription yet" in text_of(client.get(page_of(ada_lovelace)))
    for name in ("Basic", "Pro"):
        last = subscribed(caller, a_plan(caller, name=name), ada_lovelace)
    subscriptions.cancel(caller, last.id)

    with CaptureQueriesContext(connection) as asked:
        answer = client.get(page_of(ada_lovelace))

    page = text_of(answer)
    for words in ("Basic", "Pro", "20.00", "active", "ends then"):
        assert words in page
    assert len(asked) <= MOST_QUERIES


def test_a_customer_is_added(ada: User, desk: Desk) -> None:
    answer = desk(ada, "sandbox").post(
        NEW, {"email": "Ada@Example.com", "name": "Ada"}, follow=True
    )

    customer = Customer.objects.get()
    assert (customer.email, customer.name, customer.external_id) == ("Ada@Example.com", "Ada", None)
    assert "Ada is created." in text_of(answer)
    assert Event.objects.get(type="customer.created").actor_id == ada.id


def test_a_second_one_with_the_address_is_refused_at_its_field(
    ada: User, desk: Desk, ada_lovelace: Customer
) -> None:
    answer = desk(ada, "sandbox").post(NEW, {"email": "ADA@example.com"})

    assert answer.status_code == 400
    assert f"Customer {ada_lovelace.id} has this e-mail address already" in text_of(answer)


def test_a_customer_is_changed_by_an_act(ada: User, desk: Desk, ada_lovelace: Customer) -> None:
    client = desk(ada, "sandbox")
    url = act_of(ada_lovelace, "update")
    assert "user-1815" in client.get(url).content.decode()

    client.post(url, {"email": "king@example.com", "name": "Ada King", "external_id": ""})

    ada_lovelace.refresh_from_db()
    assert (ada_lovelace.email, ada_lovelace.name) == ("king@example.com", "Ada King")
    assert (ada_lovelace.external_id, ada_lovelace.metadata) == (None, {"tier": "gold", "n": 1})


def test_who_only_reads_has_no_buttons(vera: User, desk: Desk, ada_lovelace: Customer) -> None:
    client = desk(vera, "sandbox")

    assert client.get(NEW).status_code == 403
    assert client.post(act_of(ada_lovelace, "update"), {"email": "a@b.cd"}).status_code == 403
    assert "Add a customer" not in text_of(client.get(LIST))
    assert act_of(ada_lovelace, "update") not in client.get(page_of(ada_lovelace)).content.decode()


def test_a_stranger_finds_nothing(zoe: User, ada: User, desk: Desk, ada_lovelace: Customer) -> None:
    for client in (desk(zoe, "sandbox"), desk(ada, Environment.LIVE)):
        assert client.get(page_of(ada_lovelace)).status_code == 404
        assert client.post(act_of(ada_lovelace, "update"), {"email": "a@b.cd"}).status_code == 404
        for term in ("", "ada", ada_lovelace.id):
            assert "Ada Lovelace" not in text_of(client.get(LIST, {"q": term}))


def test_an_id_that_reads_as_a_percent_sign_is_found(
    ada: User, desk: Desk, acme: Organization
) -> None:
    customer = Customer.objects.create(
        id="cus_25a1b2c3d4e5f60718293a4b", organization=acme, environment="sandbox", email="a@b.cd"
    )
    client = desk(ada, "sandbox")

    assert client.get(page_of(customer)).status_code == 200
    assert client.get(act_of(customer, "update")).status_code == 200
    assert page_of(customer) in client.get(LIST).content.decode()
