"""The parser of EVM nodes' answers against answers of real nodes."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from chainwatch.chains import evm_answers, evm_logs, evm_node
from chainwatch.chains.base import ChainUnavailable
from chainwatch.chains.evm import EvmChain
from tests.chainwatch.recordings import (
    RECORDINGS,
    Row,
    answers,
    errors,
    expected,
    needs_recordings,
    recorded,
)
from tests.chainwatch.stub_node import StubNode, send

CHAINS = ("arbitrum", "base", "evm")
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
# Block times that the recordings do not hold: no transfer depends on them.
SOME_TIME = datetime(2025, 1, 1, tzinfo=UTC)

pytestmark = needs_recordings


def test_every_recording_is_read_by_a_test() -> None:
    evm = {
        "eth_blockNumber",
        "eth_getBlockByNumber",
        "eth_getLogs",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
    }
    tron = {
        "gettransactionbyid",
        "gettransactioninfobyid",
        "v1/accounts/{address}/transactions/trc20",
        "wallet/getnodeinfo",
        "wallet/getnowblock",
        "wallet/gettransactioninfobyblocknum",
        "wallet/gettransactioninfobyid",
    }
    read = {
        (chain, row["file"])
        for chain in (*CHAINS, "tron")
        for row in expected(chain)
        if row["status"] == "error" or row.get("method") in (tron if chain == "tron" else evm)
    }

    there = {(path.parent.name, path.name) for path in RECORDINGS.glob("*/*.json")}
    assert read == {each for each in there if each[1] != "expected.json"}


@pytest.mark.parametrize(("chain", "row"), answers(*CHAINS, method="eth_getTransactionReceipt"))
def test_a_recorded_receipt_says_what_is_expected(chain: str, row: Row) -> None:
    raw = recorded(chain, row)
    receipt = raw if row.get("bare_result") else raw["result"]
    network = settings.NETWORKS["arbitrum" if chain == "evm" else chain]

    place = evm_answers.place(receipt, row["tx_hash"])
    read = evm_answers.receipt(receipt, row["tx_hash"], block_time=SOME_TIME, network=network)

    assert (place.block_number, place.block_hash) == (row["block_number"], row["block_hash"])
    assert (read.block_number, read.block_hash) == (row["block_number"], row["block_hash"])
    if place.block_time is not None:
        assert place.block_time.timestamp() == row["block_timestamp"]
    assert read.succeeded is (row["status"] == "success")
    assert read.sender == row["from"]
    in_scope = {*network.contracts.values(), USDC_E}
    assert [
        {
            "contract": log.contract,
            "from": log.from_address,
            "to": log.to_address,
            "amount_atomic": str(log.amount_atomic),
            "log_index": log.log_index,
        }
        for log in read.transfers
        if log.contract in in_scope
    ] == [{k: v for k, v in each.items() if k != "token"} for each in row["transfers"]]
    others = [log for log in read.transfers if log.contract not in in_scope]
    assert len(others) == row.get("other_token_transfer_logs", 0)


@pytest.mark.parametrize(("chain", "row"), answers(*CHAINS, method="eth_getBlockByNumber"))
def test_a_recorded_block_says_what_is_expected(chain: str, row: Row) -> None:
    block = evm_answers.block(recorded(chain, row)["result"])

    assert block.number == row["block_number"]
    assert block.block_hash == row["block_hash"]
    assert block.parent_hash == row["parent_hash"]
    assert block.block_time.timestamp() == row["block_timestamp"]


@pytest.mark.parametrize(("chain", "row"), answers(*CHAINS, method="eth_blockNumber"))
def test_a_recorded_block_number_says_what_is_expected(chain: str, row: Row) -> None:
    said = evm_node.result(recorded(chain, row))

    assert evm_answers.quantity(said, "block number") == row["block_number"]


@pytest.mark.parametrize(("chain", "row"), answers(*CHAINS, method="eth_getTransactionByHash"))
def test_a_recorded_transaction_says_who_sent_it_and_is_no_receipt(chain: str, row: Row) -> None:
    raw = recorded(chain, row)
    body: Any = raw if row.get("bare_result") else evm_node.result(raw)
    assert (body is None) is (row["status"] == "unknown")
    if body is None:
        return

    with pytest.raises(ChainUnavailable):
        evm_answers.place(body, row["tx_hash"])
    assert (body["type"], int(body["blockNumber"], 16)) == (row["tx_type"], row["block_number"])
    if row["tx_type"] in ("0x0", "0x1", "0x2"):
        sent = evm_answers.sent(body, row["tx_hash"])
        assert (sent.sender, sent.nonce) == (row["from"], int(body["nonce"], 16))
    else:
        with pytest.raises(ChainUnavailable, match="without a nonce of its sender"):
            evm_answers.sent(body, row["tx_hash"])


@pytest.mark.parametrize(("chain", "row"), answers(*CHAINS, method="eth_getLogs"))
def test_recorded_logs_say_what_is_expected_and_answer_no_question_of_ours(
    chain: str, row: Row
) -> None:
    logs = evm_node.result(recorded(chain, row))
    assert isinstance(logs, list)
    network = settings.NETWORKS["arbitrum"]
    (query,) = evm_logs.queries(network, 0, 2**40, senders=[USDC_E], recipients=[])

    hashes = [evm_answers.hash_of(log["transactionHash"], "transaction hash") for log in logs]
    heights = {evm_answers.quantity(log["blockNumber"], "block number") for log in logs}

    assert hashes == row.get("tx_hashes", [])
    assert heights == ({row["block_number"]} if logs else set())
    assert row["transfers"] == []
    moved = [evm_answers.transfer(log, ordinal=0, log_index=0) for log in logs]
    assert [each for each in moved if each and network.token_of(each.contract)] == []
    if logs:
        with pytest.raises(evm_answers.Scrambled):
            list(evm_logs.found(logs, query, {}))
    else:
        assert list(evm_logs.found(logs, query, {})) == []


@pytest.mark.parametrize(("chain", "row"), errors(*CHAINS))
def test_a_recorded_error_is_never_read_as_not_found(chain: str, row: Row, stub: StubNode) -> None:
    raw = recorded(chain, row)
    status = row.get("http_status", 200)
    tx_hash = "0x" + "5" * 64
    reader = EvmChain(replace(settings.NETWORKS["arbitrum"], rpc_headers={}), stub.url)

    def as_one_item(handler: Any, answers: list[dict[str, Any]]) -> None:
        answers[-1] = {k: v for k, v in raw.items() if k != "id"} | {"id": answers[-1]["id"]}
        send(handler, json.dumps(answers).encode(), status)

    stub.fault = as_one_item
    try:
        look = reader.look([tx_hash])
    except ChainUnavailable:
        look = None
    assert look is None or tx_hash not in look.receipts

    stub.fault = lambda handler, answers: send(handler, json.dumps(raw).encode(), status)
    with pytest.raises(ChainUnavailable):
        reader.look([tx_hash])
