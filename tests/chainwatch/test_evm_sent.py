"""Who sent a transaction and with which nonce, and which nonces are used, at a node of any kind."""

from typing import Any

import pytest
from django.conf import settings

from chainwatch.chains.base import ChainUnavailable, Sent
from chainwatch.chains.evm import EvmChain
from chainwatch.chains.evm_answers import Scrambled
from tests.chainwatch.stub_node import StubNode, changed, tx

PAYER = "0x4E60C2E7181EDFc5471C0cBC8D485706d1b35686"
OTHER = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"
LIMITED = {"code": -32005, "message": "rate limit exceeded"}


@pytest.fixture
def node(stub: StubNode) -> EvmChain:
    return EvmChain(settings.NETWORKS["arbitrum"], stub.url)


def test_a_waiting_a_mined_and_an_unknown_transaction(stub: StubNode, node: EvmChain) -> None:
    stub.hand_in(tx(1), payer=PAYER.lower(), nonce=7)
    stub.mine(tx(2), 90, payer=OTHER.lower(), nonce=0)

    assert node.sent([tx(1), tx(2), tx(3)]) == {
        tx(1): Sent(PAYER, 7),
        tx(2): Sent(OTHER, 0),
        tx(3): None,
    }
    assert (stub.http_requests, len(stub.calls)) == (1, 4)


def test_nothing_to_ask_costs_nothing(stub: StubNode, node: EvmChain) -> None:
    assert node.sent([]) == {}
    assert node.next_nonces([]) == {}
    assert stub.http_requests == 0


def test_they_are_asked_a_hundred_a_request_and_each_once(stub: StubNode, node: EvmChain) -> None:
    for number in range(1, 251):
        stub.hand_in(tx(number), nonce=number)

    sent = node.sent([tx(number) for number in (*range(1, 251), 1, 2)])

    assert [each.nonce for each in sent.values() if each] == list(range(1, 251))
    assert stub.http_requests == 3
    assert stub.calls.count("eth_getTransactionByHash") == 250


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": None},
        {"nonce": 7},
        {"nonce": "7"},
        {"nonce": "-0x7"},
        {"nonce": "0x" + "f" * 64},
        {"from": None},
        {"from": "0x12"},
        {"hash": None},
        {"hash": "0x12"},
        {"type": 2},
        {"type": None},
    ],
)
def test_a_transaction_of_a_wrong_shape_is_left_out(
    change: dict[str, Any], stub: StubNode, node: EvmChain
) -> None:
    stub.hand_in(tx(1), nonce=7)
    stub.hand_in(tx(2), payer=PAYER, nonce=8)
    stub.transactions[tx(1)] |= change

    assert node.sent([tx(1), tx(2)]) == {tx(2): Sent(PAYER, 8)}


@pytest.mark.parametrize("kind", ["0x64", "0x68", "0x6a", "0x78", "0x7e", "0xff"])
def test_what_nobody_signed_uses_no_nonce_of_its_sender(
    kind: str, stub: StubNode, node: EvmChain
) -> None:
    stub.hand_in(tx(1), nonce=0x480C3)
    stub.hand_in(tx(2), payer=PAYER, nonce=8)
    stub.transactions[tx(1)]["type"] = kind

    assert node.sent([tx(1), tx(2)]) == {tx(2): Sent(PAYER, 8)}


@pytest.mark.parametrize("kind", ["0x0", "0x1", "0x2", "0x3", "0x4"])
def test_every_signed_type_is_read(kind: str, stub: StubNode, node: EvmChain) -> None:
    stub.hand_in(tx(1), payer=PAYER, nonce=1)
    stub.transactions[tx(1)]["type"] = kind

    assert node.sent([tx(1)]) == {tx(1): Sent(PAYER, 1)}


def test_an_old_transaction_says_no_type(stub: StubNode, node: EvmChain) -> None:
    stub.hand_in(tx(1), payer=PAYER, nonce=1)
    del stub.transactions[tx(1)]["type"]

    assert node.sent([tx(1)]) == {tx(1): Sent(PAYER, 1)}


def test_another_transaction_spoils_the_whole_answer(stub: StubNode, node: EvmChain) -> None:
    stub.hand_in(tx(1), nonce=7)
    stub.hand_in(tx(2), nonce=8)
    stub.transactions[tx(1)]["hash"] = tx(2)

    with pytest.raises(Scrambled, match="another transaction"):
        node.sent([tx(1), tx(2)])


def test_an_error_is_never_not_found(stub: StubNode, node: EvmChain) -> None:
    stub.hand_in(tx(2), payer=PAYER, nonce=8)
    stub.failing[tx(1)] = LIMITED

    assert node.sent([tx(1), tx(2)]) == {tx(2): Sent(PAYER, 8)}
    with pytest.raises(ChainUnavailable, match="rate limit exceeded"):
        node.sent([tx(1)])


def test_next_nonces_follow_what_is_mined(stub: StubNode, node: EvmChain) -> None:
    stub.mine(tx(1), 90, payer=PAYER, nonce=0)
    stub.mine(tx(2), 91, payer=PAYER, nonce=1)
    stub.mine(tx(3), 101, payer=PAYER, nonce=2)
    stub.hand_in(tx(4), payer=PAYER, nonce=3)

    assert node.next_nonces([PAYER, OTHER]) == {PAYER: 2, OTHER: 0}
    assert (stub.http_requests, stub.calls.count("eth_getTransactionCount")) == (1, 2)

    stub.head = 101
    assert node.next_nonces([PAYER]) == {PAYER: 3}


@pytest.mark.parametrize("result", [None, 7, "7", "0x", "0x" + "f" * 64, [], "0x٣"])
def test_a_count_of_a_wrong_shape_is_left_out(
    result: object, stub: StubNode, node: EvmChain
) -> None:
    def spoil(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[1]["result"] = result
        return answers

    stub.mine(tx(1), 90, payer=OTHER, nonce=4)
    stub.fault = changed(spoil)

    assert node.next_nonces([PAYER, OTHER]) == {OTHER: 5}


def test_a_node_that_answers_no_counts_is_unavailable(stub: StubNode, node: EvmChain) -> None:
    stub.failing["eth_getTransactionCount"] = {"code": -32601, "message": "no such method"}

    with pytest.raises(ChainUnavailable, match="no such method"):
        node.next_nonces([PAYER])
