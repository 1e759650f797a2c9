"""Webhooks in the admin: endpoints and their health, the secret shown once, each delivery."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook as StandardWebhook

from events.models import Event
from organizations.models import User
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, filled_buttons, page_of, text_of
from tests.admin.telling import HOST, URL, a_delivery, an_attempt, an_endpoint, an_event, delivered
from tests.payouts.making import People
from webhooks import signing
from webhooks.models import Delivery, Endpoint
from webhooks.secrets import opened

pytestmark = pytest.mark.django_db

ENDPOINTS = "/admin/webhooks/endpoint/"
DELIVERIES = "/admin/webhooks/delivery/"
NEW = {"url": URL, "groups": ["payout"], "single": "", "description": "shop backend"}
SECRET = re.compile(r'<code id="secret">(whsec_[A-Za-z0-9+/=]{32})</code>')


@pytest.fixture(autouse=True)
def _known_host(settings: Settings) -> None:
    """A host that the operator allows: no test asks a name server."""
    settings.WEBHOOK_ALLOWED_HOSTS = [HOST]


def reload(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.get(pk=endpoint.pk)


def types_of(endpoint: Endpoint) -> list[str]:
    found = Event.objects.filter(resource_id=endpoint.pk).order_by("created_at", "id")
    return list(found.values_list("type", flat=True))


def secret_on(answer: Any) -> str:
    found = SECRET.search(answer.content.decode().replace("&#x3D;", "=").replace("&#x2B;", "+"))
    assert found is not None
    return found.group(1)


# --- The list -------------------------------------------------------------------------------------


def test_an_empty_list_says_what_will_be_there(people: People, otto: User, desk: Desk) -> None:
    client = desk(otto)

    assert "Nobody is told yet Add the address of your own server" in text_of(client.get(ENDPOINTS))
    assert "Nothing was sent yet Once there is an endpoint" in text_of(client.get(DELIVERIES))


def test_the_list_says_how_each_endpoint_fares(people: People, otto: User, desk: Desk) -> None:
    now = timezone.now()
    event = an_event(people.admin)
    good = an_endpoint(people.admin, f"{URL}/good", "payout.settled")
    delivered(good, event)
    bad = an_endpoint(people.admin, f"{URL}/bad", failing_since=now - timedelta(hours=5))
    an_attempt(a_delivery(bad, event), status_code=503, duration_ms=1_240)
    an_endpoint(
        people.admin, f"{URL}/off", status="disabled", disabled_at=now, disabled_because="gone"
    )
    an_endpoint(people.admin, f"{URL}/new")

    page = text_of(desk(otto).get(ENDPOINTS))

    assert f"{URL}/good payout.settled 1 min ago 0 200 OK 84 ms · 1 min ago active" in page
    assert f"{URL}/bad everything – 1 503 Service Unavailable 1.2 s" in page
    assert "failing for 5 h" in page
    assert "disabled it answered 410 Gone" in page
    assert f"{URL}/new everything – 0 – active nothing delivered yet" in page


@pytest.mark.parametrize("term", ["good", "we_"])
def test_an_endpoint_is_found_again(people: People, otto: User, desk: Desk, term: str) -> None:
    good, bad = (an_endpoint(people.admin, f"{URL}/{name}") for name in ("good", "bad"))

    page = text_of(desk(otto).get(ENDPOINTS, {"q": good.pk if term == "we_" else term}))

    assert good.url in page
    assert bad.url not in page


def test_a_list_of_200_endpoints_asks_no_more_than_one_of_two(
    people: People, otto: User, desk: Desk
) -> None:
    event = an_event(people.admin)
    an_attempt(a_delivery(an_endpoint(people.admin), event), status_code=500)
    delivered(an_endpoint(people.admin), event)
    client = desk(otto)
    with CaptureQueriesContext(connection) as few:
        client.get(ENDPOINTS)

    for number in range(200):
        each = an_endpoint(people.admin, f"{URL}/{number}")
        an_attempt(a_delivery(each, event), status_code=500)
    with CaptureQueriesContext(connection) as many:
        page = text_of(client.get(ENDPOINTS))

    assert page.count("500 Internal Server Error") == 50
    assert len(many) == len(few) <= 8


# --- Making one -----------------------------------------------------------------------------------


def test_a_new_endpoint_shows_its_secret_once(people: People, otto: User, desk: Desk) -> None:
    client = desk(otto)

    answer = client.post(f"{ENDPOINTS}new/", NEW)

    endpoint = Endpoint.objects.get()
    secret = secret_on(answer)
    assert "no-store" in answer["Cache-Control"]
    assert secret == opened(endpoint.secret)
    assert (endpoint.url, endpoint.description) == (URL, "shop backend")
    assert "payout.settled" in endpoint.events
    assert all(type_.startswith("payout.") for type_ in endpoint.events)
    assert types_of(endpoint) == ["webhook.created"]
    for path in (ENDPOINTS, page_of(endpoint), DELIVERIES, act_of(endpoint, "update")):
        page = client.get(path)
        assert page.status_code == 200
        assert "whsec_" not in page.content.decode()
    assert "whsec_" not in str(list(Event.objects.values_list("payload", flat=True)))


def test_the_snippet_beside_the_secret_runs(people: People, otto: User, desk: Desk) -> None:
    answer = desk(otto).post(f"{ENDPOINTS}new/", NEW)

    code = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", answer.content.decode(), re.DOTALL)
    plain = next(each for each in code if "def is_ours" in each)
    names: dict[str, Any] = {}
    exec(plain.replace("&gt;", ">").replace("&lt;", "<"), names)  # ours
    secret, body = secret_on(answer), b'{"type":"payout.settled"}'
    sent = signing.headers(
        "evt_1", body, [secret, "whsec_b2xk"], timezone.now(), event_type="payout.settled"
    )
    assert names["is_ours"](body, sent["X-Billing-Signature"], secret) is True
    assert names["is_ours"](body + b" ", sent["X-Billing-Signature"], secret) is False
    assert names["is_ours"](body, sent["X-Billing-Signature"], "whsec_other") is False
    assert StandardWebhook(secret).verify(body, sent) == {"type": "payout.settled"}


def test_everything_and_single_types_are_chosen_too(people: People, otto: User, desk: Desk) -> None:
    client = desk(otto)

    client.post(f"{ENDPOINTS}new/", {**NEW, "groups": ["*", "payout"]})
    client.post(
        f"{ENDPOINTS}new/", {**NEW, "groups": [], "single": "payout.settled, payout.failed"}
    )

    chosen = Endpoint.objects.order_by("created_at").values_list("events", flat=True)
    assert list(chosen) == [["*"], ["payout.settled", "payout.failed"]]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "https://10.0.0.7/hook"}, "a private address"),
        ({"url": "http://hooks.example.com/hook"}, "In live a webhook's URL begins with https://."),
        ({"groups": [], "single": ""}, "Choose at least one, or name single types."),
        ({"single": "payout.paid"}, "No such event type: payout.paid."),
        ({"url": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(
    people: People, otto: User, desk: Desk, changes: dict[str, Any], says: str
) -> None:
    answer = desk(otto).post(f"{ENDPOINTS}new/", {**NEW, **changes})

    assert says in text_of(answer)
    assert Endpoint.objects.count() == 0
    assert "send " not in text_of(answer).split(says)[1][:60]


def test_changing_one_field_keeps_the_others(
    people: People, otto: User, desk: Desk, settings: Settings
) -> None:
    endpoint = an_endpoint(people.admin, URL, "payout.settled", "member.added")
    settings.WEBHOOK_ALLOWED_HOSTS = []
    client = desk(otto)
    form = client.get(act_of(endpoint, "update")).context["form"].initial

    client.post(act_of(endpoint, "update"), {**form, "description": "the books"})

    endpoint = reload(endpoint)
    assert endpoint.description == "the books"
    assert (endpoint.url, endpoint.events) == (URL, ["payout.settled", "member.added"])


# --- Its page and its acts ------------------------------------------------------------------------


def test_a_failing_endpoint_says_since_when_and_until_when(
    people: People, otto: User, desk: Desk
) -> None:
    since = timezone.now() - timedelta(hours=30, minutes=5)
    endpoint = an_endpoint(people.admin, failing_since=since)
    event = an_event(people.admin)
    an_attempt(
        a_delivery(endpoint, event),
        status_code=None,
        address="",
        error="the connection was refused",
        duration_ms=12,
    )

    page = text_of(desk(otto).get(page_of(endpoint)))

    assert "Failing since 30 h ago disabled in 41 h, unless something arrives" in page
    assert "Waiting 1 owed, and not there yet" in page
    assert "Last answer none the connection was refused · 1 min ago · 12 ms" in page
    assert "Last delivered never" in page


def test_the_page_of_a_busy_endpoint_stays_small(people: People, otto: User, desk: Desk) -> None:
    endpoint = an_endpoint(people.admin)
    delivered(endpoint, an_event(people.admin))
    client = desk(otto)
    with CaptureQueriesContext(connection) as few:
        client.get(page_of(endpoint))

    for _ in range(14):
        delivered(endpoint, an_event(people.admin))
    with CaptureQueriesContext(connection) as many:
        page = text_of(client.get(page_of(endpoint)))

    assert page.count("200 OK 84 ms") == 10
    assert len(many) == len(few) <= 9


@pytest.mark.parametrize(
    ("because", "says"),
    [
        ("failing", "It was disabled because nothing arrived for three days."),
        ("gone", "It was disabled because it answered 410 Gone"),
        ("by_hand", "Somebody switched it off."),
    ],
)
def test_a_disabled_endpoint_says_why_and_is_enabled(
    people: People, otto: User, desk: Desk, because: str, says: str
) -> None:
    now = timezone.now()
    endpoint = an_endpoint(
        people.admin, status="disabled", disabled_at=now, disabled_because=because
    )
    client = desk(otto)

    page = client.get(page_of(endpoint))
    client.post(act_of(endpoint, "enable"))

    assert says in text_of(page)
    assert filled_buttons(page) == ["Enable"]
    assert reload(endpoint).status == "active"
    assert types_of(endpoint) == ["webhook.created", "webhook.enabled"]


def test_an_endpoint_is_disabled_and_deleted_with_a_warning(
    people: People, otto: User, desk: Desk
) -> None:
    endpoint = an_endpoint(people.admin)
    waits = a_delivery(endpoint, an_event(people.admin))
    client = desk(otto)

    assert "It is kept and goes on once the endpoint is enabled." in text_of(
        client.get(act_of(endpoint, "disable"))
    )
    client.post(act_of(endpoint, "disable"))
    assert (reload(endpoint).status, reload(endpoint).disabled_because) == ("disabled", "by_hand")
    assert "held: the endpoint is disabled" in text_of(client.get(page_of(waits)))

    assert "Waiting 1 What waits It is canceled." in text_of(client.get(act_of(endpoint, "delete")))
    answer = client.post(act_of(endpoint, "delete"), follow=True)
    assert answer.status_code == 200
    assert f"{URL} is deleted." in text_of(answer)
    assert client.get(page_of(endpoint)).status_code == 404
    assert Delivery.objects.get(pk=waits.pk).status == "canceled"
    page = client.get(page_of(waits))
    assert "deleted" in text_of(page)
    assert "/act/redeliver" not in page.content.decode()


def test_a_secret_is_rotated_and_the_switch_confirmed(
    people: People, otto: User, desk: Desk
) -> None:
    endpoint = an_endpoint(people.admin)
    client = desk(otto)

    asked = text_of(client.get(act_of(endpoint, "rotate")))
    answer = client.post(act_of(endpoint, "rotate"), {"overlap": "72"})

    assert "both sign, the old one last" in asked
    assert "no-store" in answer["Cache-Control"]
    rotated = reload(endpoint)
    assert secret_on(answer) == opened(rotated.secret)
    assert rotated.previous_until is not None
    left = rotated.previous_until - timezone.now()
    assert timedelta(hours=71) < left <= timedelta(hours=72)
    page = client.get(page_of(endpoint))
    assert "two sign: the new one first, the old one last" in text_of(page)
    assert filled_buttons(page) == ["Confirm the switch"]

    newer = client.post(act_of(endpoint, "replace_secret"), {"overlap": "24"})
    assert secret_on(newer) == opened(reload(endpoint).secret) != secret_on(answer)
    client.post(act_of(endpoint, "confirm"))
    assert reload(endpoint).previous_secret is None
    assert types_of(endpoint)[1:] == [
        "webhook.rotated",
        "webhook.rotated",
        "webhook.rotation_confirmed",
    ]
    refused = client.post(act_of(endpoint, "confirm"))
    assert refused.status_code == 400
    assert "nothing is left to confirm" in text_of(refused)


def test_a_test_event_is_sent(people: People, otto: User, desk: Desk) -> None:
    endpoint = an_endpoint(people.admin)

    answer = desk(otto).post(act_of(endpoint, "test"), follow=True)

    assert "The test event is on its way." in text_of(answer)
    assert types_of(endpoint) == ["webhook.created", "webhook.test"]


def test_what_happened_since_a_time_is_sent_again(people: People, otto: User, desk: Desk) -> None:
    event = an_event(people.admin)
    endpoint = an_endpoint(people.admin, URL, "payout.settled")
    again = delivered(endpoint, event)
    an_event(people.admin, "payout.created")
    client = desk(otto)

    asked = text_of(client.get(act_of(endpoint, "redeliver")))
    answer = client.post(act_of(endpoint, "redeliver"), {"span": "24"}, follow=True)

    assert "The last hour 1 event The last 24 hours 1 event" in asked
    assert "1 delivery on the way again, the oldest first." in text_of(answer)
    assert Delivery.objects.get(pk=again.pk).status == "pending"
    assert types_of(endpoint)[-1] == "webhook.redelivered"


@pytest.mark.parametrize("at", ["", "2999-01-01T00:00"])
def test_a_time_to_redeliver_from_has_passed(
    people: People, otto: User, desk: Desk, at: str
) -> None:
    endpoint = an_endpoint(people.admin)

    answer = desk(otto).post(act_of(endpoint, "redeliver"), {"span": "other", "at": at})

    assert "Say since when: a time that has passed." in text_of(answer)
