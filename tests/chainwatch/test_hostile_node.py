"""Nodes that fail in every way nodes do: nothing is learned, and nothing is believed."""

import gzip
import json
import socket
import time
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from billing.chains import Network
from chainwatch.chains.base import ChainRefused, ChainUnavailable
from chainwatch.chains.evm import EvmChain
from chainwatch.following import follow
from chainwatch.models import ChainHead, Transfer
from tests.chainwatch.conftest import Configure, standing, state, watch
from tests.chainwatch.stub_node import (
    Fault,
    StubNode,
    changed,
    cut_short,
    dripping,
    endless,
    reset,
    tx,
    with_body,
    with_status,
)

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
RATE_LIMIT = {"code": -32005, "message": "daily request count exceeded, request rate limited"}


def swap_results(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [each["id"] for each in answers]
    return [each | {"id": wrong} for each, wrong in zip(answers, ids[1:] + ids[:1], strict=True)]


FAULTS: dict[str, Fault] = {
    "429": with_status(429, json.dumps({"error": RATE_LIMIT}).encode()),
    "500": with_status(500),
    "502 with HTML": with_status(502, HTML),
    "404": with_status(404),
    "redirect": with_status(302),
    "HTML with 200": with_body(HTML),
    "empty body": with_body(b""),
    "not UTF-8": with_body(b'[{"id":1,"result":"\xff"}]'),
    "null": with_body(b"null"),
    "a number": with_body(b"1"),
    "deep nesting": with_body(b"[" * 100_000),
    "one error for the batch": with_body(json.dumps({"id": None, "error": RATE_LIMIT}).encode()),
    "text as result": with_body(b'{"status":"0","message":"NOTOK","result":"Free API access ..."}'),
    "reset": reset,
    "truncated": cut_short,
    "truncated JSON of the right length": with_body(b'[{"jsonrpc":"2.0","id":1,"res'),
    "huge body": endless,
    "huge when unpacked": lambda handler, answers: _send_gzip(handler),
    "ids nobody asked": changed(lambda a: [each | {"id": each["id"] + 1000} for each in a]),
    "ids as text": changed(lambda a: [each | {"id": str(each["id"])} for each in a]),
    "no ids": changed(lambda a: [{"result": each["result"]} for each in a]),
    "the same id twice": changed(lambda a: [each | {"id": a[0]["id"]} for each in a]),
    "one answer missing": changed(lambda a: a[:-1]),
    "one answer too many": changed(lambda a: [*a, a[-1]]),
    "answers exchanged": changed(swap_results),
    "every item an error": changed(
        lambda a: [{"jsonrpc": "2.0", "id": each["id"], "error": RATE_LIMIT} for each in a]
    ),
    "head is null": changed(lambda a: [each | {"result": None} for each in a]),
    "head is text": changed(lambda a: [each | {"result": "0x1"} for each in a]),
    "NUL in the message": with_body(b'{"error":{"code":1,"message":"\\u0000 gone"}}'),
}


def _send_gzip(handler: Any) -> None:
    body = gzip.compress(b"[" * 50_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.django_db
@pytest.mark.parametrize("name", FAULTS)
def test_a_failing_node_changes_nothing_and_the_next_pass_recovers(
    name: str, stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    watch(tx(1))
    stub.mine(tx(1), 100)
    stub.fault = FAULTS[name]

    failed = follow("arbitrum")

    assert failed.error
    assert failed.head_number is None
    assert failed.http_requests >= 1
    row = state(tx(1))
    assert (row.asked_at, row.block_number, row.absent_block_time) == (None, None, None)
    assert not Transfer.objects.exists()
    head = ChainHead.objects.get(chain="arbitrum")
    assert head.number == 0
    assert head.read_at is None
    assert head.failed_at is not None
    assert head.last_error == failed.error

    stub.fault = None
    recovered = follow("arbitrum")

    assert (recovered.seen, recovered.error) == (1, "")
    assert state(tx(1)).block_number == 100
    head.refresh_from_db()
    assert (head.number, head.last_error) == (100, "")
    assert head.read_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize("name", FAULTS)
def test_a_node_that_fails_at_the_last_question_makes_nothing_final(
    name: str, stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    for number in (1, 2):
        watch(tx(number))
        stub.mine(tx(number), 100)
    follow("arbitrum")
    stub.head = 102
    stub.fault = FAULTS[name]

    failed = follow("arbitrum")

    assert failed.error
    for number in (1, 2):
        row = state(tx(number))
        assert (row.block_number, row.final_at, row.orphaned_at) == (100, None, None)

    stub.fault = None

    assert follow("arbitrum").final == 2


@pytest.mark.django_db
def test_one_bad_item_of_a_batch_is_not_learned_and_the_others_are(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    for number in (1, 2, 3):
        watch(tx(number))
    stub.mine(tx(1), 99)
    stub.mine(tx(2), 99)
    stub.failing[tx(2)] = {"code": -32000, "message": "missing trie node"}

    followed = follow("arbitrum")

    assert followed.seen == 1
    assert "missing trie node" in followed.error
    assert state(tx(1)).block_number == 99
    assert (state(tx(2)).block_number, state(tx(2)).absent_block_time) == (None, None)
    assert state(tx(3)).absent_block_time is not None


@pytest.mark.django_db
def test_a_hash_that_a_node_cannot_answer_does_not_keep_others_from_becoming_final(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    watch(tx(1))
    stub.mine(tx(1), 100)
    follow("arbitrum")
    watch(tx(2))
    stub.failing[tx(2)] = {"code": -32000, "message": "couldn't find block with transactions"}
    stub.head = 102

    followed = follow("arbitrum")

    assert followed.final == 1
    assert state(tx(1)).final_at is not None
    assert state(tx(2)).absent_block_time is None


@pytest.mark.django_db
def test_a_node_of_another_chain_is_never_believed(stub: StubNode, configure: Configure) -> None:
    stub.chain_id = 1
    stub.mine(tx(1), 100)
    configure("arbitrum", rpc_urls=(stub.url,))
    watch(tx(1))

    followed = follow("arbitrum")

    assert followed.error == "127.0.0.1:{}: chain id 1 instead of 42161".format(
        stub.url.rpartition(":")[2]
    )
    assert state(tx(1)).block_number is None


def arbitrum(stub: StubNode, **changes: Any) -> EvmChain:
    row: Network = settings.NETWORKS["arbitrum"]
    return EvmChain(replace(row, **changes), stub.url, total_timeout_s=0.5)


@pytest.mark.parametrize("in_headers", [True, False])
def test_a_node_that_drips_is_cut_off(stub: StubNode, in_headers: bool) -> None:
    stub.fault = dripping(in_headers=in_headers)
    reader = arbitrum(stub)
    began = time.monotonic()

    with pytest.raises(ChainUnavailable):
        reader.look([tx(1)])

    assert time.monotonic() - began < 5


def test_a_node_that_says_nothing_is_cut_off(stub: StubNode) -> None:
    stub.fault = lambda handler, answers: time.sleep(2)

    began = time.monotonic()

    with pytest.raises(ChainUnavailable):
        arbitrum(stub).look([tx(1)])

    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("name", ["huge body", "huge when unpacked"])
def test_a_body_is_read_no_further_than_ten_megabytes(stub: StubNode, name: str) -> None:
    stub.fault = FAULTS[name]

    with pytest.raises(ChainUnavailable, match="BodyTooLarge"):
        EvmChain(settings.NETWORKS["arbitrum"], stub.url).look([tx(1)])


def test_a_node_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reader = EvmChain(settings.NETWORKS["arbitrum"], f"http://127.0.0.1:{port}/v2/a-secret-key")

    with pytest.raises(ChainUnavailable) as refused:
        reader.look([tx(1)])

    assert str(refused.value) == "ConnectionError"
    assert reader.node == f"127.0.0.1:{port}"
    assert (reader.cost.http_requests, reader.cost.calls) == (1, 3)


def test_keys_in_headers_are_sent_and_connections_are_kept(stub: StubNode) -> None:
    reader = arbitrum(stub, rpc_headers={"X-Api-Key": "secret"})

    reader.look([tx(1)])
    reader.look([tx(2)])

    assert [each["X-Api-Key"] for each in stub.headers] == ["secret", "secret"]
    assert len(stub.connections) == 1


def test_the_chain_id_is_asked_at_the_start_and_again_after_a_failure(stub: StubNode) -> None:
    reader = arbitrum(stub)
    reader.look([])
    reader.look([])
    stub.fault = with_status(503)
    with pytest.raises(ChainUnavailable):
        reader.look([])
    stub.fault = None
    stub.chain_id = 10

    with pytest.raises(ChainRefused):
        reader.look([])

    assert stub.calls.count("eth_chainId") == 2


def test_a_receipt_of_another_transaction_spoils_the_whole_answer(stub: StubNode) -> None:
    stub.mine(tx(1), 100)
    stub.mine(tx(2), 100)
    stub.receipts[tx(1)]["transactionHash"] = tx(2)

    with pytest.raises(ChainUnavailable, match="another transaction"):
        arbitrum(stub).look([tx(1), tx(2)])


@pytest.mark.parametrize(
    "change",
    [
        {"status": None},
        {"status": "0x2"},
        {"status": 1},
        {"blockNumber": None},
        {"blockNumber": "0xzz"},
        {"blockNumber": 100},
        {"blockNumber": "0x" + "f" * 64},
        {"blockHash": "0x12"},
        {"blockHash": None},
        {"from": "0x12"},
        {"logs": None},
        {"logs": [None]},
        {"logs": "0x"},
        {"transactionHash": 7},
    ],
)
def test_a_receipt_of_a_wrong_shape_is_no_answer(stub: StubNode, change: dict[str, Any]) -> None:
    stub.mine(tx(1), 100)
    stub.mine(tx(2), 100)

    def spoil(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[2]["result"] |= change
        return answers

    stub.fault = changed(spoil)

    look = arbitrum(stub).look([tx(1), tx(2)])

    assert set(look.unanswered) == {tx(1)}
    assert set(look.receipts) == {tx(2)}


@pytest.mark.django_db
def test_a_block_told_two_ways_is_not_final_until_it_is_told_twice_alike(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    watch(tx(1))
    stub.mine(tx(1), 100, amount=999)
    follow("arbitrum")
    assert state(tx(1)).final_at is not None

    watch(tx(2))
    stub.mine(tx(2), 101, amount=999)
    stub.head = 100
    follow("arbitrum")
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=2)
    stub.head = 101
    follow("arbitrum")
    stub.mine(tx(2), 101, amount=5)
    stub.head = 102

    first = follow("arbitrum")

    assert (first.final, first.orphaned) == (0, 1)
    assert [int(each.amount_atomic) for each in standing(tx(2))] == [5]
    assert Transfer.objects.filter(tx_hash=tx(2), orphaned_at__isnull=False).count() == 1

    second = follow("arbitrum")

    assert second.final == 1
