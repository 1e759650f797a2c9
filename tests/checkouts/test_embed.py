"""Who may show a checkout in a frame and hear of it, and the script that does."""

from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from billing.callers import Caller
from billing.chains import Environment
from checkouts import branding, pages
from checkouts.hosted import origins
from checkouts.hosted.stages import Stage
from checkouts.models import Branding, Checkout
from tests.checkouts.making import a_method
from tests.checkouts.staging import in_stage

SHOP = "https://shop.example"
REFUSED = [
    "",
    "null",
    "*",
    "https://*.example",
    "https://shop.example/",
    "https://shop.example/cart",
    "https://shop.example?x",
    "https://user@shop.example",
    "https://shop.example:0",
    "https://shop.example:65536",
    "https://shop.example:443x",
    "https://shop.example; script-src *",
    "https://shop.example https://evil.example",
    "https://shop.example\r\nX-Evil: 1",
    "https://shop.example\n",
    "https://[::1]",
    "https://-shop.example",
    "https://shop..example",
    "https://shöp.example",
    "javascript://shop.example",
    "ftp://shop.example",
    "//shop.example",
    "shop.example",
    "https://" + "a" * 200 + ".example",
]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://127.0.0.1:3000", "https://127.0.0.1:3000"),
        ("https://xn--shp-sna.example", "https://xn--shp-sna.example"),
    ],
)
def test_an_origin_is_read_as_browsers_write_it(text: str, origin: str) -> None:
    assert origins.parse(text, Environment.LIVE) == origin


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_origin_is_none(text: str) -> None:
    assert origins.parse(text, Environment.SANDBOX) is None


def test_http_is_for_the_sandbox_alone() -> None:
    assert origins.parse("http://localhost:3000", Environment.SANDBOX) == "http://localhost:3000"
    assert origins.parse("http://shop.example:80", Environment.SANDBOX) == "http://shop.example"
    assert origins.parse("http://localhost:3000", Environment.LIVE) is None


def framed(checkout: Checkout, origin: str | None, **query: str) -> HttpResponse:
    asked = query if origin is None else {"origin": origin, **query}
    answer = Client().get(f"/checkout/{checkout.id}", asked)
    assert isinstance(answer, HttpResponse)
    return answer


def ancestors(answer: HttpResponse) -> str:
    return answer.headers["Content-Security-Policy"].rpartition("frame-ancestors ")[2]


def listed(caller: Caller, *texts: str) -> None:
    Branding.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        merchant_name="Acme",
        origins=list(texts),
    )


@pytest.fixture
def checkout(in_live: Caller) -> Checkout:
    """A live one that leads back to two places of the shop's."""
    a_method(in_live)
    return in_stage(
        in_live,
        Stage.PAYING,
        success_url="https://thanks.example/ok",
        cancel_url="https://cart.example:8443/cart?x=1",
    )


def test_in_live_only_the_merchant_s_own_origins_may_show_it(
    in_live: Caller, checkout: Checkout
) -> None:
    listed(in_live, SHOP)

    for origin in (SHOP, "https://thanks.example", "https://cart.example:8443"):
        answer = framed(checkout, origin)
        assert ancestors(answer) == origin
        assert f'data-origin="{origin}"' in answer.text
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://cart.example",
        *REFUSED[:12],
    ],
)
def test_nobody_else_may_and_nothing_of_what_they_said_is_repeated(
    in_live: Caller, checkout: Checkout, origin: str | None
) -> None:
    listed(in_live, SHOP)

    answer = framed(checkout, origin)

    assert ancestors(answer) == "'none'"
    assert "data-origin" not in answer.text
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "evil" not in answer.headers["Content-Security-Policy"]


def test_another_environment_s_origins_do_not_count(sandboxed: Caller, checkout: Checkout) -> None:
    listed(sandboxed, SHOP)

    assert ancestors(framed(checkout, SHOP)) == "'none'"


def test_in_the_sandbox_every_origin_may(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING)

    assert ancestors(framed(checkout, "http://localhost:3000")) == "http://localhost:3000"
    for text in REFUSED:
        assert ancestors(framed(checkout, text)) == "'none'", text


def test_a_redirect_may_name_the_way_back_within_the_merchant_s_origins(
    in_live: Caller, checkout: Checkout
) -> None:
    listed(in_live, SHOP)

    own = framed(checkout, None, cancel_url=f"{SHOP}/cart?id=7")
    foreign = framed(checkout, None, cancel_url="https://evil.example/cart")
    script = framed(checkout, None, cancel_url="javascript:alert(1)")

    assert f'href="{SHOP}/cart?id=7"' in own.text
    for answer in (foreign, script):
        assert 'href="https://cart.example:8443/cart?x=1"' in answer.text
        assert "evil" not in answer.text.split("<footer>")[0]


def test_the_way_back_after_paying_names_the_checkout(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.CONFIRMED)

    answer = framed(checkout, None, return_url="http://localhost:3000/done")

    assert f'href="http://localhost:3000/done?checkout_id={checkout.id}"' in answer.text


def test_links_of_the_page_keep_who_shows_it(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING)

    page = framed(checkout, "http://localhost:3000").text

    assert 'href="?origin=http%3A%2F%2Flocalhost%3A3000&amp;lang=es"' in page


# --- the script ----------------------------------------------------------------------------------


def test_the_script_is_kept_for_five_minutes_and_then_asked_for_by_its_tag() -> None:
    first = Client().get("/checkout.js")
    again = Client(headers={"If-None-Match": first.headers["ETag"]}).get("/checkout.js")

    assert first.status_code == 200
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert first.content == pages.SCRIPT.read_bytes()
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert Client(headers={"If-None-Match": '"other"'}).get("/checkout.js").status_code == 200


def test_the_scripts_are_small_and_hold_no_other_host() -> None:
    for name, most in (("embed.js", 9_000), ("checkout.js", 9_000)):
        text = (Path(pages.SCRIPT).parent / name).read_text()
        assert len(text) < most
        assert "eval(" not in text and "new Function" not in text
        hosts = {part.split("/")[0] for part in text.split("https://")[1:]}
        assert hosts <= {"pay.example"}


def test_branding_is_where_the_page_looks_for_them(in_live: Caller, checkout: Checkout) -> None:
    assert branding.of(in_live.organization_id, "live").origins == ()
    listed(in_live, SHOP)
    assert branding.of(in_live.organization_id, "live").origins == (SHOP,)
