"""The pages of webhooks in a real browser: at a desk and on a phone, by day and by night."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from organizations.models import User
from tests.admin.reading import act_of, page_of
from tests.admin.telling import HOST, a_delivery, an_attempt, an_endpoint, an_event, delivered
from tests.browser.conftest import Reader, copied, picture
from tests.browser.looks import PHONE, all_looked_at, width_of
from tests.payouts.making import People
from webhooks import endpoints
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

ENDPOINTS = "/admin/webhooks/endpoint/"
DELIVERIES = "/admin/webhooks/delivery/"
SAID = "<html><body><h1>502 Bad Gateway</h1>\n<p>upstream shop-backend-7f is gone</p></body></html>"


@pytest.fixture
def paths(settings: Settings, sandboxed: People) -> dict[str, str]:
    """An endpoint that does well, one that fails, one we gave up on; and where the pages are."""
    settings.WEBHOOK_ALLOWED_HOSTS = [HOST]
    caller, now = sandboxed.admin, timezone.now()
    good = an_endpoint(caller, f"https://{HOST}/shop/payouts", "payout.settled", "payout.failed")
    bad = an_endpoint(
        caller, f"https://{HOST}/books/v2/incoming?tenant=acme-gmbh&region=eu-central-1&queue=main"
    )
    off = an_endpoint(
        caller, f"http://{HOST}:8080/old", status="disabled", disabled_because="failing",
        disabled_at=now - timedelta(hours=7), failing_since=now - timedelta(hours=79),
    )  # fmt: skip
    an_endpoint(caller, f"https://{HOST}/new", "member.added", "member.removed")
    endpoints.rotate(caller, good.pk)
    names = ("payout.created", "payout.approved", "payout.executed", "payout.settled")
    last: Delivery | None = None
    for name in names:
        event = an_event(
            caller, name, payout_id="po_1a2b3c4d5e6f708192a3b4c5", amount_usd=Decimal("12500.10"),
            note="Rechnung 884, Zürich",
        )  # fmt: skip
        delivered(good, event, duration_ms=84, answer="ok")
        last = a_delivery(bad, event, next_attempt_at=now + timedelta(minutes=24))
        an_attempt(
            last, now - timedelta(minutes=6), status_code=None, address="", duration_ms=10_000,
            error="no answer within 10 s",
        )  # fmt: skip
        an_attempt(
            last, now - timedelta(minutes=1), status_code=502, duration_ms=1_240, answer=SAID
        )
        a_delivery(off, event)
    Endpoint.objects.filter(pk=bad.pk).update(failing_since=now - timedelta(hours=5))
    assert last is not None
    return {
        "webhooks": ENDPOINTS,
        "webhook": page_of(good),
        "webhook-failing": page_of(bad),
        "webhook-disabled": page_of(off),
        "webhook-new": f"{ENDPOINTS}new/",
        "webhook-update": act_of(good, "update"),
        "webhook-rotate": act_of(bad, "rotate"),
        "webhook-redeliver": act_of(bad, "redeliver"),
        "deliveries": DELIVERIES,
        "delivery": page_of(last),
        "home-webhooks": "/admin/",
    }


def test_no_page_of_webhooks_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str], otto: User
) -> None:
    page = reader(otto)

    assert all_looked_at(page, paths) == []


def test_an_endpoint_is_made_and_its_secret_copied(
    reader: Reader, paths: dict[str, str], otto: User
) -> None:
    page = reader(otto)
    page.goto(ENDPOINTS)

    page.get_by_role("link", name="Add an endpoint").click()
    page.get_by_label("URL").fill(f"https://{HOST}/fresh")
    page.get_by_label("Settlements").check()
    page.get_by_role("button", name="Add an endpoint").click()

    expect(page.get_by_text("This secret is shown once.")).to_be_visible()
    secret = page.locator("#secret").inner_text()
    page.get_by_role("button", name="Copy").click()
    copied(page, secret)
    picture(page, "webhook-secret-desk-light")
    page.set_viewport_size({"width": PHONE, "height": 740})
    assert width_of(page) <= PHONE
    picture(page, "webhook-secret-phone-light")
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("heading", name=f"https://{HOST}/fresh")).to_be_visible()
    expect(page.get_by_text("Nothing was sent to it yet")).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)


def test_the_rare_acts_open_without_a_script_and_by_keyboard(
    reader: Reader, paths: dict[str, str], otto: User
) -> None:
    page = reader(otto, javascript=False)
    page.goto(paths["webhook-failing"])

    expect(page.get_by_role("link", name="Rotate secret…")).not_to_be_visible()
    page.locator(".rare-acts summary").press("Enter")
    page.get_by_role("link", name="Rotate secret…").press("Enter")

    page.get_by_label("3 days").check()
    page.get_by_role("button", name="Rotate secret").press("Enter")
    expect(page.get_by_role("heading", name="The new secret")).to_be_visible()


def test_a_failed_delivery_is_found_read_and_sent_again(
    reader: Reader, paths: dict[str, str], otto: User
) -> None:
    page = reader(otto)
    page.goto(DELIVERIES)

    page.locator(".filter summary").filter(has_text="State").click()
    page.get_by_role("link", name="pending").click()
    page.wait_for_url("**/?status=pending")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="What is sent")).to_be_visible()
    page.goto(paths["delivery"])
    expect(page.get_by_text("upstream shop-backend-7f is gone")).to_be_visible()
    expect(page.get_by_role("heading", name="502 Bad Gateway")).to_have_count(0)
    page.get_by_role("link", name="Redeliver").click()
    page.get_by_role("button", name="Redeliver").click()
    expect(page.get_by_text("payout.settled is on its way again.")).to_be_visible()
