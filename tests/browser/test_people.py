"""A person's own pages in a real browser: setting up a second factor, logging in with it, proving

who one is before an approval; at a desk and on a phone, by day and by night, without a mouse.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from organizations.models import Organization, Session, User
from payouts.models import PayoutIntent
from payouts.services import create
from tests.admin.reading import QUEUE
from tests.browser.conftest import Reader, picture
from tests.browser.looks import PHONE, looked_at
from tests.organizations.two_factors import fresh_code, with_app
from tests.payouts.making import People, a_draft, reload

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNT, SET_UP = "/admin/account/", "/admin/account/two-factor/"


def make_stale() -> None:
    """The log-ins of everybody are twenty minutes older."""
    for row in Session.objects.exclude(user=None):
        store = row.get_session_store_class()(row.session_key)
        store["confirmed_at"] = (timezone.now() - timedelta(minutes=20)).isoformat()
        store.save()


@pytest.fixture
def live_people(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> People:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    return People.of(acme, "live", mara, jon, otto, ada)


@pytest.fixture
def draft(live_people: People) -> PayoutIntent:
    return create(live_people.preparer, a_draft(reference_id="inv_884"))


def test_every_page_at_every_size(
    reader: Reader,
    open_page: Reader,
    jon: User,
    ada: User,
    draft: PayoutIntent,
) -> None:
    Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"}).force_login(jon)
    page = reader(jon, "live")
    page.goto(ACCOUNT)
    assert looked_at(page, "account") == []
    page.goto(SET_UP)
    assert looked_at(page, "two-factor") == []
    page.get_by_role("textbox", name="Code").fill(fresh_code(jon))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="asks for a code now")).to_be_visible()
    assert looked_at(page, "recovery-codes") == []
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    assert looked_at(page, "account-with-app") == []
    make_stale()
    page.get_by_role("button", name="New recovery codes").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    assert looked_at(page, "confirm") == []

    door = open_page()
    door.goto("/admin/login/")
    door.get_by_label("E-mail").fill("jon@example.com")
    door.get_by_label("Password").fill("the password of jon")
    door.get_by_role("button", name="Log in").click()
    expect(door.get_by_label("Code")).to_be_focused()
    assert looked_at(door, "log-in-code") == []


@pytest.mark.parametrize("javascript", [True, False])
def test_a_log_in_in_two_steps_without_a_mouse(
    open_page: Reader, jon: User, javascript: bool
) -> None:
    with_app(jon)
    page = open_page(javascript=javascript)
    page.goto(QUEUE)
    page.keyboard.type("jon@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("the password of jon")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The code of your app")).to_be_visible()
    page.keyboard.type(fresh_code(jon))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Payouts")).to_be_visible()
    assert page.url.endswith(QUEUE)


def test_an_approval_of_several_asks_who_it_is_and_keeps_them(
    reader: Reader, jon: User, live_people: People
) -> None:
    drafts = [create(live_people.preparer, a_draft(reference_id=f"inv_{n}")) for n in range(3)]
    page = reader(jon, "live")
    page.goto(QUEUE)
    make_stale()
    for n in (0, 2):
        page.get_by_role("row").filter(has_text=f"inv_{n}").get_by_role("checkbox").check()
    page.get_by_role("button", name="Approve 2").click()
    page.get_by_role("button", name="Approve 2 payouts").click()

    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    expect(page.get_by_text("Approve 2 payouts")).to_be_visible()
    picture(page, "confirm-many-desk-light")
    page.keyboard.type("the password of jon")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Approve: 2 done")).to_be_visible()
    assert [reload(each).status for each in drafts] == ["approved", "draft", "approved"]


def test_the_locked_door(open_page: Reader, jon: User) -> None:
    for _ in range(5):
        answer = Client().post("/admin/login/", {"username": "jon@example.com", "password": "no"})
    html = answer.content.decode()
    page = open_page(width=PHONE)
    # A browser complains of a 429, as it should; here the page is looked at.
    page.route("**/admin/login/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("/admin/login/")

    expect(page.get_by_text("Too many wrong log-ins")).to_be_visible()
    assert looked_at(page, "locked-out") == []
