"""Which of a node's errors would go away with fewer blocks at once, and which would not.

The sentences are what providers answer to eth_getLogs. They agree on no code, so words decide.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from chainwatch.chains.base import RangeTooLarge
from chainwatch.chains.evm_errors import failure, words

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"

TOO_LARGE = [
    (-32005, "query returned more than 10000 results"),
    (-32005, "query returned more than 20,000 results"),
    (-32005, "logs matched by query exceeds limit of 10000"),
    (-32005, "limit exceeded"),
    (-32602, "range 1000000 exceeds limit of 10000"),
    (-32602, "query exceeds max results 20000, retry with the range 25766988-25775072"),
    (-32602, "eth_getLogs is limited to 1024 block range. Please check the parameter requirements"),
    (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block"),
    (-32600, "You can make eth_getLogs requests with up to a 500 block range. Based on your"),
    (
        -32600,
        "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. "
        "Upgrade to PAYG for expanded block range.",
    ),
    (-32614, "eth_getLogs is limited to a 10,000 range"),
    (-32000, "eth_getLogs is limited to a 1000 blocks range"),
    (-32000, "block range is too wide"),
    (-32000, "exceed maximum block range: 50000"),
    (-32000, "block range greater than 2000 max"),
    (-32000, "block range too large, range: 100001, max: 100000"),
    (-32000, "too many blocks requested"),
    (-32000, "Maximum allowed number of requested blocks is 3500"),
    (-32000, "please limit the query to at most 1000 blocks"),
    (-32000, "requested block range exceeds 10000"),
    (-32000, "query timeout exceeded. Consider reducing your block range."),
    (-32000, "Max range: 800"),
    (-32001, "block span is too large"),
    (-32008, "Response is too big"),
    (-32020, "backend response too large"),
    (-32603, "result set too large"),
    (-32000, "query returns too many results"),
    (35, "Please narrow your filter"),
]

SOMETHING_ELSE = [
    (-32005, "daily request count exceeded, request rate limited"),
    (-32005, "rate limit exceeded"),
    (-32005, "project ID request rate exceeded"),
    (-32005, "monthly limit exceeded"),
    (-32007, "50/second request limit reached - reduce calls per second or upgrade your plan"),
    (-32016, "over rate limit"),
    (-32029, "Too Many Requests: block range queries are limited, retry in 10 seconds"),
    (429, "Your app has exceeded its compute units per second capacity"),
    (429, "Public RPC Rate Limit Hit, limit will reset in 60 seconds"),
    (-32000, "429 Too Many Requests: limit will reset in 60 seconds"),
    (-32000, "header not found"),
    (-32000, "missing trie node 0000000000 (path ) <nil>"),
    (-32000, "couldn't find block with transactions. Reached 1891"),
    (
        -32000,
        "One of the blocks specified in filter (fromBlock, toBlock or blockHash) cannot be found.",
    ),
    (-32000, "invalid block range params"),
    (-32602, "block range extends beyond current head block"),
    (-32602, "invalid argument 0: hex string without 0x prefix"),
    (4444, "pruned history unavailable"),
    (-39001, "Unknown block"),
    (-32601, "the method eth_getLogs does not exist/is not available"),
    (-32603, "Internal error"),
    (-32000, "execution timeout"),
    (3, "RPC Request failed."),
]


@pytest.mark.parametrize(("code", "message"), TOO_LARGE)
def test_too_much_at_once(code: int, message: str) -> None:
    assert isinstance(failure({"code": code, "message": message}), RangeTooLarge)


@pytest.mark.parametrize(("code", "message"), SOMETHING_ELSE)
def test_what_fewer_blocks_would_not_help(code: int, message: str) -> None:
    assert not isinstance(failure({"code": code, "message": message}), RangeTooLarge)


# File -> whether it is about the range, written out.
RECORDED = {
    "arbitrum/error_block_body_missing_32000.json": False,
    "arbitrum/error_missing_trie_node.json": False,
    "arbitrum/error_relayed_public_rate_limit.json": False,
    "base/error_etherscan_notok_http200.json": False,
    "base/error_logs_max_results_32602.json": True,
    "base/error_logs_range_1024_32602.json": True,
    "base/error_missing_trie_node.json": False,
    "base/error_over_rate_limit_32016.json": False,
    "base/error_relayed_429_in_message.json": False,
    "evm/error_1rpc_logs_range_1000.json": True,
    "evm/error_alchemy_range_32600.json": True,
    "evm/error_etherscan_notok_http200.json": False,
    "evm/error_header_not_found_32000.json": False,
    "evm/error_infura_10000_results_32005.json": True,
    "evm/error_infura_range_32602.json": True,
    "evm/error_infura_rate_limited_32005.json": False,
    "evm/error_quicknode_range_32614.json": True,
    "evm/error_routescan_http500.json": False,
    "evm/error_tenderly_rate_limit_32005.json": False,
    "evm/error_unknown_block_39001.json": False,
}


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings of real nodes at {RECORDINGS}")
def test_every_recorded_error_is_told_for_what_it_is() -> None:
    recorded = {
        f"{chain}/{path.name}": json.loads(path.read_text())
        for chain in ("arbitrum", "base", "evm")
        for path in (RECORDINGS / chain).glob("error_*.json")
    }

    assert {
        name: isinstance(failure(raw.get("error")), RangeTooLarge) for name, raw in recorded.items()
    } == RECORDED


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": -32005, "message": "rate limit exceeded"}, "-32005: rate limit exceeded"),
        ({"code": 1, "message": "\x00 gone\nnow"}, "1:   gone now"),
        ({"code": 1, "message": "x" * 900}, "1: " + "x" * 197),
        ({}, "None: None"),
        (None, "an answer that is no batch"),
        ("block range", "an answer that is no batch"),
        ({"code": 1, "message": {"block": "range"}}, "1: {'block': 'range'}"),
    ],
)
def test_what_a_node_says_is_kept_short_and_printable(error: Any, said: str) -> None:
    assert words(error) == said
    assert str(failure(error)) == said
