"""Finding what watched addresses sent and got, at a node that is not ours to trust."""

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from billing.addresses import evm_checksum
from billing.chains import Finality, Token
from chainwatch.chains.base import ChainRefused, ChainUnavailable, RangeTooLarge
from chainwatch.chains.evm import EvmChain
from chainwatch.chains.evm_answers import TRANSFER, Scrambled
from chainwatch.chains.evm_errors import TooMuchAtOnce
from tests.chainwatch.stub_node import (
    PAYEE,
    PAYER,
    USDC,
    Fault,
    StubNode,
    changed,
    endless,
    reset,
    tx,
    with_body,
    with_status,
    word,
)

USDT = "0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9"
USDC_E = "0xff970a61a04b1ca14834a43f5de4533ebddb5cc8"
UNKNOWN_TOKEN = "0x" + "77" * 20
STRANGER = "0x" + "33" * 20


def reader(stub: StubNode, **changes: Any) -> EvmChain:
    return EvmChain(replace(settings.NETWORKS["arbitrum"], **changes), stub.url)


def test_what_an_address_sent_and_what_it_got_is_found(stub: StubNode) -> None:
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 91, payer=STRANGER)
    stub.mine(tx(3), 92, payee=STRANGER)
    stub.mine(tx(4), 93, payer=STRANGER, payee=STRANGER)
    stub.mine(tx(5), 94, contract=USDT)

    sent = reader(stub).scan(80, 100, senders=[PAYER])
    got = reader(stub).scan(80, 100, recipients=[PAYEE])
    both = reader(stub).scan(80, 100, senders=[PAYER], recipients=[PAYEE])

    assert sent.found == {tx(1): None, tx(3): None, tx(5): None}
    assert got.found == {tx(1): None, tx(2): None, tx(5): None}
    assert both.found == {tx(1): None, tx(2): None, tx(3): None, tx(5): None}
    assert (both.block.number, both.block.block_hash) == (100, stub.block_hash(100))
    assert both.block.parent_hash == stub.block_hash(99)
    assert both.block.block_time.timestamp() == 1_700_000_100
    assert both.node == stub.url.removeprefix("http://")


def test_a_scan_is_one_request_and_asks_only_for_transfers_of_our_tokens(
    stub: StubNode,
) -> None:
    node = reader(stub)
    node.look([])

    node.scan(80, 100, senders=[PAYER], recipients=[PAYEE])

    assert stub.http_requests == 2
    assert stub.calls[2:] == [*["eth_getBlockByNumber"] * 2, "eth_getLogs", "eth_getLogs"]
    frame = {"fromBlock": "0x50", "toBlock": "0x64"}
    pinned = [
        "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9",
        "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
    ]
    with_namesake = ["0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8", *pinned]
    assert stub.filters == [
        frame | {"address": pinned, "topics": [TRANSFER, [word(PAYER)]]},
        frame | {"address": with_namesake, "topics": [TRANSFER, None, [word(PAYEE)]]},
    ]


def test_both_ends_of_a_range_are_in_it(stub: StubNode) -> None:
    for number in (89, 90, 95, 96):
        stub.mine(tx(number), number)

    scan = reader(stub).scan(90, 95, senders=[PAYER])

    assert list(scan.found) == [tx(90), tx(95)]
    assert scan.block.number == 95


def test_a_range_of_one_block_and_an_empty_one(stub: StubNode) -> None:
    stub.mine(tx(1), 90)

    assert reader(stub).scan(90, 90, senders=[PAYER]).found == {tx(1): None}
    assert reader(stub).scan(91, 100, senders=[PAYER]).found == {}
    assert reader(stub).scan(91, 100).found == {}


def test_a_scan_tells_the_block_before_its_first_in_the_same_breath(stub: StubNode) -> None:
    node = reader(stub)
    node.look([])
    asked = len(stub.calls)

    assert node.scan(91, 100, senders=[PAYER]).parent_hash == stub.block_hash(90)
    assert node.scan(0, 5, senders=[PAYER]).parent_hash == ""
    assert stub.calls.count("eth_getBlockByNumber") == 1 + 2 + 1
    # A block tells its parent itself.
    assert node.scan(91, 91, senders=[PAYER]).parent_hash == stub.block_hash(90)
    assert stub.calls[asked:][-2:] == ["eth_getBlockByNumber", "eth_getLogs"]
    assert stub.http_requests == 4


def test_addresses_go_by_the_thousand_and_every_request_names_the_ends_of_the_range(
    stub: StubNode,
) -> None:
    people = [f"0x{number:040x}" for number in range(1, 12_002)]
    stub.mine(tx(1), 90, payer=people[0])
    stub.mine(tx(2), 91, payer=people[12_000])
    stub.mine(tx(3), 92, payee=people[4_321])

    scan = reader(stub).scan(80, 100, senders=people, recipients=[people[4_321]])

    assert scan.found == {tx(1): None, tx(2): None, tx(3): None}
    # Thirteen filters of senders and one of recipients, twelve a request.
    assert stub.http_requests == 2
    assert stub.calls.count("eth_getLogs") == 14
    assert stub.calls.count("eth_getBlockByNumber") == 4
    assert stub.calls.count("eth_chainId") == 1
    assert [len(each["topics"][1]) for each in stub.filters[:13]] == [1_000] * 12 + [1]


def test_ten_thousand_recipients_are_one_request_below_a_megabyte(stub: StubNode) -> None:
    people = [f"0x{number:040x}" for number in range(1, 10_001)]
    node = reader(stub)
    node.look([])

    node.scan(80, 100, senders=[PAYER], recipients=people)

    assert stub.http_requests == 2
    assert stub.calls[2:] == [*["eth_getBlockByNumber"] * 2, *["eth_getLogs"] * 11]
    assert int(stub.headers[-1]["Content-Length"]) < 1_000_000


def test_zero_values_unknown_tokens_and_reverted_ones_are_not_found(stub: StubNode) -> None:
    stub.mine(tx(1), 90, amount=0)
    stub.mine(tx(2), 91, contract=UNKNOWN_TOKEN)
    stub.mine(tx(3), 92, status="0x0")

    scan = reader(stub).scan(80, 100, senders=[PAYER], recipients=[PAYEE])

    assert scan.found == {}


def test_a_namesake_is_found_where_it_was_got_not_where_it_was_sent(stub: StubNode) -> None:
    stub.mine(tx(1), 91, contract=USDC_E)
    stub.mine(tx(2), 92, contract=USDC_E, amount=0)

    assert reader(stub).scan(80, 100, recipients=[PAYEE]).found == {tx(1): None}
    assert reader(stub).scan(80, 100, senders=[PAYER]).found == {}


def test_a_namesake_sent_is_the_answer_to_another_question(stub: StubNode) -> None:
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 91)

    def spoil(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[-1]["result"][0]["address"] = USDC_E
        return answers

    stub.fault = changed(spoil)

    with pytest.raises(Scrambled):
        reader(stub).scan(80, 100, senders=[PAYER])


def test_a_zero_value_beside_a_transfer_does_not_hide_it(stub: StubNode) -> None:
    stub.mine(tx(1), 90)
    zero = stub.receipts[tx(1)]["logs"][0] | {"data": f"0x{0:064x}", "logIndex": "0x2"}
    stub.receipts[tx(1)]["logs"].insert(0, zero)

    assert reader(stub).scan(80, 100, senders=[PAYER]).found == {tx(1): None}


def test_a_node_that_lacks_the_last_block_never_says_that_nothing_was_there(
    stub: StubNode,
) -> None:
    stub.mine(tx(1), 99)
    stub.lag = 5
    assert reader(stub).look([]).head.number == 100

    with pytest.raises(ChainUnavailable, match="does not have block 100 yet") as refused:
        reader(stub).scan(90, 100, senders=[PAYER])

    assert not isinstance(refused.value, RangeTooLarge)
    assert reader(stub).scan(90, 95, senders=[PAYER]).found == {}


def test_machines_behind_one_address_that_disagree_on_the_last_block_are_not_believed(
    stub: StubNode,
) -> None:
    people = [f"0x{number:040x}" for number in range(1, 12_002)]

    def second_one_differs(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if stub.http_requests == 2:
            answers[0]["result"]["hash"] = "0x" + "e" * 64
        return answers

    stub.fault = changed(second_one_differs)

    with pytest.raises(ChainUnavailable, match="block 100 told two ways"):
        reader(stub).scan(80, 100, senders=people)


LOG_CHANGES: dict[str, dict[str, Any]] = {
    "another contract": {"address": USDC_E},
    "no contract": {"address": None},
    "another event": {"topics": ["0x" + "8c" * 32, word(PAYER), word(PAYEE)]},
    "a stranger as sender": {"topics": [TRANSFER, word(STRANGER), word(PAYEE)]},
    "ours at the other position": {"topics": [TRANSFER, word(PAYEE), word(PAYER)]},
    "dirt above our address": {"topics": [TRANSFER, "0x1" + word(PAYER)[3:], word(PAYEE)]},
    "no topics": {"topics": []},
    "topics as text": {"topics": TRANSFER},
    "topics as numbers": {"topics": [1, 2, 3]},
    "topics null": {"topics": None},
    "a block below the range": {"blockNumber": "0x4f"},
    "a block above the range": {"blockNumber": "0x65"},
    "no block yet": {"blockNumber": None},
    "a block as a number": {"blockNumber": 90},
    "no block hash": {"blockHash": None},
    "another hash for the last block": {"blockNumber": "0x64", "blockHash": "0x" + "e" * 64},
    "removed": {"removed": True},
    "removed in words": {"removed": "true"},
    "no transaction": {"transactionHash": None},
    "a short transaction hash": {"transactionHash": "0x12"},
    "no log index": {"logIndex": None},
}


@pytest.mark.parametrize("name", LOG_CHANGES)
def test_a_log_that_was_not_asked_for_spoils_the_whole_answer(name: str, stub: StubNode) -> None:
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 91)

    def spoil(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[-1]["result"][0] |= LOG_CHANGES[name]
        return answers

    stub.fault = changed(spoil)

    with pytest.raises(ChainUnavailable):
        reader(stub).scan(80, 100, senders=[PAYER])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"data": "0x"}, id="no data"),
        pytest.param({"data": "0x" + "00" * 33}, id="long data"),
        pytest.param({"topics": [TRANSFER, word(PAYER), word(PAYEE), word(PAYEE)]}, id="an NFT"),
        pytest.param({"topics": [TRANSFER, word(PAYER)]}, id="one address indexed"),
        pytest.param({"topics": [TRANSFER, word(PAYER), "0x" + "f" * 64]}, id="dirty recipient"),
    ],
)
def test_what_only_looks_like_a_transfer_is_not_found(
    change: dict[str, Any], stub: StubNode
) -> None:
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 91)
    stub.receipts[tx(1)]["logs"][0] |= change

    assert reader(stub).scan(80, 100, senders=[PAYER]).found == {tx(2): None}


def test_a_block_told_two_ways_within_one_answer_is_not_believed(stub: StubNode) -> None:
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 90)

    def fork(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[-1]["result"][0]["blockHash"] = "0x" + "e" * 64
        return answers

    stub.fault = changed(fork)

    with pytest.raises(ChainUnavailable, match="block 90 told two ways"):
        reader(stub).scan(80, 100, senders=[PAYER])


@pytest.mark.parametrize("result", [None, {}, "0x", [None], [[]], 7])
def test_an_answer_that_is_no_list_of_logs_is_none(result: object, stub: StubNode) -> None:
    def spoil(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[-1]["result"] = result
        return answers

    stub.fault = changed(spoil)

    with pytest.raises(ChainUnavailable):
        reader(stub).scan(80, 100, senders=[PAYER])


def test_a_block_of_another_height_is_scrambled(stub: StubNode) -> None:
    def spoil(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[1]["result"]["number"] = "0x63"
        return answers

    stub.fault = changed(spoil)

    with pytest.raises(Scrambled):
        reader(stub).scan(80, 100, senders=[PAYER])


def test_limits_of_a_node_are_told_apart_and_its_answer_below_them_is_whole(
    stub: StubNode,
) -> None:
    for number in range(81, 101):
        stub.mine(tx(number), number)
    stub.most_blocks, stub.most_logs = 10, 5
    node = reader(stub)

    with pytest.raises(RangeTooLarge, match="range 1000000 exceeds limit of 10000"):
        node.scan(80, 100, senders=[PAYER])
    with pytest.raises(RangeTooLarge, match="more than 10000 results"):
        node.scan(91, 100, senders=[PAYER])

    assert len(node.scan(96, 100, senders=[PAYER]).found) == 5
    # A limit is no reason to doubt which chain it is.
    assert stub.calls.count("eth_chainId") == 1


FAULTS: dict[str, tuple[Fault, type[ChainUnavailable]]] = {
    "more than ten megabytes": (endless, TooMuchAtOnce),
    "413": (with_status(413), TooMuchAtOnce),
    "429": (with_status(429), ChainUnavailable),
    "502 with HTML": (with_status(502, b"<html>"), ChainUnavailable),
    "a range, said with 400": (
        with_status(400, b'{"error":{"code":-32600,"message":"up to a 500 block range"}}'),
        RangeTooLarge,
    ),
    "a range, said of the whole batch": (
        with_body(b'{"error":{"code":-32005,"message":"query returned more than 10000 results"}}'),
        RangeTooLarge,
    ),
    "a range, said of a batch, with 400": (
        with_status(400, b'[{"error":{"code":-32614,"message":"limited to a 10,000 range"}}]'),
        RangeTooLarge,
    ),
    "a rate limit of the whole batch": (
        with_body(b'{"error":{"code":-32005,"message":"rate limit exceeded"}}'),
        ChainUnavailable,
    ),
    "reset": (reset, ChainUnavailable),
    "an answer missing": (changed(lambda answers: answers[:-1]), Scrambled),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_scan_that_failed_says_whether_fewer_blocks_would_help(name: str, stub: StubNode) -> None:
    fault, kind = FAULTS[name]
    stub.fault = fault

    with pytest.raises(ChainUnavailable) as refused:
        reader(stub).scan(80, 100, senders=[PAYER])

    assert type(refused.value) is kind


def test_a_time_out_is_no_limit_on_the_range(stub: StubNode) -> None:
    def say_nothing(handler: Any, answers: Any) -> None:
        handler.rfile.read(1)

    stub.fault = say_nothing
    node = EvmChain(settings.NETWORKS["arbitrum"], stub.url, total_timeout_s=0.3)

    with pytest.raises(ChainUnavailable) as refused:
        node.scan(80, 100, senders=[PAYER])

    assert not isinstance(refused.value, RangeTooLarge)


def test_a_node_of_another_chain_is_not_scanned(stub: StubNode) -> None:
    stub.mine(tx(1), 90)
    stub.chain_id = 8453

    for ask in (
        lambda: reader(stub).scan(80, 100, senders=[PAYER]),
        lambda: reader(stub).block_hashes([90]),
        lambda: reader(stub).sent([tx(1)]),
        lambda: reader(stub).next_nonces([PAYER]),
    ):
        with pytest.raises(ChainRefused, match="chain id 8453 instead of 42161"):
            ask()


def test_only_the_tokens_of_the_network_are_looked_for(stub: StubNode) -> None:
    stub.mine(tx(1), 90)
    stub.mine(tx(2), 91, contract=USDT)

    scan = reader(stub, contracts={Token.USDC: evm_checksum(USDC[2:])}).scan(
        80, 100, senders=[PAYER]
    )

    assert scan.found == {tx(1): None}


# --- The levels and the heights that a look tells beside the receipts -----------------------------


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ((), (None, None)),
        ((Finality.SAFE,), (90, None)),
        ((Finality.FINALIZED,), (None, 80)),
        ((Finality.FINALIZED, Finality.SAFE), (90, 80)),
        ((Finality.CONFIRMATIONS, Finality.SOLIDIFIED), (None, None)),
    ],
)
def test_a_look_tells_the_levels_that_it_was_asked_for_and_no_other(
    levels: tuple[Finality, ...], told: tuple[int | None, int | None], stub: StubNode
) -> None:
    # Whatever the network's own rule is.
    head = reader(stub, finality=Finality.SAFE).look([tx(1)], levels=levels).head

    assert (head.number, head.safe_number, head.finalized_number) == (100, *told)
    assert stub.http_requests == 1


def test_a_level_that_the_node_does_not_know_is_left_open(stub: StubNode) -> None:
    del stub.levels["finalized"]

    head = reader(stub).look([], levels=[Finality.SAFE, Finality.FINALIZED]).head

    assert (head.safe_number, head.finalized_number) == (90, None)


def test_heights_are_checked_in_the_same_request(stub: StubNode) -> None:
    stub.mine(tx(1), 100)
    stub.fork(95, "b")

    look = reader(stub).look([tx(1)], levels=[Finality.SAFE], check=[94, 95, 101, 95])

    assert look.block_hashes == {94: stub.block_hash(94), 95: stub.block_hash(95)}
    assert (look.http_requests, look.calls) == (1, 7)
    assert look.receipts[tx(1)] is not None


def test_more_heights_than_fit_are_asked_a_hundred_a_request(stub: StubNode) -> None:
    stub.head = 1_000

    look = reader(stub).look([], check=range(1, 301))

    assert len(look.block_hashes) == 300
    assert look.block_hashes[300] == stub.block_hash(300)
    assert look.http_requests == 4  # ten beside the head, then three times up to a hundred


def test_a_hundred_receipts_a_head_its_levels_and_a_check_are_one_request(stub: StubNode) -> None:
    references = [tx(number) for number in range(1, 101)]
    for each in references:
        stub.mine(each, 90)

    look = reader(stub).look(
        references, levels=[Finality.SAFE, Finality.FINALIZED], check=[89], is_solid=True
    )

    assert (look.http_requests, look.calls, len(look.receipts)) == (1, 105, 100)


def test_a_checked_block_of_another_height_spoils_the_answer(stub: StubNode) -> None:
    def spoil(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers[-1]["result"]["number"] = "0x1"
        return answers

    stub.fault = changed(spoil)

    with pytest.raises(Scrambled):
        reader(stub).look([], check=[95])


def test_a_known_head_is_not_asked_again(stub: StubNode) -> None:
    node = reader(stub)
    head = node.look([]).head
    stub.head = 120

    look = node.look([tx(1)], head=head, levels=[Finality.SAFE], check=[99])

    assert look.head == head
    assert (look.http_requests, look.calls) == (1, 2)
    assert stub.calls[2:] == ["eth_getBlockByNumber", "eth_getTransactionReceipt"]
