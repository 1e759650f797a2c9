"""Which chains and tokens there are, and what is pinned for each pair.

The registry is read from settings once per process: contracts, confirmations, finality, nodes.
Sources: the issuers' own pages for the contracts; chain documentation for finality.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import TextChoices


class Environment(TextChoices):
    LIVE = "live"
    SANDBOX = "sandbox"


class Chain(TextChoices):
    TRON = "tron", "Tron"
    ARBITRUM = "arbitrum", "Arbitrum One"
    BASE = "base", "Base"


class Token(TextChoices):
    USDT = "USDT", "USDT"
    USDC = "USDC", "USDC"


class Finality(TextChoices):
    CONFIRMATIONS = "confirmations"
    SAFE = "safe"
    FINALIZED = "finalized"
    SOLIDIFIED = "solidified"


@dataclass(frozen=True, slots=True)
class Network:
    """One chain as this deployment uses it. `rpc_urls` empty means: off for live."""

    chain: Chain
    chain_id: int
    rpc_urls: tuple[str, ...]
    rpc_headers: Mapping[str, str]
    quorum: int
    contracts: Mapping[Token, str]
    namesakes: Mapping[str, str]  # contract address -> what it is, in words: "USDC.e, bridged, …"
    confirmations: int
    finality: Finality
    # Stricter levels for larger amounts: (from this many atomic units on, level), ascending.
    finality_by_amount: tuple[tuple[int, Finality], ...]
    block_time_ms: int
    poll_interval_s: int
    not_found_limit: timedelta  # an unseen transaction can still be mined before this has passed
    explorer: str

    @property
    def is_evm(self) -> bool:
        return self.chain != Chain.TRON

    @property
    def is_configured(self) -> bool:
        """Whether a live node is known: without one, live payouts on this chain are refused."""
        return bool(self.rpc_urls)

    def token_of(self, contract: str) -> Token | None:
        """The token pinned at `contract` (canonical form), None where it is none of ours."""
        return next((t for t, address in self.contracts.items() if address == contract), None)

    @property
    def levels(self) -> frozenset[Finality]:
        """Every level that some amount must reach here."""
        return frozenset({self.finality, *(level for _, level in self.finality_by_amount)})

    def finality_for(self, amount_atomic: int) -> Finality:
        """The level that a transfer of so much must reach to be final; never below `finality`."""
        asked = [level for least, level in self.finality_by_amount if amount_atomic >= least]
        return strictest(self.finality, *asked)

    def transaction_url(self, tx_hash: str) -> str:
        path = "#/transaction" if self.chain == Chain.TRON else "tx"
        return f"{self.explorer}/{path}/{tx_hash}"

    def address_url(self, address: str) -> str:
        return f"{self.explorer}/{'#/' if self.chain == Chain.TRON else ''}address/{address}"


_STRICTNESS = {
    Finality.CONFIRMATIONS: 0,
    Finality.SAFE: 1,
    Finality.FINALIZED: 2,
    Finality.SOLIDIFIED: 2,
}


def strictest(*levels: Finality) -> Finality:
    """Return the level that is reached last."""
    return max(levels, key=_STRICTNESS.__getitem__)


def network(chain: str) -> Network:
    """Return the registry's row for `chain`, as settings (`NETWORKS`) made it at start."""
    row: Network = settings.NETWORKS[chain]
    return row


def decimals(chain: str, token: str) -> int:
    """Both tokens have six decimals on all three chains (the pinned contracts' `decimals()`)."""
    return 6
