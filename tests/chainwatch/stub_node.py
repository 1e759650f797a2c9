"""A node that is not ours to trust: a real HTTP server with a chain that a test writes by hand.

It counts what it is asked, and it can misbehave in every way that nodes do (`fault`).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chainwatch.chains.evm_answers import TRANSFER

GENESIS = 1_700_000_000
USDC = "0xaf88d065e77c8cc2239327c5edb3a432268e5831"
PAYER = "0x" + "11" * 20
PAYEE = "0x" + "22" * 20
RANGE_ERROR = {"code": -32602, "message": "range 1000000 exceeds limit of 10000"}

# Takes the honest answer's bytes and the handler, and sends something itself.
Fault = Callable[[BaseHTTPRequestHandler, Any], None]


class StubNode:
    """One chain of numbered blocks. `branch` salts the hashes of blocks from `forked_from` on."""

    def __init__(self, chain_id: int = 42161) -> None:
        self.chain_id = chain_id
        self.head = 100
        self.branch = ""
        self.forked_from = 0
        self.genesis: int | None = None  # None: GENESIS, years ago
        self.block_time_s = 1
        self.levels = {"safe": 10, "finalized": 20}  # how far each lags; those missing: unknown
        self.lag = 0  # so many of its newest blocks it has a head of, but neither body nor logs
        self.most_blocks: int | None = None  # the longest range it answers
        self.most_logs: int | None = None  # the most logs it answers at once
        self.range_error: dict[str, Any] = RANGE_ERROR
        self.receipts: dict[str, dict[str, Any]] = {}
        self.transactions: dict[str, dict[str, Any]] = {}  # mined or waiting
        self.codes: dict[str, str] = {}  # address -> its code; those missing have none
        self.failing: dict[str, Any] = {}  # transaction hash, or a method -> the error it answers
        self.amounts: dict[str, Any] = {}  # eth_getBalance or eth_call -> what it answers to all
        self.fault: Fault | None = None
        self.most_calls: int | None = None  # the most calls it takes in one request
        self.refuse: Fault = with_status(413)  # what it does with more
        self.before: Callable[[], None] | None = None  # what happens before it answers a request
        self.http_requests = 0
        self.sizes: list[int] = []  # how many calls each request had
        self.calls: list[str] = []
        self.filters: list[dict[str, Any]] = []  # what eth_getLogs was asked
        self.headers: list[dict[str, str]] = []
        self.connections: set[int] = set()
        self.url = ""

    def block_hash(self, number: int) -> str:
        salt = self.branch if number >= self.forked_from else ""
        return "0x" + f"{number:x}{salt.encode().hex()}".rjust(64, "b")

    def block(self, number: int) -> dict[str, Any] | None:
        if number > self.head:
            return None
        return {
            "number": hex(number),
            "hash": self.block_hash(number),
            "parentHash": self.block_hash(number - 1) if number else "0x" + "0" * 64,
            "timestamp": hex(self.time_of(number)),
            "transactions": [],
        }

    def time_of(self, number: int) -> int:
        genesis = GENESIS if self.genesis is None else self.genesis
        return genesis + number * self.block_time_s

    def stand_at(self, head: int) -> None:
        """Have so many blocks, the newest of them mined just now."""
        self.head, self.genesis = head, int(time.time()) - head * self.block_time_s

    def fork(self, from_block: int, branch: str) -> None:
        self.forked_from, self.branch = from_block, branch

    def mine(
        self,
        tx_hash: str,
        number: int,
        *,
        amount: int = 50_000_000,
        status: str = "0x1",
        says_time: bool = True,
        payer: str = PAYER,
        payee: str = PAYEE,
        contract: str = USDC,
        nonce: int | None = None,
    ) -> None:
        """Put a transfer from `payer` to `payee`, of USDC, into a block."""
        log = {
            "address": contract,
            "topics": [TRANSFER, word(payer), word(payee)],
            "data": f"0x{amount:064x}",
            "logIndex": "0x3",
            "transactionHash": tx_hash,
            "removed": False,
        }
        if says_time:
            log["blockTimestamp"] = hex(self.time_of(number))
        self.receipts[tx_hash] = {
            "transactionHash": tx_hash,
            "blockNumber": hex(number),
            "status": status,
            "from": payer,
            "to": contract,
            "logs": [log] if status == "0x1" else [],
            "type": "0x2",
            "l1BlockNumber": "0x1",
        }
        self.hand_in(tx_hash, payer=payer, nonce=nonce or 0)

    def hand_in(self, tx_hash: str, *, payer: str = PAYER, nonce: int = 0) -> None:
        """Know a transaction, which waits until `mine` puts it into a block."""
        self.transactions[tx_hash] = {
            "hash": tx_hash,
            "from": payer,
            "nonce": hex(nonce),
            "type": "0x2",
            "blockNumber": None,
        }

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        method, params = call["method"], call["params"]
        self.calls.append(method)
        head = {"jsonrpc": "2.0", "id": call["id"]}
        error = self.failing.get(method) or self.failing.get(str(params[0]) if params else "")
        if error is not None:
            return head | {"error": error}
        if method == "eth_getLogs":
            return head | self._logs(params[0])
        return head | {"result": self._result(method, params)}

    def _result(self, method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_getCode":
            return self.codes.get(params[0], "0x")
        if method == "eth_getBlockByNumber":
            return self._block_at(params[0])
        if method == "eth_getTransactionByHash":
            return self.transactions.get(params[0])
        if method == "eth_getTransactionCount":
            return hex(self._next_nonce(params[0].lower()))
        if method in ("eth_getBalance", "eth_call"):
            return self.amounts.get(method)
        receipt = self.receipts.get(params[0])
        if receipt is None or int(receipt["blockNumber"], 16) > self.head:
            return None
        number = int(receipt["blockNumber"], 16)
        return receipt | {"blockHash": self.block_hash(number)}

    def _block_at(self, tag: str) -> dict[str, Any] | None:
        if tag == "latest":
            return self.block(self.head)
        if tag in ("safe", "finalized"):
            return self.block(self.head - self.levels[tag]) if tag in self.levels else None
        number = int(tag, 16)
        return None if number > self.head - self.lag else self.block(number)

    def _next_nonce(self, sender: str) -> int:
        mined = [
            int(each["nonce"], 16) + 1
            for tx_hash, each in self.transactions.items()
            if each["from"].lower() == sender
            and tx_hash in self.receipts
            and int(self.receipts[tx_hash]["blockNumber"], 16) <= self.head
        ]
        return max(mined, default=0)

    def _logs(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer as nodes do: for blocks it does not have yet, that there are no logs."""
        self.filters.append(asked)
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        if self.most_blocks is not None and last - first + 1 > self.most_blocks:
            return {"error": self.range_error}
        numbers = range(first, min(last, self.head - self.lag) + 1)
        logs = [
            log | {"blockNumber": hex(number), "blockHash": self.block_hash(number)}
            for receipt in sorted(
                self.receipts.copy().values(), key=lambda r: int(r["blockNumber"], 16)
            )
            if (number := int(receipt["blockNumber"], 16)) in numbers
            for log in receipt["logs"]
            if _passes(log, asked)
        ]
        if self.most_logs is not None and len(logs) > self.most_logs:
            return {"error": {"code": -32005, "message": "query returned more than 10000 results"}}
        return {"result": logs}


def _passes(log: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Whether a log passes a filter: one of its contracts, and at each topic one of those asked."""
    contracts = [each.lower() for each in asked["address"]]
    wanted = [
        each if each is None or isinstance(each, list) else [each] for each in asked["topics"]
    ]
    return (
        log["address"].lower() in contracts
        and len(log["topics"]) >= len(wanted)
        and all(w is None or t in w for w, t in zip(wanted, log["topics"], strict=False))
    )


def word(address: str) -> str:
    """An address as a topic holds it."""
    return "0x" + "0" * 24 + address.removeprefix("0x")


def tx(number: int) -> str:
    """The n-th transaction hash of a test."""
    return f"0x{number:064x}"


@contextmanager
def running_stub(chain_id: int = 42161) -> Iterator[StubNode]:
    node = StubNode(chain_id)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # Else each answer waits for the ACK of its headers.

        def do_POST(self) -> None:
            node.http_requests += 1
            node.headers.append(dict(self.headers))
            node.connections.add(self.client_address[1])
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            node.sizes.append(len(body))
            if node.before is not None:
                node.before()
            if node.most_calls is not None and len(body) > node.most_calls:
                node.refuse(self, body)
                return
            answers = [node.answer(call) for call in body]
            if node.fault is not None:
                node.fault(self, answers)
            else:
                send(self, json.dumps(answers).encode())

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    node.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


# --- The ways in which nodes fail ----------------------------------------------------------------


def with_status(status: int, body: bytes = b"{}") -> Fault:
    return lambda handler, answers: send(handler, body, status)


def with_body(body: bytes) -> Fault:
    return lambda handler, answers: send(handler, body)


def changed(change: Callable[[list[dict[str, Any]]], Any]) -> Fault:
    """Answer what `change` makes of the honest batch."""
    return lambda handler, answers: send(handler, json.dumps(change(answers)).encode())


def reset(handler: BaseHTTPRequestHandler, answers: Any) -> None:
    handler.close_connection = True
    handler.connection.close()


def cut_short(handler: BaseHTTPRequestHandler, answers: Any) -> None:
    """Promise the whole body, send half of it, hang up."""
    body = json.dumps(answers).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler, answers: Any) -> None:
    """Send a body that does not end, in chunks, with no length."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    part = b"[" * 65536
    try:
        while True:
            handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    except OSError:
        # The client has had enough, as it should.
        handler.close_connection = True


def dripping(*, in_headers: bool) -> Fault:
    """Send one byte at a time, often enough for every time-out on silence."""

    def drip(handler: BaseHTTPRequestHandler, answers: Any) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"
        handler.wfile.write(head if in_headers else head + b"\r\n")
        try:
            for _ in range(200):
                handler.wfile.write(b"x: y\r\n" if in_headers else b" ")
                time.sleep(0.05)
        except OSError:
            # The client has hung up, as it should.
            handler.close_connection = True

    return drip
