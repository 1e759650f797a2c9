"""Payment methods: which one is the default, and the end of one."""

import json

import pytest
from django.http import HttpResponse

from billing.callers import Caller
from checkouts import services
from checkouts.models import PaymentMethod
from organizations.models import Organization
from tests.checkouts.conftest import MakeMethod
from tests.checkouts.making import (
    TREASURY,
    Json,
    MakeApi,
    a_draft,
    a_link,
    a_method,
    a_wallet,
    caller_of,
    event_types,
)

PATH = "/v1/payment-methods"


def error(answer: HttpResponse) -> Json:
    told: Json = json.loads(answer.content)["error"]
    return told


# --- The default ---------------------------------------------------------------------------------


def test_a_new_default_takes_the_place_of_the_old_one_and_both_are_told(
    acme: Organization, api: MakeApi, make: MakeMethod
) -> None:
    first = make(is_default=True)["id"]
    second = make(is_default=True)["id"]
    third = make()["id"]

    answer = api(acme).post(f"{PATH}/{third}/default")

    assert (answer.status_code, answer.json()["is_default"]) == (200, True)
    assert PaymentMethod.objects.get(is_default=True).id == third
    assert event_types(first) == event_types(second)
    assert event_types(first) == event_types(third)
    assert event_types(first) == ["payment_method.created", "payment_method.updated"]


def test_the_default_made_the_default_again_is_no_change(
    acme: Organization, api: MakeApi, make: MakeMethod
) -> None:
    made = make(is_default=True)

    answer = api(acme).post(f"{PATH}/{made['id']}/default")

    assert answer.json() == made
    assert event_types(made["id"]) == ["payment_method.created"]


def test_the_default_can_be_one_no_more_and_then_there_is_none(
    acme: Organization, api: MakeApi, make: MakeMethod
) -> None:
    made = make(is_default=True)

    answer = api(acme).patch(f"{PATH}/{made['id']}", {"is_default": False})

    assert (answer.status_code, answer.json()["is_default"]) == (200, False)
    assert not PaymentMethod.objects.filter(is_default=True).exists()


def test_each_organization_and_environment_has_a_default_of_its_own(
    sandboxed: Caller, in_live: Caller, zenith: Organization
) -> None:
    theirs = caller_of(zenith)
    for caller in (sandboxed, in_live):
        a_method(caller, wallet=a_wallet(caller), is_default=True)
    a_method(theirs, wallet=a_wallet(theirs, address=TREASURY), is_default=True)

    assert PaymentMethod.objects.filter(is_default=True).count() == 3


# --- Disable -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["DELETE", "PATCH"])
def test_a_disabled_one_is_not_the_default_and_takes_nothing_new(
    acme: Organization, api: MakeApi, make: MakeMethod, by: str
) -> None:
    made = make(is_default=True)
    path = f"{PATH}/{made['id']}"

    answer = api(acme).call(by, path, {"status": "disabled"} if by == "PATCH" else None)

    assert answer.status_code == (200 if by == "PATCH" else 204)
    assert by == "PATCH" or answer.content == b""
    told = api(acme).get(path).json()
    assert (told["status"], told["is_default"]) == ("disabled", False)
    assert told["disabled_at"] is not None
    assert event_types(made["id"]) == ["payment_method.created", "payment_method.deleted"]


def test_disabling_is_final_and_no_second_one_is_told(
    acme: Organization, api: MakeApi, make: MakeMethod
) -> None:
    client = api(acme)
    made = make()
    path = f"{PATH}/{made['id']}"
    client.call("DELETE", path)
    disabled = client.get(path).json()

    again = client.call("DELETE", path)
    same = [client.patch(path, changes) for changes in ({}, {"status": "disabled"})]
    refused = [
        client.patch(path, {"status": "active"}),
        client.patch(path, {"display_name": "Shop"}),
        client.patch(path, {"is_default": True}),
        client.post(f"{path}/default"),
    ]

    assert again.status_code == 204
    assert [answer.json() for answer in same] == [disabled, disabled]
    for answer in refused:
        assert (answer.status_code, error(answer)["code"]) == (400, "payment_method_disabled")
        assert error(answer)["message"].endswith("which is final. Make another one.")
    assert client.get(path).json() == disabled
    assert event_types(made["id"]) == ["payment_method.created", "payment_method.deleted"]


def test_fields_and_disabling_in_one_call_are_both_told(
    acme: Organization, api: MakeApi, make: MakeMethod
) -> None:
    made = make()

    answer = api(acme).patch(
        f"{PATH}/{made['id']}", {"display_name": "Old shop", "status": "disabled"}
    )

    assert answer.json()["display_name"] == "Old shop"
    assert event_types(made["id"]) == [
        "payment_method.created", "payment_method.updated", "payment_method.deleted",
    ]  # fmt: skip


def test_open_checkouts_and_links_of_it_stay(sandboxed: Caller) -> None:
    method = a_method(sandboxed)
    checkout = services.create(sandboxed, a_draft())
    link = a_link(sandboxed)

    services.methods.disable(sandboxed, method.id)

    checkout.refresh_from_db(fields=["status"])
    link.refresh_from_db()
    assert (checkout.status, link.closed_at) == ("pending", None)
