"""billingio 1.0.0 as it lies on the package index, unmodified, against a live server."""

import pytest
from billingio import BillingIO, BillingIOError
from billingio.pagination import auto_paginate

from billing.callers import system
from billing.chains import Environment
from events.services import publish

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = {
    "checkout_id": "co_1",
    "deposit_address": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
    "chain": "tron",
    "token": "USDT",
    "amount_usd": 49.99,
    "amount_atomic": "49990000",
    "status": "pending",
    "confirmations": 0,
    "required_confirmations": 19,
    "expires_at": "2025-06-15T11:00:00Z",
    "created_at": "2025-06-15T10:30:00Z",
}


@pytest.fixture
def published(acme, api, live_server):
    return BillingIO(api_key=api(acme).secret, base_url=f"{live_server.url}/v1")


def test_health(published):
    assert (published.health.get().status, published.health.get().version) == ("healthy", "1.0.0")


def test_events_are_listed_and_got_payouts_among_them(acme, published):
    caller = system(acme.id, Environment.SANDBOX)
    publish_in_a_transaction(caller, "checkout.created", "co_1", CHECKOUT, checkout_id="co_1")
    publish_in_a_transaction(caller, "payout.created", "po_1", {"id": "po_1", "chain": "base"})

    events = published.events.list().data
    checkouts = published.events.list(checkout_id="co_1").data
    one = published.events.get(checkouts[0].event_id)

    assert [e.type for e in events[:2]] == ["payout.created", "checkout.created"]
    assert events[0].data.chain == "base"
    assert [e.type for e in checkouts] == ["checkout.created"]
    assert (one.checkout_id, one.data.amount_usd) == ("co_1", 49.99)


def test_all_pages_are_walked(acme, published):
    caller = system(acme.id, Environment.SANDBOX)
    for n in range(7):
        publish_in_a_transaction(caller, "payout.created", f"po_{n}", {})

    walked = auto_paginate(published.events.list, limit=2, type="payout.created")

    assert len({event.event_id for event in walked}) == 7


def test_errors_are_read(live_server, published):
    with pytest.raises(BillingIOError) as missing:
        published.events.get("evt_none")
    with pytest.raises(BillingIOError) as stranger:
        BillingIO(api_key="sk_test_nobody", base_url=f"{live_server.url}/v1").events.list()

    assert (missing.value.status_code, missing.value.code) == (404, "event_not_found")
    assert (missing.value.type, missing.value.param) == ("not_found", "event_id")
    assert (stranger.value.type, stranger.value.code) == ("authentication_error", "api_key_invalid")


def publish_in_a_transaction(*args, **kwargs):
    from django.db import transaction

    with transaction.atomic():
        return publish(*args, **kwargs)
