"""Thirty receipts written to be taken for a payment, each beside an honest one: none is taken.

A node tells them, and they go all the way: through the reader, and then to the rule by which a
transfer may pay a payout. What becomes of each is written out beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from billing.chains import Network
from chainwatch.chains.base import Look, Receipt, TransferLog
from chainwatch.chains.evm import EvmChain
from chainwatch.chains.evm_answers import TRANSFER, Scrambled
from payouts.facts import Intended, Movement
from payouts.matching import fits, reaches
from payouts.states import Status
from tests.chainwatch.stub_node import StubNode, changed, tx, word

USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
FAKE = "0x00000000000000000000000000000000DeaDBeef"
PAYER = "0x4E60C2E7181EDFc5471C0cBC8D485706d1b35686"
PAYEE = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"
NOBODY = "0x0000000000000000000000000000000000000000"
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
AMOUNT = 50_000_000
PAYOUT = Intended(
    payout_id="po_1",
    status=Status.VERIFYING,
    contract=USDC,
    recipient=PAYEE,
    amount_atomic=AMOUNT,
    created_at=datetime(2023, 11, 14, 22, tzinfo=UTC),  # shortly before the stub's blocks
    hashes=(),
    expected_tx_hash=tx(1),
)

Raw = dict[str, Any]


@dataclass(frozen=True)
class Nothing:
    """The receipt is read, and no transfer is in it."""

    succeeded: bool = True


@dataclass(frozen=True)
class Kept:
    """The transfer is kept as what it is, which is nothing that could pay."""

    contract: str = USDC
    sender: str = PAYER
    recipient: str = PAYEE
    amount_atomic: int = AMOUNT


@dataclass(frozen=True)
class Refused:
    """Nothing is learned of the transaction, for this reason."""

    reason: str


@dataclass(frozen=True)
class AllRefused:
    """Nothing is learned of anything in the answer."""


Verdict = Nothing | Kept | Refused | AllRefused


def log(**changes: Any) -> Callable[[Raw], None]:
    """Change the receipt's only log."""
    return lambda raw: raw["logs"][0].update(changes)


def receipt(**changes: Any) -> Callable[[Raw], None]:
    return lambda raw: raw.update(changes)


def two_logs(first: str, second: str) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        (one,) = raw["logs"]
        raw["logs"] = [one | {"logIndex": first}, one | {"logIndex": second}]

    return change


def without(field: str) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        del raw[field]

    return change


def topics(*words: str) -> Callable[[Raw], None]:
    return log(topics=list(words))


WORD = f"{AMOUNT:064x}"
S, R = word(PAYER.lower()), word(PAYEE.lower())

ADVERSARIES: dict[str, tuple[Callable[[Raw], None], Verdict]] = {
    # Other tokens
    "a fake token of the same symbol": (log(address=FAKE.lower()), Kept(contract=FAKE)),
    "the bridged namesake": (log(address=USDC_E.lower()), Kept(contract=USDC_E)),
    # Other events
    "an approval": (topics(APPROVAL, S, R), Nothing()),
    "an anonymous event": (topics(), Nothing()),
    "nothing indexed, all in the data": (
        log(topics=[TRANSFER], data="0x" + S[2:] + R[2:] + WORD),
        Nothing(),
    ),
    "one address indexed": (log(topics=[TRANSFER, S], data="0x" + R[2:] + WORD), Nothing()),
    "four topics, as an NFT's": (log(topics=[TRANSFER, S, R, "0x" + WORD], data="0x"), Nothing()),
    # Other data
    "no data": (log(data="0x"), Nothing()),
    "short data": (log(data="0x02faf080"), Nothing()),
    "long data": (log(data="0x" + WORD + "00"), Nothing()),
    "two words of data": (log(data="0x" + WORD + WORD), Nothing()),
    # Addresses
    "dirt above the sender": (topics(TRANSFER, "0x1" + S[3:], R), Nothing()),
    "dirt above the recipient": (topics(TRANSFER, S, "0x1" + R[3:]), Nothing()),
    "a mint": (topics(TRANSFER, word(NOBODY), R), Kept(sender=NOBODY)),
    "sender and recipient exchanged": (
        topics(TRANSFER, R, S),
        Kept(sender=PAYEE, recipient=PAYER),
    ),
    # Amounts
    "a zero value": (log(data="0x" + "0" * 64), Kept(amount_atomic=0)),
    "more than any column holds": (
        log(data=f"0x{2**63:064x}"),
        Kept(amount_atomic=9_223_372_036_854_775_808),
    ),
    "the largest number there is": (
        log(data="0x" + "f" * 64),
        Kept(amount_atomic=2**256 - 1),
    ),
    # What did not happen
    "reverted, with logs": (receipt(status="0x0"), Nothing(succeeded=False)),
    "an inner call reverted": (receipt(logs=[]), Nothing()),
    "a log that was removed": (log(removed=True), Nothing()),
    "no status": (without("status"), Refused("a receipt without a status")),
    "a status that does not exist": (receipt(status="0x2"), Refused("a receipt without a status")),
    "in no block yet": (receipt(blockNumber=None), Refused("no block number")),
    "in a block without a hash": (receipt(blockHash=None), Refused("no block hash")),
    # Somebody else's
    "the log of another transaction": (
        log(transactionHash=tx(7)),
        Refused("the log of another transaction"),
    ),
    "the log of another block": (
        log(blockHash="0x" + "e" * 64),
        Refused("the log of another block"),
    ),
    "the receipt of another transaction": (receipt(transactionHash=tx(7)), AllRefused()),
    # Logs that cannot be
    "one log twice": (two_logs("0x3", "0x3"), Refused("logs out of order")),
    "logs out of order": (two_logs("0x4", "0x3"), Refused("logs out of order")),
}


def look_at(stub: StubNode, change: Callable[[Raw], None]) -> Look:
    """What the reader makes of one changed receipt and an honest one."""
    for number in (1, 2):
        stub.mine(
            tx(number), 100, amount=AMOUNT, payer=PAYER.lower(), payee=PAYEE.lower(), nonce=number
        )

    def spoil(answers: list[Raw]) -> list[Raw]:
        change(answers[2]["result"])
        return answers

    stub.fault = changed(spoil)
    network: Network = settings.NETWORKS["arbitrum"]
    return EvmChain(network, stub.url).look([tx(1), tx(2)])


def movement(told: Receipt, moved: TransferLog) -> Movement:
    return Movement(
        transfer_id=f"tr_{moved.ordinal}",
        tx_hash=told.tx_hash,
        ordinal=moved.ordinal,
        contract=moved.contract,
        sender=moved.from_address,
        recipient=moved.to_address,
        amount_atomic=moved.amount_atomic,
        block_time=told.block_time,
    )


def payments(told: Receipt | None, sources: frozenset[str] = frozenset()) -> list[Movement]:
    """The movements of a receipt that could pay the payout."""
    moved = [movement(told, each) for each in told.transfers] if told else []
    return [each for each in moved if fits(each, PAYOUT, sources)]


def test_there_are_thirty() -> None:
    assert len(ADVERSARIES) == 30


def test_the_honest_receipt_pays(stub: StubNode) -> None:
    look = look_at(stub, lambda raw: None)

    for tx_hash in (tx(1), tx(2)):
        assert len(payments(look.receipts[tx_hash])) == 1
        assert len(payments(look.receipts[tx_hash], frozenset({PAYER}))) == 1
        assert payments(look.receipts[tx_hash], frozenset({PAYEE})) == []


@pytest.mark.parametrize("name", ADVERSARIES)
def test_a_receipt_written_to_deceive_pays_nothing(name: str, stub: StubNode) -> None:
    change, verdict = ADVERSARIES[name]
    if isinstance(verdict, AllRefused):
        with pytest.raises(Scrambled):
            look_at(stub, change)
        return

    look = look_at(stub, change)

    told = look.receipts.get(tx(1))
    assert payments(told) == []
    assert payments(told, frozenset({PAYER})) == []
    # The honest one beside it is none the worse.
    assert len(payments(look.receipts[tx(2)])) == 1
    if isinstance(verdict, Refused):
        assert look.unanswered == {tx(1): verdict.reason}
        assert told is None
        return
    assert told is not None
    assert look.unanswered == {}
    if isinstance(verdict, Nothing):
        assert (told.succeeded, told.transfers) == (verdict.succeeded, ())
        return
    (moved,) = told.transfers
    assert moved == TransferLog(
        contract=verdict.contract,
        from_address=verdict.sender,
        to_address=verdict.recipient,
        amount_atomic=verdict.amount_atomic,
        ordinal=0,
        log_index=3,
    )
    assert not reaches(movement(told, moved), PAYOUT)
    network: Network = settings.NETWORKS["arbitrum"]
    assert (network.token_of(moved.contract) is None) is (verdict.contract != USDC)
