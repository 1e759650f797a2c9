from collections.abc import Callable
from typing import Any

import pytest

from organizations.models import Organization
from wallets.models import Wallet

EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
MakeWallet = Callable[..., Wallet]


@pytest.fixture
def make_wallet(api: Callable[..., Any]) -> MakeWallet:
    """A wallet registered over the API: of the sandbox, on Base, named Treasury."""

    def make(organization: Organization, environment: str = "sandbox", **fields: Any) -> Wallet:
        body = {"chain": "base", "address": EVM, "name": "Treasury", **fields}
        answer = api(organization, environment).post("/v1/wallets", body)
        assert answer.status_code == 201, answer.content
        return Wallet.objects.get(id=answer.json()["wallet_id"])

    return make
