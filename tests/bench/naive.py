"""The naive watcher: in every tick a receipt and the head for each payout, until it is settled."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.bench.node import CountingNode, Payment

# So many are really sent; a payout costs the naive watcher the same whatever is beside it.
MOST_REQUESTS = 1_200


@dataclass(frozen=True, slots=True)
class Naive:
    """What it cost for how many payouts. Each call is an HTTP request of its own."""

    payouts: int
    ticks: int
    calls: int


def watch(node: CountingNode, payments: list[Payment], confirmations: int) -> Naive:
    """Mine the payments and run the naive watcher until each is deep enough.

    Of the payments, as many as cost MOST_REQUESTS: all would take longer than everything else here.
    """
    ours = payments[: max(1, MOST_REQUESTS // (2 * confirmations))]
    waiting, ticks, before = [payment.tx_hash for payment in ours], 0, node.calls
    node.mine(ours)
    with requests.Session() as session:
        while waiting:
            waiting = [each for each in waiting if not _settles(session, node, each, confirmations)]
            node.mine()
            ticks += 1
    return Naive(len(ours), ticks, node.calls - before)


def _settles(
    session: requests.Session, node: CountingNode, tx_hash: str, confirmations: int
) -> bool:
    receipt = _ask(session, node.url, "eth_getTransactionReceipt", tx_hash)
    head = int(_ask(session, node.url, "eth_blockNumber"), 16)
    if receipt is None or receipt["status"] != "0x1":
        return False
    return head - int(receipt["blockNumber"], 16) + 1 >= confirmations


def _ask(session: requests.Session, url: str, method: str, *params: str) -> Any:
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return session.post(url, json=question, timeout=10).json()["result"]
