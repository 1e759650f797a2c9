"""POST /v1/checkouts: what is answered, what is told, what is refused, and that once is once."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime

from billing.callers import ALL_SCOPES, Caller
from checkouts import services
from checkouts.models import Checkout, PaymentMethod
from events.models import Event
from organizations.models import Organization
from organizations.services import create_organization, issue_api_key
from tests.checkouts.making import MakeApi, a_body, a_method, a_shared_method, create, event_types
from tests.conftest import Api
from wallets.models import DepositAddress, Wallet

EventsOf = Callable[..., list[str]]
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3"


def error(answer: HttpResponse) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.content)["error"]
    return told


def test_a_checkout_is_answered_field_by_field(
    acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    method = a_method(sandboxed)

    answer = api(acme).post(
        "/v1/checkouts",
        a_body(
            expires_in_seconds=600,
            metadata={"order_id": "1234"},
            customer_id="cus_1",
            success_url="https://shop.example/thanks?order=1234#top",
            cancel_url="http://localhost:3000/cart",
        ),
    )

    assert answer.status_code == 201
    checkout = Checkout.objects.get()
    deposit = DepositAddress.objects.get()
    created_at = checkout.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer.json() == {
        "checkout_id": checkout.id,
        "deposit_address": deposit.address,
        "chain": "base",
        "token": "USDC",
        "amount_usd": 49.99,
        "amount_atomic": "49990000",
        "status": "pending",
        "tx_hash": None,
        "confirmations": 0,
        "required_confirmations": 12,
        "expires_at": checkout.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "detected_at": None,
        "confirmed_at": None,
        "created_at": created_at,
        "metadata": {"order_id": "1234"},
        "org_id": acme.id,
        "environment": "sandbox",
        "purpose": "one_time",
        "amount_requested_usd": 49.99,
        "amount_received_atomic": "0",
        "payments": [],
        "hosted_url": f"http://localhost:8000/checkout/{checkout.id}",
        "payment_method_id": method.id,
        "payment_link_id": None,
        "customer_id": "cus_1",
        "subscription_id": None,
        "renewal_id": None,
        "success_url": "https://shop.example/thanks?order=1234#top",
        "cancel_url": "http://localhost:3000/cart",
        "expired_at": None,
        "canceled_at": None,
        "failed_at": None,
        "failure_reason": None,
        "reversed_at": None,
        "restored_at": None,
        "updated_at": created_at,
    }
    assert checkout.expires_at - checkout.created_at == timedelta(minutes=10)


def test_the_event_is_the_answer(acme: Organization, api: MakeApi) -> None:
    client = api(acme)

    made = create(client)

    told = client.get("/v1/events", {"checkout_id": made["checkout_id"]}).json()["data"]
    assert [event["type"] for event in told] == ["checkout.created"]
    assert told[0]["data"] == made
    assert told[0]["checkout_id"] == told[0]["resource_id"] == made["checkout_id"]


def test_the_first_checkout_of_a_fresh_test_key_just_works(
    acme: Organization, api: MakeApi
) -> None:
    for chain, token in (("tron", "USDT"), ("arbitrum", "USDC"), ("base", "USDC")):
        made = create(api(acme), chain=chain, token=token)

        method = PaymentMethod.objects.get(id=made["payment_method_id"])
        assert (method.chain, method.token, method.is_default) == (chain, token, False)
        assert event_types(method.id) == ["payment_method.created"]
        assert Wallet.objects.get(id=method.wallet_id).extended_key is not None


def test_without_a_time_given_the_customer_has_half_an_hour(
    acme: Organization, api: MakeApi
) -> None:
    made = create(api(acme))

    created_at, expires_at = (parse_datetime(made[name]) for name in ("created_at", "expires_at"))
    assert created_at is not None and expires_at is not None
    assert expires_at - created_at == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "amount_usd"),
        ({"amount_usd": 5}, "missing_required_field", "chain"),
        ({"amount_usd": 5, "chain": "base"}, "missing_required_field", "token"),
        (a_body(amount_usd=None), "missing_required_field", "amount_usd"),
        (a_body(amount_usd="49.99"), "invalid_field_value", "amount_usd"),
        (a_body(amount_usd=True), "invalid_field_value", "amount_usd"),
        (a_body(amount_usd=Decimal("0.009")), "amount_too_small", "amount_usd"),
        (a_body(amount_usd=-5), "amount_too_small", "amount_usd"),
        (a_body(amount_usd=Decimal("1.0000001")), "invalid_field_value", "amount_usd"),
        (a_body(amount_usd=10**13), "amount_too_large", "amount_usd"),
        (a_body(chain="bitcoin"), "invalid_chain", "chain"),
        (a_body(token="DAI"), "invalid_token", "token"),
        (a_body(expires_in_seconds=299), "expires_too_short", "expires_in_seconds"),
        (a_body(expires_in_seconds=86_401), "expires_too_long", "expires_in_seconds"),
        (a_body(expires_in_seconds="600"), "invalid_field_value", "expires_in_seconds"),
        (a_body(expires_in_seconds=Decimal("600.5")), "invalid_field_value", "expires_in_seconds"),
        (a_body(expires_in_seconds=None), "invalid_field_value", "expires_in_seconds"),
        (a_body(metadata=[]), "invalid_field_value", "metadata"),
        (a_body(metadata={"a": 1}), "invalid_field_value", "metadata"),
        (a_body(metadata={"a": "x" * 501}), "invalid_field_value", "metadata"),
        (a_body(metadata={str(n): "x" for n in range(21)}), "invalid_field_value", "metadata"),
        (a_body(metadata={"note": XPRV}), "private_key_refused", "metadata"),
        (a_body(customer_id="x" * 41), "invalid_field_value", "customer_id"),
        (a_body(customer_id=""), "invalid_field_value", "customer_id"),
        (a_body(payment_method_id=5), "invalid_field_value", "payment_method_id"),
        (a_body(payment_method_id="pm_none"), "payment_method_not_found", "payment_method_id"),
        (a_body(success_url="shop.example"), "invalid_url", "success_url"),
        (a_body(success_url="/thanks"), "invalid_url", "success_url"),
        (a_body(success_url="//shop.example/thanks"), "invalid_url", "success_url"),
        (a_body(success_url="javascript:alert(1)"), "invalid_url", "success_url"),
        (a_body(success_url="javascript://shop.example/%0aalert(1)"), "invalid_url", "success_url"),
        (a_body(success_url="data:text/html,x"), "invalid_url", "success_url"),
        (a_body(success_url="https://mara:word@shop.example/"), "invalid_url", "success_url"),
        (a_body(success_url="https://mara@shop.example/"), "invalid_url", "success_url"),
        (a_body(success_url="https://shop.example\\@evil.example/"), "invalid_url", "success_url"),
        (a_body(success_url="https://shop.example/a b"), "invalid_url", "success_url"),
        (a_body(success_url="https://shop.example/\n"), "invalid_url", "success_url"),
        (a_body(success_url="https:///thanks"), "invalid_url", "success_url"),
        (a_body(success_url=""), "invalid_field_value", "success_url"),
        (a_body(cancel_url="https://shöp.example/"), "invalid_url", "cancel_url"),
        (a_body(cancel_url="ftp://shop.example/"), "invalid_url", "cancel_url"),
        (
            a_body(cancel_url="https://shop.example/" + "x" * 2028),
            "invalid_field_value",
            "cancel_url",
        ),
        (a_body(cancel_url=f"https://shop.example/{XPRV}"), "private_key_refused", "cancel_url"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_left(
    acme: Organization, api: MakeApi, body: dict[str, Any], code: str, param: str
) -> None:
    client = api(acme)
    answers = [
        client.post("/v1/checkouts", body),
        client.post("/v1/checkouts", body, idempotency_key="once"),
    ]

    for answer in answers:
        assert answer.status_code == 400, answer.content
        assert (error(answer)["code"], error(answer)["param"]) == (code, param)
        assert XPRV.encode() not in answer.content
    assert not Checkout.objects.exists()
    assert not DepositAddress.objects.exists()
    assert not Event.objects.filter(type__startswith="checkout.").exists()


def test_the_longest_url_is_taken(acme: Organization, api: MakeApi) -> None:
    url = "https://shop.example/" + "x" * 2027

    assert create(api(acme), success_url=url)["success_url"] == url


def test_null_is_as_good_as_nothing_where_nothing_is_needed(
    acme: Organization, api: MakeApi
) -> None:
    named = ("metadata", "payment_method_id", "customer_id", "success_url", "cancel_url")

    made = create(api(acme), **dict.fromkeys(named))

    assert made["metadata"] == {}
    assert made["customer_id"] is made["success_url"] is made["cancel_url"] is None


# --- Live ----------------------------------------------------------------------------------------


def test_in_live_somebody_must_say_where_the_money_goes(
    acme: Organization, api: MakeApi, live: None
) -> None:
    answer = api(acme, "live").post("/v1/checkouts", a_body())

    assert (answer.status_code, error(answer)["code"]) == (400, "payment_method_required")


def test_live_works_with_a_payment_method(
    acme: Organization, api: MakeApi, in_live: Caller
) -> None:
    method = a_method(in_live)

    made = create(api(acme, "live"))

    assert (made["environment"], made["payment_method_id"]) == ("live", method.id)


def test_a_chain_that_nobody_can_see_is_refused_in_live(
    acme: Organization, api: MakeApi, live: None
) -> None:
    body = a_body(chain="tron", token="USDT")

    answer = api(acme, "live").post("/v1/checkouts", body)

    assert (answer.status_code, error(answer)["code"]) == (400, "chain_not_configured")
    assert "TRON_RPC_URLS" in error(answer)["message"]


def test_live_takes_https_alone(acme: Organization, api: MakeApi, in_live: Caller) -> None:
    a_method(in_live)
    body = a_body(success_url="http://shop.example/")

    answer = api(acme, "live").post("/v1/checkouts", body)

    assert (answer.status_code, error(answer)["code"]) == (400, "https_required")
    assert error(answer)["param"] == "success_url"


# --- Who may -------------------------------------------------------------------------------------

CALLS = [
    ("GET", "/v1/checkouts", "checkouts:read"),
    ("POST", "/v1/checkouts", "checkouts:write"),
    ("GET", "/v1/checkouts/CO", "checkouts:read"),
    ("GET", "/v1/checkouts/CO/status", "checkouts:read"),
    ("POST", "/v1/checkouts/CO/cancel", "checkouts:write"),
    ("GET", "/v1/payment-methods", "checkouts:read"),
    ("POST", "/v1/payment-methods", "checkouts:write"),
    ("GET", "/v1/payment-methods/PM", "checkouts:read"),
    ("PATCH", "/v1/payment-methods/PM", "checkouts:write"),
    ("DELETE", "/v1/payment-methods/PM", "checkouts:write"),
    ("POST", "/v1/payment-methods/PM/default", "checkouts:write"),
    ("GET", "/v1/payment-links", "checkouts:read"),
    ("POST", "/v1/payment-links", "checkouts:write"),
    ("GET", "/v1/payment-links/PL", "checkouts:read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_every_call_needs_its_scope(
    acme: Organization, api: MakeApi, method: str, path: str, scope: str
) -> None:
    lacking = api(acme, scopes=ALL_SCOPES - {scope})

    answer = lacking.call(method, path, {} if method in ("POST", "PATCH") else None)

    assert (answer.status_code, error(answer)["code"]) == (403, "insufficient_scope")
    assert scope in error(answer)["message"]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_in_live_every_call_needs_a_plan_and_in_the_sandbox_none(
    db: None, method: str, path: str, scope: str
) -> None:
    free = create_organization("Free AG", plan="free")
    live, sandbox = (Api(*issue_api_key(free, each)) for each in ("live", "sandbox"))
    body: dict[str, str] | None = {} if method in ("POST", "PATCH") else None

    refused, allowed = (each.call(method, path, body) for each in (live, sandbox))

    assert (refused.status_code, error(refused)["code"]) == (403, "plan_required")
    assert allowed.status_code in (200, 400, 404)
    assert b"plan_required" not in allowed.content


@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_strangers_payment_method_is_as_good_as_none(
    acme: Organization, zenith: Organization, api: MakeApi, live: None, stranger: str
) -> None:
    mine = create(api(acme))["payment_method_id"]
    client = api(zenith) if stranger == "organization" else api(acme, "live")

    def ask(method_id: str) -> str:
        answer = client.post("/v1/checkouts", a_body(payment_method_id=method_id))
        assert answer.status_code == 400
        return answer.content.decode().replace(method_id, "ID")

    assert ask(mine) == ask("pm_" + "0" * 24)
    assert Checkout.objects.count() == 1


# --- Once ----------------------------------------------------------------------------------------


def test_a_repeat_gets_the_same_checkout(acme: Organization, api: MakeApi) -> None:
    client = api(acme)

    first = client.post("/v1/checkouts", a_body(), idempotency_key="order-1234")
    again = client.post("/v1/checkouts", a_body(), idempotency_key="order-1234")
    other = client.post("/v1/checkouts", a_body(amount_usd=5), idempotency_key="order-1234")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Idempotency-Key"] == "order-1234"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert (other.status_code, error(other)["code"]) == (409, "idempotency_key_reused")
    assert Checkout.objects.count() == DepositAddress.objects.count() == 1


def test_a_cancel_twice_with_one_key_is_one(
    acme: Organization, api: MakeApi, events_of: EventsOf
) -> None:
    client = api(acme)
    checkout_id = create(client)["checkout_id"]
    path = f"/v1/checkouts/{checkout_id}/cancel"

    first = client.post(path, idempotency_key="stop")
    again = client.post(path, idempotency_key="stop")

    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert events_of(checkout_id) == ["checkout.created", "checkout.expired"]


# --- What it costs -------------------------------------------------------------------------------

# With an Idempotency-Key: key, repeat, method, clock, index, is it an own address, deposit address,
# is it watched, watch, checkout, event, answer kept.
ON_AN_EXTENDED_KEY = 12
# Finds and locks the shared address instead, frees amounts, finds one and holds it.
ON_ONE_ADDRESS = 12


@pytest.mark.parametrize(
    ("make", "statements"),
    [(a_method, ON_AN_EXTENDED_KEY), (a_shared_method, ON_ONE_ADDRESS)],
    ids=["extended key", "one address"],
)
def test_a_create_costs_few_statements(
    acme: Organization,
    api: MakeApi,
    sandboxed: Caller,
    make: Callable[[Caller], PaymentMethod],
    statements: int,
) -> None:
    make(sandboxed)
    client = api(acme)
    create(client)

    with CaptureQueriesContext(connection) as asked:
        answer = client.post("/v1/checkouts", a_body(), idempotency_key="k-1")

    assert answer.status_code == 201
    told = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    assert len(told) <= statements, "\n".join(told)


def test_the_address_is_locked_as_late_as_can_be(sandboxed: Caller) -> None:
    """Others wait from the counter's statement to the commit: nothing is asked meanwhile."""
    a_method(sandboxed)

    with CaptureQueriesContext(connection) as asked:
        services.create(sandboxed, services.NewCheckout(Decimal(5), "base", "USDC"))

    told = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    counted = next(n for n, sql in enumerate(told) if "UPDATE wallets_extendedkey" in sql)
    assert counted == 2, "the method and the clock were asked for before"
    assert "checkouts_paymentmethod" in told[0]
    assert "chainwatch_sandboxchain" in told[1]
    assert "events_event" in told[-1]
