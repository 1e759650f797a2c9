"""The pages of customers in a real browser: at a desk and on a phone, by day and by night."""

import pytest
from playwright.sync_api import expect

from checkouts import services as checkouts
from customers import services
from customers.services import NewCustomer
from organizations.models import User
from subscriptions import services as subscriptions
from tests.admin.reading import act_of, page_of
from tests.browser.conftest import Reader
from tests.browser.looks import all_looked_at
from tests.checkouts.making import a_draft
from tests.payouts.making import People
from tests.subscriptions.making import a_plan, subscribed

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/customers/customer/"


@pytest.fixture
def paths(sandboxed: People) -> dict[str, str]:
    caller = sandboxed.admin
    ada = services.create(
        caller,
        NewCustomer("ada@example.com", "Ada Lovelace", "user-1815", {"tier": "gold", "seats": 3}),
    )
    services.create(caller, NewCustomer(f"{'grace.hopper.' * 8}navy@example.com"))
    nobody = services.create(caller, NewCustomer("eve@example.com"))
    for name in ("Basic", "Pro"):
        last = subscribed(caller, a_plan(caller, name=name), ada)
    subscriptions.cancel(caller, last.id)
    checkouts.create(caller, a_draft(customer_id=ada.id))
    return {
        "customers": LIST,
        "customers-nothing": f"{LIST}?q=nobody",
        "customer": page_of(ada),
        "customer-bare": page_of(nobody),
        "customer-new": f"{LIST}new/",
        "customer-update": act_of(ada, "update"),
    }


def test_no_page_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str], ada: User
) -> None:
    page = reader(ada, "sandbox")

    assert all_looked_at(page, paths) == []


def test_a_customer_is_found_and_changed_without_a_script(
    reader: Reader, paths: dict[str, str], ada: User
) -> None:
    page = reader(ada, "sandbox", javascript=False)
    page.goto(f"{LIST}?q=LOVE")

    page.get_by_role("link", name="Ada Lovelace").click()
    page.get_by_role("link", name="Change…").click()
    page.get_by_label("Name").fill("Ada King")
    page.get_by_role("button", name="Change").click()

    expect(page.get_by_role("heading", name="Ada King")).to_be_visible()
    expect(page.get_by_text("It is changed.")).to_be_visible()
