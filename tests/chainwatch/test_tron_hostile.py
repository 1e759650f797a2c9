"""Tron nodes that fail in every way nodes do: nothing is learned, and nothing is believed."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from billing.chains import Finality, Network
from chainwatch.chains.base import ChainReader, ChainRefused, ChainUnavailable, RangeTooLarge
from chainwatch.chains.tron import TronChain
from tests.chainwatch.stub_node import (
    Fault,
    cut_short,
    dripping,
    endless,
    reset,
    send,
    with_body,
    with_status,
)
from tests.chainwatch.tron_stub import (
    NEWEST,
    PAYER_BASE58,
    SOLID,
    TronStub,
    changed,
    running_tron_stub,
    tx,
)

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
ERROR = b'{"Error": "class java.lang.NullPointerException : null"}'

# Whatever is asked, the answer is of no use, and never "not found".
FAULTS: dict[str, Fault] = {
    "429": with_status(429, b'{"Error": "request rate exceeded"}'),
    "500": with_status(500),
    "502 with HTML": with_status(502, HTML),
    "404": with_status(404),
    "redirect": with_status(302),
    "created": with_status(201),
    "no content": with_status(204, b""),
    "HTML with 200": with_body(HTML),
    "empty body": with_body(b""),
    "not UTF-8": with_body(b'{"id": "\xff"}'),
    "null": with_body(b"null"),
    "a number": with_body(b"1"),
    "a number of many digits": with_body(b'{"id": ' + b"9" * 10_000 + b"}"),
    "text": with_body(b'"ok"'),
    "an empty text": with_body(b'""'),
    "false": with_body(b"false"),
    "deep nesting": with_body(b"[" * 100_000),
    "reset": reset,
    "truncated": cut_short,
    "truncated JSON of the right length": with_body(b'{"id": "00'),
    "huge body": endless,
    "huge when unpacked": lambda handler, answer: _send_gzip(handler),
    "error with 200": with_body(ERROR),
    "an error of another shape": with_body(b'{"code": "OTHER_ERROR", "message": "6e6f"}'),
    "a gateway's error": with_body(b'{"success": false, "error": "frequency limit"}'),
    "an error beside the answer": changed(lambda answer: _with_error(answer)),
}


@pytest.fixture
def stub() -> Iterator[TronStub]:
    with running_tron_stub() as node:
        yield node


def reading(stub: TronStub, *, url: str = "", total_timeout_s: float = 5, **row: Any) -> TronChain:
    network: Network = replace(settings.NETWORKS["tron"], **row)
    return TronChain(network, url or stub.url, total_timeout_s=total_timeout_s)


def _send_gzip(handler: Any) -> None:
    body = gzip.compress(b"[" * 50_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _with_error(answer: Any) -> Any:
    return [{"Error": "half"}] if isinstance(answer, list) else answer | {"Error": "half"}


# --- Everything fails -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAULTS)
def test_a_failing_node_says_nothing_of_anything(name: str, stub: TronStub) -> None:
    reader = reading(stub)
    stub.mine(tx(1), 100)
    stub.faults[""] = FAULTS[name]
    questions: list[Callable[[], object]] = [
        lambda: reader.look([tx(1)]),
        lambda: reader.scan(99, 100, references=[tx(1)]),
        lambda: reader.block_hashes([100]),
        reader.chain_id,
    ]

    for question in questions:
        with pytest.raises(ChainUnavailable):
            question()

    stub.faults.clear()

    assert set(reader.look([tx(1)]).receipts) == {tx(1)}


@pytest.mark.parametrize("name", FAULTS)
def test_a_transaction_that_a_node_fails_to_tell_is_not_called_unknown(
    name: str, stub: TronStub
) -> None:
    stub.faults["wallet/gettransactioninfobyid"] = FAULTS[name]

    look = reading(stub).look([tx(1), tx(2)])

    assert look.head.number == 100
    assert look.receipts == {}
    assert set(look.unanswered) == {tx(1), tx(2)}
    assert all(look.unanswered.values())


@pytest.mark.parametrize("name", FAULTS)
def test_a_transaction_whose_block_a_node_fails_to_tell_is_not_told(
    name: str, stub: TronStub
) -> None:
    reader = reading(stub)
    reader.look([])
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 100)
    stub.faults["wallet/getblock"] = FAULTS[name]

    # The head's block is known, so that what is in it can be told.
    look = reader.look([tx(2), tx(1)])

    assert set(look.receipts) == {tx(2)}
    assert set(look.unanswered) == {tx(1)}


@pytest.mark.parametrize("name", FAULTS)
def test_a_block_whose_transactions_a_node_fails_to_tell_is_not_passed_over(
    name: str, stub: TronStub
) -> None:
    stub.mine(tx(1), 100)
    stub.faults["wallet/gettransactioninfobyblocknum"] = FAULTS[name]

    with pytest.raises(ChainUnavailable):
        reading(stub).scan(99, 100, senders=[PAYER_BASE58])


@pytest.mark.parametrize("name", FAULTS)
def test_a_node_that_fails_to_tell_its_solid_head_makes_nothing_solid(
    name: str, stub: TronStub
) -> None:
    stub.faults[SOLID] = FAULTS[name]

    look = reading(stub).look([], levels={Finality.SOLIDIFIED})

    assert (look.head.number, look.head.finalized_number) == (100, None)


# --- What is learned stays learned ----------------------------------------------------------------


def test_nothing_more_is_asked_of_a_node_that_stopped_answering(stub: TronStub) -> None:
    for number in range(1, 6):
        stub.mine(tx(number), 100)

    def tired(handler: Any, answer: Any) -> None:
        asked = stub.paths.count("wallet/gettransactioninfobyid")
        body = json.dumps(answer).encode()
        send(handler, body if asked <= 2 else b"{}", 200 if asked <= 2 else 503)

    stub.faults["wallet/gettransactioninfobyid"] = tired

    look = reading(stub).look([tx(number) for number in range(1, 6)])

    assert set(look.receipts) == {tx(1), tx(2)}
    assert look.unanswered == dict.fromkeys([tx(3), tx(4), tx(5)], "HTTP 503")
    assert stub.paths.count("wallet/gettransactioninfobyid") == 3


def test_one_bad_answer_does_not_spoil_the_others(stub: TronStub) -> None:
    for number in (1, 2, 3):
        stub.mine(tx(number), 100)
    stub.infos[tx(2)]["Error"] = "missing"

    look = reading(stub).look([tx(1), tx(2), tx(3), tx(4)])

    assert set(look.receipts) == {tx(1), tx(3), tx(4)}
    assert look.receipts[tx(4)] is None
    assert look.unanswered == {tx(2): "missing"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "ab" * 32}, "of another transaction"),
        ({"blockNumber": None}, "without a block"),
        ({"blockNumber": 99}, "replaced while it was asked"),
        ({"blockNumber": 101}, "no block 101 on this node"),
        ({"blockTimeStamp": None}, "replaced while it was asked"),
        ({"receipt": {}}, "events without a result"),
        ({"log": [{"address": "41"} | {"topics": ["d" * 64] * 3}]}, ""),
    ],
)
def test_an_answer_that_does_not_fit_is_no_answer(
    stub: TronStub, change: dict[str, Any], words: str
) -> None:
    stub.mine(tx(1), 100)
    stub.faults["wallet/gettransactioninfobyid"] = changed(
        lambda info: {k: v for k, v in (info | change).items() if v is not None}
    )

    look = reading(stub).look([tx(1)])

    if words:
        assert words in look.unanswered[tx(1)]
        assert look.receipts == {}
    else:
        # No transfer, so its address is not even looked at.
        assert look.receipts[tx(1)] is not None


# --- Which chain ----------------------------------------------------------------------------------


def test_a_node_of_another_chain_is_never_believed(stub: TronStub) -> None:
    stub.chain_id = 3448148188  # Nile, the test network
    reader = reading(stub)
    stub.mine(tx(1), 100)
    questions: list[Callable[[], object]] = [
        lambda: reader.look([tx(1)]),
        lambda: reader.scan(100, 100, senders=[PAYER_BASE58]),
        lambda: reader.block_hashes([100]),
    ]

    for question in questions:
        with pytest.raises(ChainRefused) as refused:
            question()
        assert str(refused.value) == "chain id 3448148188 instead of 728126428"

    assert stub.paths == ["wallet/getblock"] * 3
    assert reader.chain_id() == 3448148188


def test_the_chain_is_asked_at_the_start_after_a_failure_and_at_a_fail_over(
    stub: TronStub,
) -> None:
    reader = reading(stub)

    def genesis_asked() -> int:
        return stub.questions.count({"id_or_num": "0", "detail": False})

    reader.look([])
    reader.look([])
    assert genesis_asked() == 1

    stub.faults[NEWEST] = with_status(503)
    with pytest.raises(ChainUnavailable):
        reader.look([])
    stub.faults.clear()
    reader.look([])
    assert genesis_asked() == 2

    reader.recheck()
    stub.chain_id = 1
    with pytest.raises(ChainRefused):
        reader.look([])
    assert genesis_asked() == 3


# --- Time and size --------------------------------------------------------------------------------


@pytest.mark.parametrize("in_headers", [True, False])
def test_a_node_that_drips_is_cut_off(stub: TronStub, in_headers: bool) -> None:
    stub.faults[""] = dripping(in_headers=in_headers)
    began = time.monotonic()

    with pytest.raises(ChainUnavailable):
        reading(stub, total_timeout_s=0.5).look([tx(1)])

    assert time.monotonic() - began < 5


def test_a_node_that_says_nothing_is_cut_off_once_not_once_per_hash(stub: TronStub) -> None:
    stub.faults["wallet/gettransactioninfobyid"] = lambda handler, answer: time.sleep(2)
    began = time.monotonic()

    look = reading(stub, total_timeout_s=0.3).look([tx(number) for number in range(50)])

    assert time.monotonic() - began < 1.5
    assert len(set(look.unanswered.values())) == 1
    assert len(look.unanswered) == 50


def slowly(handler: Any, answer: Any) -> None:
    time.sleep(0.05)
    send(handler, json.dumps(answer).encode())


def test_a_slow_node_is_not_asked_for_ever(stub: TronStub) -> None:
    stub.faults["wallet/gettransactioninfobyid"] = slowly

    look = reading(stub, total_timeout_s=0.3).look([tx(number) for number in range(1000)])

    assert 1 <= len(look.receipts) <= 7
    assert len(look.receipts) + len(look.unanswered) == 1000
    assert set(look.unanswered.values()) == {"not asked: the node is too slow for so many"}


def test_a_slow_node_is_asked_for_fewer_blocks(stub: TronStub) -> None:
    stub.faults["wallet/gettransactioninfobyblocknum"] = slowly
    reader = reading(stub, total_timeout_s=0.2)

    with pytest.raises(RangeTooLarge, match="too slow for so many blocks"):
        reader.scan(81, 100, senders=[PAYER_BASE58])

    assert reader.scan(100, 100, senders=[PAYER_BASE58]).block.number == 100


@pytest.mark.parametrize(
    ("fault", "words"),
    [(endless, "BodyTooLarge"), (with_status(429), "HTTP 429")],
    ids=["too long", "too often"],
)
def test_too_much_for_a_range_is_not_too_much_for_one_block(
    stub: TronStub, fault: Fault, words: str
) -> None:
    reader = reading(stub)
    stub.faults["wallet/gettransactioninfobyblocknum"] = fault

    with pytest.raises(RangeTooLarge, match=words):
        reader.scan(99, 100, senders=[PAYER_BASE58])

    with pytest.raises(ChainUnavailable, match=words) as refused:
        reader.scan(100, 100, senders=[PAYER_BASE58])
    assert not isinstance(refused.value, RangeTooLarge)


# --- Keys and addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/wallet/getblock"),
        ("/", "/wallet/getblock"),
        ("/trongrid/v2/a-secret-key", "/trongrid/v2/a-secret-key/wallet/getblock"),
        ("/a-secret-key/", "/a-secret-key/wallet/getblock"),
        ("?apikey=a-secret-key", "/wallet/getblock?apikey=a-secret-key"),
        ("/jsonrpc?apikey=a-secret-key&b=", "/jsonrpc/wallet/getblock?apikey=a-secret-key&b="),
    ],
)
def test_a_url_is_asked_with_all_that_is_in_it(stub: TronStub, path: str, asked: str) -> None:
    reader = reading(stub, url=stub.url + path)

    reader.chain_id()

    assert stub.urls == [asked]
    assert "secret" not in reader.node


def test_no_key_of_others_is_sent_to_trongrid(stub: TronStub) -> None:
    reader = reading(stub, url=f"{stub.url}/trongrid.io", rpc_headers={})

    reader.look([tx(1)])

    assert len(stub.headers) == 3
    for headers in stub.headers:
        assert "tron-pro-api-key" not in {name.lower() for name in headers}
        assert "authorization" not in {name.lower() for name in headers}


def test_no_other_key_is_tried_where_ours_is_used_up(
    stub: TronStub, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.faults[""] = with_status(403, b'{"Error": "Exceed the user daily usage"}')
    headers = {"TRON-PRO-API-KEY": "our-own-key"}

    with pytest.raises(ChainUnavailable, match="HTTP 403"):
        reading(stub, url=f"{stub.url}/trongrid.io", rpc_headers=headers).look([])

    assert [each["TRON-PRO-API-KEY"] for each in stub.headers] == ["our-own-key"]
    assert capfd.readouterr() == ("", "")


def test_keys_in_headers_are_sent_and_connections_are_kept(stub: TronStub) -> None:
    reader = reading(stub, rpc_headers={"TRON-PRO-API-KEY": "our-own-key"})

    reader.look([tx(1)])
    reader.scan(95, 100, senders=[PAYER_BASE58])

    assert {each["TRON-PRO-API-KEY"] for each in stub.headers} == {"our-own-key"}
    assert len(stub.connections) == 1


def test_a_node_that_is_not_there_is_unavailable_and_its_key_unsaid() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"http://user:password@127.0.0.1:{port}/a-secret-key?token=b-secret"
    reader: ChainReader = TronChain(settings.NETWORKS["tron"], url)

    with pytest.raises(ChainUnavailable) as refused:
        reader.look([tx(1)])

    assert str(refused.value) == "ConnectionError"
    assert reader.node == f"127.0.0.1:{port}"
    assert (reader.cost.http_requests, reader.cost.calls) == (1, 1)
