"""Real EVM nodes for tests: anvil, and tokens of our own on it. A pytest plugin.

    def test_…(arbitrum):                       # an anvil with Arbitrum's chain id
        usdc = arbitrum.deploy("PlainToken", 10**12)
        tx_hash = usdc.send("transfer", recipient, 50_000_000)
        arbitrum.mine()

Blocks come only by `mine`. Where anvil is missing the test errors: it is never skipped.
"""

import json
import os
import platform
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from web3 import Web3

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "tests" / "contracts"
GAS = 5_000_000  # given with every transaction: an estimate would refuse what shall revert


def anvil_program() -> Path:
    """Return anvil's native binary: its JavaScript shim takes four times as long to start."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = platform.system().lower()
    named = os.environ.get("ANVIL_BIN")
    places = [ROOT / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / "anvil"]
    places += [Path(named)] if named else []
    for place in places:
        if place.is_file():
            return place
    raise RuntimeError(
        "anvil is not installed, and tests on a real node are not optional. Run `make test`, which "
        "installs it by npm, or set ANVIL_BIN to its binary. Looked at: "
        + ", ".join(str(place) for place in places)
    )


@dataclass
class Anvil:
    """A running node. Its ten accounts are unlocked and rich."""

    url: str
    chain_id: int
    process: subprocess.Popen[str]
    accounts: list[str] = field(default_factory=list)

    def rpc(self, method: str, *params: Any) -> Any:
        """Call the node and return the result; an error fails the test."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = requests.post(self.url, json=body, timeout=30).json()
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def mine(self, blocks: int = 1) -> int:
        """Mine what waits into the first of `blocks` new blocks; return the head's number."""
        self.rpc("anvil_mine", hex(blocks))
        return self.head()

    def head(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def block(self, number: int) -> dict[str, Any]:
        block: dict[str, Any] = self.rpc("eth_getBlockByNumber", hex(number), False)
        return block

    def receipt(self, tx_hash: str) -> dict[str, Any] | None:
        receipt: dict[str, Any] | None = self.rpc("eth_getTransactionReceipt", tx_hash)
        return receipt

    def send(self, *, to: str | None, data: str, sender: str, **fields: str) -> str:
        """Hand in a transaction and return its hash. It waits until a block is mined."""
        sent = {"from": sender, "data": data, "gas": hex(GAS), **fields}
        tx_hash: str = self.rpc("eth_sendTransaction", sent | ({"to": to} if to else {}))
        return tx_hash

    def deploy(self, name: str, *arguments: Any) -> "Contract":
        """Put one of tests/contracts on the chain, from the first account, in its own block."""
        made = compiled(name)
        constructor = Web3().eth.contract(abi=made["abi"], bytecode=made["bytecode"])
        data = str(constructor.constructor(*arguments).data_in_transaction)
        tx_hash = self.send(to=None, data=data, sender=self.accounts[0])
        self.mine()
        receipt = self.receipt(tx_hash)
        assert receipt is not None
        assert receipt["status"] == "0x1"
        address = Web3.to_checksum_address(receipt["contractAddress"])
        return Contract(self, address, made["abi"])


@dataclass
class Contract:
    """A deployed contract. `address` is in EIP-55."""

    node: Anvil
    address: str
    abi: list[dict[str, Any]]

    def send(self, function: str, *arguments: Any, sender: str = "", **fields: str) -> str:
        """Call a function in a transaction, by default from the first account; return the hash."""
        contract = Web3().eth.contract(address=Web3.to_checksum_address(self.address), abi=self.abi)
        data = contract.encode_abi(function, args=arguments)
        return self.node.send(
            to=self.address, data=data, sender=sender or self.node.accounts[0], **fields
        )


@cache
def compiled(name: str) -> dict[str, Any]:
    """Return the committed ABI and bytecode of one of tests/contracts."""
    made: dict[str, Any] = json.loads((CONTRACTS / f"{name}.json").read_text())
    return made


@contextmanager
def running_anvil(chain_id: int, *options: str) -> Iterator[Anvil]:
    """Start a node that mines only when told, on a free port, and stop it afterwards."""
    command = [str(anvil_program()), "--port", "0", "--chain-id", str(chain_id), "--no-mining"]
    command += ["--slots-in-an-epoch", "4", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        reader = threading.Thread(target=_read_on, args=(process,), daemon=True)
        try:
            url = f"http://{_listening(process)}"
            reader.start()
            node = Anvil(url, chain_id, process)
            node.accounts = [Web3.to_checksum_address(each) for each in node.rpc("eth_accounts")]
            yield node
        finally:
            process.terminate()
            process.wait()
            if reader.is_alive():
                reader.join()


def _listening(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(str(line))
        if line.startswith("Listening on "):
            return str(line).removeprefix("Listening on ").strip()
    raise RuntimeError("anvil did not start: " + "".join(said))


def _read_on(process: subprocess.Popen[str]) -> None:
    """Throw away what it says: it names every call, and a full pipe would stop it for good."""
    assert process.stdout is not None
    for _ in process.stdout:
        pass


@pytest.fixture
def arbitrum() -> Iterator[Anvil]:
    """A node with the chain id of Arbitrum One."""
    with running_anvil(42161) as node:
        yield node


@pytest.fixture
def base() -> Iterator[Anvil]:
    """A node with the chain id of Base."""
    with running_anvil(8453) as node:
        yield node
