"""What addresses hold, as one node says it: values, no table, no library."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Asset(StrEnum):
    """What an address holds besides tokens, which are named by their contract.

    The fee coin is ETH in wei, or TRX in sun. Energy and bandwidth are Tron's: what is left of them
    today pays a transfer's fee in place of the coin.
    """

    FEE_COIN = "fee_coin"
    ENERGY = "energy"
    BANDWIDTH = "bandwidth"


@dataclass(frozen=True, slots=True)
class Holdings:
    """One node's answer: amounts by address and asset (a contract, or Asset), at its newest block.

    What it gave no usable answer to is left out.
    """

    block_number: int
    node: str
    amounts: Mapping[tuple[str, str], int]
