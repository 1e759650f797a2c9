"""Payment links: made, read, closed, and the checkout that a visit makes."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.utils import timezone

from billing.callers import Caller
from billing.errors import BillingError
from checkouts import services
from checkouts.models import Checkout, PaymentLink, PaymentMethod
from events.models import Event
from organizations.models import Organization
from tests.checkouts.making import Json, MakeApi, a_link, a_method, caller_of, event_types

PATH = "/v1/payment-links"


def error(answer: HttpResponse) -> Json:
    told: Json = json.loads(answer.content)["error"]
    return told


@pytest.fixture
def method(sandboxed: Caller) -> PaymentMethod:
    """Takes 10 to 500 USDC on Base."""
    return a_method(sandboxed, min_amount_usd=Decimal(10), max_amount_usd=Decimal(500))


def test_a_link_is_answered_field_by_field(
    acme: Organization, api: MakeApi, method: PaymentMethod
) -> None:
    body = {
        "amount_usd": Decimal("120.50"), "payment_method_id": method.id,
        "description": "Workshop", "expires_in_seconds": 604_800,
    }  # fmt: skip

    answer = api(acme).post(PATH, body)

    assert answer.status_code == 201
    link = PaymentLink.objects.get()
    expires_at = (link.created_at + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer.json() == {
        "id": link.id,
        "org_id": acme.id,
        "amount_usd": 120.5,
        "payment_method_id": method.id,
        "description": "Workshop",
        "url": f"http://localhost:8000/pay/{link.id}",
        "expires_at": expires_at,
        "environment": "sandbox",
        "created_at": link.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "active",
        "closed_at": None,
        "payment_link_id": link.id,
        "chain": "base",
        "token": "USDC",
    }
    (event,) = api(acme).get("/v1/events", {"resource_id": link.id}).json()["data"]
    assert event["type"] == "payment_link.created"
    assert answer.json().items() <= event["data"].items()
    assert api(acme).get(f"{PATH}/{link.id}").json() == answer.json()


def test_without_a_time_given_it_never_ends(
    acme: Organization, api: MakeApi, method: PaymentMethod
) -> None:
    body = {"amount_usd": 120, "payment_method_id": method.id}

    made = api(acme).post(PATH, body).json()

    assert made["expires_at"] is made["description"] is None


def test_chain_and_token_are_another_spelling_of_the_method(
    acme: Organization, api: MakeApi, sandboxed: Caller, method: PaymentMethod
) -> None:
    a_method(sandboxed, "base", "USDT")

    made = api(acme).post(PATH, {"amount_usd": 120, "chain": "base", "token": "USDC"}).json()

    assert (made["payment_method_id"], made["chain"], made["token"]) == (method.id, "base", "USDC")


def test_of_several_methods_a_link_takes_the_one_that_a_checkout_would(
    acme: Organization, api: MakeApi, sandboxed: Caller, method: PaymentMethod
) -> None:
    default = a_method(sandboxed, is_default=True)
    a_method(sandboxed)

    made = api(acme).post(PATH, {"amount_usd": 120, "chain": "base", "token": "USDC"}).json()

    assert made["payment_method_id"] == default.id


def test_both_spellings_together_must_mean_the_same(
    acme: Organization, api: MakeApi, method: PaymentMethod
) -> None:
    body = {"amount_usd": 120, "payment_method_id": method.id, "chain": "base", "token": "USDC"}

    fitting = api(acme).post(PATH, body)
    unlike = api(acme).post(PATH, {**body, "token": "USDT"})

    assert fitting.status_code == 201
    assert (unlike.status_code, error(unlike)["code"]) == (400, "payment_method_unfit")


@pytest.mark.parametrize(
    ("named", "param"),
    [
        ({}, "payment_method_id"),
        ({"chain": "base"}, "token"),
        ({"token": "USDC"}, "chain"),
        ({"payment_method_id": None, "chain": "base"}, "token"),
    ],
)
def test_half_a_spelling_is_none(
    acme: Organization, api: MakeApi, method: PaymentMethod, named: Json, param: str
) -> None:
    answer = api(acme).post(PATH, {"amount_usd": 120, **named})

    assert answer.status_code == 400
    assert (error(answer)["code"], error(answer)["param"]) == ("missing_required_field", param)


def test_in_live_chain_and_token_need_a_method_of_theirs(
    acme: Organization, api: MakeApi, in_live: Caller
) -> None:
    answer = api(acme, "live").post(PATH, {"amount_usd": 120, "chain": "base", "token": "USDC"})

    assert (answer.status_code, error(answer)["code"]) == (400, "payment_method_required")


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount_usd": None}, "missing_required_field", "amount_usd"),
        ({"amount_usd": Decimal("9.99")}, "amount_too_small", "amount_usd"),
        ({"amount_usd": 501}, "amount_too_large", "amount_usd"),
        ({"amount_usd": "120"}, "invalid_field_value", "amount_usd"),
        ({"payment_method_id": None}, "missing_required_field", "payment_method_id"),
        ({"payment_method_id": "pm_none"}, "payment_method_not_found", "payment_method_id"),
        ({"description": "x" * 513}, "invalid_field_value", "description"),
        ({"description": "xprv" + "9" * 100}, "private_key_refused", "description"),
        ({"expires_in_seconds": 299}, "expires_too_short", "expires_in_seconds"),
        ({"expires_in_seconds": 10**12}, "expires_too_long", "expires_in_seconds"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    acme: Organization,
    api: MakeApi,
    method: PaymentMethod,
    changes: Json,
    code: str,
    param: str,
) -> None:
    body = {"amount_usd": 120, "payment_method_id": method.id, **changes}

    answer = api(acme).post(PATH, body)

    assert answer.status_code == 400, answer.content
    assert (error(answer)["code"], error(answer)["param"]) == (code, param)
    assert not PaymentLink.objects.exists()


def test_a_disabled_method_is_refused(
    acme: Organization, api: MakeApi, sandboxed: Caller, method: PaymentMethod
) -> None:
    services.methods.disable(sandboxed, method.id)

    answer = api(acme).post(PATH, {"amount_usd": 120, "payment_method_id": method.id})

    assert (answer.status_code, error(answer)["code"]) == (400, "payment_method_unfit")


@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_strangers_method_is_as_good_as_none(
    acme: Organization, zenith: Organization, api: MakeApi, method: PaymentMethod, stranger: str
) -> None:
    client = api(zenith) if stranger == "organization" else api(acme, "live")

    def ask(method_id: str) -> str:
        answer = client.post(PATH, {"amount_usd": 120, "payment_method_id": method_id})
        assert answer.status_code == 400
        text: str = answer.content.decode()
        return text.replace(method_id, "ID")

    assert ask(method.id) == ask("pm_" + "0" * 24)
    assert not PaymentLink.objects.exists()


def test_in_live_a_link_that_nobody_could_pay_is_refused(in_live: Caller, settings: object) -> None:
    tron = a_method(in_live, "tron", "USDT")

    with pytest.raises(BillingError) as refused:
        a_link(in_live, payment_method_id=tron.id)

    assert refused.value.code == "chain_not_configured"


def test_the_list_is_newest_first_in_pages_and_of_the_caller_alone(
    acme: Organization, zenith: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    made = [a_link(sandboxed).id for _ in range(3)]
    client = api(acme)

    first = client.get(PATH, {"limit": "2"}).json()
    second = client.get(PATH, {"limit": "2", "cursor": first["next_cursor"]}).json()

    assert [row["id"] for row in first["data"] + second["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    assert api(zenith).get(PATH).json()["data"] == []
    assert api(acme, "live").get(PATH).json()["data"] == []


@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_strangers_link_is_answered_as_a_missing_one(
    acme: Organization, zenith: Organization, api: MakeApi, sandboxed: Caller, stranger: str
) -> None:
    link = a_link(sandboxed)
    client = api(zenith) if stranger == "organization" else api(acme, "live")

    answer = client.get(f"{PATH}/{link.id}")

    assert (answer.status_code, error(answer)["code"]) == (404, "payment_link_not_found")


def test_a_repeat_makes_no_second_link(
    acme: Organization, api: MakeApi, method: PaymentMethod
) -> None:
    body = {"amount_usd": 120, "payment_method_id": method.id}

    first, again = (api(acme).post(PATH, body, idempotency_key="pl-1") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert PaymentLink.objects.count() == 1


# --- A visit -------------------------------------------------------------------------------------


def test_each_visit_makes_a_checkout_of_its_own(
    sandboxed: Caller, zenith: Organization, method: PaymentMethod
) -> None:
    a_method(sandboxed, is_default=True)
    link = a_link(sandboxed, payment_method_id=method.id)

    first, second = (services.links.open_checkout(link) for _ in range(2))

    for checkout in (first, second):
        assert (checkout.payment_link_id, checkout.payment_method_id) == (link.id, method.id)
        assert (checkout.organization_id, checkout.environment) == (
            link.organization_id, "sandbox",
        )  # fmt: skip
        assert (checkout.amount_atomic, checkout.status) == (120_000_000, "pending")
    assert first.address != second.address
    event = Event.objects.get(resource_id=first.id)
    assert (event.type, event.actor_name) == ("checkout.created", "Payment link")
    assert event.payload["data"]["payment_link_id"] == link.id


def test_a_link_that_is_over_says_so(
    acme: Organization, api: MakeApi, sandboxed: Caller, method: PaymentMethod
) -> None:
    expired, closed, disabled = (a_link(sandboxed, payment_method_id=method.id) for _ in range(3))
    other = a_method(sandboxed)
    PaymentLink.objects.filter(id=expired.id).update(
        expires_at=timezone.now(), payment_method=other
    )
    services.links.close(sandboxed, closed.id)
    services.methods.disable(sandboxed, method.id)

    for link, status, code in (
        (expired, "expired", "payment_link_expired"),
        (closed, "closed", "payment_link_closed"),
        (disabled, "method_disabled", "payment_link_disabled"),
    ):
        with pytest.raises(BillingError) as refused:
            services.links.open_checkout(link)
        assert refused.value.code == code
        assert link.id in refused.value.message
        assert api(acme).get(f"{PATH}/{link.id}").json()["status"] == status
    assert not Checkout.objects.exists()


# --- Close ---------------------------------------------------------------------------------------


def test_a_link_is_closed_once(sandboxed: Caller) -> None:
    link = a_link(sandboxed)
    checkout = services.links.open_checkout(link)

    closed = services.links.close(sandboxed, link.id)
    again = services.links.close(sandboxed, link.id)

    assert closed.closed_at is not None
    assert again.closed_at == closed.closed_at
    assert event_types(link.id) == ["payment_link.created", "payment_link.closed"]
    checkout.refresh_from_db(fields=["status"])
    assert checkout.status == "pending"


def test_a_stranger_and_a_reader_close_nothing(sandboxed: Caller, zenith: Organization) -> None:
    link = a_link(sandboxed)
    reader = replace(sandboxed, scopes=frozenset({"checkouts:read"}))
    codes = []
    for caller in (caller_of(zenith), caller_of(zenith, "live"), reader):
        with pytest.raises(BillingError) as refused:
            services.links.close(caller, link.id)
        codes.append(refused.value.code)

    assert codes == ["payment_link_not_found", "payment_link_not_found", "insufficient_scope"]
    assert PaymentLink.objects.get(id=link.id).closed_at is None
