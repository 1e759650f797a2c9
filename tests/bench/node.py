"""A node that only counts: Ethereum JSON-RPC over HTTP, one request or a batch, on a chain we move.

It stands for somebody else's node, so it answers plainly; what is measured is how often it is
asked.
"""

import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
MINE = "bench_mine"  # what `RemoteChain` asks; it is not counted


@dataclass(frozen=True, slots=True)
class Payment:
    """A token transfer, alone in its transaction."""

    tx_hash: str
    contract: str
    recipient: str
    amount_atomic: int


def _an_address() -> str:
    """An address that nobody else has; of digits alone, it is its own checksum."""
    return f"0x53{secrets.randbelow(10**38):038d}"


@dataclass
class CountingNode:
    """A chain whose blocks come when we say so, and the counts of what it was asked.

    `payer` sends every payment. Each node has its own, so that whoever registers it as a source is
    told of no money but what was paid on this chain.

    `finalized_behind` blocks lie between the head and the newest finalized (and safe) block. Each
    block is of the moment in which it was mined: a chain behind the clock would pay payouts before
    they were made, and one far ahead of it is not believed.
    """

    chain_id: int
    finalized_behind: int = 8
    head: int = 1_000_000
    payer: str = field(default_factory=_an_address)
    http_requests: int = 0
    calls: int = 0
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    logs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)  # by block
    by_method: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._first, self._times = self.head, [_now_s()]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        # It looks twenty times a second whether it shall close.
        serving = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        serving.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def mine(self, payments: Iterable[Payment] = ()) -> None:
        """Add one block that holds these payments."""
        self._times.append(_now_s())
        self.head += 1
        for index, payment in enumerate(payments):
            receipt = self._receipt(payment, index)
            self.receipts[payment.tx_hash] = receipt
            self.logs.setdefault(self.head, []).extend(receipt["logs"])

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        method = question["method"]
        if method == MINE:
            self.mine(Payment(**each) for each in question["params"])
            return {"jsonrpc": "2.0", "id": question["id"], "result": None}
        self.calls += 1
        self.by_method[method] += 1
        result = self._result(method, question.get("params", []))
        return {"jsonrpc": "2.0", "id": question["id"], "result": result}

    def _result(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_getBlockByNumber":
                return self._block(self._number(params[0]))
            case "eth_getTransactionReceipt":
                return self.receipts.get(params[0])
            case "eth_getTransactionByHash":
                return None
            case "eth_getLogs":
                return list(self._logs(params[0]))
        raise NotImplementedError(f"the counting node was asked {method}")

    def _number(self, name: str) -> int:
        behind = {"latest": 0, "pending": 0, "safe": self.finalized_behind}
        if name.startswith("0x"):
            return int(name, 16)
        return self.head - behind.get(name, self.finalized_behind)

    def _time(self, number: int) -> str:
        return hex(self._times[max(0, number - self._first)])

    def _block(self, number: int) -> dict[str, Any] | None:
        if number > self.head:
            return None
        return {
            "number": hex(number),
            "hash": f"0x{number:064x}",
            "parentHash": f"0x{number - 1:064x}",
            "timestamp": self._time(number),
            "transactions": [],
        }

    def _logs(self, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        contracts = {each.lower() for each in wanted["address"]}
        for number in range(first, min(last, self.head) + 1):
            for log in self.logs.get(number, ()):
                if log["address"] in contracts and _fits(log["topics"], wanted["topics"]):
                    yield log

    def _receipt(self, payment: Payment, index: int) -> dict[str, Any]:
        place = {
            "transactionHash": payment.tx_hash,
            "transactionIndex": hex(index),
            "blockNumber": hex(self.head),
            "blockHash": f"0x{self.head:064x}",
        }
        log = {
            "address": payment.contract.lower(),
            "topics": [TRANSFER, topic(self.payer), topic(payment.recipient)],
            "data": f"0x{payment.amount_atomic:064x}",
            "logIndex": hex(index),
            "removed": False,
            "blockTimestamp": self._time(self.head),
            **place,
        }
        return {
            **place,
            "status": "0x1",
            "from": self.payer.lower(),
            "to": payment.contract.lower(),
            "type": "0x2",
            "gasUsed": "0xfde8",
            "gasUsedForL1": "0x0",
            "l1BlockNumber": "0x1",
            "logs": [log],
        }


class RemoteChain:
    """The chain of a counting node in another process: it is told there what to mine."""

    def __init__(self, url: str) -> None:
        self._url, self._session = url, requests.Session()

    def mine(self, payments: Iterable[dict[str, Any]] = ()) -> None:
        """Add one block that holds these payments, each as the fields of a Payment."""
        question = {"jsonrpc": "2.0", "id": 1, "method": MINE, "params": list(payments)}
        self._session.post(self._url, json=question, timeout=60).raise_for_status()


def topic(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def _now_s() -> int:
    return int(datetime.now(UTC).timestamp())


def _fits(topics: list[str], wanted: list[Any]) -> bool:
    """Whether a log answers a filter: each place open, one word, or any of several."""
    return all(
        want is None or topic == want or (isinstance(want, list) and topic in want)
        for topic, want in zip(topics, wanted, strict=False)
    )


def _handler(node: CountingNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet: else each answer waits for an ACK

        def do_POST(self) -> None:
            questions = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            many = isinstance(questions, list)
            node.http_requests += many or questions["method"] != MINE
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
