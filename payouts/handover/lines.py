"""What every file of a pack is written from: checked payments of one chain. Pure: no table."""

from dataclasses import dataclass
from datetime import datetime

from billing.chains import Chain, Environment, decimals, network
from billing.money import from_atomic

# What stands in place of a chain's id, and before every address, in a file of the sandbox: its
# payouts name real contracts, and no wallet must ever be able to carry one out.
_NO_CHAIN_ID = 0
_SANDBOX = "sandbox:"


@dataclass(frozen=True, slots=True)
class Line:
    """One payment, as it was approved. Addresses are canonical, the amount atomic."""

    payout_id: str
    chain: str
    token: str
    contract: str
    recipient: str
    amount_atomic: int
    reference: str = ""

    @property
    def amount(self) -> str:
        """In token units, in digits with a point, exactly: `1250.5`."""
        return f"{from_atomic(self.amount_atomic, decimals(self.chain, self.token)):f}"


@dataclass(frozen=True, slots=True)
class Part:
    """The payments of one file: of one batch, chain and environment; `number` of `parts`.

    `source` is the organization's one source wallet of the chain, empty where it has none or
    several. `digest` is the batch's, printed in every file that has room for it.
    """

    batch_id: str
    digest: str
    environment: str
    chain: str
    lines: tuple[Line, ...]
    created_at: datetime
    number: int = 1
    parts: int = 1
    source: str = ""

    @property
    def is_sandbox(self) -> bool:
        return self.environment == Environment.SANDBOX

    @property
    def chain_id(self) -> int:
        """The chain's id; 0, which no chain has, in the sandbox."""
        return _NO_CHAIN_ID if self.is_sandbox else network(self.chain).chain_id

    @property
    def title(self) -> str:
        """Such as `bat_… on Arbitrum One, 1 of 2`, with the sandbox's word in front."""
        of = f", {self.number} of {self.parts}" if self.parts > 1 else ""
        word = "SANDBOX, not to be signed: " if self.is_sandbox else ""
        return f"{word}{self.batch_id} on {Chain(self.chain).label}{of}"

    def address(self, address: str) -> str:
        """An address as the file writes it: in the sandbox so that no wallet takes it."""
        return f"{_SANDBOX}{address}" if self.is_sandbox and address else address
