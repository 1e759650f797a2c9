"""A node that only counts: Ethereum JSON-RPC over HTTP, one request or a batch, on a chain we move.

It stands for somebody else's node, so it answers plainly and slowly enough to be honest; what is
measured is how often it is asked.
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
SENDER = "0x1111111111111111111111111111111111111111"


@dataclass(frozen=True, slots=True)
class Payment:
    """A token transfer, alone in its transaction."""

    tx_hash: str
    contract: str
    recipient: str
    amount_atomic: int


@dataclass
class CountingNode:
    """A chain whose blocks come when we say so, and the counts of what it was asked.

    `finalized_behind` blocks lie between the head and the newest finalized (and safe) block.
    """

    chain_id: int
    finalized_behind: int = 8
    head: int = 1_000_000
    http_requests: int = 0
    calls: int = 0
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_method: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._begun = int(datetime.now(UTC).timestamp()) - self.head
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def mine(self, payments: Iterable[Payment] = ()) -> None:
        """Add one block that holds these payments."""
        self.head += 1
        for index, payment in enumerate(payments):
            self.receipts[payment.tx_hash] = self._receipt(payment, index)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        method = question["method"]
        self.by_method[method] = self.by_method.get(method, 0) + 1
        result = self._result(method, question.get("params", []))
        return {"jsonrpc": "2.0", "id": question["id"], "result": result}

    def _result(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "net_version":
                return str(self.chain_id)
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_getBlockByNumber":
                return self._block(self._number(params[0]))
            case "eth_getBlockByHash":
                return self._block(int(params[0], 16))
            case "eth_getTransactionReceipt":
                return self.receipts.get(params[0])
            case "eth_getTransactionByHash":
                return None
        raise NotImplementedError(f"the counting node was asked {method}")

    def _number(self, name: str) -> int:
        behind = {"latest": 0, "pending": 0, "safe": self.finalized_behind}
        if name.startswith("0x"):
            return int(name, 16)
        return self.head - behind.get(name, self.finalized_behind)

    def _block(self, number: int) -> dict[str, Any] | None:
        if number > self.head:
            return None
        return {
            "number": hex(number),
            "hash": f"0x{number:064x}",
            "parentHash": f"0x{number - 1:064x}",
            "timestamp": hex(self._begun + number),
            "transactions": [],
        }

    def _receipt(self, payment: Payment, index: int) -> dict[str, Any]:
        place = {
            "transactionHash": payment.tx_hash,
            "transactionIndex": hex(index),
            "blockNumber": hex(self.head),
            "blockHash": f"0x{self.head:064x}",
        }
        log = {
            "address": payment.contract.lower(),
            "topics": [TRANSFER, _topic(SENDER), _topic(payment.recipient)],
            "data": f"0x{payment.amount_atomic:064x}",
            "logIndex": hex(index),
            "removed": False,
            "blockTimestamp": hex(self._begun + self.head),
            **place,
        }
        return {
            **place,
            "status": "0x1",
            "from": SENDER,
            "to": payment.contract.lower(),
            "type": "0x2",
            "gasUsed": "0xfde8",
            "gasUsedForL1": "0x0",
            "l1BlockNumber": "0x1",
            "logs": [log],
        }


def _topic(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def _handler(node: CountingNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            node.http_requests += 1
            questions = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            many = isinstance(questions, list)
            answers = [node.answer(q) for q in (questions if many else [questions])]
            body = json.dumps(answers if many else answers[0]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the counts are the log."""

    return Handler
