"""Nodes that take only so many calls in one request, and say so in the words of their makers."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from billing.chains import Finality
from chainwatch.chains import evm_batches
from chainwatch.chains.base import ChainUnavailable
from chainwatch.chains.evm import EvmChain
from chainwatch.following import follow
from chainwatch.models import WatchedAddress, WatchedTransaction
from tests.chainwatch.conftest import Configure, watch
from tests.chainwatch.stub_node import Fault, StubNode, endless, send, tx, with_body, with_status


def one_error(code: int, message: str) -> bytes:
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()


def an_error_each(status: int, message: str) -> Fault:
    error = {"code": 31, "message": message}

    def refuse(handler: Any, asked: Any) -> None:
        answers = [{"jsonrpc": "2.0", "id": each["id"], "error": error} for each in asked]
        send(handler, json.dumps(answers).encode(), status)

    return refuse


def one_answer_for_all(handler: Any, asked: Any) -> None:
    error = {"code": -32600, "message": "batch too large"}
    send(handler, json.dumps([{"jsonrpc": "2.0", "id": asked[0]["id"], "error": error}]).encode())


def mined(stub: StubNode, count: int) -> list[str]:
    hashes = [tx(number) for number in range(1, count + 1)]
    for each in hashes:
        stub.mine(each, 100)
    return hashes


FREE = "Batch of more than 3 requests are not allowed on free tier"
REFUSALS: dict[str, Fault] = {
    "one error": with_body(one_error(-32014, "maximum 10 calls in 1 batch")),
    "one error with its limit": with_body(one_error(-32000, "batch limit 100 exceeded: 142 given")),
    "one error for the method": with_body(one_error(-32007, "batch limit exceeded")),
    "one error, too many": with_body(one_error(-32000, "too many RPC calls in batch request")),
    "one answer for all": one_answer_for_all,
    "500 with one error": with_status(500, one_error(31, FREE)),
    "500 with an error each": an_error_each(500, FREE),
    "an error each": an_error_each(200, FREE),
    "400": with_status(400, one_error(-32600, "Batch size is too large")),
    "413 and nothing": with_status(413, b""),
    "413 with a page": with_status(413, b"<html>413 Request Entity Too Large</html>"),
}


@pytest.mark.parametrize("most", [3, 10, 50])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_node_is_asked_with_as_many_calls_as_it_takes(
    name: str, most: int, stub: StubNode
) -> None:
    chain = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
    stub.most_calls, stub.refuse = most, REFUSALS[name]
    hashes = mined(stub, 60)

    said = chain.look(hashes, levels=[Finality.FINALIZED])

    assert len(said.receipts) == 60
    assert (said.head.number, said.head.finalized_number) == (100, 80)
    refused = [size for size in stub.sizes if size > most]
    assert 1 <= len(refused) <= 5

    # What it takes is known from now on.
    stub.sizes.clear()
    assert len(chain.look(hashes, levels=[Finality.FINALIZED]).receipts) == 60
    assert max(stub.sizes) <= most


@pytest.mark.django_db
def test_payouts_settle_at_a_node_that_takes_ten_calls(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    stub.most_calls, stub.refuse = 10, REFUSALS["one error"]
    for tx_hash in mined(stub, 40):
        watch(tx_hash)

    first = follow("arbitrum")
    stub.head = 102
    last = follow("arbitrum")

    assert (first.seen, first.error) == (40, "")
    assert (last.final, last.error) == (40, "")


@pytest.mark.django_db
@pytest.mark.parametrize("most", [3, 4, 10])
def test_a_range_is_scanned_with_few_calls_at_once(
    most: int, stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stub.stand_at(100)
    stub.most_calls, stub.refuse = most, REFUSALS["one error"]
    people = [f"0x{number:040x}" for number in range(1, 5_001)]
    WatchedAddress.objects.bulk_create(
        WatchedAddress(chain="arbitrum", address=each, is_incoming=True, watched_at=timezone.now())
        for each in people
    )
    stub.mine(tx(1), 100, payee=people[0])
    stub.mine(tx(2), 99, payee=people[-1])

    followed = follow("arbitrum")

    assert (followed.found, followed.error) == (2, "")
    assert WatchedTransaction.objects.count() == 2
    assert len({json.dumps(each["topics"]) for each in stub.filters}) == 5


def test_every_other_question_is_asked_with_few_calls_too(stub: StubNode) -> None:
    chain = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
    stub.most_calls, stub.refuse = 10, REFUSALS["one error"]
    stub.amounts = {"eth_getBalance": "0x1", "eth_call": "0x" + "0" * 64}
    people = [f"0x{number:040x}" for number in range(40)]
    for number in range(40):
        stub.hand_in(tx(number))

    assert len(chain.sent([tx(number) for number in range(40)])) == 40
    assert len(chain.next_nonces(people)) == 40
    assert len(chain.have_code(people)) == 40
    assert len(chain.block_hashes(range(1, 41))) == 40
    assert len(chain.holdings(people).amounts) == 120
    assert len([size for size in stub.sizes if size > 10]) == 2


def test_an_answer_that_is_too_long_is_asked_for_in_parts(stub: StubNode) -> None:
    chain = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
    stub.most_calls, stub.refuse = 40, endless

    said = chain.look(mined(stub, 60))

    assert len(said.receipts) == 60
    assert all(receipt is not None for receipt in said.receipts.values())


@pytest.mark.parametrize(
    "message",
    ["batch rate limit exceeded", "You used up your quota for batches", "over rate limit"],
)
def test_who_is_asked_too_often_is_not_asked_more_often_still(message: str, stub: StubNode) -> None:
    chain = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
    stub.fault = with_body(one_error(-32005, message))

    with pytest.raises(ChainUnavailable, match=message):
        chain.look([tx(1), tx(2), tx(3)])

    assert stub.sizes == [5]
    assert chain.batches.most == evm_batches.MOST


def test_one_answer_that_speaks_of_a_batch_is_that_answer_s_alone(stub: StubNode) -> None:
    chain = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
    hashes = mined(stub, 10)
    stub.failing[hashes[0]] = {"code": -32000, "message": "batch 812 not found"}

    said = chain.look(hashes)

    assert (len(said.receipts), set(said.unanswered)) == (9, {hashes[0]})
    assert stub.sizes == [12]


def test_a_node_that_takes_no_batch_is_given_up_and_says_why(stub: StubNode) -> None:
    chain = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
    stub.fault = with_body(one_error(-32600, "Batched requests are not supported by this server"))

    with pytest.raises(ChainUnavailable, match="Batched requests are not supported"):
        chain.look([tx(number) for number in range(1, 101)])

    assert len(stub.sizes) <= 8
    assert stub.sizes == sorted(stub.sizes, reverse=True)


def test_more_is_tried_again_after_an_hour(stub: StubNode, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(evm_batches, "time", SimpleNamespace(monotonic=lambda: now[0]))
    chain = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
    hashes = [tx(number) for number in range(1, 101)]
    stub.most_calls, stub.refuse = 10, REFUSALS["one error"]
    chain.look(hashes)
    stub.most_calls = None
    stub.sizes.clear()

    now[0] += evm_batches.FEWER_FOR_S - 1
    chain.look(hashes)
    assert max(stub.sizes) <= 10

    stub.sizes.clear()
    now[0] += 2
    chain.look(hashes)
    assert stub.sizes == [101]


# --- One address, several machines ----------------------------------------------------------------


@pytest.mark.django_db
def test_receipts_of_a_machine_that_lags_are_not_deep_under_the_head_of_another(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    for tx_hash in mined(stub, 150):
        watch(tx_hash)
    follow("arbitrum")

    def another_machine_answers() -> None:
        # The head of the pass, its anchor and the first hundred receipts: of one that has 102.
        stub.head = 102 if len(stub.sizes) < 4 else 101

    stub.sizes.clear()
    stub.before = another_machine_answers
    mixed = follow("arbitrum")
    assert stub.sizes[-2:] == [101, 51]
    assert mixed.final == 0

    stub.before, stub.head = None, 102
    assert follow("arbitrum").final == 150
