"""What addresses hold on an EVM chain: the questions, and how their answers are read. Pure.

Source: ERC-20, `balanceOf(address)`; Ethereum JSON-RPC, `eth_getBalance` and `eth_call`.
"""

import re
from collections.abc import Iterable, Sequence

from chainwatch.chains.base import ChainUnavailable
from chainwatch.chains.evm_answers import Malformed, Scrambled
from chainwatch.chains.evm_node import Answer, Call, call, result
from chainwatch.chains.holdings import Asset

_BALANCE_OF = "0x70a08231"  # the first four bytes of the Keccak-256 of balanceOf(address)
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_WORD = re.compile(r"0x[0-9a-fA-F]{64}")

Question = tuple[str, str]  # an address and an asset


def questions(addresses: Iterable[str], contracts: Sequence[str]) -> list[Question]:
    """Return what is asked: of each address the fee coin, then each token."""
    assets = [Asset.FEE_COIN.value, *contracts]
    return [(address, asset) for address in dict.fromkeys(addresses) for asset in assets]


def call_of(question: Question) -> Call:
    """Return the call that asks it, of the newest block."""
    address, asset = question
    if asset == Asset.FEE_COIN:
        return call("eth_getBalance", address, "latest")
    data = f"{_BALANCE_OF}{address[2:].lower():0>64}"
    return call("eth_call", {"to": asset, "data": data}, "latest")


def amount(question: Question, answer: Answer) -> int | None:
    """Return how much, None where there is no usable answer to this one question."""
    try:
        said = result(answer)
    except Scrambled:
        raise
    except ChainUnavailable:  # A token that is no contract there reverts: the others still count.
        return None
    shape = _QUANTITY if question[1] == Asset.FEE_COIN else _WORD
    return int(said, 16) if isinstance(said, str) and shape.fullmatch(said) else None


def require_any(amounts: object) -> None:
    """Raise Malformed where not one question was answered: then another node is asked."""
    if not amounts:
        raise Malformed("no balance at all")
