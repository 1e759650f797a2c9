"""A settlement as a bookkeeper writes it: an entry whose postings add up to nothing, exactly.

What left a wallet is credited to the wallet's account. What was meant is an expense; what arrived
beyond or short of it is a posting of its own, open until somebody resolved it. Money with no payout
behind it waits in suspense. What left the chain moved nothing, and is a remark.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billing.chains import decimals
from billing.money import from_atomic
from payouts.models import Settlement
from payouts.resolutions import Resolution


@dataclass(frozen=True, slots=True)
class Accounts:
    """The names of the accounts, whose parts are divided by colons.

    A wallet's is `wallets`, then the chain, then the address.
    """

    wallets: str = "Assets:Wallets"
    payouts: str = "Expenses:Payouts"
    open_differences: str = "Liabilities:Payouts:Open"
    differences: str = "Expenses:Payouts:Differences"
    suspense: str = "Assets:Suspense:Unexpected"
    refunds: str = "Assets:Receivables:Refunds"
    internal: str = "Assets:Transfers"
    losses: str = "Expenses:Losses"

    def wallet(self, chain: str, address: str) -> str:
        return f"{self.wallets}:{chain.capitalize()}:{address}"


@dataclass(frozen=True, slots=True)
class Posting:
    account: str
    amount: Decimal
    commodity: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One settlement. No postings: its block left the chain, so nothing moved."""

    id: str
    at: datetime
    payee: str
    text: str
    postings: tuple[Posting, ...]
    facts: dict[str, str] = field(default_factory=dict)


def entry_of(settlement: Settlement, accounts: Accounts) -> Entry:
    """The entry of one settlement, its payout loaded with it."""
    payout = settlement.payout
    facts = {
        "settlement": settlement.id,
        "payout": settlement.payout_id or "",
        "reference": payout.reference_id or "" if payout else "",
        "chain": settlement.chain,
        "hash": settlement.tx_hash,
        "log-index": str(settlement.log_index),
        "block": str(settlement.block_number),
        "recipient": settlement.to_address,
        "differs-in": " ".join(settlement.discrepancies),
        "resolution": settlement.resolution,
    }
    name = payout.recipient_name if payout else None
    return Entry(
        id=settlement.id,
        at=settlement.block_time,
        payee=name or settlement.to_address,
        text=_text(settlement),
        postings=() if settlement.reversed_at else tuple(_postings(settlement, accounts)),
        facts={key: value for key, value in facts.items() if value},
    )


def _text(settlement: Settlement) -> str:
    payout = settlement.payout
    if payout is None:
        return settlement.resolution_note or "Money left with no payout behind it"
    return payout.description or payout.reference_id or f"Payout {payout.pk}"


def _postings(settlement: Settlement, accounts: Accounts) -> Iterator[Posting]:
    """What adds up to nothing: each amount is of whole atomic units, so that no digit is lost."""
    places, token = decimals(settlement.chain, settlement.token), settlement.token

    def posting(account: str, atomic: int) -> Posting:
        return Posting(account, from_atomic(atomic, places), token)

    actual, payout = settlement.amount_atomic, settlement.payout
    yield posting(accounts.wallet(settlement.chain, settlement.from_address), -actual)
    if payout is None:
        yield posting(_of_stray(settlement, accounts), actual)
        return
    yield posting(accounts.payouts, payout.amount_atomic)
    if actual != payout.amount_atomic:
        is_resolved = settlement.resolved_at is not None
        account = accounts.differences if is_resolved else accounts.open_differences
        yield posting(account, actual - payout.amount_atomic)


def _of_stray(settlement: Settlement, accounts: Accounts) -> str:
    by_resolution: dict[str, str] = {
        Resolution.REFUND: accounts.refunds,
        Resolution.INTERNAL: accounts.internal,
        Resolution.WRITTEN_OFF: accounts.losses,
    }
    return by_resolution.get(settlement.resolution, accounts.suspense)
