"""Payment methods: made, changed, made the default, disabled; over the API and by the service."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from billing.callers import Caller
from billing.errors import BillingError
from checkouts import services
from checkouts.models import PaymentMethod
from events.models import Event
from organizations.models import Organization
from tests.checkouts.conftest import MakeMethod
from tests.checkouts.making import (
    TREASURY,
    Json,
    MakeApi,
    a_draft,
    a_method,
    a_wallet,
    caller_of,
    event_types,
)
from wallets.models import Wallet

PATH = "/v1/payment-methods"


def error(answer: HttpResponse) -> Json:
    told: Json = json.loads(answer.content)["error"]
    return told


def test_a_method_is_answered_field_by_field(
    acme: Organization, api: MakeApi, wallet: Wallet, make: MakeMethod
) -> None:
    made = make(
        display_name="Shop",
        required_confirmations=20,
        min_amount_usd=Decimal("1.5"),
        max_amount_usd=1000,
        tolerance_usd=Decimal("0.05"),
    )

    method = PaymentMethod.objects.get()
    created_at = method.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert made == {
        "id": method.id,
        "org_id": acme.id,
        "wallet_id": wallet.id,
        "chain": "base",
        "token": "USDC",
        "display_name": "Shop",
        "status": "active",
        "is_default": False,
        "required_confirmations": 20,
        "min_amount_usd": 1.5,
        "max_amount_usd": 1000,
        "environment": "sandbox",
        "created_at": created_at,
        "updated_at": created_at,
        "tolerance_usd": 0.05,
        "disabled_at": None,
    }
    (event,) = api(acme).get("/v1/events", {"resource_id": method.id}).json()["data"]
    assert event["type"] == "payment_method.created"
    assert made.items() <= event["data"].items()


def test_what_is_not_said_is_the_networks_own(make: MakeMethod) -> None:
    made = make()

    assert made["required_confirmations"] == 12
    assert made["min_amount_usd"] is made["max_amount_usd"] is made["display_name"] is None
    assert (made["tolerance_usd"], made["is_default"]) == (0, False)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"wallet_id": None}, "missing_required_field", "wallet_id"),
        ({"wallet_id": "wal_none"}, "wallet_not_found", "wallet_id"),
        ({"chain": "arbitrum"}, "wallet_unfit", "wallet_id"),
        ({"chain": "bitcoin"}, "invalid_chain", "chain"),
        ({"token": "DAI"}, "invalid_token", "token"),
        ({"display_name": "x" * 257}, "invalid_field_value", "display_name"),
        ({"display_name": "ab" * 32}, "private_key_refused", "display_name"),
        ({"required_confirmations": 0}, "invalid_field_value", "required_confirmations"),
        ({"required_confirmations": 11}, "invalid_field_value", "required_confirmations"),
        ({"required_confirmations": 100_001}, "invalid_field_value", "required_confirmations"),
        ({"min_amount_usd": -1}, "amount_too_small", "min_amount_usd"),
        ({"min_amount_usd": "5"}, "invalid_field_value", "min_amount_usd"),
        ({"max_amount_usd": 0}, "amount_too_small", "max_amount_usd"),
        ({"max_amount_usd": 10**13}, "amount_too_large", "max_amount_usd"),
        ({"min_amount_usd": 5, "max_amount_usd": 4}, "invalid_field_value", "max_amount_usd"),
        ({"tolerance_usd": -1}, "amount_too_small", "tolerance_usd"),
        ({"tolerance_usd": Decimal("0.01")}, "invalid_field_value", "tolerance_usd"),
        ({"min_amount_usd": 5, "tolerance_usd": 5}, "invalid_field_value", "tolerance_usd"),
        ({"is_default": "yes"}, "invalid_field_value", "is_default"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_left(
    acme: Organization, api: MakeApi, wallet: Wallet, changes: Json, code: str, param: str
) -> None:
    body = {"wallet_id": wallet.id, "chain": "base", "token": "USDC", **changes}

    answer = api(acme).post(PATH, body)

    assert answer.status_code == 400, answer.content
    assert (error(answer)["code"], error(answer)["param"]) == (code, param)
    assert not PaymentMethod.objects.exists()
    assert not Event.objects.filter(type__startswith="payment_method.").exists()


def test_fewer_confirmations_than_the_networks_own_are_named(
    acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    wallet = a_wallet(sandboxed, "tron")
    body = {"wallet_id": wallet.id, "chain": "tron", "token": "USDT", "required_confirmations": 18}

    answer = api(acme).post(PATH, body)

    assert error(answer)["message"] == (
        "Fewer than 19 confirmations are not taken on tron. Ask for 19 or more."
    )


def test_a_tolerance_below_the_least_amount_is_taken(make: MakeMethod) -> None:
    assert make(tolerance_usd=Decimal("0.009999"))["tolerance_usd"] == 0.009999
    assert make(min_amount_usd=5, tolerance_usd=Decimal("4.99"))["tolerance_usd"] == 4.99
    assert make(min_amount_usd=0, tolerance_usd=0)["min_amount_usd"] == 0


def test_a_wallet_of_one_address_tolerates_nothing(
    acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    wallet = a_wallet(sandboxed, address=TREASURY)
    body = {"wallet_id": wallet.id, "chain": "base", "token": "USDC", "min_amount_usd": 1}
    client = api(acme)

    refused = client.post(PATH, {**body, "tolerance_usd": Decimal("0.5")})
    made = client.post(PATH, {**body, "tolerance_usd": 0})
    changed = client.patch(f"{PATH}/{made.json()['id']}", {"tolerance_usd": Decimal("0.5")})

    for answer in (refused, changed):
        assert (answer.status_code, error(answer)["param"]) == (400, "tolerance_usd")
        assert "one address" in error(answer)["message"]


@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_strangers_wallet_is_as_good_as_none(
    acme: Organization, zenith: Organization, api: MakeApi, wallet: Wallet, stranger: str
) -> None:
    client = api(zenith) if stranger == "organization" else api(acme, "live")

    def ask(wallet_id: str) -> str:
        answer = client.post(PATH, {"wallet_id": wallet_id, "chain": "base", "token": "USDC"})
        assert answer.status_code == 400
        text: str = answer.content.decode()
        return text.replace(wallet_id, "ID")

    assert ask(wallet.id) == ask("wal_" + "0" * 24)
    assert not PaymentMethod.objects.exists()


def test_the_list_is_newest_first_disabled_ones_too_and_of_the_caller_alone(
    acme: Organization, zenith: Organization, api: MakeApi, make: MakeMethod
) -> None:
    client = api(acme)
    made = [make()["id"] for _ in range(3)]
    client.call("DELETE", f"{PATH}/{made[0]}")
    a_method(caller_of(zenith), wallet=a_wallet(caller_of(zenith), address=TREASURY))

    def listed(**query: str) -> list[str]:
        answer = client.get(PATH, query).json()
        assert answer.keys() == {"data", "has_more", "next_cursor"}
        return [row["id"] for row in answer["data"]]

    assert listed() == made[::-1]
    assert listed(status="active") == [made[2], made[1]]
    assert listed(status="disabled") == [made[0]]
    first = client.get(PATH, {"limit": "2"}).json()
    assert first["has_more"] is True
    assert listed(limit="2", cursor=first["next_cursor"]) == [made[0]]
    assert error(client.get(PATH, {"status": "gone"}))["param"] == "status"


# --- Change --------------------------------------------------------------------------------------


def test_a_change_is_answered_and_told(acme: Organization, api: MakeApi, make: MakeMethod) -> None:
    made = make(min_amount_usd=5)
    path = f"{PATH}/{made['id']}"
    changes = {
        "display_name": "Shop", "required_confirmations": 30, "min_amount_usd": 10,
        "max_amount_usd": 20, "tolerance_usd": 1, "is_default": True, "status": "active",
    }  # fmt: skip

    answer = api(acme).patch(path, changes)

    assert answer.status_code == 200
    assert changes.items() <= answer.json().items()
    assert api(acme).get(path).json() == answer.json()
    assert event_types(made["id"]) == ["payment_method.created", "payment_method.updated"]


def test_null_takes_away_what_may_be_absent(
    acme: Organization, api: MakeApi, make: MakeMethod
) -> None:
    named = {"display_name": "Shop", "min_amount_usd": 5, "max_amount_usd": 9, "tolerance_usd": 1}
    made = make(**named)

    told = api(acme).patch(f"{PATH}/{made['id']}", dict.fromkeys(named)).json()

    assert {name: told[name] for name in named} == {
        "display_name": None, "min_amount_usd": None, "max_amount_usd": None, "tolerance_usd": 0,
    }  # fmt: skip


def test_where_nothing_changes_nothing_is_told(
    acme: Organization, api: MakeApi, make: MakeMethod
) -> None:
    made = make(display_name="Shop", min_amount_usd=5)
    path = f"{PATH}/{made['id']}"

    for changes in ({}, {"display_name": "Shop", "min_amount_usd": 5}, {"status": "active"}):
        assert api(acme).patch(path, changes).json() == made

    assert event_types(made["id"]) == ["payment_method.created"]


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"chain": "tron"}, "field_immutable", "chain"),
        ({"token": "USDT"}, "field_immutable", "token"),
        ({"wallet_id": "wal_1"}, "field_immutable", "wallet_id"),
        ({"required_confirmations": 11}, "invalid_field_value", "required_confirmations"),
        ({"required_confirmations": None}, "invalid_field_value", "required_confirmations"),
        ({"max_amount_usd": Decimal("4.99")}, "invalid_field_value", "max_amount_usd"),
        ({"min_amount_usd": 1}, "invalid_field_value", "tolerance_usd"),
        ({"tolerance_usd": 5}, "invalid_field_value", "tolerance_usd"),
        ({"display_name": "ab" * 32}, "private_key_refused", "display_name"),
        ({"is_default": None}, "invalid_field_value", "is_default"),
        ({"status": "deleted"}, "invalid_field_value", "status"),
        ({"status": None}, "invalid_field_value", "status"),
        ({"display_name": "New", "required_confirmations": 1}, "invalid_field_value",
         "required_confirmations"),
    ],
)  # fmt: skip
def test_a_change_that_is_wrong_changes_nothing(
    acme: Organization,
    api: MakeApi,
    make: MakeMethod,
    changes: Json,
    code: str,
    param: str,
) -> None:
    made = make(min_amount_usd=5, tolerance_usd=2)
    path = f"{PATH}/{made['id']}"

    answer = api(acme).patch(path, changes)

    assert answer.status_code == 400, answer.content
    assert (error(answer)["code"], error(answer)["param"]) == (code, param)
    assert api(acme).get(path).json() == made
    assert event_types(made["id"]) == ["payment_method.created"]


def test_a_method_below_a_raised_number_of_the_network_can_still_be_renamed(
    sandboxed: Caller, settings: Settings
) -> None:
    method = a_method(sandboxed)
    settings.NETWORKS = {
        name: replace(row, confirmations=30) for name, row in settings.NETWORKS.items()
    }

    renamed = services.methods.update(sandboxed, method.id, {"display_name": "Shop"})

    assert (renamed.display_name, renamed.required_confirmations) == ("Shop", 12)


def test_checkouts_made_before_keep_what_they_ask_for(sandboxed: Caller) -> None:
    method = a_method(sandboxed)
    checkout = services.create(sandboxed, a_draft())

    services.methods.update(sandboxed, method.id, {"required_confirmations": 99})

    checkout.refresh_from_db(fields=["required_confirmations"])
    assert checkout.required_confirmations == 12


# --- Who may, and once ---------------------------------------------------------------------------


@pytest.mark.parametrize("stranger", ["organization", "environment"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PATH}/ID"),
        ("PATCH", f"{PATH}/ID"),
        ("DELETE", f"{PATH}/ID"),
        ("POST", f"{PATH}/ID/default"),
    ],
)
def test_a_strangers_method_is_answered_as_a_missing_one(
    acme: Organization,
    zenith: Organization,
    api: MakeApi,
    make: MakeMethod,
    method: str,
    path: str,
    stranger: str,
) -> None:
    made = make()
    client = api(zenith) if stranger == "organization" else api(acme, "live")
    body = {"display_name": "mine now"} if method == "PATCH" else None

    def ask(id_: str) -> tuple[int, str]:
        answer = client.call(method, path.replace("ID", id_), body)
        return answer.status_code, answer.content.decode().replace(id_, "ID")

    foreign, missing = ask(made["id"]), ask("pm_" + "0" * 24)

    assert foreign == missing
    assert foreign[0] == 404
    assert json.loads(foreign[1])["error"]["code"] == "payment_method_not_found"
    assert api(acme).get(f"{PATH}/{made['id']}").json() == made


def test_a_repeat_makes_no_second_method(acme: Organization, api: MakeApi, wallet: Wallet) -> None:
    body = {"wallet_id": wallet.id, "chain": "base", "token": "USDC"}

    first, again = (api(acme).post(PATH, body, idempotency_key="pm-1") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert PaymentMethod.objects.count() == 1


@pytest.mark.parametrize("act", ["create", "update", "set_default", "disable"])
def test_every_act_needs_the_scope(sandboxed: Caller, act: str) -> None:
    method = a_method(sandboxed)
    reader = replace(sandboxed, scopes=frozenset({"checkouts:read"}))
    draft = services.methods.NewMethod(method.wallet_id, "base", "USDC")
    arguments: dict[str, tuple[Any, ...]] = {"create": (draft,), "update": (method.id, {})}

    with pytest.raises(BillingError) as refused:
        getattr(services.methods, act)(reader, *arguments.get(act, (method.id,)))

    assert refused.value.code == "insufficient_scope"
