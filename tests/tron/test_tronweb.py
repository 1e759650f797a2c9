"""tronweb takes the emulated node for one of Tron's, and reads in it what we read: a second
witness.

It never asks for `visible`, where tronpy always does.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from billing.chains import Network, Token
from chainwatch.chains.tron import TronChain
from chainwatch.chains.tron_transfers import canonical_address
from tests.node import node_program
from tests.tron.emulator import TronContract, TronNode, running_tron

SCRIPT = Path(__file__).with_name("witness.cjs")


@pytest.fixture(scope="module")
def node() -> Iterator[TronNode]:
    with running_tron() as node:
        yield node


@pytest.fixture(scope="module")
def usdt(node: TronNode) -> TronContract:
    return node.deploy("TetherLike", 10**15)


def network(usdt: TronContract) -> Network:
    tron: Network = settings.NETWORKS["tron"]
    return replace(tron, contracts={**tron.contracts, Token.USDT: usdt.address})


def witness(node: TronNode, tx_id: str, usdt: TronContract, holder: str) -> Any:
    command = [str(node_program()), str(SCRIPT), node.url, tx_id, usdt.address, holder]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, f"Is tronweb installed (make test)? {said.stderr}"
    return json.loads(said.stdout)


def test_it_reads_the_same_addresses_and_amounts_as_we_do(
    node: TronNode, usdt: TronContract
) -> None:
    payer, payee = node.accounts[1:3]
    usdt.send("transfer", payer, 10_000_000_000)
    usdt.send("set_fee", 50)
    tx_id = usdt.send("transfer", payee, 500_000_000, sender=payer)
    number = node.mine(19)
    (receipt,) = TronChain(network(usdt), node.url).look([tx_id]).receipts.values()
    assert receipt is not None

    seen = witness(node, tx_id, usdt, payee)

    ours = [
        {
            "contract": each.contract,
            "from": each.from_address,
            "to": each.to_address,
            "amount": str(each.amount_atomic),
        }
        for each in receipt.transfers
    ]
    assert seen["transfers"] == ours
    assert [each["amount"] for each in ours] == ["497500000", "2500000"]
    assert [each["to"] for each in ours] == [payee, node.accounts[0]]
    assert seen["block"]["blockID"] == receipt.block_hash
    assert canonical_address(seen["hex"]) == seen["base58"] == usdt.address
    assert (seen["balance"], seen["trx"]) == ("497500000", "10000000000")
    assert seen["isConnected"]["fullNode"] and seen["isConnected"]["solidityNode"]
    assert seen["confirmed"] == seen["unconfirmed"]
    heights = [seen[name]["block_header"]["raw_data"]["number"] for name in ("head", "solid")]
    assert heights == [number, number - 18]
    call = seen["transaction"]["raw_data"]["contract"][0]["parameter"]["value"]
    assert canonical_address(call["owner_address"]) == payer


def test_it_sees_a_reverted_transfer_and_nothing_solid_of_a_young_one(
    node: TronNode, usdt: TronContract
) -> None:
    tx_id = usdt.send("transfer", node.accounts[1], 5, sender=node.accounts[5])
    node.mine()
    (receipt,) = TronChain(network(usdt), node.url).look([tx_id]).receipts.values()

    seen = witness(node, tx_id, usdt, node.accounts[6])

    assert receipt is not None
    assert (receipt.succeeded, receipt.transfers) == (False, ())
    assert seen["unconfirmed"]["receipt"]["result"] == "REVERT"
    assert (seen["confirmed"], seen["transfers"], seen["balance"]) == ({}, [], "0")
