"""Who acts in the tests of checkouts, and chains of live that are configured."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from billing.callers import Caller
from organizations.models import Organization
from tests.checkouts.making import Json, MakeApi, a_wallet, caller_of
from wallets.models import Wallet

MakeMethod = Callable[..., Json]


@pytest.fixture
def live(settings: Settings) -> None:
    """In live Arbitrum and Base have a node, which nobody asks; Tron has none."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",) if name != "tron" else ())
        for name, row in settings.NETWORKS.items()
    }


@pytest.fixture
def sandboxed(acme: Organization) -> Caller:
    """Acme in the sandbox."""
    return caller_of(acme)


@pytest.fixture
def in_live(live: None, acme: Organization) -> Caller:
    """Acme in live."""
    return caller_of(acme, "live")


@pytest.fixture
def wallet(sandboxed: Caller) -> Wallet:
    """On an extended key."""
    return a_wallet(sandboxed)


@pytest.fixture
def make(acme: Organization, api: MakeApi, wallet: Wallet) -> MakeMethod:
    """`make(is_default=True)`: a payment method made over the API, as answered."""

    def post(**fields: Any) -> Json:
        body = {"wallet_id": wallet.id, "chain": "base", "token": "USDC", **fields}
        answer = api(acme).post("/v1/payment-methods", body)
        assert answer.status_code == 201, answer.content
        made: Json = answer.json()
        return made

    return post
