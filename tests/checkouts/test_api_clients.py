"""The published clients, as they lie on the package index, unmodified, against a live server.

billingio 1.0.0 in this process; 2.0.0 in another, from a directory of its own (`make setup-dev`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from billingio import BillingIO, BillingIOError
from billingio.pagination import auto_paginate
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from billing.callers import Caller
from checkouts.models import Checkout
from organizations.models import Organization
from tests.checkouts.making import Json, MakeApi, a_method, detected, head
from tests.house.code import ROOT

SECOND = Path(sys.prefix) / "clients" / "billingio-2.0.0"

pytestmark = pytest.mark.django_db(transaction=True)

Client = Any  # the client's own methods are typed for two chains only


@pytest.fixture
def published(acme: Organization, api: MakeApi, live_server: LiveServer) -> Client:
    return BillingIO(api_key=api(acme).secret, base_url=f"{live_server.url}/v1")


# --- billingio 1.0.0 -----------------------------------------------------------------------------


def test_a_checkout_is_made_once_and_read(published: Client) -> None:
    made, again = (
        published.checkouts.create(
            49.99,
            "tron",
            "USDT",
            expires_in_seconds=600,
            metadata={"order_id": "1234"},
            idempotency_key="order-1234",
        )
        for _ in range(2)
    )

    stored = Checkout.objects.get()
    assert made == again == published.checkouts.get(made.checkout_id)
    assert made.checkout_id == stored.id
    assert made.deposit_address == stored.address
    assert (made.chain, made.token, made.status) == ("tron", "USDT", "pending")
    assert (made.amount_usd, made.amount_atomic) == (49.99, "49990000")
    assert (made.confirmations, made.required_confirmations) == (0, 19)
    assert made.tx_hash is made.detected_at is made.confirmed_at is None
    assert made.metadata == {"order_id": "1234"}
    assert (stored.expires_at - stored.created_at).seconds == 600


def test_base_works_though_the_client_does_not_know_it(published: Client) -> None:
    assert published.checkouts.create(5, "base", "USDC").chain == "base"


def test_all_checkouts_are_walked_in_pages(published: Client) -> None:
    made = [published.checkouts.create(5, "arbitrum", "USDC").checkout_id for _ in range(5)]

    walked = [each.checkout_id for each in auto_paginate(published.checkouts.list, limit=2)]

    assert walked == made[::-1]
    assert published.checkouts.list(status="confirmed").data == []
    assert len(published.checkouts.list(status="pending").data) == 5


def test_the_status_is_polled(published: Client, sandboxed: Caller) -> None:
    checkout_id = published.checkouts.create(5, "arbitrum", "USDC").checkout_id
    waiting = published.checkouts.get_status(checkout_id)
    checkout = detected(Checkout.objects.get(id=checkout_id))
    head(checkout, 1_004)

    seen = published.checkouts.get_status(checkout_id)

    assert (waiting.status, waiting.confirmations, waiting.tx_hash) == ("pending", 0, None)
    assert (seen.status, seen.confirmations) == ("detected", 5)
    assert seen.tx_hash == "0x" + "ab" * 32
    assert seen.detected_at is not None
    assert (waiting.polling_interval_ms, seen.polling_interval_ms) == (3000, 2000)


def test_its_events_are_listed_and_read_among_others(
    published: Client, acme: Organization, api: MakeApi
) -> None:
    checkout = published.checkouts.create(49.99, "tron", "USDT")
    api(acme).post(f"/v1/checkouts/{checkout.checkout_id}/cancel")

    told = published.events.list(checkout_id=checkout.checkout_id).data
    walked = [event.type for event in auto_paginate(published.events.list, limit=1)]

    assert [event.type for event in told] == ["checkout.expired", "checkout.created"]
    assert {event.checkout_id for event in told} == {checkout.checkout_id}
    created = published.events.get(told[1].event_id)
    assert created.data == checkout
    assert (told[0].data.status, told[0].data.deposit_address) == (
        "expired", checkout.deposit_address,
    )  # fmt: skip
    assert published.events.list(type="checkout.completed").data == []
    assert {"payment_method.created", "wallet.created", "checkout.created"} <= set(walked)


def test_a_paid_checkout_and_all_its_events_are_understood(
    published: Client, acme: Organization, api: MakeApi
) -> None:
    checkout_id = published.checkouts.create(49.99, "tron", "USDT").checkout_id
    api(acme).post("/v1/sandbox/simulate-payment", {"checkout_id": checkout_id})

    paid = published.checkouts.get(checkout_id)
    events = published.events.list(checkout_id=checkout_id).data

    assert (paid.status, paid.confirmed_at is None) == ("confirmed", False)
    assert paid.confirmations >= paid.required_confirmations == 19
    assert [event.type for event in reversed(events)] == [
        "checkout.created", "checkout.payment_detected", "checkout.confirming",
        "checkout.completed",
    ]  # fmt: skip
    assert events[0].data == paid
    assert published.checkouts.list(status="confirmed").data == [paid]
    status = published.checkouts.get_status(checkout_id)
    assert (status.tx_hash, status.confirmed_at) == (paid.tx_hash, paid.confirmed_at)
    assert status.polling_interval_ms == 30_000


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda c: c.get("co_none"), (404, "not_found", "checkout_not_found", "checkout_id")),
        (
            lambda c: c.get_status("co_none"),
            (404, "not_found", "checkout_not_found", "checkout_id"),
        ),
        (
            lambda c: c.create(0.001, "tron", "USDT"),
            (400, "invalid_request", "amount_too_small", "amount_usd"),
        ),
        (
            lambda c: c.create(5, "bitcoin", "USDT"),
            (400, "invalid_request", "invalid_chain", "chain"),
        ),
        (lambda c: c.create(5, "tron", "DAI"), (400, "invalid_request", "invalid_token", "token")),
        (
            lambda c: c.create(5, "tron", "USDT", expires_in_seconds=1),
            (400, "invalid_request", "expires_too_short", "expires_in_seconds"),
        ),
        (
            lambda c: c.create(5, "tron", "USDT", expires_in_seconds=90_000),
            (400, "invalid_request", "expires_too_long", "expires_in_seconds"),
        ),
        (lambda c: c.list(limit=500), (400, "invalid_request", "invalid_limit", "limit")),
        (lambda c: c.list(cursor="no"), (400, "invalid_request", "invalid_cursor", "cursor")),
    ],
)
def test_refusals_are_understood(
    published: Client, call: Callable[[Any], object], told: tuple[object, ...]
) -> None:
    with pytest.raises(BillingIOError) as refused:
        call(published.checkouts)

    error = refused.value
    assert (error.status_code, error.type, error.code, error.param) == told


def test_a_key_used_with_another_body_is_a_conflict(published: Client) -> None:
    published.checkouts.create(5, "tron", "USDT", idempotency_key="k")

    with pytest.raises(BillingIOError) as refused:
        published.checkouts.create(6, "tron", "USDT", idempotency_key="k")

    assert (refused.value.status_code, refused.value.code) == (409, "idempotency_key_reused")


# --- billingio 2.0.0 -----------------------------------------------------------------------------


@pytest.fixture
def understood(
    acme: Organization,
    api: MakeApi,
    sandboxed: Caller,
    live_server: LiveServer,
    settings: Settings,
) -> Json:
    """What the second client says of one run through all that a documented server can answer it."""
    assert SECOND.is_dir(), "make setup-dev installs the second client"
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]
    method = a_method(sandboxed)
    arguments = [f"{live_server.url}/v1", api(acme).secret, method.id]
    done = subprocess.run(
        [sys.executable, "-m", "tests.checkouts.client_2", *arguments],
        env={**os.environ, "PYTHONPATH": f"{SECOND}{os.pathsep}{ROOT}"},
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    told: Json = json.loads(done.stdout)
    return told


def test_the_second_client_understands_everything(understood: Json, acme: Organization) -> None:
    made = understood["made"]
    stored = Checkout.objects.get(id=made["checkout_id"])

    assert Path(understood["file"]).is_relative_to(SECOND)
    assert understood["health"]["status"] == "healthy"
    assert made["deposit_address"] == stored.address
    assert (made["amount_usd"], made["amount_atomic"]) == (49.99, "49990000")
    assert made["metadata"] == {"order_id": "1234"}
    assert understood["is_repeated"] is understood["is_got"] is understood["are_walked"] is True
    assert understood["expired"] == understood["webhooks"] == 0
    assert understood["status"]["status"] == "pending"
    assert understood["status"]["polling_interval_ms"] == 4000
    assert understood["has_secret"] == [True, False]
    assert {"webhook.deleted", "payment_method.deleted", "checkout.created"} <= set(
        understood["events"]
    )
    assert understood["told"] == [made]
    assert Checkout.objects.count() == 5


def test_the_second_client_understands_every_refusal(understood: Json) -> None:
    assert understood["errors"] == [
        [404, "not_found", "checkout_not_found", "checkout_id"],
        [400, "invalid_request", "amount_too_small", "amount_usd"],
        [409, "idempotency_conflict", "idempotency_key_reused", None],
        [404, "not_found", "webhook_not_found", "webhook_id"],
        [404, "not_found", "payment_method_not_found", "id"],
        [401, "authentication_error", "api_key_invalid", None],
    ]
