"""The pages of subscriptions in a real browser: at a desk and on a phone, by day and by night."""

import pytest
from playwright.sync_api import expect

from billing.callers import Caller
from checkouts import services as checkouts
from organizations.models import User
from subscriptions import entitlements, renewing, services
from subscriptions.models import Renewal, Subscription
from tests.admin.reading import act_of, page_of
from tests.browser.conftest import Reader
from tests.browser.looks import all_looked_at
from tests.payouts.making import People
from tests.subscriptions.making import a_customer, a_plan, last_renewal, pay, subscribed

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/subscriptions/subscription/"
RENEWALS = "/admin/subscriptions/renewal/"
PLANS = "/admin/subscriptions/plan/"
SETTINGS = "/admin/subscriptions/renewalsettings/"


def bounced(caller: Caller, subscription: Subscription) -> Renewal:
    """Its payment failed."""
    checkout_id = last_renewal(subscription).checkout_id
    assert checkout_id is not None
    checkouts.fail(caller, checkout_id, "It bounced.")
    renewing.renew(caller.organization_id, "sandbox")
    return last_renewal(subscription)


@pytest.fixture
def paths(sandboxed: People) -> dict[str, str]:
    caller = sandboxed.admin
    pro = a_plan(caller, name="Pro", description="All features, ten seats.", metadata={"tier": "2"})
    long = a_plan(caller, name="Everything that there is, " * 4, amount_atomic=1_234_567_891)
    trial = a_plan(caller, name="Team, yearly", interval="yearly", trial_days=5)
    old = a_plan(caller, name="Old", status="archived")
    entitlements.create(caller, entitlements.NewEntitlement(pro.id, "priority", "boolean", True))
    seats = entitlements.NewEntitlement(pro.id, "seats_of_the_whole_company", "string", "many " * 9)
    seat = entitlements.create(caller, seats)
    ada = a_customer(caller, email="ada@example.com", name="Ada Lovelace", external_id="user-1815")
    nameless = a_customer(caller, email=f"{'grace.hopper.' * 8}navy@example.com", name="")
    paid, late = subscribed(caller, pro, ada), subscribed(caller, long, nameless)
    pay(caller, paid)
    failed = bounced(caller, late)
    resting, over = subscribed(caller, pro), subscribed(caller, pro)
    services.pause(caller, resting.id)
    services.cancel_immediately(caller, over.id)
    tried = subscribed(caller, trial, ada)
    asked = subscribed(caller, pro, a_customer(caller, name="Jean Bartik"))
    services.cancel(caller, paid.id)
    return {
        "overview": f"{LIST}overview/",
        "list": LIST,
        "list-nothing": f"{LIST}?q=nobody",
        "list-empty-tab": f"{LIST}?tab=expired",
        "paid": page_of(paid),
        "late": page_of(late),
        "trial": page_of(tried),
        "asked": page_of(asked),
        "over": page_of(over),
        "pause": act_of(asked, "pause"),
        "cancel-now": act_of(asked, "cancel_immediately"),
        "resume": act_of(resting, "resume"),
        "new": f"{LIST}new/",
        "renewals": f"{RENEWALS}?tab=all",
        "renewals-due": f"{RENEWALS}?tab=due",
        "renewal-failed": page_of(failed),
        "renewal-asked": page_of(last_renewal(asked)),
        "retry": act_of(failed, "retry"),
        "plans": PLANS,
        "plan": page_of(pro),
        "plan-bare": page_of(old),
        "plan-new": f"{PLANS}new/",
        "plan-archive": act_of(pro, "archive"),
        "entitle": act_of(pro, "entitle"),
        "entitlement-update": act_of(seat, "update"),
        "settings": SETTINGS,
    }


def test_no_page_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str], ada: User
) -> None:
    page = reader(ada, "sandbox")
    named = {f"subscriptions-{name}": path for name, path in paths.items()}

    assert all_looked_at(page, named) == []


def test_a_failed_renewal_is_retried_without_a_script(
    reader: Reader, paths: dict[str, str], ada: User
) -> None:
    page = reader(ada, "sandbox", javascript=False)
    page.goto(f"{LIST}overview/")

    page.get_by_role("link", name="1 past due Customers").click()
    expect(page.get_by_role("heading", name="Subscriptions", level=1)).to_be_visible()
    page.locator("table.rows a.to").first.click()
    page.get_by_role("link", name="Retry the renewal").click()
    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_text("It is asked for again, on a new page.")).to_be_visible()
    expect(page.get_by_role("heading", name="Who must be told")).to_be_visible()


def test_a_refused_setting_is_said_beside_its_field(
    reader: Reader, paths: dict[str, str], ada: User
) -> None:
    page = reader(ada, "sandbox", javascript=False)
    page.goto(SETTINGS)

    page.get_by_label("Asked on these days").fill("0; 3")
    page.get_by_role("button", name="Keep this").click()

    field = page.locator(".field", has=page.get_by_label("Asked on these days"))
    expect(field.locator(".error")).to_contain_text("Write whole days with commas between them")
    expect(page.get_by_label("Asked on these days")).to_have_value("0; 3")
