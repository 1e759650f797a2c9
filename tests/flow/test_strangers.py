"""Every operation of the OpenAPI document with an id answers a foreign one as a missing one."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from billing.callers import ALL_SCOPES
from billing.chains import Environment
from events.models import Event
from organizations.models import Organization
from payouts.models import PayoutBatch
from tests.conftest import Api, MakeApi
from wallets.models import Wallet
from webhooks.models import Endpoint

RECIPIENT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TREASURY = "0xde709f2102306220921060314715629080e2fb77"
BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("patch", "/v1/payouts/{id}"): {"description": "mine now"},
    ("post", "/v1/payouts/{id}/execute"): {"tx_hash": "0x" + "ab" * 32},
    ("patch", "/v1/wallets/{wallet_id}"): {"name": "mine now"},
    ("patch", "/v1/webhooks/{webhook_id}"): {"description": "mine now"},
    ("post", "/v1/webhooks/{webhook_id}/redeliver"): {"since": "2026-01-01T00:00:00Z"},
    ("patch", "/v1/payment-methods/{id}"): {"display_name": "mine now"},
    ("patch", "/v1/customers/{customer_id}"): {"name": "mine now"},
    ("patch", "/v1/subscriptions/plans/{id}"): {"name": "mine now"},
    ("patch", "/v1/subscriptions/entitlements/{id}"): {"value_numeric": 1},
    ("patch", "/v1/subscriptions/{id}"): {"action": "pause"},
    ("patch", "/v1/recipients/{id}"): {"name": "mine now"},
    ("post", "/v1/recipients/{id}/archive"): {"reason": "mine now"},
    ("post", "/v1/recipients/{id}/addresses/{address_id}/reject"): {"reason": "mine now"},
    ("post", "/v1/recipients/{id}/addresses/{address_id}/archive"): {"reason": "mine now"},
    ("post", "/v1/recipients/{id}/addresses"): {"chain": "base", "address": TREASURY},
}


def operations() -> list[tuple[str, str]]:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [(method, path) for path, item in paths.items() if "{" in path for method in item]


@pytest.fixture
def owned(acme: Organization, api: MakeApi) -> dict[str, str]:
    """One object of acme's sandbox for each place that ids stand in."""
    client = api(acme)
    body = {"recipient_address": RECIPIENT, "chain": "base", "token": "USDC", "amount": 500}
    payout = made(client, "/v1/payouts", {**body, "currency": "USD"})
    client.patch(f"/v1/payouts/{payout['id']}", {"status": "approved"})
    made(client, "/v1/payouts/batches", {"payout_ids": [payout["id"]]})
    made(client, "/v1/wallets", {"chain": "base", "address": TREASURY})
    made(client, "/v1/webhooks", {"url": "https://hooks.example.com/", "events": ["*"]})
    checkout = made(client, "/v1/checkouts", {"amount_usd": 5, "chain": "base", "token": "USDC"})
    method_id = checkout["payment_method_id"]
    recipient = made(client, "/v1/recipients", {"name": "Acme Supplies"})
    link = made(client, "/v1/payment-links", {"amount_usd": 5, "payment_method_id": method_id})
    customer = made(client, "/v1/customers", {"email": "ada@example.com"})
    subscribed = _subscribed(client, customer["id"])
    event = Event.objects.filter(resource_id=payout["id"]).first()
    assert event is not None
    return {
        "/v1/payouts/batches/": PayoutBatch.objects.get().id,
        "/v1/payouts/": payout["id"],
        "/v1/wallets/": Wallet.objects.exclude(address="").get().id,
        "/v1/events/": event.id,
        "/v1/webhooks/": Endpoint.objects.get().id,
        "/v1/checkouts/": checkout["checkout_id"],
        "/v1/payment-methods/": method_id,
        "/v1/payment-links/": link["id"],
        "/v1/recipients/": recipient["id"],
        "/v1/customers/": customer["id"],
        **subscribed,
    }


def _subscribed(client: Api, customer_id: str) -> dict[str, str]:
    """A plan that opens something, the customer's subscription to it, and what is to be paid.

    A subscription's own path is the beginning of the others', so it comes last.
    """
    price = {"name": "Pro", "amount_usd": 5, "interval": "monthly"}
    here = {"chain": "base", "token": "USDC"}
    plan = made(client, "/v1/subscriptions/plans", {**price, **here})
    seats = {"plan_id": plan["id"], "feature_key": "seats", "value": 5}
    entitlement = made(client, "/v1/subscriptions/entitlements", seats)
    body = {"customer_id": customer_id, "plan_id": plan["id"]}
    subscription = made(client, "/v1/subscriptions", body)
    (renewal,) = json.loads(client.get("/v1/subscriptions/renewals").content)["data"]
    return {
        "/v1/subscriptions/plans/": plan["id"],
        "/v1/subscriptions/renewals/": renewal["id"],
        "/v1/subscriptions/entitlements/": entitlement["id"],
        "/v1/subscriptions/": subscription["id"],
    }


@pytest.mark.parametrize(("method", "path"), operations())
@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_foreign_id_is_answered_as_a_missing_one(
    owned: dict[str, str],
    acme: Organization,
    zenith: Organization,
    api: MakeApi,
    method: str,
    path: str,
    stranger: str,
) -> None:
    place = next(place for place in owned if path.startswith(place))
    own, missing = owned[place], re.sub(r"_.*", "_" + "0" * 24, owned[place])
    # With all scopes: a new live key may not approve, which would be answered first.
    is_other = stranger == "organization"
    client = api(zenith) if is_other else api(acme, Environment.LIVE, ALL_SCOPES)
    ask = asked(client, method, path)

    foreign = ask(own)

    assert foreign == ask(missing)
    assert foreign[0] == 404
    assert asked(api(acme), "get", place + "{id}")(own)[0] == 200


def asked(client: Api, method: str, path: str) -> Callable[[str], tuple[int, str]]:
    """Ask with an id, and tell the status and the body with the id left out."""

    def ask(id_: str) -> tuple[int, str]:
        body = BODIES.get((method, path))
        answer = client.call(method.upper(), re.sub(r"\{.*?\}", id_, path), body)
        return answer.status_code, answer.content.decode().replace(id_, "ID")

    return ask


def made(client: Api, path: str, body: dict[str, object]) -> Any:
    answer = client.post(path, body)
    assert answer.status_code in (200, 201), answer.content
    return json.loads(answer.content)
