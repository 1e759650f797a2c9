"""An installation on all three chains: Arbitrum and Base on anvils, Tron on an emulated node."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP
from typing import Any, Protocol

from web3 import Web3

from tests.flow.company import EVERY_SECOND, Said, Site, installed, somebody
from tests.nodes import Anvil
from tests.tron.emulator import TronContract, TronNode, running_tron
from tests.tron.faults import Hang
from tests.tron.shapes import base58_of, evm_of


class Node(Protocol):
    """What an anvil and the emulated node have in common."""

    @property
    def accounts(self) -> list[str]: ...
    def mine(self, blocks: int = 1) -> int: ...
    def rpc(self, method: str, *params: Any) -> Any: ...


class Coin(Protocol):
    """A deployed token. Addresses are those of its chain."""

    @property
    def address(self) -> str: ...
    def send(self, function: str, *arguments: Any, sender: str = "", **fields: str) -> str: ...


@dataclass(frozen=True)
class Place:
    """One chain as a test that is played on any of them needs it.

    `depth` blocks make a transaction final there; `somebody` makes a fresh address.
    """

    chain: str
    node: Node
    usdc: Coin
    usdt: Coin
    depth: int
    somebody: Callable[[], str]

    def wallet(self, amount_atomic: int) -> str:
        """A fresh address that can send, with so much of both tokens. It mines a block.

        Nobody has its key, so what it sends cannot be sent again after a reorganization.
        """
        address = self.somebody()
        on_evm = Web3.to_checksum_address(evm_of(address)) if address.startswith("T") else address
        self.node.rpc("anvil_impersonateAccount", on_evm)
        self.node.rpc("anvil_setBalance", on_evm, hex(10**20))
        self.fund(address, amount_atomic)
        return address

    def fund(self, address: str, amount_atomic: int) -> None:
        """Give somebody so much of both tokens, in a block of its own."""
        for coin in (self.usdc, self.usdt):
            coin.send("transfer", address, amount_atomic)
        self.node.mine()


@dataclass
class ThreeChains(Site):
    """Three blocks make a transaction final on the EVM chains; on Tron, 19 and its solid head."""

    tron: TronNode
    tron_usdt: TronContract
    tron_usdc: TronContract

    def on(self, chain: str) -> Place:
        return {
            "tron": Place("tron", self.tron, self.tron_usdc, self.tron_usdt, 19, somebody_on_tron),
            "arbitrum": Place("arbitrum", self.node, self.usdc, self.usdt, 3, somebody),
            "base": Place("base", self.base, self.base_usdc, self.base_usdt, 3, somebody),
        }[chain]

    def sick_tick(self) -> dict[str, Any]:
        """One tick that is to report trouble with some chain; the errors, by chain."""
        said: Said = self.shell.run("tick", "--json", *EVERY_SECOND)
        assert said.status == 1, said
        return {
            each["did"]["chain"]: each["did"]["errors"]
            for each in said.data["jobs"]
            if each.get("did") and isinstance(each["did"], dict) and each["did"].get("errors")
        }

    def heal(self) -> None:
        """Make every node sound again."""
        if isinstance(self.tron.fault, Hang):
            self.tron.fault.let_go()
        self.tron.fault, self.tron.fault_on = None, ""
        self.tron.lag, self.tron.solid_lag = 0, 18
        for node in (self.node, self.base):
            node.process.send_signal(SIGCONT)


def stop(node: Anvil) -> subprocess.Popen[str]:
    """Let a node hang: it takes connections and answers nothing, until `heal`."""
    node.process.send_signal(SIGSTOP)
    return node.process


def somebody_on_tron() -> str:
    return base58_of(somebody())


@contextmanager
def installed_on_three() -> Iterator[ThreeChains]:
    with ExitStack() as held:
        tron = held.enter_context(running_tron())
        usdt, usdc = tron.deploy("TetherLike", 10**15), tron.deploy("PlainToken", 10**15)
        site = held.enter_context(
            installed(
                TRON_RPC_URLS=tron.url,
                TRON_USDT_CONTRACT=usdt.address,
                TRON_USDC_CONTRACT=usdc.address,
            )
        )
        chains = ThreeChains(**vars(site), tron=tron, tron_usdt=usdt, tron_usdc=usdc)
        held.callback(chains.heal)
        yield chains
