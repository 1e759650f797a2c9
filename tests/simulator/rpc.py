"""The simulated world over HTTP, as a node of an EVM chain serves it: for real watchers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from billing.chains import Network
from chainwatch.chains.evm_answers import TRANSFER
from tests.chainwatch.stub_node import send, word
from tests.simulator.world import Block, Branch, Mined, Transaction

NO_TRANSFER = "0x" + "77" * 32  # the topic of the other logs that a transaction emits


class WorldNode:
    """What one node knows: `view`, which a test exchanges for the next. Honest and quick.

    `after_request` is called in the server's thread once an answer is on its way.
    """

    def __init__(self, network: Network, view: Branch) -> None:
        self.view = view
        self.waiting: dict[str, Transaction] = {}
        self.after_request: Callable[[], None] = lambda: None
        self.url = ""
        self._network = network

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        method, params = call["method"], call["params"]
        answers: dict[str, Callable[..., Any]] = {
            "eth_chainId": lambda: hex(self._network.chain_id),
            "eth_getBlockByNumber": lambda tag, _: self._block(tag),
            "eth_getTransactionReceipt": self._receipt,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionCount": lambda sender, _: hex(self._nonces().get(sender.lower(), 0)),
            "eth_getLogs": self._logs,
        }
        return {"jsonrpc": "2.0", "id": call["id"], "result": answers[method](*params)}

    def _block(self, tag: str) -> dict[str, Any] | None:
        view = self.view
        named = {
            "latest": view.tip.number,
            "safe": view.safe_number,
            "finalized": view.finalized_number,
        }
        block = view.at(named[tag] if tag in named else int(tag, 16))
        if block is None:
            return None
        return {
            "number": hex(block.number),
            "hash": block.block_hash,
            "parentHash": block.parent_hash,
            "timestamp": _time(block),
        }

    def _receipt(self, tx_hash: str) -> dict[str, Any] | None:
        place = self.view.places.get(tx_hash)
        if place is None:
            return None
        block, mined = place
        return {
            "transactionHash": tx_hash,
            "blockNumber": hex(block.number),
            "blockHash": block.block_hash,
            "status": "0x1" if mined.succeeded else "0x0",
            "from": mined.transaction.sender.lower(),
            "type": "0x2",
            "logs": logs_of(block, mined),
        }

    def _transaction(self, tx_hash: str) -> dict[str, Any] | None:
        place = self.view.places.get(tx_hash)
        known = place[1].transaction if place else self.waiting.get(tx_hash)
        if known is None:
            return None
        return {
            "hash": tx_hash,
            "from": known.sender.lower(),
            "nonce": hex(known.nonce or 0),
            "type": "0x2",
        }

    def _nonces(self) -> dict[str, int]:
        return {sender.lower(): nonce for sender, nonce in self.view.nonces.items()}

    def _logs(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        contracts = {each.lower() for each in wanted["address"]}
        return [
            log
            for block, mined in self.view.places.values()
            if first <= block.number <= last
            for log in logs_of(block, mined)
            if log["address"] in contracts and _fits(log["topics"], wanted["topics"])
        ]


def logs_of(block: Block, mined: Mined) -> list[dict[str, Any]]:
    """All logs that a transaction emitted in this block, its transfers last."""
    if not mined.succeeded:
        return []
    transaction = mined.transaction
    emitted: list[tuple[str, list[str], int]] = [
        ("0x" + "99" * 20, [NO_TRANSFER], 0) for _ in range(transaction.first_ordinal)
    ]
    for move in transaction.moves:
        topics = [TRANSFER, word(move.sender.lower()), word(move.recipient.lower())]
        emitted.append((move.contract.lower(), topics, move.amount_atomic))
    return [
        {
            "address": contract,
            "topics": topics,
            "data": f"0x{amount:064x}",
            "logIndex": hex(mined.first_log_index + place),
            "transactionHash": transaction.tx_hash,
            "blockHash": block.block_hash,
            "blockNumber": hex(block.number),
            "blockTimestamp": _time(block),
            "removed": False,
        }
        for place, (contract, topics, amount) in enumerate(emitted)
    ]


@contextmanager
def served(node: WorldNode) -> Iterator[None]:
    """Serve it on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # Else each answer waits for the ACK of its headers.

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                send(self, json.dumps([node.answer(call) for call in body]).encode())
            except OSError:
                # Who asked was killed.
                self.close_connection = True
            node.after_request()

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    node.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _fits(topics: list[str], wanted: list[Any]) -> bool:
    return len(topics) >= len(wanted) and all(
        want is None or topic == want or topic in want
        for topic, want in zip(topics, wanted, strict=False)
    )


def _time(block: Block) -> str:
    return hex(int(block.block_time.timestamp()))
