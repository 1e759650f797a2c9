"""Deliveries in the admin: found, read and sent again; and who sees whose webhooks."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from billing import exact_json
from organizations.models import Organization, User
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, page_of, text_of
from tests.admin.telling import HOST, URL, a_delivery, an_attempt, an_endpoint, an_event, delivered
from tests.payouts.making import People
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db

ENDPOINTS = "/admin/webhooks/endpoint/"
DELIVERIES = "/admin/webhooks/delivery/"


@pytest.fixture(autouse=True)
def _known_host(settings: Settings) -> None:
    """A host that the operator allows: no test asks a name server."""
    settings.WEBHOOK_ALLOWED_HOSTS = [HOST]


# --- The list -------------------------------------------------------------------------------------


def test_deliveries_are_filtered_by_endpoint_state_and_event(
    people: People, otto: User, desk: Desk
) -> None:
    one, two = an_endpoint(people.admin, f"{URL}/one"), an_endpoint(people.admin, f"{URL}/two")
    settled, created = an_event(people.admin), an_event(people.admin, "payout.created")
    rows = {
        "one settled": delivered(one, settled),
        "two settled": a_delivery(two, settled, status="failed"),
        "two created": a_delivery(two, created),
    }
    client = desk(otto)

    def shown(**query: str) -> set[str]:
        page = client.get(DELIVERIES, query).content.decode()
        return {name for name, row in rows.items() if page_of(row) in page}

    assert shown() == set(rows)
    assert shown(endpoint=two.pk) == {"two settled", "two created"}
    assert shown(endpoint=two.pk, status="failed") == {"two settled"}
    assert shown(status="pending") == {"two created"}
    assert shown(type="payout.settled") == {"one settled", "two settled"}
    assert shown(q=created.pk) == {"two created"}
    assert shown(q=rows["one settled"].pk) == {"one settled"}
    assert shown(type="payout.failed") == set()
    assert shown(status="nonsense") == set(rows)


def test_the_newest_of_all_endpoints_come_first_and_pages_join(
    people: People, otto: User, desk: Desk
) -> None:
    now, rows = timezone.now(), []
    mine = [an_endpoint(people.admin, f"{URL}/{number}") for number in range(3)]
    for number in range(40):
        event = an_event(people.admin)
        for place, endpoint in enumerate(mine):
            at = now - timedelta(seconds=3 * number + place)
            rows.append(delivered(endpoint, event))
            Delivery.objects.filter(pk=rows[-1].pk).update(created_at=at)
    client = desk(otto)

    pages = [
        re.findall(r'data-url="([^"]+)"', client.get(DELIVERIES, {"p": number}).content.decode())
        for number in (1, 2, 3)
    ]

    assert [len(page) for page in pages] == [50, 50, 20]
    assert [link for page in pages for link in page] == [page_of(row) for row in rows]


def test_a_page_of_deliveries_asks_no_more_than_a_single_one(
    people: People, otto: User, desk: Desk
) -> None:
    delivered(an_endpoint(people.admin), an_event(people.admin))
    client = desk(otto)
    with CaptureQueriesContext(connection) as few:
        client.get(DELIVERIES)

    for number in range(60):
        endpoint = an_endpoint(people.admin, f"{URL}/{number}")
        an_attempt(a_delivery(endpoint, an_event(people.admin)), status_code=500)
    with CaptureQueriesContext(connection) as many:
        page = text_of(client.get(DELIVERIES))

    assert page.count("500 Internal Server Error") == 50
    assert len(many) == len(few) <= 9


# --- One delivery ---------------------------------------------------------------------------------


def test_a_delivery_shows_what_was_sent_and_what_came_back(
    people: People, otto: User, desk: Desk
) -> None:
    endpoint = an_endpoint(people.admin)
    event = an_event(people.admin, amount_usd=Decimal("12500.10"), note="Zürich")
    due = timezone.now() + timedelta(minutes=24, seconds=30)
    delivery = a_delivery(endpoint, event, next_attempt_at=due)
    then = timezone.now() - timedelta(minutes=6)
    an_attempt(delivery, then, status_code=301, duration_ms=20)
    an_attempt(
        delivery, status_code=500, duration_ms=1_500, answer="<script>alert(1)</script>\nno disk"
    )

    answer = desk(otto).get(page_of(delivery))

    page, body = text_of(answer), answer.content.decode()
    assert "Next: attempt 3, in 24 min (" in page
    assert "Answered 500 Internal Server Error in 1.5 s Attempt 2 · 1 min ago" in page
    assert "301 Moved Permanently: redirects are not followed in 20 ms Attempt 1" in page
    assert "at 93.184.216.34" in page
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nno disk" in body
    assert '"amount_usd": 12500.10,' in page
    assert '"note": "Zürich"' in page
    assert f'"sequence": {event.sequence}' in page
    assert f"X-Billing-Event-Id {event.pk}" in page
    assert re.search(r"X-Billing-Signature t=\d{10},v1=… ", page)
    assert "webhook-signature v1,… " in page
    assert "whsec_" not in body


def test_what_was_sent_reads_back_as_it_was(people: People, otto: User, desk: Desk) -> None:
    event = an_event(people.admin, amount_usd=Decimal("12500.10"), empty={}, list=[1, [2]])
    delivery = delivered(an_endpoint(people.admin), event)

    shown = desk(otto).get(page_of(delivery)).context["body"]

    assert exact_json.loads(shown.encode()) == {**event.payload, "sequence": event.sequence}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, "Next: attempt 1, as soon as a sender takes it"),
        ({"status": "canceled"}, "It was never tried: the endpoint was deleted first."),
    ],
)
def test_what_was_never_tried_says_so(
    people: People, otto: User, desk: Desk, facts: dict[str, str], says: str
) -> None:
    delivery = a_delivery(an_endpoint(people.admin), an_event(people.admin), **facts)

    page = text_of(desk(otto).get(page_of(delivery)))

    assert says in page
    assert "Headers it will have" in page


def test_the_page_of_a_much_tried_delivery_stays_small(
    people: People, otto: User, desk: Desk
) -> None:
    delivery = a_delivery(an_endpoint(people.admin), an_event(people.admin))
    for _ in range(53):
        an_attempt(delivery, status_code=None, error="no answer within 10 s", answer="")

    client = desk(otto)
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client.get(page_of(delivery)))

    assert page.count("No answer: no answer within 10 s") == 50
    assert "3 earlier ones are not shown." in page
    assert len(queries) <= 6


def test_a_delivery_is_sent_again(people: People, otto: User, desk: Desk) -> None:
    endpoint = an_endpoint(people.admin)
    one, other = (delivered(endpoint, an_event(people.admin)) for _ in range(2))

    answer = desk(otto).post(act_of(one, "redeliver"), follow=True)

    assert "payout.settled is on its way again." in text_of(answer)
    assert Delivery.objects.get(pk=one.pk).status == "pending"
    assert Delivery.objects.get(pk=other.pk).status == "delivered"


# --- Whose, and who may ---------------------------------------------------------------------------


def the_endpoint(people: People) -> Model:
    return an_endpoint(people.admin, f"{URL}/theirs-only")


def the_delivery(people: People) -> Model:
    return delivered(an_endpoint(people.admin, f"{URL}/theirs-only"), an_event(people.admin))


@pytest.mark.parametrize("make", [the_endpoint, the_delivery])
def test_what_is_anothers_is_not_there(
    people: People, strangers: People, ada: User, zoe: User, desk: Desk,
    make: Callable[[People], Model],
) -> None:  # fmt: skip
    row = make(strangers)
    client = desk(ada)

    assert client.get(page_of(row)).status_code == 404
    assert client.post(act_of(row, "redeliver"), {"span": "24"}).status_code == 404
    assert "theirs-only" not in text_of(client.get(ENDPOINTS))
    assert "theirs-only" not in text_of(client.get(DELIVERIES))
    for path in (DELIVERIES, f"{DELIVERIES}?endpoint={Endpoint.objects.get().pk}"):
        assert "theirs-only" not in text_of(client.get(path))
    assert desk(zoe).get(page_of(row)).status_code == 200


@pytest.mark.parametrize("make", [the_endpoint, the_delivery])
def test_live_and_sandbox_are_kept_apart(
    people: People, ada: User, desk: Desk, make: Callable[[People], Model]
) -> None:
    row = make(people)
    client = desk(ada, "sandbox")

    assert client.get(page_of(row)).status_code == 404
    for path in (ENDPOINTS, DELIVERIES):
        assert "theirs-only" not in text_of(client.get(path))
        assert "theirs-only" in text_of(desk(ada).get(path))


ACTS = ["update", "enable", "disable", "rotate", "confirm", "test", "redeliver", "delete"]


@pytest.mark.parametrize("role", ["vera", "mara", "jon", "otto", "ada"])
def test_operators_and_admins_act_and_everybody_reads(
    people: People, vera: User, mara: User, jon: User, otto: User, ada: User, desk: Desk, role: str
) -> None:
    who = {"vera": vera, "mara": mara, "jon": jon, "otto": otto, "ada": ada}[role]
    endpoint = an_endpoint(people.admin)
    delivery = delivered(endpoint, an_event(people.admin))
    client, may = desk(who), role in ("otto", "ada")

    for path in (ENDPOINTS, DELIVERIES, page_of(endpoint), page_of(delivery)):
        page = client.get(path)
        assert page.status_code == 200
        assert ("/act/" in page.content.decode()) == (may and "/change/" in path)
    asked = [f"{ENDPOINTS}new/", act_of(delivery, "redeliver")]
    asked += [act_of(endpoint, act) for act in ACTS]
    assert {client.get(path).status_code for path in asked} == {200 if may else 403}
    if not may:
        assert {client.post(path).status_code for path in asked} == {403}
        assert Endpoint.objects.get().status == "active"


def test_an_id_that_reads_like_a_quoted_character_is_found(
    people: People, otto: User, desk: Desk
) -> None:
    odd = an_endpoint(people.admin)
    Endpoint.objects.filter(pk=odd.pk).delete()
    odd.pk = "we_25" + "0" * 22
    odd.save(force_insert=True)
    delivery = a_delivery(odd, an_event(people.admin), id="whd_25" + "0" * 22)
    client = desk(otto)

    for path in (ENDPOINTS, DELIVERIES, page_of(odd), page_of(delivery)):
        page = client.get(path)
        assert page.status_code == 200
        links = re.findall(r'(?:href|data-url)="(/admin/webhooks/[^"]+)"', page.content.decode())
        assert {client.get(link).status_code for link in links} == {200}
    client.post(act_of(odd, "disable"))
    assert Endpoint.objects.get().status == "disabled"


# --- Elsewhere ------------------------------------------------------------------------------------


def test_an_endpoint_that_we_gave_up_on_waits_on_the_first_page(
    people: People, strangers: People, otto: User, desk: Desk
) -> None:
    at = timezone.now() - timedelta(hours=3)
    off: dict[str, Any] = {"status": "disabled", "disabled_at": at}
    for because in ("failing", "gone", "by_hand"):
        an_endpoint(people.admin, **off, disabled_because=because)
    an_endpoint(strangers.admin, **off, disabled_because="failing")
    an_endpoint(people.admin, **off, disabled_because="gone", deleted_at=at)

    page = desk(otto).get("/admin/")

    assert "2 webhooks disabled nothing is sent there any more, at the longest for 3 h" in text_of(
        page
    )
    assert f'href="{ENDPOINTS}"' in page.content.decode()


def test_every_page_of_webhooks_stands_on_its_own(
    acme: Organization, people: People, otto: User, desk: Desk
) -> None:
    endpoint = an_endpoint(people.admin, failing_since=timezone.now())
    delivery = a_delivery(endpoint, an_event(people.admin))
    an_attempt(delivery, status_code=500, answer="no disk")
    sprite = finders.find("billing/icons.svg")
    assert isinstance(sprite, str)
    drawn = set(re.findall(r'id="([a-z-]+)"', Path(sprite).read_text()))
    paths = [ENDPOINTS, DELIVERIES, f"{ENDPOINTS}new/", page_of(endpoint), page_of(delivery)]

    for path in [*paths, act_of(endpoint, "redeliver"), act_of(endpoint, "rotate")]:
        body = desk(otto).get(path).content.decode()
        assert set(re.findall(r"icons\.svg#([a-z-]+)", body)) <= drawn, path
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", body) == [], path


MALFORMED = [
    "q=%00", "endpoint=%00", "endpoint=we_nobody", "status=%27", "type=*", "p=0", "p=99",
    "p=99999999999999999999",
]  # fmt: skip


@pytest.mark.parametrize("query", MALFORMED)
@pytest.mark.parametrize("path", [ENDPOINTS, DELIVERIES])
def test_nothing_malformed_breaks_a_list(
    people: People, otto: User, desk: Desk, path: str, query: str
) -> None:
    an_endpoint(people.admin)

    assert desk(otto).get(f"{path}?{query}", follow=True).status_code == 200
