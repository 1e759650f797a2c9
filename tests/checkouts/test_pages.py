"""GET /checkout/<id>: what a customer is shown, in every stage, and what they never are."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from billing.callers import Caller
from billing.chains import network
from checkouts import branding
from checkouts.hosted.stages import TO_PAY, Stage
from checkouts.hosted.writing import countdown
from checkouts.models import Checkout
from organizations.models import Organization, User
from tests.checkouts.making import (
    a_method,
    a_shared_method,
    reload,
)
from tests.checkouts.paying import USDC_E
from tests.checkouts.staging import arrived, at_head, in_stage

STATIC = Path(__file__).resolve().parent.parent.parent / "checkouts" / "static" / "checkouts"
MOST_BYTES = 100_000
HEADINGS = {
    Stage.PAYING: "Waiting for your payment",
    Stage.PART: "A part has arrived",
    Stage.UNDONE: "The network has taken your payment back for now",
    Stage.TIME_UP: "The time is up",
    Stage.DETECTED: "Payment found",
    Stage.CONFIRMING: "Payment found",
    Stage.CONFIRMED: "Paid",
    Stage.REVERSED: "The network has undone this payment",
    Stage.EXPIRED: "This checkout has expired",
    Stage.UNDERPAID: "Too little arrived in time",
    Stage.CANCELED: "This checkout was canceled",
    Stage.FAILED: "This checkout was stopped",
}


@pytest.fixture
def as_admin(as_person: Callable[..., Caller], acme: Organization, ada: User) -> Caller:
    return as_person(ada, acme)


def shown(checkout: Checkout, query: str = "", **headers: str) -> HttpResponse:
    answer = Client(headers=headers).get(f"/checkout/{checkout.id}{query}")
    assert isinstance(answer, HttpResponse)
    return answer


class Answer(Protocol):
    @property
    def content(self) -> bytes: ...


def words(answer: Answer) -> str:
    """What can be read on the page, without its markup."""
    body = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " ").split())


def html(answer: Answer) -> str:
    return unescape(answer.content.decode())


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_says_what_is_so_and_shows_the_address_only_where_it_is_to_be_paid(
    sandboxed: Caller, stage: Stage
) -> None:
    checkout = in_stage(sandboxed, stage)

    answer = shown(checkout)

    assert answer.status_code == 200
    assert f'data-stage="{stage}"' in html(answer)
    assert HEADINGS[stage] in words(answer)
    assert "Acme GmbH" in words(answer)
    assert "USDC on Base" in words(answer)
    assert (checkout.address in html(answer)) is (stage in TO_PAY)
    assert ("Send only USDC on the Base network." in words(answer)) is (stage in TO_PAY)


def test_it_names_amount_address_and_time_so_that_they_can_be_copied(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING, amount_usd=Decimal("1250.5"))

    page = shown(checkout)

    assert "1,250.50 USDC" in words(page)
    assert 'data-copy="1250.50"' in html(page)
    assert f'data-copy="{checkout.address}"' in html(page)
    until = r"(\d{4}-\d\d-\d\d )?\d\d:\d\d UTC"  # with its day in the last half hour of one
    assert re.search(rf"(30:00|29:5\d) left to pay, until {until}", words(page))
    assert "Fees of your wallet or exchange come on top" in words(page)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (29, "29:00 left to pay, until 23:59 UTC"),
        (30, "30:00 left to pay, until 2025-02-01 00:00 UTC"),
    ],
)
def test_its_end_is_said_with_the_day_where_that_is_not_todays(minutes: int, said: str) -> None:
    now = datetime(2025, 1, 31, 23, 30, tzinfo=UTC)

    sentence = countdown(minutes * 60, now + timedelta(minutes=minutes), now)

    assert re.sub("<[^>]*>", "", sentence) == said


def test_the_rest_of_a_part_is_the_amount_in_the_largest_type(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.PART, amount_usd=Decimal(50))

    page = shown(checkout)

    assert "Still to pay 40.00 USDC" in words(page)
    assert "10.00 USDC of 50.00 USDC have arrived." in words(page)
    assert 'data-copy="40.00"' in html(page)
    assert 'data-copy="50.00"' not in html(page)


def test_on_a_shared_address_the_digits_that_name_the_checkout_are_marked(
    sandboxed: Caller,
) -> None:
    method = a_shared_method(sandboxed)
    first = in_stage(sandboxed, Stage.PAYING, payment_method_id=method.id)
    second = in_stage(sandboxed, Stage.PAYING, payment_method_id=method.id)

    assert "<mark>" not in html(shown(first))
    assert "49.99<mark>0001</mark>" in html(shown(second))
    for page in (shown(first), shown(second)):
        assert "to the last digit: it is how your payment is recognised." in words(page)
        assert "Here only the exact amount is recognised" in words(page)


def test_an_address_of_its_own_asks_for_no_last_digit(sandboxed: Caller) -> None:
    page = shown(in_stage(sandboxed, Stage.PAYING))

    assert "to the last digit" not in words(page)
    assert "Send the rest to the same address before the time is up." in words(page)


def test_while_it_is_confirmed_blocks_are_counted(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.CONFIRMING)

    page = shown(checkout)

    assert "4 of 12 confirmations" in words(page)
    assert re.search(r'max="12"\s+value="4"', html(page))
    at_head(checkout, 1_500)
    assert "12 of 12 confirmations" in words(shown(checkout)), "not final yet, and never 501 of 12"


def test_the_end_shows_the_hash_and_the_way_back(sandboxed: Caller) -> None:
    checkout = in_stage(
        sandboxed, Stage.CONFIRMED, success_url="https://shop.example/thanks?order=7#top"
    )

    page = html(shown(checkout))

    assert checkout.tx_hash is not None and checkout.tx_hash in page
    back = f"https://shop.example/thanks?order=7&checkout_id={checkout.id}#top"
    assert f'href="{back}"' in page
    assert "Back to Acme GmbH" in page


def test_a_payment_on_its_way_leads_nowhere_yet_and_an_expired_one_to_the_cancel_url(
    sandboxed: Caller,
) -> None:
    urls = {"success_url": "https://shop.example/ok", "cancel_url": "https://shop.example/cart"}

    assert "shop.example" not in html(shown(in_stage(sandboxed, Stage.CONFIRMING, **urls)))
    assert "https://shop.example/cart" in html(shown(in_stage(sandboxed, Stage.EXPIRED, **urls)))


@pytest.mark.parametrize(
    ("how", "note"),
    [
        (
            {"amount": 60_000_000, "is_final": True},
            "You have sent 10.01 USDC more than was asked for. Contact Acme GmbH about it.",
        ),
        (
            {"amount": 5_000_000, "token": "USDT"},
            "5.00 USDT arrived, but USDC was asked for: it does not count. Contact Acme GmbH",
        ),
        (
            {"amount": 5_000_000, "later": timedelta(hours=2)},
            "5.00 USDC arrived after the time was up and does not count. Contact Acme GmbH",
        ),
    ],
    ids=["overpaid", "wrong token", "late"],
)
def test_what_came_and_does_not_fit_is_said_in_a_sentence(
    sandboxed: Caller, how: dict[str, Any], note: str
) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING)

    if later := how.pop("later", None):
        how["block_time"] = checkout.expires_at + later
    arrived(checkout, **how)

    assert note in words(shown(checkout))


def test_the_namesake_of_a_token_is_called_by_its_name(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING, chain="arbitrum")

    arrived(checkout, 5_000_000, contract=USDC_E)

    assert "5.00 USDC.e arrived, but USDC was asked for" in words(shown(checkout))


def test_what_a_person_has_resolved_is_not_shown_any_more(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING)
    arrived(checkout, 5_000_000, token="USDT")

    checkout.payments.update(resolution="refunded", resolved_at=timezone.now())

    assert "arrived, but" not in words(shown(checkout))


# --- wallets -------------------------------------------------------------------------------------


def test_on_evm_a_wallet_is_opened_with_token_chain_recipient_and_amount(in_live: Caller) -> None:
    a_method(in_live)
    checkout = in_stage(in_live, Stage.PAYING)

    page = html(shown(checkout))

    link = (
        f"ethereum:{network('base').contracts['USDC']}@8453/transfer"  # type: ignore[index]
        f"?address={checkout.address}&uint256=49990000"
    )
    assert f'href="{link}"' in page
    assert "With the amount" in page
    assert page.count('class="qr"') == 2


def test_on_tron_the_wallet_is_opened_and_nothing_more(in_live: Caller, settings: Settings) -> None:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    a_method(in_live, "tron", "USDT")
    page = html(shown(in_stage(in_live, Stage.PAYING, chain="tron", token="USDT")))

    asked = "%7B%22action%22%3A%20%22open%22%2C%20%22protocol%22%3A%20%22tronlink%22%2C%20"
    assert (
        f'href="tronlinkoutside://pull.activity?param={asked}%22version%22%3A%20%221.0%22%7D"'
        in page
    )
    assert page.count('class="qr"') == 1


def test_the_sandbox_says_so_and_opens_no_wallet(sandboxed: Caller) -> None:
    paying, done = in_stage(sandboxed, Stage.PAYING), in_stage(sandboxed, Stage.CONFIRMED)

    for page in (shown(paying), shown(done)):
        assert "Sandbox: no real money" in words(page)
        assert "ethereum:" not in html(page)
        assert "basescan" not in html(page)


def test_live_has_no_band_and_leads_to_the_explorer(in_live: Caller) -> None:
    a_method(in_live)
    checkout = in_stage(in_live, Stage.CONFIRMED)

    page = shown(checkout)

    assert "Sandbox" not in words(page)
    assert f'href="https://basescan.org/tx/{checkout.tx_hash}"' in html(page)


# --- how it is answered --------------------------------------------------------------------------


def test_it_allows_nothing_but_its_own_files_and_is_kept_by_nobody(sandboxed: Caller) -> None:
    answer = shown(in_stage(sandboxed, Stage.PAYING))

    style = re.search(r"<style>(.*?)</style>", answer.content.decode())
    assert style is not None and style[1] == ":root{--accent:#0f766e}"
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; script-src 'self'; "
        "img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_it_asks_no_other_host_for_anything(sandboxed: Caller) -> None:
    page = html(shown(in_stage(sandboxed, Stage.PAYING)))

    assert (
        re.findall(r'(?:src|action)="[^"]*://|<link[^>]*href="https?:|<iframe|style="', page) == []
    )
    css = (STATIC / "checkout.css").read_text()
    assert re.findall(r"url\(\"?(?:https?:|//)|@import", css) == []


@pytest.mark.parametrize("language", ["en", "es", "pt", "zh", "ru", "tr", "ar"])
def test_a_whole_page_is_lighter_than_100_kb(in_live: Caller, language: str) -> None:
    a_method(in_live)
    page = shown(in_stage(in_live, Stage.PAYING), f"?lang={language}")

    fonts = list((STATIC / "fonts").glob("*.woff2"))
    files = [STATIC / name for name in ("checkout.css", "checkout.js", "mark.svg")]
    assert len(fonts) == 4
    assert len(page.content) + sum(path.stat().st_size for path in [*files, *fonts]) < MOST_BYTES


@pytest.mark.parametrize(
    ("stage", "seconds"), [(Stage.PAYING, 30), (Stage.CONFIRMING, 5), (Stage.CONFIRMED, None)]
)
def test_without_a_script_an_open_page_loads_itself_again(
    sandboxed: Caller, stage: Stage, seconds: int | None
) -> None:
    page = html(shown(in_stage(sandboxed, stage)))

    found = re.search(r'<noscript>\s*<meta http-equiv="refresh" content="(\d+)">', page)
    assert (int(found[1]) if found else None) == seconds


def test_an_unknown_checkout_has_a_calm_page_of_its_own(db: None) -> None:
    answer = Client().get("/checkout/co_000000000000000000000000")

    assert answer.status_code == 404
    assert "There is no such page" in words(answer)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_it_is_only_read(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING)

    for path in (f"/checkout/{checkout.id}", f"/checkout/{checkout.id}/status"):
        assert Client().post(path).status_code == 405
        assert Client().head(path).status_code == 200
    assert reload(checkout).status == "pending"


def test_it_bears_the_branding_of_its_own_environment(
    sandboxed: Caller, acme: Organization, as_admin: Caller
) -> None:
    branding.update(
        as_admin,
        merchant_name="Acme <Shop>",
        accent_color="#7c2d12",
        support_url="mailto:help@acme.example",
    )

    page = shown(in_stage(sandboxed, Stage.PAYING))

    assert "Acme &lt;Shop&gt;" in page.content.decode()
    assert ":root{--accent:#7c2d12}" in page.content.decode()
    assert 'href="mailto:help@acme.example"' in html(page)
    assert branding.of(acme.id, "live").merchant_name == "Acme GmbH"


# --- what nobody is shown ------------------------------------------------------------------------


@pytest.mark.parametrize("stage", Stage)
def test_neither_page_nor_status_tells_anything_else(sandboxed: Caller, stage: Stage) -> None:
    other = in_stage(sandboxed, Stage.PAYING)
    checkout = in_stage(
        sandboxed, stage, customer_id="cus_5f0c", metadata={"order": "secret-order-77"}
    )

    told = html(shown(checkout)) + Client().get(f"/checkout/{checkout.id}/status").text

    secret = {
        "metadata": "secret-order-77",
        "customer": "cus_5f0c",
        "organization": checkout.organization_id,
        "payment method": checkout.payment_method_id,
        "deposit address": checkout.deposit_address_id,
        "another address": other.address,
        "another checkout": other.id,
        "payer": "0xA0Cf798816D4b9b9866b5330EEa46a18382f251e",
        "failure": "a word between us",
        "wallet": checkout.payment_method.wallet_id,
    }
    assert {name: text for name, text in secret.items() if text in told} == {}


def test_a_stranger_s_id_of_another_kind_opens_nothing(sandboxed: Caller) -> None:
    method = a_method(sandboxed)

    assert Client().get(f"/checkout/{method.id}").status_code == 404
    assert Client().get("/checkout/%00").status_code in (400, 404)
    assert Client().get(f"/checkout/{'x' * 5000}").status_code == 404


def test_the_page_needs_few_queries(sandboxed: Caller, django_assert_max_num_queries: Any) -> None:
    checkout = in_stage(sandboxed, Stage.CONFIRMING)

    with django_assert_max_num_queries(5):
        assert shown(checkout).status_code == 200
