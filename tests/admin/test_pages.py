"""What holds on every page: it answers, needs no script, and asks nobody else for anything."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from approvals.models import Approval
from chainwatch.models import ChainHead, Transfer
from events.models import Event
from organizations.models import User
from payouts.models import Settlement
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, page_of
from tests.payouts.making import People, make_payout

PAGES = [
    "/admin/",
    QUEUE,
    f"{QUEUE}?tab=all",
    f"{QUEUE}new/",
    "/admin/payouts/settlement/",
    "/admin/reconciliation/reconciliationrun/",
    "/admin/events/event/",
    "/admin/approvals/approval/",
    "/admin/chainwatch/chainhead/",
    "/admin/chainwatch/transfer/",
    "/admin/wallets/wallet/",
    "/admin/payouts/recipient/",
    "/admin/payouts/recipient/new/",
    "/admin/payouts/recipientaddress/",
    "/admin/wallets/wallet/new/",
    "/admin/checkouts/checkout/",
    "/admin/checkouts/payment/",
    "/admin/checkouts/paymentlink/",
    "/admin/checkouts/paymentlink/new/",
    "/admin/checkouts/paymentmethod/",
    "/admin/checkouts/paymentmethod/new/",
    "/admin/checkouts/branding/",
    "/admin/customers/customer/",
    "/admin/customers/customer/new/",
    "/admin/subscriptions/subscription/",
    "/admin/subscriptions/subscription/overview/",
    "/admin/subscriptions/subscription/new/",
    "/admin/subscriptions/renewal/",
    "/admin/subscriptions/plan/",
    "/admin/subscriptions/plan/new/",
    "/admin/subscriptions/renewalsettings/",
    "/admin/organizations/membership/",
    "/admin/organizations/membership/new/",
    "/admin/organizations/apikey/",
    "/admin/organizations/apikey/new/",
    "/admin/password_change/",
]


def test_every_page_has_all_that_it_shows_and_nothing_of_others(
    people: People, ada: User, desk: Desk, subtests: pytest.Subtests
) -> None:
    """No script or style of its own, no foreign asset; each sheet, picture and icon is there."""
    make_payout(people, "settled")
    make_payout(people, "draft")
    client, drawn = desk(ada), icons()

    for path in PAGES:
        with subtests.test(path):
            answer = client.get(path)

            body = answer.content.decode()
            assert answer.status_code == 200
            assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", body) == []
            assert re.findall(r"<style|\sstyle=|\son[a-z]+=", body) == []
            foreign = r'<(?:script|link|img|use)[^>]*(?:src|href)="(?:https?:)?//'
            assert re.findall(foreign, body) == []
            wanted = set(re.findall(r'(?:src|href)="/static/([^"#?]+)', body))
            assert wanted
            assert [each for each in wanted if finders.find(each) is None] == []
            assert set(re.findall(r"icons\.svg#([a-z-]+)", body)) - drawn == set()


def icons() -> set[str]:
    """The names of all icons that are drawn."""
    sprite = finders.find("billing/icons.svg")
    assert isinstance(sprite, str)
    return set(re.findall(r'id="([a-z-]+)"', Path(sprite).read_text()))


def test_every_record_has_a_page(people: People, ada: User, desk: Desk) -> None:
    make_payout(people, "settled")
    client = desk(ada)

    for model in (Approval, ChainHead, Transfer, Event, Settlement):
        row = model._default_manager.first()
        assert row is not None
        assert client.get(page_of(row)).status_code == 200, model


def test_what_is_not_there_answers_in_words(ada: User, desk: Desk) -> None:
    answer = desk(ada).get(f"{QUEUE}po_5Fnothing/change/", headers={"accept": "text/html"})

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_what_a_role_may_not_answers_in_words(vera: User, desk: Desk) -> None:
    answer = desk(vera).get("/admin/organizations/apikey/", headers={"accept": "text/html"})

    assert answer.status_code == 403
    assert "Your role does not allow it" in answer.content.decode()


def test_logging_out_takes_a_button(jon: User, desk: Desk) -> None:
    client: Client = desk(jon)

    assert client.get("/admin/logout/").status_code == 405
    assert client.post("/admin/logout/").status_code == 200
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        f"{QUEUE}?q=%00",
        f"{QUEUE}?chain__exact=%00",
        f"{QUEUE}%00/change/",
        f"{QUEUE}%00/act/approve/",
        f"{QUEUE}new/?retry_of=%00",
        "/admin/organizations/membership/abc/change/",
        "/admin/reconciliation/reconciliationrun/resolve/%00/",
        "/admin/payouts/",
        "/admin/search/?s=po",
    ],
)
def test_nothing_malformed_breaks_a_page(people: People, ada: User, desk: Desk, path: str) -> None:
    assert desk(ada).get(path, follow=True).status_code in (200, 404)
