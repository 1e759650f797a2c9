"""GET and POST /pay/<id>: whoever opens a payment link, and whoever pays by it."""

import re
import time
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from billing.api.throttling import Limit
from billing.callers import Caller
from checkouts import pages, services
from checkouts.models import Checkout, PaymentLink
from events.models import Event
from tests.checkouts.making import a_link, a_method, a_shared_method
from tests.checkouts.paying import a_pass
from tests.checkouts.staging import arrived
from tests.checkouts.test_pages import html, words


@pytest.fixture
def link(sandboxed: Caller) -> PaymentLink:
    a_method(sandboxed)
    return a_link(sandboxed, amount_usd=Decimal(25), description="Two seats <b>& lunch</b>")


def pay(client: Client, link: PaymentLink, **headers: str) -> str:
    """Press the button; the path that it leads to."""
    answer = client.post(f"/pay/{link.id}", headers=headers)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    return answer.headers["Location"]


def test_the_page_says_what_is_to_be_paid_and_makes_nothing(link: PaymentLink) -> None:
    for answer in (Client().get(f"/pay/{link.id}"), Client().head(f"/pay/{link.id}")):
        assert answer.status_code == 200

    page = Client().get(f"/pay/{link.id}")

    assert "Pay 25.00 USDC" in words(page)
    assert "USDC on Base" in words(page)
    assert "Two seats &lt;b&gt;&amp; lunch&lt;/b&gt;" in page.text
    assert "From then on you have 30 minutes to pay." in words(page)
    assert "Sandbox: no real money" in words(page)
    assert Checkout.objects.count() == 0
    assert not page.cookies


def test_its_form_goes_nowhere_else_and_no_frame_may_hold_it(link: PaymentLink) -> None:
    policy = Client().get(f"/pay/{link.id}?origin=https://shop.example").headers

    assert "form-action 'self'" in policy["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy["Content-Security-Policy"]
    assert policy["X-Frame-Options"] == "DENY"
    assert policy["Cache-Control"] == "no-store"


def test_the_button_makes_a_checkout_and_leads_to_it(link: PaymentLink) -> None:
    path = pay(Client(), link)

    made = Checkout.objects.get()
    assert path == f"/checkout/{made.id}"
    assert made.payment_link_id == link.id
    assert made.amount_atomic == 25_000_000
    assert Event.objects.filter(type="checkout.created", resource_id=made.id).count() == 1
    assert Client().get(path).status_code == 200


def test_the_language_that_was_chosen_stays(link: PaymentLink) -> None:
    answer = Client().post(f"/pay/{link.id}?lang=zh-Hans")

    assert answer.headers["Location"].endswith("?lang=zh-Hans")


def test_a_cookie_that_no_script_reads_leads_back_to_what_was_begun(link: PaymentLink) -> None:
    visitor = Client()
    path = pay(visitor, link)

    cookie = visitor.cookies[pages.COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == f"/pay/{link.id}"
    assert visitor.get(f"/pay/{link.id}").headers["Location"] == path
    assert visitor.post(f"/pay/{link.id}").headers["Location"] == path
    assert Checkout.objects.count() == 1
    assert Client().get(f"/pay/{link.id}").status_code == 200, "another visitor"


def test_what_is_closed_or_too_late_to_pay_is_begun_anew(
    link: PaymentLink, sandboxed: Caller
) -> None:
    visitor = Client()
    pay(visitor, link)
    services.cancel(sandboxed, Checkout.objects.get().id)
    assert visitor.get(f"/pay/{link.id}").status_code == 200

    over = services.create(
        sandboxed,
        services.NewCheckout(
            amount_usd=Decimal(25),
            chain="base",
            token="USDC",
            expires_in_seconds=-5,
        ),
        link=link,
    )
    visitor.cookies[pages.COOKIE] = over.id

    assert visitor.get(f"/pay/{link.id}").status_code == 200
    arrived(over, block_time=over.expires_at - timedelta(seconds=5))
    a_pass()
    assert visitor.get(f"/pay/{link.id}").status_code == 302, "on its way, it is shown"


@pytest.mark.parametrize("value", ["co_000000000000000000000000", '"\\000"', "x" * 500, ""])
def test_a_cookie_of_nothing_is_no_cookie(link: PaymentLink, value: str) -> None:
    answer = Client(headers={"Cookie": f"{pages.COOKIE}={value}"}).get(f"/pay/{link.id}")

    assert answer.status_code == 200


def test_a_checkout_of_another_link_is_not_led_to(link: PaymentLink, sandboxed: Caller) -> None:
    visitor, other = Client(), a_link(sandboxed, amount_usd=Decimal(7))
    pay(visitor, other)

    answer = Client(headers={"Cookie": visitor.cookies.output(header="")}).get(f"/pay/{link.id}")

    assert answer.status_code == 200


def test_a_form_on_another_site_only_leads_to_the_page(link: PaymentLink) -> None:
    for site in ("cross-site", "same-site"):
        assert pay(Client(), link, Sec_Fetch_Site=site) == f"/pay/{link.id}"
    assert Checkout.objects.count() == 0

    assert pay(Client(), link, Sec_Fetch_Site="same-origin").startswith("/checkout/")


@pytest.mark.parametrize(
    ("change", "heading"),
    [
        ("close", "This payment link is closed"),
        ("expire", "This payment link has expired"),
        ("disable", "This link cannot be paid right now"),
    ],
)
def test_a_link_that_cannot_be_paid_by_says_so_calmly(
    link: PaymentLink, sandboxed: Caller, change: str, heading: str
) -> None:
    if change == "close":
        services.links.close(sandboxed, link.id)
    elif change == "expire":
        PaymentLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        services.methods.disable(sandboxed, link.payment_method_id)

    for answer in (Client().get(f"/pay/{link.id}"), Client().post(f"/pay/{link.id}")):
        assert answer.status_code == HTTPStatus.GONE
        assert heading in words(answer)
        assert "Nothing was paid." in words(answer)
        assert "<form" not in html(answer)
    assert Checkout.objects.count() == 0


def test_where_no_checkout_can_be_made_the_merchant_is_named(
    sandboxed: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkouts.acts.amounts.MOST_ABOVE_ATOMIC", 0)
    link = a_link(sandboxed, payment_method_id=a_shared_method(sandboxed).id)
    pay(Client(), link)

    answer = Client().post(f"/pay/{link.id}")

    assert answer.status_code == HTTPStatus.GONE
    assert "Nothing was paid. Try again later, or ask Acme GmbH." in words(answer)


def test_an_unknown_link_is_404(db: None) -> None:
    for link_id in ("pl_000000000000000000000000", "%00", "x" * 300):
        answer = Client().get(f"/pay/{link_id}")
        assert answer.status_code == 404
        assert "There is no such page" in words(answer)
        assert Client().post(f"/pay/{link_id}").status_code == 404


def test_one_address_makes_only_so_many_checkouts_a_minute(
    link: PaymentLink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_RATE_LIMIT = "100/second"
    monkeypatch.setattr(pages, "CHECKOUTS_MADE", Limit(2, 3600))
    address = f"2001:db8::{time.time_ns():x}"[-38:]

    answers = [Client(REMOTE_ADDR=address).post(f"/pay/{link.id}") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [303, 303, 429, 429]
    assert "Too many requests" in words(answers[2])
    assert Checkout.objects.count() == 2
    assert Client(REMOTE_ADDR=address).get(f"/pay/{link.id}").status_code == 200, "to look is free"


def test_it_tells_nothing_else(link: PaymentLink) -> None:
    page = html(Client().get(f"/pay/{link.id}"))

    for secret in (link.organization_id, link.payment_method_id, link.payment_method.wallet_id):
        assert secret not in page
    assert re.findall(r"0x[0-9a-fA-F]{40}", page) == []
