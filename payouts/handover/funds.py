"""Whether the wallets hold what a batch needs, and the fee coin: in words, per wallet and token.

Rows alone are read (chainwatch asks). What was not asked lately is not known, whatever it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billing.chains import Chain, Environment, decimals, network
from billing.money import display
from chainwatch import services as chainwatch
from chainwatch.services import Asset, Balances
from payouts.handover.totals import totals_of
from payouts.models import PayoutBatch, PayoutIntent, Status
from wallets import services as wallets

KNOWN_FOR = timedelta(minutes=10)  # it is asked each minute while the batch waits
# What the fee coin's atomic unit is a part of: places, and the coin's name.
_COINS = {Chain.TRON.value: (6, "TRX")}
_ETHER = (18, "ETH")
_SHOWN_PLACES = 6

FEE_ON_EVM = (
    "The network's fee is paid in ETH by whoever sends: about 65,000 gas for each transfer, a "
    "Safe's signatures on top. What a gas costs just now, the wallet says before it signs."
)
FEE_ON_TRON = (
    "The fee of each transfer is about 65,000 energy, twice that where the recipient never held "
    "the token, and 345 bandwidth. Energy that the wallet has not got is burned as TRX: about 7 "
    "for 65,000 at 100 sun each, a price that the network changes."
)


class Verdict(StrEnum):
    """What is to be said of one wallet and token."""

    ENOUGH = "enough"
    SHORT = "short"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fund:
    """One wallet and one token that the batch still pays. `asked_at` is None where never asked."""

    address: str
    token: str
    verdict: Verdict
    words: str
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChainFunds:
    """What the wallets of one chain hold of what is needed there. `note` stands where none does."""

    chain: str
    needed: tuple[str, ...]
    funds: tuple[Fund, ...]
    coins: tuple[str, ...]
    fee: str
    note: str = ""


def funds_of(
    batch: PayoutBatch, payouts: Sequence[PayoutIntent], *, at: datetime
) -> list[ChainFunds]:
    """Return, chain by chain, what the payouts that still wait need and what the wallets hold."""
    waiting = [payout for payout in payouts if payout.status == Status.PENDING_EXECUTION]
    return [
        _of_chain(batch, chain, [payout for payout in waiting if payout.chain == chain], at)
        for chain in sorted({payout.chain for payout in waiting})
    ]


def _of_chain(
    batch: PayoutBatch, chain: str, waiting: Sequence[PayoutIntent], at: datetime
) -> ChainFunds:
    label = str(Chain(chain).label)
    needed = tuple(f"{total.words} {total.token}" for total in totals_of(waiting))
    fee = FEE_ON_TRON if chain == Chain.TRON else FEE_ON_EVM
    note = ""
    sources = sorted(wallets.source_addresses(batch.organization_id, batch.environment, chain))
    if batch.environment == Environment.SANDBOX:
        note = "The sandbox's simulated chain keeps no balances: whatever is paid is there."
    elif not network(chain).is_configured:
        note = f"No node of {label} is configured, so nobody can ask what your wallets hold."
    elif not sources:
        note = (
            f"No source wallet is registered on {label}, so nobody asks what it holds. Register "
            "the wallet that pays under Wallets."
        )
    if note:
        return ChainFunds(chain, needed, (), (), fee, note)
    known = chainwatch.balances(chain, sources)
    pinned = {str(payout.contract): str(payout.token) for payout in waiting}
    funds = tuple(
        _fund(chain, address, contract, token, waiting, known, at)
        for address in sources
        for contract, token in sorted(pinned.items(), key=lambda pair: pair[1])
    )
    coins = tuple(_coin(chain, address, known, at) for address in sources)
    return ChainFunds(chain, needed, funds, coins, fee)


def _fund(
    chain: str,
    address: str,
    contract: str,
    token: str,
    waiting: Sequence[PayoutIntent],
    known: Balances,
    at: datetime,
) -> Fund:
    row = known.get((address, contract))
    if row is None or row.asked_at < at - KNOWN_FOR:
        asked_at = row.asked_at if row else None
        return Fund(address, token, Verdict.UNKNOWN, "not known", asked_at)
    needed = sum(payout.amount_atomic for payout in waiting if payout.contract == contract)
    held, places = int(row.amount_atomic), decimals(chain, token)
    if held < needed:
        words = f"short by {display(needed - held, places)} {token}"
        return Fund(address, token, Verdict.SHORT, words, row.asked_at)
    return Fund(
        address, token, Verdict.ENOUGH, f"enough: {display(held, places)} {token}", row.asked_at
    )


def _coin(chain: str, address: str, known: Balances, at: datetime) -> str:
    """What the wallet has for the fee, in words."""
    row = known.get((address, Asset.FEE_COIN.value))
    places, coin = _COINS.get(chain, _ETHER)
    if row is None or row.asked_at < at - KNOWN_FOR:
        return f"{coin} not known"
    held = int(row.amount_atomic)
    words = f"no {coin}" if not held else f"{_shown(held, places)} {coin}"
    if chain != Chain.TRON:
        return words if held else f"{words} for the fee"
    left = [
        f"{int(known[address, asset.value].amount_atomic):,} {asset.value}"
        for asset in (Asset.ENERGY, Asset.BANDWIDTH)
        if (address, asset.value) in known
    ]
    return ", ".join([words, *left])


def _shown(amount_atomic: int, places: int) -> str:
    """Cut, never rounded up, to six decimals; below those it says so."""
    cut = amount_atomic // 10 ** (places - _SHOWN_PLACES)
    return display(cut, _SHOWN_PLACES) if cut else "less than 0.000001"
