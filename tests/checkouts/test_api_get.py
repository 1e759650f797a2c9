"""GET /v1/checkouts/{id} and …/status, POST …/cancel."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.callers import Caller
from billing.errors import BillingError
from checkouts import services
from checkouts.models import AskedAmount, Checkout
from organizations.models import Organization
from tests.checkouts.making import (
    MakeApi,
    a_draft,
    a_method,
    a_payment,
    a_shared_method,
    caller_of,
    confirmed,
    confirming,
    create,
    detected,
    event_types,
    head,
    reload,
)

Step = Callable[[Checkout], Checkout]


def made(caller: Caller, **changes: Any) -> Checkout:
    return services.create(caller, a_draft(**changes))


@pytest.mark.parametrize(
    ("step", "status", "confirmations"),
    [
        (lambda checkout: checkout, "pending", 0),
        (detected, "detected", 7),
        (confirming, "confirming", 7),
        (confirmed, "confirmed", 12),
    ],
    ids=["pending", "detected", "confirming", "confirmed"],
)
def test_the_status_is_what_the_checkout_says(
    acme: Organization,
    api: MakeApi,
    sandboxed: Caller,
    step: Step,
    status: str,
    confirmations: int,
) -> None:
    checkout = step(made(sandboxed))
    head(checkout, 1_006)
    path = f"/v1/checkouts/{checkout.id}"

    whole, part = (api(acme).get(each).json() for each in (path, f"{path}/status"))

    assert (part["status"], part["confirmations"]) == (status, confirmations)
    assert part.pop("polling_interval_ms") > 0
    assert part.items() <= whole.items()
    assert set(part) == {
        "checkout_id", "status", "tx_hash", "confirmations", "required_confirmations",
        "detected_at", "confirmed_at",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/checkouts/{}", "/v1/checkouts/{}/status"])
def test_confirmations_are_counted_from_the_own_chain_alone(
    acme: Organization, zenith: Organization, api: MakeApi, sandboxed: Caller, path: str
) -> None:
    checkout, theirs = made(sandboxed), made(caller_of(zenith))
    head(confirming(checkout), 1_003)
    head(confirming(theirs), 9_999)

    told = api(acme).get(path.format(checkout.id)).json()

    assert told["confirmations"] == 4


def test_a_chain_that_was_never_read_confirms_nothing(
    acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    checkout = confirming(made(sandboxed))

    told = api(acme).get(f"/v1/checkouts/{checkout.id}/status").json()

    assert told["confirmations"] == 0


@pytest.mark.parametrize(
    ("chain", "token", "pending", "on_its_way"),
    [("tron", "USDT", 4000, 3000), ("arbitrum", "USDC", 3000, 2000), ("base", "USDC", 3000, 2000)],
)
def test_it_is_worth_asking_as_often_as_the_chain_is_read(
    acme: Organization,
    api: MakeApi,
    sandboxed: Caller,
    chain: str,
    token: str,
    pending: int,
    on_its_way: int,
) -> None:
    checkout = made(sandboxed, chain=chain, token=token)

    def interval_ms() -> object:
        return api(acme).get(f"/v1/checkouts/{checkout.id}/status").json()["polling_interval_ms"]

    assert interval_ms() == pending
    detected(checkout)
    assert interval_ms() == on_its_way
    checkout = confirmed(made(sandboxed, chain=chain, token=token))
    assert interval_ms() == 30_000


def test_a_status_costs_one_statement_besides_the_key(
    acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    checkout = confirming(made(sandboxed))
    head(checkout, 1_006)
    path = f"/v1/checkouts/{checkout.id}/status"
    api(acme).get(path)

    with CaptureQueriesContext(connection) as asked:
        told = api(acme).get(path).json()

    assert told["confirmations"] == 7
    assert len(asked) == 2


@pytest.mark.parametrize("stranger", ["organization", "environment"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/checkouts/ID"),
        ("GET", "/v1/checkouts/ID/status"),
        ("POST", "/v1/checkouts/ID/cancel"),
    ],
)
def test_a_strangers_checkout_is_answered_as_a_missing_one(
    acme: Organization,
    zenith: Organization,
    api: MakeApi,
    method: str,
    path: str,
    stranger: str,
) -> None:
    id_ = create(api(acme))["checkout_id"]
    client = api(zenith) if stranger == "organization" else api(acme, "live")

    def ask(id_: str) -> tuple[int, str]:
        answer = client.call(method, path.replace("ID", id_))
        return answer.status_code, answer.content.decode().replace(id_, "ID")

    foreign, missing = ask(id_), ask("co_" + "0" * 24)

    assert foreign == missing
    assert foreign[0] == 404
    assert json.loads(foreign[1])["error"] == {
        "type": "not_found", "code": "checkout_not_found", "message": "No such checkout: ID.",
        "param": "checkout_id",
    }  # fmt: skip
    assert event_types(id_) == ["checkout.created"]


# --- Cancel --------------------------------------------------------------------------------------


def test_a_pending_checkout_is_canceled(acme: Organization, api: MakeApi) -> None:
    client = api(acme)
    checkout_id = create(client)["checkout_id"]

    answer = client.post(f"/v1/checkouts/{checkout_id}/cancel")

    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "expired"
    assert told["canceled_at"] == told["expired_at"] is not None
    assert client.get(f"/v1/checkouts/{checkout_id}").json() == told
    assert event_types(checkout_id) == ["checkout.created", "checkout.expired"]
    (event,) = client.get("/v1/events", {"type": "checkout.expired"}).json()["data"]
    assert event["data"] == told


def test_its_amount_is_free_after_seven_days(sandboxed: Caller) -> None:
    a_shared_method(sandboxed)
    checkout = made(sandboxed)

    services.cancel(sandboxed, checkout.id)

    asked = AskedAmount.objects.get(checkout=checkout)
    canceled_at = reload(checkout).canceled_at
    assert asked.free_at is not None and canceled_at is not None
    assert (asked.free_at - canceled_at).days == 7


@pytest.mark.parametrize("step", [detected, confirming, confirmed])
def test_what_is_paid_or_over_is_not_canceled(
    acme: Organization, api: MakeApi, sandboxed: Caller, step: Step
) -> None:
    checkout = step(made(sandboxed))

    answer = api(acme).post(f"/v1/checkouts/{checkout.id}/cancel")

    told = answer.json()["error"]
    assert (answer.status_code, told["code"]) == (400, "checkout_not_pending")
    assert told["param"] == "status"
    assert told["message"] == (
        f"Checkout {checkout.id} is {checkout.status}. Only a pending checkout to which nothing "
        "was paid can be canceled."
    )
    assert reload(checkout).status == checkout.status
    assert event_types(checkout.id) == ["checkout.created"]


def test_a_canceled_one_is_not_canceled_again(acme: Organization, api: MakeApi) -> None:
    checkout_id = create(api(acme))["checkout_id"]
    path = f"/v1/checkouts/{checkout_id}/cancel"
    api(acme).post(path)

    again = api(acme).post(path)

    assert (again.status_code, again.json()["error"]["code"]) == (400, "checkout_not_pending")
    assert event_types(checkout_id) == ["checkout.created", "checkout.expired"]


def test_a_partly_paid_one_is_not_canceled(sandboxed: Caller) -> None:
    checkout = made(sandboxed)
    checkout.amount_received_atomic = 1
    checkout.save()

    with pytest.raises(BillingError) as refused:
        services.cancel(sandboxed, checkout.id)

    assert refused.value.code == "checkout_not_pending"
    assert "is pending and partly paid." in refused.value.message


def test_whatever_stands_on_its_address_keeps_it_from_being_canceled(sandboxed: Caller) -> None:
    checkout = made(sandboxed)
    payment = a_payment(checkout, token="USDT", kind="wrong_token")

    with pytest.raises(BillingError) as refused:
        services.cancel(sandboxed, checkout.id)
    payment.reversed_at = timezone.now()
    payment.save()

    assert refused.value.code == "checkout_not_pending"
    assert services.cancel(sandboxed, checkout.id).status == "expired"


# --- Fail, which is the admin's ------------------------------------------------------------------


def test_a_person_marks_a_pending_checkout_as_failed(sandboxed: Caller) -> None:
    checkout = made(sandboxed)

    failed = services.fail(sandboxed, checkout.id, " The order was a mistake. ")

    assert (failed.status, failed.failure_reason) == ("failed", "The order was a mistake.")
    stored = reload(checkout)
    assert (stored.status, stored.failure_reason) == ("failed", "The order was a mistake.")
    assert stored.failed_at is not None
    assert event_types(checkout.id) == ["checkout.created", "checkout.failed"]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", "invalid_field_value"),
        ("  ", "invalid_field_value"),
        ("x" * 501, "invalid_field_value"),
        ("xprv" + "9" * 100, "private_key_refused"),
    ],
)
def test_a_reason_must_say_something(sandboxed: Caller, reason: str, code: str) -> None:
    checkout = made(sandboxed)

    with pytest.raises(BillingError) as refused:
        services.fail(sandboxed, checkout.id, reason)

    assert (refused.value.code, refused.value.param) == (code, "reason")
    assert reload(checkout).status == "pending"


@pytest.mark.parametrize("act", ["cancel", "fail"])
def test_who_lacks_the_scope_or_is_a_stranger_does_neither(
    zenith: Organization, sandboxed: Caller, act: str
) -> None:
    a_method(sandboxed)
    checkout = made(sandboxed)
    reason = ("No.",) if act == "fail" else ()
    reader = replace(sandboxed, scopes=frozenset({"checkouts:read"}))
    codes = []
    for caller in (reader, caller_of(zenith), caller_of(zenith, "live")):
        with pytest.raises(BillingError) as refused:
            getattr(services, act)(caller, checkout.id, *reason)
        codes.append(refused.value.code)

    assert codes == ["insufficient_scope", "checkout_not_found", "checkout_not_found"]
    assert reload(checkout).status == "pending"


def test_a_confirmed_one_is_not_failed(sandboxed: Caller) -> None:
    checkout = confirmed(made(sandboxed))

    with pytest.raises(BillingError) as refused:
        services.fail(sandboxed, checkout.id, "No.")

    assert refused.value.code == "checkout_not_pending"
    assert refused.value.message.endswith("Only a pending checkout can be marked as failed.")
