"""What source wallets hold: asked of real nodes, counted, kept as rows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from billing.chains import Token
from chainwatch import services
from chainwatch.balances import MOST_ADDRESSES
from chainwatch.chains import tron_holdings
from chainwatch.chains.base import ChainRefused
from chainwatch.chains.evm_answers import Malformed
from chainwatch.chains.providers import readers
from chainwatch.chains.tron import TronChain
from chainwatch.models import Balance, ChainNode
from chainwatch.services import Asset
from tests.chainwatch.conftest import Configure
from tests.chainwatch.stub_node import StubNode
from tests.nodes import Anvil, Contract
from tests.tron.emulator import TronNode, running_tron

pytestmark = pytest.mark.django_db

ETHER = 10**18


@pytest.fixture
def usdc(arbitrum: Anvil, configure: Configure) -> Contract:
    """The token that is pinned, on a node that is the only one; USDT is no contract there."""
    usdc = arbitrum.deploy("PlainToken", 10**12)
    configure("arbitrum", rpc_urls=(arbitrum.url,), usdc=usdc.address)
    return usdc


@pytest.fixture
def tron_node() -> Iterator[TronNode]:
    with running_tron() as node:
        yield node


def held(chain: str, address: str) -> dict[str, int]:
    """What is known of an address, by asset."""
    rows = services.balances(chain, [address])
    return {asset: int(row.amount_atomic) for (_, asset), row in rows.items()}


def test_tokens_and_fee_coin_of_a_wallet_are_read(arbitrum: Anvil, usdc: Contract) -> None:
    payer, payee = arbitrum.accounts[:2]
    usdc.send("transfer", payee, 1_250_500_000)
    arbitrum.mine()

    asked = services.ask_balances("arbitrum", [payer, payee])

    assert asked.error == ""
    assert held("arbitrum", payee) == {
        usdc.address: 1_250_500_000,
        Asset.FEE_COIN: 10_000 * ETHER,
    }
    assert held("arbitrum", payer)[usdc.address] == 10**12 - 1_250_500_000
    row = Balance.objects.filter(address=payee).first()
    assert row is not None
    assert (row.block_number, row.node) == (arbitrum.head(), arbitrum.url.removeprefix("http://"))


def test_the_newest_answer_takes_the_place_of_the_one_before(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payer, payee = arbitrum.accounts[:2]
    services.ask_balances("arbitrum", [payee])
    usdc.send("transfer", payee, 7)
    arbitrum.mine()
    later = timezone.now() + timedelta(minutes=1)

    services.ask_balances("arbitrum", [payee], at=later)

    assert held("arbitrum", payee)[usdc.address] == 7
    assert set(Balance.objects.values_list("asked_at", flat=True)) == {later}
    assert not Balance.objects.filter(address=payer).exists()


@pytest.mark.parametrize("wallets", [1, MOST_ADDRESSES])
def test_a_round_is_one_request(stub: StubNode, configure: Configure, wallets: int) -> None:
    """The chain's id is asked along in the first one: 3 amounts each, the block, the id."""
    configure("arbitrum", rpc_urls=(stub.url,))
    addresses = [f"0x{number:040x}" for number in range(1, wallets + 1)]
    stub.amounts = {"eth_getBalance": "0x1", "eth_call": "0x" + "0" * 63 + "2"}

    first = services.ask_balances("arbitrum", addresses)
    second = services.ask_balances("arbitrum", addresses)

    assert (first.error, second.error) == ("", "")
    assert (first.http_requests, second.http_requests) == (1, 1)
    assert (first.calls, second.calls) == (3 * wallets + 2, 3 * wallets + 1)
    assert stub.http_requests == 2
    assert Balance.objects.count() == 3 * wallets


def test_a_node_that_fails_leaves_what_was_known(
    arbitrum: Anvil, usdc: Contract, configure: Configure
) -> None:
    payee = arbitrum.accounts[1]
    services.ask_balances("arbitrum", [payee])
    known = held("arbitrum", payee)
    at = Balance.objects.earliest("id").asked_at
    configure("arbitrum", rpc_urls=("http://127.0.0.1:9",))

    asked = services.ask_balances("arbitrum", [payee], at=timezone.now() + timedelta(hours=2))

    assert "ConnectionError" in asked.error or "Refused" in asked.error
    assert held("arbitrum", payee) == known
    assert Balance.objects.earliest("id").asked_at == at
    assert ChainNode.objects.get(name="127.0.0.1:9").failures == 1


def test_where_one_node_fails_the_next_is_asked(
    arbitrum: Anvil, usdc: Contract, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=("http://127.0.0.1:9", arbitrum.url))

    asked = services.ask_balances("arbitrum", [arbitrum.accounts[0]])

    assert asked.error == ""
    assert held("arbitrum", arbitrum.accounts[0])[usdc.address] == 10**12


def test_a_node_of_another_chain_is_not_believed(
    arbitrum: Anvil, usdc: Contract, configure: Configure
) -> None:
    configure("base", rpc_urls=(arbitrum.url,))

    asked = services.ask_balances("base", [arbitrum.accounts[0]])

    assert "chain id 42161 instead of 8453" in asked.error
    assert not Balance.objects.exists()


@pytest.mark.parametrize(
    "amounts",
    [
        {},
        {"eth_getBalance": "0x", "eth_call": "0x"},
        {"eth_getBalance": None, "eth_call": None},
        {"eth_getBalance": "0x" + "f" * 65, "eth_call": "0x1"},
        {"eth_getBalance": 5, "eth_call": ["0x1"]},
    ],
)
def test_nonsense_is_no_balance(
    stub: StubNode, configure: Configure, amounts: dict[str, Any]
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stub.amounts = amounts

    asked = services.ask_balances("arbitrum", ["0x" + "1" * 40])

    assert asked.error
    assert not Balance.objects.exists()


def test_a_simulated_chain_keeps_no_balances() -> None:
    (sandbox,) = readers("arbitrum", "org_1")

    with pytest.raises(ChainRefused, match="keeps no balances"):
        sandbox.holdings(["0x" + "1" * 40])


def test_a_tron_wallet_has_coin_energy_bandwidth_and_tokens(
    tron_node: TronNode, configure: Configure
) -> None:
    payer, payee = tron_node.accounts[:2]
    usdt = tron_node.deploy("PlainToken", 10**12)
    configure("tron", rpc_urls=(tron_node.url,), contracts={Token.USDT: usdt.address})
    usdt.send("transfer", payee, 42)
    tron_node.mine()
    tron_node.energy[payee] = 65_000

    asked = services.ask_balances("tron", [payer, payee])

    assert asked.error == ""
    assert held("tron", payee) == {
        usdt.address: 42,
        Asset.FEE_COIN: 10_000 * 10**6,
        Asset.ENERGY: 65_000,
        Asset.BANDWIDTH: 345,
    }
    assert held("tron", payer)[Asset.ENERGY] == 0
    # Tron has no batches: the chain's id, the newest block, and three questions for each wallet.
    assert asked.http_requests == asked.calls == 2 + 2 * 3


def test_a_tron_token_that_is_not_there_leaves_the_others(tron_node: TronNode) -> None:
    row = settings.NETWORKS["tron"]
    reader = TronChain(replace(row, rpc_urls=(tron_node.url,)), tron_node.url)

    said = reader.holdings(tron_node.accounts[:1])

    assert {asset for _, asset in said.amounts} == {"fee_coin", "energy", "bandwidth"}


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (tron_holdings.coin, {"Error": "class java.lang.Exception"}),
        (tron_holdings.coin, {"balance": -1}),
        (tron_holdings.coin, {"balance": "5"}),
        (tron_holdings.coin, {"balance": True}),
        (tron_holdings.energy, []),
        (tron_holdings.bandwidth, {"freeNetLimit": 1.5}),
        (tron_holdings.token, {"result": {"result": True}, "constant_result": [""]}),
        (tron_holdings.token, {"result": {}, "constant_result": ["0" * 64]}),
        (tron_holdings.token, {"result": {"result": True}, "constant_result": ["0" * 64] * 2}),
    ],
)
def test_nonsense_of_tron_is_no_balance(read: Any, raw: object) -> None:
    with pytest.raises(Malformed):
        read(raw)


def test_an_account_that_was_never_activated_holds_nothing() -> None:
    assert (tron_holdings.coin({}), tron_holdings.energy({}), tron_holdings.bandwidth({})) == (
        0,
        0,
        0,
    )
