"""What we sign, to three clients as they lie on the package indexes, unmodified.

billingio 1.0.0 and standardwebhooks (PyPI) in this process, standardwebhooks (npm) in node's. Each
takes what is ours, and nothing in which one bit of the body, the id, the time or the signature
is another.
"""

import base64
import binascii
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from billingio import BillingIO, BillingIOError
from billingio.errors import WebhookVerificationError
from billingio.pagination import auto_paginate
from billingio.webhooks import SIGNATURE_HEADER, verify_webhook_signature
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from standardwebhooks.webhooks import Webhook

from billing import exact_json
from organizations.models import Organization
from tests.conftest import MakeApi
from tests.node import node_program
from webhooks import signing

NEW = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
OLD = "whsec_GBkaGxwdHh8gISIjJCUmJygpKissLS4v"
SCRIPT = Path(__file__).with_name("standard_witness.cjs")
BODY = exact_json.dumps(
    {
        "event_id": "evt_7f8a9b0c1d2e3f4a5b6c7d8e",
        "type": "payout.settled",
        "data": {"id": "po_1", "note": "Größe: 5 €"},
        "sequence": 41,
    }
)


@dataclass(frozen=True)
class Request:
    """One delivery as a receiver has it: names of headers in lower case."""

    headers: Mapping[str, str]
    body: bytes
    secret: str = NEW

    def with_header(self, name: str, value: str) -> "Request":
        return replace(self, headers={**self.headers, name: value})


def signed(*by: str, knows: str = NEW) -> Request:
    """A delivery of this moment, at a receiver that knows one secret."""
    told = signing.headers(
        "evt_7f8a9b0c1d2e3f4a5b6c7d8e", BODY, by, timezone.now(), event_type="payout.settled"
    )
    return Request({name.lower(): value for name, value in told.items()}, BODY, knows)


def published_takes(request: Request) -> bool:
    try:
        verify_webhook_signature(
            request.body.decode(), request.headers[SIGNATURE_HEADER], request.secret
        )
    # TypeError: its comparison takes ASCII alone. All of them end the receiver's request.
    except (WebhookVerificationError, UnicodeDecodeError, TypeError):
        return False
    return True


def standard_takes(request: Request) -> bool:
    try:
        Webhook(request.secret).verify(request.body, dict(request.headers), json_parse=False)
    except Exception:  # It raises what it meets: of base64, of unpacking, its own.
        return False
    return True


def node_takes(requests: list[Request]) -> list[bool]:
    """One verdict for each, from one process."""
    cases = [
        {
            "secret": each.secret,
            "headers": dict(each.headers),
            "body": base64.b64encode(each.body).decode(),
        }
        for each in requests
    ]
    ran = subprocess.run(
        [str(node_program()), str(SCRIPT)],
        input=json.dumps(cases), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, f"Is standardwebhooks installed (make test)? {ran.stderr}"
    verdicts: list[bool] = json.loads(ran.stdout)
    return verdicts


def flipped(text: bytes) -> Iterator[bytes]:
    """The text with one bit turned, for each of its bits."""
    for place in range(len(text)):
        for bit in range(8):
            yield text[:place] + bytes([text[place] ^ 1 << bit]) + text[place + 1 :]


def flipped_header(request: Request, name: str) -> Iterator[Request]:
    for value in flipped(request.headers[name].encode()):
        yield request.with_header(name, value.decode("latin-1"))


def flipped_body(request: Request) -> Iterator[Request]:
    for body in flipped(request.body):
        yield replace(request, body=body)


def is_respelled(changed: Request, original: Request) -> bool:
    """Whether it is the same signature in other letters, and nothing else was changed.

    32 bytes leave two bits of their base64 without a meaning, and one client compares the bytes.
    """
    signature = original.headers["webhook-signature"]
    is_alone = changed.with_header("webhook-signature", signature) == original
    return is_alone and decoded(changed) == decoded(original)


def decoded(request: Request) -> bytes | None:
    """The signature's own bytes; None where the header is no longer one signature in base64."""
    version, _, signature = request.headers["webhook-signature"].partition(",")
    try:
        return base64.b64decode(signature) if version == "v1" else None
    except binascii.Error:
        return None


def test_the_published_client_takes_what_we_sign() -> None:
    request = signed(NEW)

    event = verify_webhook_signature(
        request.body.decode(), request.headers[SIGNATURE_HEADER], request.secret
    )

    assert event["type"] == "payout.settled"
    assert event["data"]["note"] == "Größe: 5 €"


def test_both_clients_of_standard_webhooks_take_what_we_sign() -> None:
    request = signed(NEW)

    event = Webhook(NEW).verify(request.body, dict(request.headers))

    assert event["data"]["note"] == "Größe: 5 €"
    assert node_takes([request]) == [True]


def test_while_rotating_the_published_client_takes_the_old_secret() -> None:
    assert published_takes(signed(NEW, OLD, knows=OLD))
    assert not published_takes(signed(NEW, OLD, knows=NEW))  # So the old one must sign last.


def test_while_rotating_standard_webhooks_takes_either_secret() -> None:
    requests = [signed(NEW, OLD, knows=NEW), signed(NEW, OLD, knows=OLD)]

    assert [standard_takes(each) for each in requests] == [True, True]
    assert node_takes(requests) == [True, True]


def test_nobody_takes_another_secret_or_an_old_time() -> None:
    stranger = signed(NEW, knows=OLD)
    told = signing.headers(
        "evt_1", BODY, [NEW], timezone.now() - timedelta(seconds=310), event_type="payout.settled"
    )
    late = Request({name.lower(): value for name, value in told.items()}, BODY)

    for request in (stranger, late):
        assert not published_takes(request)
        assert not standard_takes(request)
    assert node_takes([stranger, late]) == [False, False]


def test_the_published_client_refuses_every_flipped_bit() -> None:
    request = signed(NEW)
    changed = [*flipped_body(request), *flipped_header(request, SIGNATURE_HEADER)]

    assert published_takes(request)
    assert len(changed) == 8 * (len(BODY) + len("t=1736942400,v1=") + 64)
    assert [each for each in changed if published_takes(each)] == []


def test_standard_webhooks_refuse_every_flipped_bit() -> None:
    request = signed(NEW)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = [each for name in names for each in flipped_header(request, name)]
    changed = [*flipped_body(request), *headers]

    assert len(changed) == 8 * (len(BODY) + len("evt_7f8a9b0c1d2e3f4a5b6c7d8e") + 10 + 3 + 44)
    assert [
        each for each in changed if standard_takes(each) and not is_respelled(each, request)
    ] == []
    assert node_takes([request, *changed]) == [True] + [False] * len(changed)


class TestThePublishedClient:
    """billingio against a live server: the four calls it has."""

    @pytest.fixture
    def published(
        self,
        transactional_db: None,
        acme: Organization,
        api: MakeApi,
        live_server: LiveServer,
        settings: Settings,
    ) -> BillingIO:
        settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]  # so that no name is looked up
        return BillingIO(api_key=api(acme).secret, base_url=f"{live_server.url}/v1")

    def test_creates_lists_gets_and_deletes(self, published: BillingIO) -> None:
        made = published.webhooks.create(
            url="https://receiver.example/hooks",
            events=["payout.settled", "checkout.completed"],
            description="Shop",
        )
        listed = published.webhooks.list().data
        got = published.webhooks.get(made.webhook_id)
        deleted = published.webhooks.delete(made.webhook_id)

        assert made.secret is not None
        assert len(made.secret) == 38
        assert (made.url, made.description) == ("https://receiver.example/hooks", "Shop")
        assert made.events == ["payout.settled", "checkout.completed"]
        assert made.status == "active"
        assert [each.webhook_id for each in listed] == [made.webhook_id]
        assert not listed[0].secret
        assert not got.secret
        assert deleted is None
        assert published.webhooks.list().data == []
        with pytest.raises(BillingIOError) as missing:
            published.webhooks.get(made.webhook_id)
        assert (missing.value.status_code, missing.value.code) == (404, "webhook_not_found")

    def test_walks_all_pages(self, published: BillingIO) -> None:
        made = {
            published.webhooks.create(url=f"https://receiver.example/{n}", events=["*"]).webhook_id
            for n in range(5)
        }

        walked = auto_paginate(published.webhooks.list, limit=2)

        assert {endpoint.webhook_id for endpoint in walked} == made

    def test_reads_what_is_refused(self, published: BillingIO) -> None:
        with pytest.raises(BillingIOError) as refused:
            published.webhooks.create(url="https://10.0.0.1/", events=["*"])

        assert (refused.value.status_code, refused.value.code) == (400, "address_refused")
        assert refused.value.param == "url"
