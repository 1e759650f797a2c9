"""The public contract's facts of checkouts, payment methods and links, written out.

In the document, and in real answers. Ours may have more fields, never fewer or others.
"""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from billing.callers import Caller
from checkouts import examples, services
from checkouts.models import Checkout, Payment
from events.types import EventType
from organizations.models import Organization
from tests.checkouts.making import (
    Json,
    MakeApi,
    a_draft,
    a_link,
    a_method,
    a_payment,
    confirmed,
    create,
    detected,
)

STRING, NUMBER, INTEGER = "string", "number", "integer"
TIME, LATER, TEXT = "date-time", "date-time?", "string?"
CHAINS, TOKENS = ["tron", "arbitrum", "base"], ["USDT", "USDC"]
STATUSES = ["pending", "detected", "confirming", "confirmed", "expired", "failed"]

# `?` may be null. A list: these words, or more of them.
OBJECTS: dict[str, dict[str, Any]] = {
    "Checkout": {
        "checkout_id": STRING, "deposit_address": STRING, "chain": CHAINS, "token": TOKENS,
        "amount_usd": NUMBER, "amount_atomic": STRING, "status": STATUSES, "tx_hash": TEXT,
        "confirmations": INTEGER, "required_confirmations": INTEGER, "expires_at": TIME,
        "detected_at": LATER, "confirmed_at": LATER, "created_at": TIME, "metadata": "object",
    },
    "CheckoutStatusResponse": {
        "checkout_id": STRING, "status": STATUSES, "tx_hash": TEXT, "confirmations": INTEGER,
        "required_confirmations": INTEGER, "detected_at": LATER, "confirmed_at": LATER,
        "polling_interval_ms": INTEGER,
    },
    "PaymentMethod": {
        "id": STRING, "org_id": STRING, "wallet_id": STRING, "chain": CHAINS, "token": TOKENS,
        "display_name": TEXT, "status": ["active", "disabled"], "is_default": "boolean",
        "required_confirmations": INTEGER, "min_amount_usd": "number?", "max_amount_usd": "number?",
        "environment": ["live", "sandbox"], "created_at": TIME, "updated_at": TIME,
    },
    "PaymentLink": {
        "id": STRING, "org_id": STRING, "amount_usd": NUMBER, "payment_method_id": STRING,
        "description": TEXT, "url": "uri", "expires_at": LATER, "environment": ["live", "sandbox"],
        "created_at": TIME,
    },
}  # fmt: skip
# The fields that must be sent, and the others with their bounds.
REQUESTS: dict[str, tuple[set[str], dict[str, Json]]] = {
    "CreateCheckoutRequest": (
        {"amount_usd", "chain", "token"},
        {
            "amount_usd": {"minimum": 0.01},
            "expires_in_seconds": {"minimum": 300, "maximum": 86_400, "default": 1800},
            "metadata": {"maxProperties": 20},
        },
    ),
    "CreatePaymentMethodRequest": (
        {"wallet_id", "chain", "token"},
        {
            "display_name": {"maxLength": 256},
            "required_confirmations": {"minimum": 1},
            "min_amount_usd": {"nullable": True},
            "max_amount_usd": {"nullable": True},
            "is_default": {"default": False},
        },
    ),
    "PatchedUpdatePaymentMethodRequest": (
        set(),
        {
            "display_name": {"maxLength": 256, "nullable": True},
            "required_confirmations": {"minimum": 1},
            "min_amount_usd": {"nullable": True},
            "max_amount_usd": {"nullable": True},
            "is_default": {"type": "boolean"},
        },
    ),
    "CreatePaymentLinkRequest": (
        {"amount_usd", "payment_method_id"},
        {
            "amount_usd": {"minimum": 0.01},
            "description": {"maxLength": 512},
            "expires_in_seconds": {"minimum": 300},
        },
    ),
}
OPERATIONS = {
    ("post", "/v1/checkouts"): ("createCheckout", "201"),
    ("get", "/v1/checkouts"): ("listCheckouts", "200"),
    ("get", "/v1/checkouts/{checkout_id}"): ("getCheckout", "200"),
    ("get", "/v1/checkouts/{checkout_id}/status"): ("getCheckoutStatus", "200"),
    ("get", "/v1/payment-methods"): ("listPaymentMethods", "200"),
    ("post", "/v1/payment-methods"): ("createPaymentMethod", "201"),
    ("patch", "/v1/payment-methods/{id}"): ("updatePaymentMethod", "200"),
    ("delete", "/v1/payment-methods/{id}"): ("disablePaymentMethod", "204"),
    ("post", "/v1/payment-methods/{id}/default"): ("setDefaultPaymentMethod", "200"),
    ("get", "/v1/payment-links"): ("listPaymentLinks", "200"),
    ("post", "/v1/payment-links"): ("createPaymentLink", "201"),
    ("get", "/v1/events"): ("listEvents", "200"),
    ("get", "/v1/events/{event_id}"): ("getEvent", "200"),
}
QUERIES = {
    "/v1/checkouts": {"cursor", "limit", "status"},
    "/v1/payment-methods": {"status"},
    "/v1/payment-links": {"cursor", "limit"},
    "/v1/events": {"cursor", "limit", "type", "checkout_id"},
}


@pytest.fixture(scope="module")
def document() -> Json:
    built: Json = SchemaGenerator().get_schema(request=None, public=True)
    return built


def component(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def resolved(document: Json, schema: Json) -> Json:
    """A field's schema with what it refers to."""
    while "$ref" in schema or "allOf" in schema:
        ref = schema.get("$ref") or schema["allOf"][0]["$ref"]
        rest = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        schema = {**component(document, ref.rpartition("/")[2]), **rest}
    return schema


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_has_its_name_and_its_status(
    document: Json, method: str, path: str
) -> None:
    operation_id, status = OPERATIONS[method, path]

    operation = document["paths"][path][method]

    assert operation["operationId"] == operation_id
    assert status in operation["responses"]
    assert ("content" in operation["responses"][status]) is (status != "204")


@pytest.mark.parametrize("path", QUERIES)
def test_every_list_takes_its_parameters(document: Json, path: str) -> None:
    parameters = document["paths"][path]["get"]["parameters"]

    assert {each["name"] for each in parameters if each["in"] == "query"} >= QUERIES[path]


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_asks_for_the_same_and_no_more(document: Json, name: str) -> None:
    required, bounds = REQUESTS[name]

    request = component(document, name)

    assert set(request.get("required", ())) == required
    for field, limits in bounds.items():
        found = resolved(document, request["properties"][field])
        assert limits.items() <= found.items(), field
    for field, words in (("chain", CHAINS), ("token", TOKENS)):
        if field in required:
            assert resolved(document, request["properties"][field])["enum"] == words


@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_is_described_with_the_contracts_fields(document: Json, name: str) -> None:
    properties = component(document, name)["properties"]

    for field, wanted in OBJECTS[name].items():
        found = resolved(document, properties[field])
        if isinstance(wanted, list):
            assert found["enum"] == wanted, field
            continue
        kind = wanted.removesuffix("?")
        assert found.get("nullable", False) is wanted.endswith("?"), field
        is_format = kind in ("date-time", "uri")
        assert found["format" if is_format else "type"] == kind, field


def test_the_data_of_an_event_may_be_a_checkout(document: Json) -> None:
    event = component(document, "Event")["properties"]

    assert {"$ref": "#/components/schemas/Checkout"} in event["data"]["anyOf"]
    assert set(resolved(document, event["type"])["enum"]) == set(EventType.values)


# --- Real answers --------------------------------------------------------------------------------

KINDS: dict[str, Any] = {
    STRING: str, "uri": str, "date-time": str, NUMBER: (int, float), INTEGER: int,
    "boolean": bool, "object": dict,
}  # fmt: skip


def assert_is(document: Json, name: str, answer: Json) -> None:
    """Hold a real answer against the contract's fields, and its names against the document's."""
    properties = component(document, name)["properties"]
    assert answer.keys() == properties.keys()
    for field, wanted in OBJECTS[name].items():
        value = answer[field]
        if isinstance(wanted, list):
            assert value in wanted, field
        elif value is None:
            assert wanted.endswith("?"), field
        else:
            assert isinstance(value, KINDS[wanted.removesuffix("?")]), field


@pytest.mark.parametrize("status", ["pending", "confirmed"])
def test_a_checkout_and_its_status_are_answered_as_described(
    document: Json, acme: Organization, api: MakeApi, sandboxed: Caller, status: str
) -> None:
    checkout = services.create(sandboxed, a_draft())
    if status == "confirmed":
        confirmed(checkout)
    path = f"/v1/checkouts/{checkout.id}"

    whole, part = (api(acme).get(each).json() for each in (path, f"{path}/status"))
    (listed,) = api(acme).get("/v1/checkouts").json()["data"]

    assert_is(document, "Checkout", whole)
    assert_is(document, "CheckoutStatusResponse", part)
    assert listed == whole


def test_what_came_is_answered_as_described(
    document: Json, acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    checkout = detected(services.create(sandboxed, a_draft()))
    payment = a_payment(checkout)

    told = api(acme).get(f"/v1/checkouts/{checkout.id}").json()["payments"]

    assert [each["payment_id"] for each in told] == [payment.id]
    assert told[0].keys() == component(document, "Payment")["properties"].keys()
    assert Payment.objects.count() == Checkout.objects.count() == 1


def test_a_method_and_a_link_are_answered_as_described(
    document: Json, acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    a_method(sandboxed)
    a_link(sandboxed)

    (method,) = api(acme).get("/v1/payment-methods").json()["data"]
    (link,) = api(acme).get("/v1/payment-links").json()["data"]

    assert_is(document, "PaymentMethod", method)
    assert_is(document, "PaymentLink", link)


def test_the_data_of_a_checkouts_event_is_the_checkout(
    document: Json, acme: Organization, api: MakeApi
) -> None:
    made = create(api(acme))

    (event,) = api(acme).get("/v1/events", {"checkout_id": made["checkout_id"]}).json()["data"]

    assert_is(document, "Checkout", event["data"])


def test_the_examples_have_the_fields_of_real_answers(document: Json) -> None:
    for example, name in (
        (examples.PENDING, "Checkout"),
        (examples.CONFIRMED, "Checkout"),
        (examples.PAYMENT, "Payment"),
        (examples.STATUS, "CheckoutStatusResponse"),
        (examples.METHOD, "PaymentMethod"),
        (examples.LINK, "PaymentLink"),
    ):
        assert example.keys() == component(document, name)["properties"].keys(), name
