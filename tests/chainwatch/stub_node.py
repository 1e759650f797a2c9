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

# Takes the honest answer's bytes and the handler, and sends something itself.
Fault = Callable[[BaseHTTPRequestHandler, Any], None]


class StubNode:
    """One chain of numbered blocks. `branch` salts the hashes of blocks from `forked_from` on."""

    def __init__(self, chain_id: int = 42161) -> None:
        self.chain_id = chain_id
        self.head = 100
        self.branch = ""
        self.forked_from = 0
        self.block_time_s = 1
        self.receipts: dict[str, dict[str, Any]] = {}
        self.failing: dict[str, Any] = {}  # transaction hash -> the error it answers
        self.fault: Fault | None = None
        self.http_requests = 0
        self.calls: list[str] = []
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
            "parentHash": self.block_hash(number - 1),
            "timestamp": hex(GENESIS + number * self.block_time_s),
            "transactions": [],
        }

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
    ) -> None:
        """Put a transfer of USDC from PAYER to PAYEE into a block."""
        log = {
            "address": USDC,
            "topics": [TRANSFER, word(PAYER), word(PAYEE)],
            "data": f"0x{amount:064x}",
            "logIndex": "0x3",
            "transactionHash": tx_hash,
            "removed": False,
        }
        if says_time:
            log["blockTimestamp"] = hex(GENESIS + number * self.block_time_s)
        self.receipts[tx_hash] = {
            "transactionHash": tx_hash,
            "blockNumber": hex(number),
            "status": status,
            "from": PAYER,
            "to": USDC,
            "logs": [log] if status == "0x1" else [],
            "type": "0x2",
            "l1BlockNumber": "0x1",
        }

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        method, params = call["method"], call["params"]
        self.calls.append(method)
        head = {"jsonrpc": "2.0", "id": call["id"]}
        if method == "eth_chainId":
            return head | {"result": hex(self.chain_id)}
        if method == "eth_getBlockByNumber":
            lag = {"latest": 0, "safe": 10, "finalized": 20}
            number = self.head - lag[params[0]] if params[0] in lag else int(params[0], 16)
            return head | {"result": self.block(number)}
        if params[0] in self.failing:
            return head | {"error": self.failing[params[0]]}
        receipt = self.receipts.get(params[0])
        if receipt is None or int(receipt["blockNumber"], 16) > self.head:
            return head | {"result": None}
        number = int(receipt["blockNumber"], 16)
        return head | {"result": receipt | {"blockHash": self.block_hash(number)}}


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

        def do_POST(self) -> None:
            node.http_requests += 1
            node.headers.append(dict(self.headers))
            node.connections.add(self.client_address[1])
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
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
