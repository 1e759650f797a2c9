"""A foreign id is answered as a missing one: in every path of the OpenAPI document, and elsewhere.

Ids stand in bodies and in queries too; those of customers, subscriptions and revenue are here.
"""

import json
import re
from collections.abc import Callable, Iterable
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


PRICE = {"name": "Pro", "amount_usd": 5, "interval": "monthly", "chain": "base", "token": "USDC"}
# For a prefix an id of that kind is put: one of acme's, or one that is missing. `mine` are those of
# the stranger, so that nothing else is refused.
IN_BODIES: list[tuple[str, dict[str, object]]] = [
    ("/v1/subscriptions", {"customer_id": "cus", "plan_id": "mine plan"}),
    ("/v1/subscriptions", {"customer_id": "mine cus", "plan_id": "plan"}),
    (
        "/v1/subscriptions",
        {"customer_id": "mine cus", "plan_id": "mine plan", "payment_method_id": "pm"},
    ),
    ("/v1/subscriptions/entitlements", {"plan_id": "plan", "feature_key": "a", "value": 1}),
    (
        "/v1/subscriptions/entitlements",
        {"subscription_id": "sub", "feature_key": "a", "value": "1"},
    ),
]
IN_QUERIES = [
    ("/v1/subscriptions", "customer_id", "cus"),
    ("/v1/subscriptions", "plan_id", "plan"),
    ("/v1/subscriptions/renewals", "subscription_id", "sub"),
    ("/v1/subscriptions/entitlements", "plan_id", "plan"),
    ("/v1/subscriptions/entitlements", "subscription_id", "sub"),
    ("/v1/revenue/events", "checkout_id", "co"),
    ("/v1/revenue/events", "customer_id", "cus"),
]


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
    plan = made(client, "/v1/subscriptions/plans", PRICE)
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


@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_foreign_id_is_answered_as_a_missing_one(
    owned: dict[str, str],
    acme: Organization,
    zenith: Organization,
    api: MakeApi,
    stranger: str,
    subtests: pytest.Subtests,
) -> None:
    # With all scopes: a new live key may not approve, which would be answered first.
    is_other = stranger == "organization"
    client = api(zenith) if is_other else api(acme, Environment.LIVE, ALL_SCOPES)
    for method, path in operations():
        place = next(place for place in owned if path.startswith(place))
        own, missing = owned[place], re.sub(r"_.*", "_" + "0" * 24, owned[place])
        ask = asked(client, method, path)
        with subtests.test(f"{method} {path}"):
            foreign = ask(own)

            assert foreign == ask(missing)
            assert foreign[0] == 404
            assert asked(api(acme), "get", place + "{id}")(own)[0] == 200


@pytest.mark.parametrize(("path", "body"), IN_BODIES)
def test_a_foreign_id_in_a_body_is_answered_as_a_missing_one(
    owned: dict[str, str], zenith: Organization, api: MakeApi, path: str, body: dict[str, object]
) -> None:
    client, theirs = api(zenith), by_prefix(owned.values())
    checkout = made(client, "/v1/checkouts", {"amount_usd": 5, "chain": "base", "token": "USDC"})
    mine = {
        "cus": made(client, "/v1/customers", {"email": "zoe@example.com"})["id"],
        "plan": made(client, "/v1/subscriptions/plans", PRICE)["id"],
        "pm": checkout["payment_method_id"],
    }
    (prefix,) = {str(value) for value in body.values()} & theirs.keys()

    def ask(id_: str) -> tuple[int, str]:
        ids = {prefix: id_, **{f"mine {each}": own for each, own in mine.items()}}
        answer = client.post(path, {name: ids.get(str(v), v) for name, v in body.items()})
        return answer.status_code, answer.content.decode().replace(id_, "ID")

    assert ask(theirs[prefix]) == ask(f"{prefix}_{'0' * 24}")
    assert ask(theirs[prefix])[0] == 400
    if prefix in mine:
        assert ask(mine[prefix])[0] == 201


@pytest.mark.parametrize(("path", "name", "prefix"), IN_QUERIES)
def test_a_list_by_a_foreign_id_is_empty(
    owned: dict[str, str],
    acme: Organization,
    zenith: Organization,
    api: MakeApi,
    path: str,
    name: str,
    prefix: str,
) -> None:
    own = by_prefix(owned.values())[prefix]
    made(api(acme), "/v1/sandbox/simulate-payment", {"checkout_id": _asked_for(api(acme))})
    if path == "/v1/revenue/events" and prefix == "co":
        own = _paid(api(acme))

    def count(client: Api) -> int:
        return len(json.loads(client.get(path, {name: own}).content)["data"])

    assert count(api(acme)) == 1
    assert count(api(zenith)) == 0
    assert count(api(acme, Environment.LIVE, ALL_SCOPES)) == 0


def test_a_check_of_a_foreign_customer_opens_nothing(
    owned: dict[str, str], acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    query = {"customer_id": owned["/v1/customers/"], "feature_key": "seats"}

    def checked(client: Api) -> Any:
        answer = client.get("/v1/subscriptions/entitlements/check", query)
        return json.loads(answer.content)

    assert checked(api(acme))["has_access"]
    assert not checked(api(zenith))["has_access"]
    assert checked(api(zenith))["plan_id"] is None


def test_an_adjustment_about_a_foreign_checkout_learns_nothing_of_it(
    owned: dict[str, str], acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    made(api(acme), "/v1/sandbox/simulate-payment", {"checkout_id": _asked_for(api(acme))})
    body = {"type": "debit", "amount": 1, "currency": "USD", "reason": "mine now"}
    about = {**body, "checkout_id": _paid(api(acme))}

    for client, learns in ((api(acme), True), (api(zenith), False)):
        made(client, "/v1/revenue/adjustments", about)
        line = json.loads(client.get("/v1/revenue/events").content)["data"][0]
        assert (line["event_type"], "chain" in line) == ("adjustment_debit", learns)
        assert bool(line["tx_hash"] and line["customer_id"]) == learns


def by_prefix(ids: Iterable[str]) -> dict[str, str]:
    return {id_.partition("_")[0]: id_ for id_ in ids}


def _asked_for(client: Api) -> str:
    """The checkout of the one renewal there is."""
    (renewal,) = json.loads(client.get("/v1/subscriptions/renewals").content)["data"]
    return str(renewal["checkout_id"])


def _paid(client: Api) -> str:
    (line,) = json.loads(client.get("/v1/revenue/events").content)["data"]
    return str(line["checkout_id"])


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
