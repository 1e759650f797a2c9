"""What a decision about payouts is made from: plain values, read once, no table behind them."""

from dataclasses import dataclass
from datetime import datetime

from billing.chains import Network
from payouts.states import Status


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer that a chain shows. `claimed_by` is the payout it settled, None where none did.

    `unexpected_id` is the settlement that already notes it as money with no intent behind it.
    """

    transfer_id: str
    tx_hash: str
    ordinal: int
    contract: str
    sender: str
    recipient: str
    amount_atomic: int
    block_time: datetime
    claimed_by: str | None = None
    unexpected_id: str | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is known of one submitted hash.

    `block_number` is None while it is in no block. `absent_block_time` is the chain's time up to
    which every node denied it, None while that is not known. `elsewhere` names another chain on
    which it is final, empty otherwise. `finalized_at` is set once no reorganization can take its
    block away. `replacement` is the transaction that used its nonce instead, None where none is
    known to have moved a token; of that one, `wanted` is what the open payouts that named it shall
    pay, as (contract, recipient, amount).
    """

    tx_hash: str
    block_number: int | None = None
    block_hash: str = ""
    succeeded: bool | None = None
    final_at: datetime | None = None
    finalized_at: datetime | None = None
    orphaned_at: datetime | None = None
    absent_block_time: datetime | None = None
    elsewhere: str = ""
    movements: tuple[Movement, ...] = ()
    replacement: "Transaction | None" = None
    wanted: tuple[tuple[str, str, int], ...] = ()

    @property
    def is_in_block(self) -> bool:
        return self.block_number is not None

    @property
    def is_final(self) -> bool:
        return self.is_in_block and self.final_at is not None

    @property
    def is_finalized(self) -> bool:
        return self.is_final and self.finalized_at is not None


@dataclass(frozen=True, slots=True)
class Named:
    """One hash as it was named for one payout; `chain_time` is the chain's own time then.

    `declined` is the replacement of which a person said that it pays something else, or empty.
    """

    tx_hash: str
    submitted_at: datetime
    chain_time: datetime
    declined: str = ""


@dataclass(frozen=True, slots=True)
class Intended:
    """One payout as a decision sees it. `hashes` are in the order in which they were named.

    `has_settlement` is true of a settled one, and of a failed one that was paid late.
    `proposed_tx_hash` is the hash that a person is asked to use instead, empty where there is none.
    """

    payout_id: str
    status: Status
    contract: str
    recipient: str
    amount_atomic: int
    created_at: datetime
    hashes: tuple[Named, ...]
    expected_tx_hash: str
    proposed_tx_hash: str = ""
    block_hash: str = ""
    attention: str = ""
    is_stalled: bool = False
    has_settlement: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in (Status.EXECUTED, Status.VERIFYING)


@dataclass(frozen=True, slots=True)
class Group:
    """Payouts of one organization that share hashes, and all that is known of those.

    `sources` are the wallets payouts are paid from, empty where none is registered. `awaited` are
    (contract, recipient, amount) of open payouts outside the group. `now` is the chain's time where
    that is ahead of the clock, as in the sandbox.
    """

    network: Network
    payouts: tuple[Intended, ...]
    transactions: dict[str, Transaction]
    sources: frozenset[str]
    awaited: frozenset[tuple[str, str, int]]
    now: datetime
