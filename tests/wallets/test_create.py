from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from billing.errors import InvalidRequest
from events.models import Event
from organizations.models import Organization
from organizations.services import create_organization
from tests.wallets.accounts import ABANDON_EVM
from wallets import services
from wallets.models import Wallet

EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TRON = "TLyqzVGLV1srkB7dToTAEqgDSfPtXRJZYH"
SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"
HEX_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
XPRV = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3"
    "TGtRBeJgk33yuGBxrMPHi"
)
MakeApi = Callable[..., Any]


def test_a_wallet_is_registered(acme: Organization, api: MakeApi) -> None:
    body = {"chain": "base", "address": EVM.lower(), "name": "Treasury", "is_source": True}

    answer = api(acme).post("/v1/wallets", body)

    assert answer.status_code == 201
    wallet = Wallet.objects.get()
    told = answer.json()
    assert told == {
        "wallet_id": wallet.id,
        "org_id": acme.id,
        "chain": "base",
        "name": "Treasury",
        "address": EVM,
        "xpub": None,
        "derivation": None,
        "first_index": None,
        "next_index": None,
        "is_source": True,
        "source_since": told["source_since"],
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
    }
    assert wallet.id.startswith("wal_")
    assert wallet.lookalike_key == "5aaeeaed"
    event = Event.objects.get(resource_id=wallet.id)
    assert event.type == "wallet.created"
    assert told.items() <= event.payload["data"].items()


def test_only_chain_and_address_are_needed(acme: Organization, api: MakeApi) -> None:
    answer = api(acme, "live").post("/v1/wallets", {"chain": "tron", "address": TRON})

    assert answer.status_code == 201
    assert answer.json()["name"] == ""
    assert answer.json()["is_source"] is False
    assert answer.json()["environment"] == "live"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"address": EVM}, "missing_required_field", "chain"),
        ({"chain": "base"}, "missing_required_field", "address"),
        ({"chain": "base", "address": None}, "missing_required_field", "address"),
        ({"chain": "solana", "address": EVM}, "invalid_chain", "chain"),
        ({"chain": "base", "address": 7}, "invalid_field_value", "address"),
        ({"chain": "base", "address": ""}, "invalid_field_value", "address"),
        ({"chain": "base", "address": "0x12"}, "invalid_address", "address"),
        ({"chain": "base", "address": TRON}, "invalid_address", "address"),
        ({"chain": "tron", "address": EVM}, "invalid_address", "address"),
        ({"chain": "base", "address": "0x" + "0" * 40}, "invalid_address", "address"),
        (
            {"chain": "base", "address": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"},
            "invalid_address",
            "address",
        ),
        ({"chain": "base", "address": EVM, "name": 5}, "invalid_field_value", "name"),
        ({"chain": "base", "address": EVM, "name": "x" * 121}, "invalid_field_value", "name"),
        ({"chain": "base", "address": EVM, "is_source": 1}, "invalid_field_value", "is_source"),
        ({"chain": "base", "address": EVM, "xpub": ABANDON_EVM}, "invalid_field_value", "xpub"),
        ({"chain": "base", "address": EVM, "first_index": 7}, "invalid_field_value", "first_index"),
        ([], "body_not_an_object", None),
    ],
)
def test_what_is_wrong_is_refused(
    acme: Organization, api: MakeApi, body: object, code: str, param: str | None
) -> None:
    answer = api(acme, "live").post("/v1/wallets", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["param"] == param
    assert not Wallet.objects.exists()
    assert not Event.objects.filter(type="wallet.created").exists()


@pytest.mark.parametrize("environment", ["live", "sandbox"])
@pytest.mark.parametrize(
    "body",
    [
        {"address": HEX_KEY},
        {"address": f"0x{HEX_KEY}"},
        {"address": EVM, "name": SEED},
        {"address": SEED},
        {"address": XPRV},
        {"xpub": XPRV},
        {"address": EVM, "private_key": HEX_KEY},
        {"address": EVM, "note": ["unknown fields are read too", XPRV]},
        {"address": EVM, "mnemonic": "whatever this is"},
    ],
)
def test_a_private_key_is_refused_and_appears_nowhere(
    acme: Organization,
    api: MakeApi,
    caplog: pytest.LogCaptureFixture,
    environment: str,
    body: dict[str, object],
) -> None:
    caplog.set_level("DEBUG")

    answer = api(acme, environment).post("/v1/wallets", {"chain": "base", **body})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "private_key_refused"
    for secret in (HEX_KEY, "sausage", XPRV[:40], "whatever"):
        assert secret not in answer.content.decode()
        assert secret not in caplog.text
    assert not Wallet.objects.exists()


def test_a_service_refuses_a_private_key_too(acme: Organization, api: MakeApi) -> None:
    caller = api(acme).caller

    with pytest.raises(InvalidRequest) as refusal:
        services.create(caller, services.NewWallet(chain="base", address=EVM, name=SEED))

    assert refusal.value.code == "private_key_refused"


def test_the_same_address_twice_is_refused(acme: Organization, api: MakeApi) -> None:
    body = {"chain": "base", "address": EVM}
    api(acme).post("/v1/wallets", body)

    answer = api(acme).post("/v1/wallets", {"chain": "base", "address": EVM.lower()})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "wallet_already_registered"
    assert answer.json()["error"]["param"] == "address"
    assert Wallet.objects.count() == 1
    assert Event.objects.filter(type="wallet.created").count() == 1


def test_another_chain_environment_or_organization_may_have_the_address(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    for client, chain in (
        (api(acme), "base"),
        (api(acme), "arbitrum"),
        (api(acme, "live"), "base"),
        (api(zenith), "base"),
    ):
        answer = client.post("/v1/wallets", {"chain": chain, "address": EVM})
        assert answer.status_code == 201

    assert Wallet.objects.count() == 4


def test_the_same_idempotency_key_registers_once(acme: Organization, api: MakeApi) -> None:
    body = {"chain": "base", "address": EVM}

    first = api(acme).post("/v1/wallets", body, idempotency_key="once")
    again = api(acme).post("/v1/wallets", body, idempotency_key="once")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Wallet.objects.count() == 1


def test_a_key_that_may_only_read_is_refused(acme: Organization, api: MakeApi) -> None:
    client = api(acme, "sandbox", ["wallets:read"])

    answer = client.post("/v1/wallets", {"chain": "base", "address": EVM})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "insufficient_scope"
    assert not Wallet.objects.exists()


@pytest.mark.parametrize(("environment", "status"), [("live", 400), ("sandbox", 201)])
def test_the_sandbox_takes_a_published_example_and_live_does_not(
    acme: Organization, api: MakeApi, environment: str, status: int
) -> None:
    body = {"chain": "tron", "address": "TXyz0123example"}

    assert api(acme, environment).post("/v1/wallets", body).status_code == status


@pytest.mark.django_db(transaction=True)
def test_of_many_equal_registrations_one_is_kept() -> None:
    acme = create_organization("Acme")
    caller = Caller(acme.id, Environment.LIVE, "usr_otto", "Otto", ALL_SCOPES)
    start = Barrier(8)

    def register(_: int) -> str:
        start.wait()
        try:
            services.create(caller, services.NewWallet(chain="base", address=EVM))
        except InvalidRequest as refusal:
            return refusal.code
        finally:
            connection.close()
        return "created"

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(register, range(8)))

    assert answers == ["created"] + ["wallet_already_registered"] * 7
    assert Wallet.objects.count() == 1
    assert Event.objects.filter(type="wallet.created").count() == 1
