"""The OpenAPI document against the site, in this process: no 5xx, no answer outside its schema.

Cases are made from the document by schemathesis, seeded: half of them as it allows, half of them
breaking it. Ids in paths are every other time those of objects that exist. `SOAK=1` runs the full
count of quality.md.
"""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from checkouts.models import Checkout, PaymentLink, PaymentMethod
from customers.models import Customer
from events.models import Event
from events.services import assign_sequences
from payouts.models import PayoutBatch
from subscriptions.models import Entitlement, Plan, Renewal, Subscription
from tests.payouts.api.conftest import a_body
from wallets.models import Wallet
from webhooks.feeding import feed
from webhooks.models import Endpoint

LEAST = 5_000 if os.environ.get("SOAK") else 1_000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
FOUND: list[Any] = list(SCHEMA.get_all_operations())
OPERATIONS: dict[str, Any] = {found.ok().label: found.ok() for found in FOUND}
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
# An operation without any input cannot be asked wrongly, nor in more than one way.
TRIALS = [
    (label, mode) for label in sorted(OPERATIONS) for mode in MODES if label != "GET /v1/health"
]
# Every operation gets the same share; some have fewer different inputs than that.
SHARE = 3 * LEAST // (2 * len(TRIALS))
# One world is made for all operations of a resource; what each does to it is undone.
CHAPTERS: dict[tuple[str, GenerationMode], list[str]] = {}
for _label, _mode in TRIALS:
    CHAPTERS.setdefault((OPERATIONS[_label].path.split("/")[2], _mode), []).append(_label)
MAKES_NOTHING = {"events", "sandbox"}
WEBHOOK = {"url": "https://receiver.example/", "events": ["*"]}


@pytest.fixture
def secret(acme, api, settings) -> str:
    """A key of an organization that has some of everything."""
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]  # so that its name is not looked up
    client = api(acme)
    made = [client.post("/v1/payouts", a_body(amount=n + 1)).json()["id"] for n in range(4)]
    for payout_id in made[1:]:
        client.patch(f"/v1/payouts/{payout_id}", {"status": "approved"})
    client.post("/v1/payouts/batches", {"payout_ids": made[1:2]})
    client.post("/v1/sandbox/simulate-payout", {"payout_id": made[2], "outcome": "wrong_amount"})
    client.post("/v1/sandbox/simulate-payout", {"payout_id": made[3], "outcome": "revert"})
    for _ in range(3):
        client.post("/v1/webhooks", WEBHOOK)
    assign_sequences()
    feed()
    client.post("/v1/wallets", {"chain": "base", "address": a_body()["recipient_address"]})
    _make_checkouts(client)
    _make_subscriptions(client)
    return str(client.secret)


CHECKOUT = {"amount_usd": 5, "chain": "base", "token": "USDC"}


def _make_checkouts(client: Any) -> None:
    """Some checkouts, methods and links: of each enough to be changed, disabled and canceled."""
    made = [client.post("/v1/checkouts", CHECKOUT).json() for _ in range(4)]
    client.post(f"/v1/checkouts/{made[0]['checkout_id']}/cancel")
    method = client.get(f"/v1/payment-methods/{made[0]['payment_method_id']}").json()
    body = {name: method[name] for name in ("wallet_id", "chain", "token")}
    for _ in range(3):
        client.post("/v1/payment-methods", body)
    for _ in range(3):
        client.post("/v1/payment-links", {"amount_usd": 5, "payment_method_id": method["id"]})


PLAN = {"name": "Pro", "amount_usd": 5, "interval": "monthly", "chain": "base", "token": "USDC"}


def _make_subscriptions(client: Any) -> None:
    """Customers who have a plan, enough of them to be canceled, paused and resumed."""
    plans = [client.post("/v1/subscriptions/plans", PLAN).json()["id"] for _ in range(2)]
    for number in range(6):
        made = client.post("/v1/customers", {"email": f"c{number}@example.com"}).json()
        body = {"customer_id": made["id"], "plan_id": plans[0]}
        client.post("/v1/subscriptions", body)
        entitlement = {"plan_id": plans[0], "feature_key": f"feature {number}", "value": number}
        client.post("/v1/subscriptions/entitlements", entitlement)


Ids = dict[str, itertools.cycle]


@pytest.fixture
def ids(secret) -> Callable[[], Ids]:
    """`ids()`: ids to put into paths, in turn, by the word before them.

    None among them leaves what was generated.
    """
    rows = {
        "payouts": Event.objects.filter(type="payout.created").values_list(
            "resource_id", flat=True
        ),
        "batches": PayoutBatch.objects.values_list("id", flat=True),
        "wallets": Wallet.objects.values_list("id", flat=True),
        "events": Event.objects.values_list("id", flat=True),
        "webhooks": Endpoint.objects.values_list("id", flat=True),
        "checkouts": Checkout.objects.values_list("id", flat=True),
        "payment-methods": PaymentMethod.objects.values_list("id", flat=True),
        "customers": Customer.objects.values_list("id", flat=True),
        "plans": Plan.objects.values_list("id", flat=True),
        "renewals": Renewal.objects.values_list("id", flat=True),
        "entitlements": Entitlement.objects.values_list("id", flat=True),
        "subscriptions": Subscription.objects.values_list("id", flat=True),
        "payment-links": PaymentLink.objects.values_list("id", flat=True),
    }
    there = {word: sorted(found) for word, found in rows.items()}
    return lambda: {
        word: itertools.cycle([each for id_ in found for each in (id_, None)])
        for word, found in there.items()
    }


@pytest.fixture
def application(ids) -> Iterator[WSGIHandler]:
    """The site as its web server calls it, in the one transaction that holds the test's rows.

    After `ids`: Django's own test client switches the signals on again.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(("resource", "mode"), CHAPTERS)
def test_every_answer_is_one_the_document_allows(
    resource, mode, secret, ids, application, subtests
):
    labels = CHAPTERS[resource, mode]
    answered: Counter[int] = Counter()
    for label in labels:
        with subtests.test(label), transaction.atomic():
            answered += _asked(OPERATIONS[label], mode, secret, ids(), application)
            transaction.set_rollback(True)

    assert answered.total() >= LEAST * len(labels) // len(TRIALS)
    assert not [status for status in answered if status >= 500]
    if mode == GenerationMode.POSITIVE:  # Not all were refused, and something was made.
        assert answered[200] + answered[201] + answered[204] >= answered.total() // 10
        assert answered[201] or resource in MAKES_NOTHING


def _asked(operation, mode, secret, ids, application) -> Counter[int]:
    """Ask one operation its share of cases; return how often each status was the answer."""
    answered: Counter[int] = Counter()

    @seed(20250115)
    @settings(
        max_examples=SHARE,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}"}
        _put_real_id(case, ids)
        if mode == GenerationMode.POSITIVE:
            _put_real_values(case, ids)
        answer = case.call(app=application)
        answered[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    ask()
    return answered


def test_without_a_key_every_operation_says_so(client, db):
    for label, operation in OPERATIONS.items():
        if operation.path == "/v1/health":
            continue
        path = operation.path.replace("{", "").replace("}", "")

        answer = client.generic(operation.method.upper(), path)

        assert (label, answer.status_code) == (label, 401)
        assert answer.json()["error"]["code"] == "api_key_missing"


def _put_real_id(case: Any, ids: Ids) -> None:
    word = next((part for part in reversed(case.path.split("/")) if part in ids), None)
    if word is None or not case.path_parameters:
        return
    real = next(ids[word])
    if real is not None:
        for name in case.path_parameters:
            case.path_parameters[name] = real


_AMOUNTS = itertools.count(1)


def _put_real_values(case: Any, ids: Ids) -> None:
    """Let every other body name what exists, or could: random ones are all refused."""
    if not isinstance(case.body, dict):
        return
    payout_id = next(ids["payouts"])
    if payout_id is None:
        return
    if "url" in case.body:
        case.body["url"] = WEBHOOK["url"]
    if "recipient_address" in case.body:
        case.body |= {"recipient_address": a_body()["recipient_address"], "chain": "base"}
        case.body |= {"currency": "USD", "retry_of": None, "amount": next(_AMOUNTS)}
    if case.path == "/v1/wallets":
        case.body = {"chain": "base", "address": f"0x{'ab' * 12}{next(_AMOUNTS):016x}"}
    if "email" in case.body:
        case.body["email"] = f"c{next(_AMOUNTS)}@example.org"
    if "payout_id" in case.body:
        case.body["payout_id"] = payout_id
    if "payout_ids" in case.body:
        case.body["payout_ids"] = [payout_id]
    if "checkout_id" in case.body:
        pending = Checkout.objects.filter(status="pending").first()
        case.body["checkout_id"] = pending.id if pending else "co_none"
    _put_real_payment(case)
    _put_real_subscriber(case)


def _put_real_subscriber(case: Any) -> None:
    """A plan and a customer that are there, and values that fit."""
    if not {"plan_id", "customer_id"} & case.body.keys():
        return
    plan = Plan.objects.filter(status="active").last()
    customer = Customer.objects.last()
    if plan is None or customer is None:
        return
    real = {"plan_id": plan.id, "customer_id": customer.id, "payment_method_id": None}
    if "value_type" in case.body:
        case.body |= {"value_boolean": None, "value_numeric": None, "value_string": None}
        case.body |= {"value": "5", "value_type": "string", "subscription_id": None}
    case.body |= {name: value for name, value in real.items() if name in case.body}


def _put_real_payment(case: Any) -> None:
    """A method, link or checkout of what there is: the newest active method and its wallet."""
    if not {"amount_usd", "wallet_id"} & case.body.keys():
        return
    method = PaymentMethod.objects.filter(status="active").first()
    if method is None:
        return
    case.body |= {
        name: value
        for name, value in {
            "chain": method.chain, "token": method.token, "wallet_id": method.wallet_id,
            "payment_method_id": method.id, "amount_usd": 5, "required_confirmations": 20,
            "success_url": "https://shop.example/", "cancel_url": None, "tolerance_usd": 0,
            "min_amount_usd": None,
        }.items()
        if name in case.body
    }  # fmt: skip
