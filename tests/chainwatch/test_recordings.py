"""Our parser against answers of real nodes, where they are at hand beside the repository.

They are data of the workplace and not part of the project: without them these tests are skipped,
and the shapes that matter stand written out in test_evm_answers.py.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from chainwatch.chains import evm_answers
from chainwatch.chains.base import ChainUnavailable
from chainwatch.chains.evm import EvmChain
from tests.chainwatch.stub_node import StubNode, send

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
# Block times that the recordings do not hold: no transfer depends on them.
SOME_TIME = datetime(2025, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"no recordings of real nodes at {RECORDINGS}"
)


@cache
def expected(method: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Every recorded answer of one method, with what it means; errors where no method is given."""
    rows = []
    for chain in ("arbitrum", "base", "evm"):
        place = RECORDINGS / chain / "expected.json"
        for row in json.loads(place.read_text()) if place.is_file() else []:
            is_wanted = row["status"] == "error" if method is None else row.get("method") == method
            if is_wanted and (method is None or row["status"] != "error"):
                rows.append((chain, row))
    return rows


def recorded(chain: str, row: dict[str, Any]) -> Any:
    return json.loads((RECORDINGS / chain / row["file"]).read_text())


def named(rows: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    return [pytest.param(*row, id=f"{row[0]}/{row[1]['file']}") for row in rows]


@pytest.mark.parametrize(("chain", "row"), named(expected("eth_getTransactionReceipt")))
def test_a_recorded_receipt_says_what_is_expected(chain: str, row: dict[str, Any]) -> None:
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


@pytest.mark.parametrize(("chain", "row"), named(expected("eth_getBlockByNumber")))
def test_a_recorded_block_says_what_is_expected(chain: str, row: dict[str, Any]) -> None:
    block = evm_answers.block(recorded(chain, row)["result"])

    assert block.number == row["block_number"]
    assert block.block_hash == row["block_hash"]
    assert block.parent_hash == row["parent_hash"]
    assert block.block_time.timestamp() == row["block_timestamp"]


@pytest.mark.parametrize(("chain", "row"), named(expected("eth_getTransactionByHash")))
def test_what_is_not_a_receipt_is_not_read_as_one(chain: str, row: dict[str, Any]) -> None:
    raw = recorded(chain, row)
    body = raw if row.get("bare_result") else raw["result"]
    if body is None:
        return
    with pytest.raises(ChainUnavailable):
        evm_answers.place(body, "0x" + body["hash"].removeprefix("0x"))


@pytest.mark.parametrize(("chain", "row"), named(expected(None)))
def test_a_recorded_error_is_never_read_as_not_found(
    chain: str, row: dict[str, Any], stub: StubNode
) -> None:
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
