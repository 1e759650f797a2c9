"""What counts as a transfer, by position alone. Shapes written out; no node, no database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from billing.chains import Network
from chainwatch.chains import evm_answers
from chainwatch.chains.base import Receipt, TransferLog

TX = "0x" + "ab" * 32
BLOCK = "0x" + "cd" * 32
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"  # a namesake
FAKE = "0x00000000000000000000000000000000DeaDBeef"
PAYER = "0x4E60C2E7181EDFc5471C0cBC8D485706d1b35686"
PAYEE = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"
AMOUNT = f"0x{50_000_000:064x}"
TIME = datetime(2025, 1, 15, 12, tzinfo=UTC)


def word(address: str) -> str:
    return "0x" + "0" * 24 + address[2:].lower()


def log(log_index: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "address": USDC.lower(),
        "topics": [TRANSFER, word(PAYER), word(PAYEE)],
        "data": AMOUNT,
        "logIndex": hex(log_index),
        "transactionHash": TX,
        "removed": False,
    } | changes


def read(*logs: dict[str, Any], **changes: Any) -> Receipt:
    network: Network = settings.NETWORKS["arbitrum"]
    raw = {
        "transactionHash": TX,
        "blockHash": BLOCK,
        "blockNumber": "0x10",
        "status": "0x1",
        "from": PAYER.lower(),
        "logs": list(logs),
    }
    return evm_answers.receipt(raw | changes, TX, block_time=TIME, network=network)


def test_a_transfer_is_decoded_by_position() -> None:
    receipt = read(log(7))

    assert receipt == Receipt(
        tx_hash=TX,
        block_number=16,
        block_hash=BLOCK,
        block_time=TIME,
        succeeded=True,
        sender=PAYER,
        transfers=(
            TransferLog(
                contract=USDC,
                from_address=PAYER,
                to_address=PAYEE,
                amount_atomic=50_000_000,
                ordinal=0,
                log_index=7,
            ),
        ),
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"topics": [APPROVAL, word(PAYER), word(PAYEE)]}, id="an approval"),
        pytest.param({"topics": []}, id="an anonymous event"),
        pytest.param({"topics": [TRANSFER]}, id="nothing indexed"),
        pytest.param({"topics": [TRANSFER, word(PAYER)]}, id="one address indexed"),
        pytest.param({"topics": [TRANSFER, word(PAYER), word(PAYEE), AMOUNT]}, id="an NFT"),
        pytest.param({"topics": None}, id="no topics"),
        pytest.param({"topics": "0x"}, id="topics as text"),
        pytest.param({"topics": [1, 2, 3]}, id="topics as numbers"),
        pytest.param({"topics": [TRANSFER, PAYER, word(PAYEE)]}, id="a short topic"),
        pytest.param(
            {"topics": [TRANSFER, "0x1" + word(PAYER)[3:], word(PAYEE)]}, id="dirt above an address"
        ),
        pytest.param({"data": "0x"}, id="no data"),
        pytest.param({"data": "0x01"}, id="short data"),
        pytest.param({"data": AMOUNT + "00"}, id="long data"),
        pytest.param({"data": AMOUNT + AMOUNT[2:]}, id="two words of data"),
        pytest.param({"data": "50000000"}, id="data without 0x"),
        pytest.param({"data": None}, id="data null"),
        pytest.param({"removed": True}, id="a removed log"),
    ],
)
def test_what_only_looks_like_a_transfer_is_none(change: dict[str, Any]) -> None:
    assert read(log(**change)).transfers == ()


def test_a_reverted_transaction_moved_nothing_whatever_logs_it_shows() -> None:
    receipt = read(log(), status="0x0")

    assert receipt.succeeded is False
    assert receipt.transfers == ()


def test_a_namesake_is_kept_under_its_own_contract() -> None:
    (transfer,) = read(log(address=FAKE.lower())).transfers

    assert transfer.contract == FAKE


def test_ordinals_count_all_logs_of_the_transaction() -> None:
    receipt = read(
        log(4, topics=[APPROVAL, word(PAYER), word(PAYEE)]),
        log(5),
        log(9, topics=[]),
        log(10),
    )

    assert [(each.ordinal, each.log_index) for each in receipt.transfers] == [(1, 5), (3, 10)]


def test_the_largest_amount_a_token_can_say_is_read() -> None:
    (transfer,) = read(log(data="0x" + "f" * 64)).transfers

    assert transfer.amount_atomic == 2**256 - 1


@pytest.mark.parametrize("ours", [USDC, USDC_E])
def test_a_flood_of_foreign_transfers_does_not_hide_ours(ours: str) -> None:
    flood = [log(index, address=FAKE.lower()) for index in range(500)]

    transfers = read(*flood, log(500, address=ours.lower())).transfers

    assert len(transfers) == 201
    assert transfers[-1].contract == ours
    assert transfers[-1].ordinal == 500


@pytest.mark.parametrize(
    "logs",
    [
        pytest.param([log(3), log(3)], id="one log twice"),
        pytest.param([log(4), log(3)], id="logs out of order"),
        pytest.param([log(transactionHash="0x" + "ee" * 32)], id="another transaction's log"),
        pytest.param([log(logIndex=None)], id="no log index"),
        pytest.param([log(address="0x12")], id="no contract"),
    ],
)
def test_impossible_logs_make_the_receipt_no_answer(logs: list[dict[str, Any]]) -> None:
    with pytest.raises(evm_answers.Malformed):
        read(*logs)


@pytest.mark.parametrize("kind", ["0x0", "0x2", "0x64", "0x68", "0x6a", "0x78", "0x7e", "0xff"])
def test_a_type_of_transaction_is_no_concern_of_ours(kind: str) -> None:
    extra = {"type": kind, "l1BlockNumber": "0x1", "gasUsedForL1": "0x2", "depositNonce": "0x3"}

    assert len(read(log(), **extra).transfers) == 1


@pytest.mark.parametrize("zero", ["0x0", None])
def test_a_log_that_says_no_time_leaves_it_open(zero: str | None) -> None:
    raw = {"transactionHash": TX, "blockHash": BLOCK, "blockNumber": "0x10"}

    place = evm_answers.place(raw | {"logs": [log(blockTimestamp=zero)]}, TX)

    assert place.block_time is None


@pytest.mark.parametrize("time", ["0x" + "f" * 16, "soon", 1_700_000_000])
def test_an_impossible_time_makes_the_receipt_no_answer(time: object) -> None:
    raw = {"transactionHash": TX, "blockHash": BLOCK, "blockNumber": "0x10"}

    with pytest.raises(evm_answers.Malformed):
        evm_answers.place(raw | {"logs": [log(blockTimestamp=time)]}, TX)
