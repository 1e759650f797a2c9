"""One Tron node: what is asked of it for which question, and what comes of its answers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from billing.chains import Finality, Network
from chainwatch.chains.base import ChainUnavailable, Head, Header, Receipt, Scan, TransferLog
from chainwatch.chains.tron import TronChain
from tests.chainwatch.stub_node import send, with_status
from tests.chainwatch.tron_stub import (
    GENESIS_MS,
    NEWEST,
    PAYEE,
    PAYEE_BASE58,
    PAYER,
    PAYER_BASE58,
    SOLID,
    USDT,
    USDT_BASE58,
    TronStub,
    changed,
    log,
    running_tron_stub,
    tx,
)

STRANGER = "60e6e92e57d61a9d68b5d95275cc9667d9e6c7c9"
STRANGER_BASE58 = "TJoaVSdktrnndU4dmKm33SWMKoXt4LLFbU"
FOREIGN_TOKEN = "70082243784dcdf3042034e7b044d6d342a91360"


@pytest.fixture
def stub() -> Iterator[TronStub]:
    with running_tron_stub() as node:
        yield node


@pytest.fixture
def reader(stub: TronStub) -> TronChain:
    """A reader that has seen already that this is Tron's main network."""
    reader = reading(stub)
    reader.look([])
    stub.paths.clear()
    return reader


def reading(stub: TronStub, **changes: Any) -> TronChain:
    row: Network = settings.NETWORKS["tron"]
    return TronChain(replace(row, **changes), stub.url, total_timeout_s=5)


def time_of(number: int) -> datetime:
    return datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC) + timedelta(seconds=3 * number)


def the_receipt(stub: TronStub, tx_id: str, number: int) -> Receipt:
    return Receipt(
        tx_hash=tx_id,
        block_number=number,
        block_hash=stub.block_id(number),
        block_time=time_of(number),
        succeeded=True,
        sender="",
        transfers=(
            TransferLog(
                contract=USDT_BASE58,
                from_address=PAYER_BASE58,
                to_address=PAYEE_BASE58,
                amount_atomic=50_000_000,
                ordinal=0,
                log_index=0,
            ),
        ),
    )


def test_the_stub_and_these_tests_count_time_alike() -> None:
    assert time_of(0).timestamp() * 1000 == GENESIS_MS


# --- Looking --------------------------------------------------------------------------------------


def test_the_head_is_told_and_nothing_else_is_asked(stub: TronStub, reader: TronChain) -> None:
    look = reader.look([])

    assert look.head == Head(
        number=100,
        block_hash=stub.block_id(100),
        block_time=time_of(100),
        safe_number=None,
        finalized_number=None,
        parent_hash=stub.block_id(99),
    )
    assert stub.paths == [NEWEST]
    assert (look.http_requests, look.calls, look.node) == (1, 1, stub.url.removeprefix("http://"))


@pytest.mark.parametrize("level", [Finality.SOLIDIFIED, Finality.FINALIZED])
def test_the_solid_head_is_asked_where_a_level_needs_it(
    stub: TronStub, reader: TronChain, level: Finality
) -> None:
    look = reader.look([], levels={Finality.CONFIRMATIONS, level})

    assert (look.head.number, look.head.finalized_number) == (100, 82)
    assert look.head.safe_number is None
    assert stub.paths == [NEWEST, SOLID]


@pytest.mark.parametrize("status", [404, 500])
def test_a_node_without_a_solid_head_can_still_be_looked_at(
    stub: TronStub, reader: TronChain, status: int
) -> None:
    stub.faults[SOLID] = with_status(status)
    stub.mine(tx(1), 99)

    look = reader.look([tx(1)], levels={Finality.SOLIDIFIED})

    assert look.head.finalized_number is None
    assert look.receipts == {tx(1): the_receipt(stub, tx(1), 99)}


def test_a_known_head_is_not_asked_again(stub: TronStub, reader: TronChain) -> None:
    head = reader.look([]).head
    stub.paths.clear()

    look = reader.look([], head=head, levels={Finality.SOLIDIFIED})

    assert look.head is head
    assert (stub.paths, look.http_requests, look.calls) == ([], 0, 0)


def test_a_transaction_is_read_and_its_block_asked_for(stub: TronStub, reader: TronChain) -> None:
    stub.mine(tx(1), 90)

    look = reader.look([tx(1), tx(2)])

    assert look.receipts == {tx(1): the_receipt(stub, tx(1), 90), tx(2): None}
    assert look.unanswered == {}
    assert stub.paths == [
        NEWEST,
        "wallet/gettransactioninfobyid",
        "wallet/getblock",
        "wallet/gettransactioninfobyid",
    ]
    assert (look.http_requests, look.calls) == (4, 4)


def test_each_block_is_asked_once_and_the_head_never(stub: TronStub, reader: TronChain) -> None:
    for number in range(1, 9):
        stub.mine(tx(number), 100 if number % 2 else 98)

    look = reader.look([tx(number) for number in range(1, 9)] * 2)

    assert {receipt.block_number for receipt in look.receipts.values() if receipt} == {98, 100}
    assert len(look.receipts) == 8
    assert stub.paths.count("wallet/getblock") == 1
    assert stub.paths.count("wallet/gettransactioninfobyid") == 8


def test_the_solid_view_knows_a_transaction_later(stub: TronStub, reader: TronChain) -> None:
    stub.mine(tx(1), 83)

    assert reader.look([tx(1)], is_solid=True).receipts == {tx(1): None}

    stub.head += 1
    look = reader.look([tx(1)], is_solid=True)

    assert look.receipts == {tx(1): the_receipt(stub, tx(1), 83)}
    assert stub.paths.count("walletsolidity/gettransactioninfobyid") == 2
    assert "wallet/gettransactioninfobyid" not in stub.paths


def test_a_solid_view_of_another_block_says_nothing(stub: TronStub, reader: TronChain) -> None:
    stub.mine(tx(1), 50)
    stub.faults["walletsolidity/gettransactioninfobyid"] = changed(
        lambda info: info | {"blockTimeStamp": info["blockTimeStamp"] + 3000}
    )

    look = reader.look([tx(1)], is_solid=True)

    assert look.receipts == {}
    assert look.unanswered == {tx(1): "its block was replaced while it was asked"}


def test_heights_are_checked_without_a_question_where_the_head_tells_them(
    stub: TronStub, reader: TronChain
) -> None:
    look = reader.look([], check=[100, 99, 150])

    assert look.block_hashes == {100: stub.block_id(100), 99: stub.block_id(99)}
    assert stub.paths == [NEWEST]


def test_a_checked_height_is_asked_once_along_with_receipts(
    stub: TronStub, reader: TronChain
) -> None:
    stub.mine(tx(1), 90)

    look = reader.look([tx(1)], check=[90])

    assert look.block_hashes == {90: stub.block_id(90)}
    assert look.receipts == {tx(1): the_receipt(stub, tx(1), 90)}
    assert stub.paths.count("wallet/getblock") == 1


def test_heights_that_are_unknown_are_left_out(stub: TronStub) -> None:
    hashes = reading(stub).block_hashes([98, 99, 101])

    assert hashes == {98: stub.block_id(98), 99: stub.block_id(99)}


def test_the_chain_id_is_the_end_of_the_genesis_block(stub: TronStub) -> None:
    assert reading(stub).chain_id() == 728126428
    assert stub.questions == [{"id_or_num": "0", "detail": False}]


def test_nothing_is_asked_about_senders_and_nonces(stub: TronStub, reader: TronChain) -> None:
    assert reader.sent([tx(1)]) == {}
    assert reader.next_nonces([PAYER_BASE58]) == {}
    assert stub.paths == []


# --- Scanning -------------------------------------------------------------------------------------


def scan(reader: TronChain, first: int = 90, last: int = 92, **wanted: Any) -> Scan:
    return reader.scan(first, last, **wanted)


def test_a_scan_finds_what_an_address_sent_and_got(stub: TronStub, reader: TronChain) -> None:
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 92, log(STRANGER, PAYER))
    stub.mine(tx(3), 91, log(STRANGER, PAYEE))
    stub.mine_trx(tx(4), 91)

    sent = scan(reader, senders=[PAYER_BASE58])
    got = scan(reader, recipients=[PAYER_BASE58])
    both = scan(reader, senders=[PAYER_BASE58], recipients=[PAYER_BASE58, PAYEE_BASE58])

    assert sent.found == {tx(1): the_receipt(stub, tx(1), 90)}
    assert set(got.found) == {tx(2)}
    assert set(both.found) == {tx(1), tx(2), tx(3)}
    assert sent.node == stub.url.removeprefix("http://")
    assert sent.block == Header(
        number=92,
        block_hash=stub.block_id(92),
        parent_hash=stub.block_id(91),
        block_time=time_of(92),
    )


def test_a_scan_asks_two_questions_per_block(stub: TronStub, reader: TronChain) -> None:
    scan(reader, 81, 100, senders=[PAYER_BASE58])

    assert stub.paths.count("wallet/getblock") == 20
    assert stub.paths.count("wallet/gettransactioninfobyblocknum") == 20
    assert len(stub.paths) == 40
    assert (reader.most_blocks, reader.reads_blocks) == (20, True)


def test_a_scan_of_one_block_reads_it(stub: TronStub, reader: TronChain) -> None:
    stub.mine(tx(1), 100)

    assert set(scan(reader, 100, 100, recipients=[PAYEE_BASE58]).found) == {tx(1)}


def test_a_scan_finds_known_hashes_whatever_they_did(stub: TronStub, reader: TronChain) -> None:
    stub.mine_trx(tx(1), 91)
    stub.mine(tx(2), 91, receipt={"result": "REVERT"}, result="FAILED", log=[])
    stub.mine_trx(tx(3), 91)

    found = scan(reader, references=[tx(1), tx(2), tx(9)]).found

    assert set(found) == {tx(1), tx(2)}
    assert [receipt.succeeded for receipt in found.values() if receipt] == [True, False]
    assert [receipt.transfers for receipt in found.values() if receipt] == [(), ()]


@pytest.mark.parametrize(
    "mined",
    [
        pytest.param({"log": [log(amount=0)]}, id="nothing moved"),
        pytest.param({"log": [log(contract=FOREIGN_TOKEN)]}, id="a foreign token"),
        pytest.param({"log": [log(PAYER, STRANGER, topics=[])]}, id="no topics"),
        pytest.param({"log": [{"address": USDT}]}, id="neither topics nor data"),
        pytest.param({"log": [log(STRANGER, PAYER)]}, id="got, not sent"),
        pytest.param({"receipt": {"result": "OUT_OF_ENERGY"}, "result": "FAILED"}, id="failed"),
    ],
)
def test_a_scan_leaves_out_what_moved_nothing_of_ours(
    stub: TronStub, reader: TronChain, mined: dict[str, Any]
) -> None:
    stub.mine(tx(1), 91, **mined)

    assert scan(reader, senders=[PAYER_BASE58]).found == {}


def test_a_scan_by_a_lagging_node_is_no_scan(stub: TronStub, reader: TronChain) -> None:
    with pytest.raises(ChainUnavailable, match="no block 101 on this node"):
        scan(reader, 90, 101, senders=[PAYER_BASE58])

    assert stub.paths == ["wallet/getblock"]


def test_a_reorganization_inside_a_range_spoils_the_scan(stub: TronStub, reader: TronChain) -> None:
    def fork_at_91(handler: Any, answer: Any) -> None:
        if stub.questions[-1].get("num") == 91:
            stub.fork(90)
        send(handler, json.dumps(answer).encode())

    stub.faults["wallet/gettransactioninfobyblocknum"] = fork_at_91

    with pytest.raises(ChainUnavailable, match="blocks that do not follow each other"):
        scan(reader, 90, 93, senders=[PAYER_BASE58])


def test_a_reorganization_of_the_last_block_alone_spoils_the_scan(
    stub: TronStub, reader: TronChain
) -> None:
    stub.mine(tx(1), 92)
    answers = iter([None, None])

    def fork_before_the_last(handler: Any, answer: Any) -> None:
        if next(answers, "last") == "last":
            stub.fork(92)
            answer = stub.answer("wallet/gettransactioninfobyblocknum", {"num": 92})
        send(handler, json.dumps(answer).encode())

    stub.faults["wallet/gettransactioninfobyblocknum"] = fork_before_the_last

    with pytest.raises(ChainUnavailable, match="transactions of another block"):
        scan(reader, senders=[PAYER_BASE58])


@pytest.mark.parametrize("nothing", [b"[]", b"{}"])
def test_a_full_block_without_transactions_is_no_answer(
    stub: TronStub, reader: TronChain, nothing: bytes
) -> None:
    stub.mine(tx(1), 91)
    stub.faults["wallet/gettransactioninfobyblocknum"] = lambda handler, _: send(handler, nothing)

    with pytest.raises(ChainUnavailable, match="another number of transactions"):
        scan(reader, senders=[PAYER_BASE58])


def test_an_empty_block_may_be_told_as_an_object(stub: TronStub, reader: TronChain) -> None:
    stub.faults["wallet/gettransactioninfobyblocknum"] = lambda handler, _: send(handler, b"{}")

    assert scan(reader, senders=[PAYER_BASE58]).found == {}


def test_transactions_of_another_height_spoil_the_scan(stub: TronStub, reader: TronChain) -> None:
    stub.mine(tx(1), 91)
    stub.faults["wallet/gettransactioninfobyblocknum"] = changed(
        lambda infos: [info | {"blockNumber": 90} for info in infos]
    )

    with pytest.raises(ChainUnavailable, match="transactions of another block"):
        scan(reader, senders=[STRANGER_BASE58])
