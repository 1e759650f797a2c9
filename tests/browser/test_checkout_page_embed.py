"""A shop on another origin shows a checkout in its own page, by /checkout.js.

The shop is at 127.0.0.1 and the checkout at localhost, each on a port of its own.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from billing.callers import Caller
from checkouts.hosted.stages import Stage
from checkouts.models import Checkout
from organizations.models import Organization
from tests.browser.axe import violations
from tests.browser.conftest import Reader, copied, picture
from tests.browser.test_checkout_page import SOON_MS
from tests.checkouts.making import a_method, caller_of
from tests.checkouts.paying import made_final
from tests.checkouts.staging import BLOCK, arrived, at_head, in_stage

pytestmark = pytest.mark.django_db(transaction=True)

OVERLAYS = ["centered", "panel", "bottom", "fullscreen"]
# As strict as a shop can be: the script needs no style attribute, no inline script, no eval.
SHOP_POLICY = "default-src 'none'; script-src 'self' {server}; frame-src {server}; style-src 'self'"
SHOP = """<!doctype html><html lang="en"><head><title>The shop</title>
<script src="{server}/checkout.js"></script><script src="/shop.js"></script></head>
<body><main><h1>The shop</h1><button id="buy">Buy</button><a href="#x">Elsewhere</a></main>
</body></html>"""
SHOP_SCRIPT = """
window.told = [];
window.heard = [];
const tell = (name) => (value) => window.told.push([name, value]);
addEventListener("message", (event) => window.heard.push([event.origin, event.data]));
window.show = (checkoutId, overlay) => Billing.openCheckout({
  checkoutId, overlay, onSuccess: tell("success"), onCancel: tell("cancel"),
  onError: tell("error"), onStatusChange: tell("status"),
});
addEventListener("DOMContentLoaded", () => {
  const { id, overlay } = Object.fromEntries(new URLSearchParams(location.search));
  document.getElementById("buy").addEventListener("click", () => window.show(id, overlay));
});
"""


@dataclass(frozen=True)
class Shop:
    """A shop's server, and the origin it is at."""

    origin: str
    server: str

    def open(self, page: Page, checkout: Checkout, overlay: str = "centered") -> FrameLocator:
        """Go to the shop, press Buy; the frame in which the checkout shows."""
        page.goto(f"{self.origin}/?id={checkout.id}&overlay={overlay}")
        page.get_by_role("button", name="Buy").click()
        return page.frame_locator("iframe")


@pytest.fixture
def shop(live_server: LiveServer) -> Iterator[Shop]:
    server = live_server.url.replace("127.0.0.1", "localhost")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = self.path.startswith("/shop.js")
            text = SHOP_SCRIPT if is_script else SHOP.format(server=server)
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
            self.send_header("Content-Security-Policy", SHOP_POLICY.format(server=server))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield Shop(f"http://127.0.0.1:{running.server_port}", server)
    running.shutdown()
    running.server_close()


@pytest.fixture
def sandbox(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser in which a refusal may be written to the console."""
    found = browser.new_context(viewport={"width": 1280, "height": 860})
    found.set_default_timeout(SOON_MS)
    yield found
    found.close()


def told(page: Page) -> list[list[Any]]:
    """What the shop's callbacks were called with, in order."""
    calls: list[list[Any]] = page.evaluate("window.told")
    return calls


def wait_for(page: Page, call: list[Any], timeout: int = SOON_MS) -> None:
    page.wait_for_function(
        "call => window.told.some((each) => JSON.stringify(each) === call)",
        arg=json.dumps(call, separators=(",", ":")),
        timeout=timeout,
    )


def test_a_payment_is_followed_to_its_end_inside_the_shop(
    open_page: Reader, shop: Shop, sandbox: Caller
) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page()
    frame = shop.open(page, checkout)
    expect(frame.get_by_text(checkout.address)).to_be_visible(timeout=SOON_MS)

    tx_hash = arrived(checkout)
    at_head(checkout, BLOCK)
    wait_for(
        page, ["status", {"checkout_id": checkout.id, "status": "detected", "confirmations": 1}]
    )
    at_head(checkout, BLOCK + 3)
    wait_for(
        page, ["status", {"checkout_id": checkout.id, "status": "confirming", "confirmations": 4}]
    )
    made_final(tx_hash)
    at_head(checkout, BLOCK + 11)
    wait_for(page, ["success", {"checkout_id": checkout.id, "status": "confirmed"}])
    expect(frame.get_by_role("heading", name="Paid")).to_be_visible()

    page.get_by_role("button", name="Close").click()
    expect(page.locator("iframe")).to_have_count(0)
    names = [name for name, _ in told(page)]
    assert names.count("success") == 1
    assert "cancel" not in names and "error" not in names
    assert all(origin == shop.server for origin, _ in page.evaluate("window.heard"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_overlay_holds_the_focus_and_gives_it_back(
    open_page: Reader, shop: Shop, sandbox: Caller, overlay: str
) -> None:
    page = open_page()
    frame = shop.open(page, in_stage(sandbox, Stage.PAYING), overlay)
    expect(frame.get_by_text("Waiting for your payment")).to_be_visible(timeout=SOON_MS)

    dialog = page.get_by_role("dialog", name="Checkout")
    expect(dialog).to_have_attribute("aria-modal", "true")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    picture(page, f"embedded-{overlay}")
    # The page behind is inert: it can neither be clicked nor be reached by Tab.
    for _ in range(20):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") != "buy"
    box = dialog.bounding_box()
    assert box is not None and box["width"] <= 1280 and box["height"] <= 860

    page.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Buy")).to_be_focused()
    assert [name for name, _ in told(page)] == ["cancel"]


def test_escape_inside_the_checkout_closes_it_too(
    open_page: Reader, shop: Shop, sandbox: Caller
) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page(width=360)
    # The page's script asks for the status last of all: by then it hears keys.
    with page.expect_response(lambda answer: "/status" in answer.url):
        frame = shop.open(page, checkout)

    frame.get_by_role("button", name="Copy the address").press("Escape")

    expect(page.locator("iframe")).to_have_count(0)
    assert told(page) == [["cancel", {"checkout_id": checkout.id, "status": "pending"}]]


def test_the_address_is_copied_inside_the_frame(
    open_page: Reader, shop: Shop, sandbox: Caller
) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page()
    frame = shop.open(page, checkout)

    frame.get_by_role("button", name="Copy the address").click()

    expect(frame.locator("#said")).to_have_text("Copied")
    copied(page, checkout.address)


def test_a_popup_is_followed_and_closed(open_page: Reader, shop: Shop, sandbox: Caller) -> None:
    checkout = in_stage(sandbox, Stage.DETECTED)
    page = open_page()
    with page.expect_popup() as opened:
        shop.open(page, checkout, "popup")
    popup = opened.value
    expect(popup.locator("#heading")).to_have_text("Payment found")
    wait_for(
        page, ["status", {"checkout_id": checkout.id, "status": "detected", "confirmations": 1}]
    )

    popup.close()

    wait_for(page, ["cancel", {"checkout_id": checkout.id, "status": "detected"}])


def test_the_overlay_can_be_read_by_everybody(
    open_page: Reader, shop: Shop, sandbox: Caller
) -> None:
    page = open_page()
    frame = shop.open(page, in_stage(sandbox, Stage.PAYING))
    expect(frame.get_by_text("Waiting for your payment")).to_be_visible(timeout=SOON_MS)

    assert violations(page) == []


def test_a_foreign_origin_is_shown_nothing_and_told_nothing(
    context: BrowserContext, shop: Shop, settings: Settings, acme: Organization
) -> None:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    live = caller_of(acme, "live")
    a_method(live)
    checkout = in_stage(live, Stage.PAYING, success_url="https://shop.example/ok")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    shop.open(page, checkout)

    page.wait_for_function("() => window.told.length", timeout=20_000)

    ((name, error),) = told(page)
    assert (name, error["code"]) == ("error", "not_shown")
    assert shop.origin in error["message"]
    assert any("frame-ancestors" in line for line in said), said
    assert page.evaluate("window.heard") == []
    assert checkout.address not in page.frames[1].content()
    # The page itself opens all the same, for whoever follows a link to it.
    assert page.goto(f"{shop.server}/checkout/{checkout.id}") is not None
    expect(page.get_by_text(checkout.address)).to_be_visible()


FORGED = """([server, id]) => {
  const lie = (type, more) => ({ from: "billing", type, checkout_id: id, ...more });
  const paid = lie("status", { status: "confirmed", confirmations: 12 });
  // The shop's own window; a frame of the right origin that was not opened by the script; and
  // a frame of another origin.
  window.postMessage(paid, "*");
  window.dispatchEvent(new MessageEvent("message", { data: paid, origin: server, source: window }));
  const other = document.createElement("iframe");
  document.body.append(other);
  window.dispatchEvent(
    new MessageEvent("message", { data: paid, origin: server, source: other.contentWindow })
  );
  const own = document.querySelector("body > div").shadowRoot.querySelector("iframe").contentWindow;
  window.dispatchEvent(
    new MessageEvent("message", { data: paid, origin: "https://evil.example", source: own })
  );
  window.dispatchEvent(new MessageEvent("message", {
    data: { ...paid, checkout_id: "co_another" }, origin: server, source: own,
  }));
  for (const data of [null, "confirmed", { ...paid, from: "another" }]) {
    window.dispatchEvent(new MessageEvent("message", { data, origin: server, source: own }));
  }
}"""


def test_forged_messages_are_not_listened_to(
    open_page: Reader, shop: Shop, sandbox: Caller
) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page()
    frame = shop.open(page, checkout)
    expect(frame.get_by_text("Waiting for your payment")).to_be_visible(timeout=SOON_MS)

    page.evaluate(FORGED, [shop.server, checkout.id])
    page.wait_for_timeout(300)

    assert told(page) == []
    expect(page.get_by_role("dialog", name="Checkout")).to_be_visible()


def test_the_page_posts_to_the_shop_that_was_accepted_and_to_nobody_else(
    open_page: Reader, shop: Shop, sandbox: Caller
) -> None:
    checkout = in_stage(sandbox, Stage.PAYING)
    page = open_page()
    page.goto(shop.origin)

    # Opened by hand with another origin in its address: the messages go there, where nobody is.
    page.evaluate(
        "url => window.open(url, 'other')",
        f"{shop.server}/checkout/{checkout.id}?origin=http%3A%2F%2Flocalhost%3A9",
    )
    page.wait_for_timeout(3_000)

    assert page.evaluate("window.heard") == []


def test_who_is_redirected_comes_back_by_the_shop_s_own_links(
    open_page: Reader, shop: Shop, sandbox: Caller
) -> None:
    checkout = in_stage(sandbox, Stage.CONFIRMED)
    page = open_page()
    page.goto(shop.origin)

    page.evaluate(
        "([checkoutId, returnUrl]) => Billing().redirectToCheckout({ checkoutId, returnUrl })",
        [checkout.id, f"{shop.origin}/?done=1"],
    )

    page.get_by_role("link", name="Back to Acme GmbH").click()
    expect(page).to_have_url(f"{shop.origin}/?done=1&checkout_id={checkout.id}")


def test_a_mistake_in_the_call_is_said_at_once(open_page: Reader, shop: Shop) -> None:
    page = open_page()
    page.goto(shop.origin)

    for options in (
        "{}",
        "{checkoutId: 'https://evil.example'}",
        "{checkoutId: 'co_1', overlay: 'x'}",
    ):
        assert (
            page.evaluate(
                f"(() => {{ try {{ Billing.openCheckout({options}); }} catch (error) "
                "{ return error.name; } })()"
            )
            == "TypeError"
        )
    page.evaluate("Billing.close()")
    assert told(page) == []
