"""A Tron node not ours to trust: a real HTTP server with a chain that a test writes by hand.

It answers in java-tron's shapes, counts what it is asked, and misbehaves on demand: `faults` are
the ways of `stub_node`, for one path or, under "", for all.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.chainwatch.stub_node import Fault, send

MAINNET = 728126428
GENESIS_MS = 1_700_000_001_000
TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
USDT = "a614f803b6fd780986a42c78ec9c7f77e6ded13c"
PAYER = "6e3b44b96104b26f84057974a1f0c9880f7c9b13"
PAYEE = "18314cd6beab3b324174395a40731cfdf07e857d"
USDT_BASE58 = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
PAYER_BASE58 = "TL24LCps5FKwp3PoU1MvrYrwhi5LU1tHre"
PAYEE_BASE58 = "TCB8H6cKtfLZJyt3tXkbN1a8Nxrh2x14RB"

# How tests name these two questions, which have the path of other blocks.
NEWEST = "wallet/getblock of the newest"
SOLID = "walletsolidity/getblock of the newest"


class TronStub:
    """One chain of numbered blocks. Those from `forked_from` on are of another branch."""

    def __init__(self) -> None:
        self.chain_id = MAINNET
        self.head = 100
        self.solid_lag = 18
        self.branch = 0
        self.forked_from = 0
        self.infos: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, Fault] = {}
        self.paths: list[str] = []  # what was asked, without what was sent along
        self.urls: list[str] = []
        self.questions: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[int] = set()
        self.url = ""

    def block_id(self, number: int) -> str:
        tail = f"{self._branch_at(number):08x}{self.chain_id:08x}"
        return f"{number:016x}" + tail.rjust(48, "b")

    def time_ms(self, number: int) -> int:
        """A branch is produced by others, so a slot later."""
        return GENESIS_MS + 3000 * (number + self._branch_at(number))

    def block(self, number: int) -> dict[str, Any]:
        if not 0 <= number <= self.head:
            return {}
        full = any(info["blockNumber"] == number for info in self.infos.values())
        data = {
            "number": number,
            "txTrieRoot": ("f8" if full else "00") * 32,
            "witness_address": "41e7860196ad5b5718c1d6326babab039b70b8c1cd",
            "parentHash": self.block_id(number - 1) if number else "95" * 32,
            "version": 34,
            "timestamp": self.time_ms(number),
        }
        if number == 0:
            data = {"txTrieRoot": "f8" * 32, "parentHash": "95" * 32}  # Zeros are absent.
        return {
            "blockID": self.block_id(number),
            "block_header": {"raw_data": data, "witness_signature": "55" * 65},
        }

    def mine(self, tx_id: str, number: int, *logs: dict[str, Any], **changes: Any) -> None:
        """Put a call of a contract into a block: a transfer of 50 USDT where no log is given."""
        self.infos[tx_id] = {
            "id": tx_id,
            "fee": 13_740_480,
            "blockNumber": number,
            "contractResult": ["0" * 64],
            "contract_address": "41" + USDT,
            "receipt": {"energy_usage_total": 31895, "net_fee": 345_000, "result": "SUCCESS"},
            "log": list(logs) or [log()],
        } | changes

    def mine_trx(self, tx_id: str, number: int) -> None:
        """Put a plain transfer of TRX into a block."""
        self.infos[tx_id] = {
            "id": tx_id,
            "blockNumber": number,
            "contractResult": [""],
            "receipt": {"net_usage": 265},
        }

    def fork(self, from_block: int) -> None:
        self.forked_from, self.branch = from_block, self.branch + 1

    def info(self, tx_id: str, *, up_to: int) -> dict[str, Any]:
        info = self.infos.get(tx_id)
        if info is None or info["blockNumber"] > up_to:
            return {}
        return {"blockTimeStamp": self.time_ms(info["blockNumber"])} | info

    def answer(self, path: str, question: dict[str, Any]) -> Any:
        solid = self.head - self.solid_lag
        if path == NEWEST:
            return self.block(self.head)
        if path == SOLID:
            return self.block(solid)
        if path == "wallet/getblock":
            return self.block(int(question["id_or_num"]))
        if path == "wallet/gettransactioninfobyid":
            return self.info(question["value"], up_to=self.head)
        if path == "walletsolidity/gettransactioninfobyid":
            return self.info(question["value"], up_to=solid)
        if path == "wallet/gettransactioninfobyblocknum":
            listed = (self.info(each, up_to=self.head) for each in self.infos)
            return [info for info in listed if info.get("blockNumber") == question["num"]]
        return {"Error": f"no such path: {path}"}

    def _branch_at(self, number: int) -> int:
        return self.branch if self.branch and number >= self.forked_from else 0


def log(
    source: str = PAYER,
    target: str = PAYEE,
    amount: int = 50_000_000,
    *,
    contract: str = USDT,
    **changes: Any,
) -> dict[str, Any]:
    """A Transfer event as java-tron writes it."""
    return {
        "address": contract,
        "topics": [TRANSFER, source.rjust(64, "0"), target.rjust(64, "0")],
        "data": f"{amount:064x}",
    } | changes


def tx(number: int) -> str:
    """The n-th transaction id of a test."""
    return f"{number:064x}"


def changed(change: Callable[[Any], Any]) -> Fault:
    """Answer what `change` makes of the honest answer."""
    return lambda handler, answer: send(handler, json.dumps(change(answer)).encode())


@contextmanager
def running_tron_stub() -> Iterator[TronStub]:
    node = TronStub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # A scan asks forty questions in a row.

        def do_POST(self) -> None:
            path = self.path.partition("?")[0].lstrip("/")
            # A test may put the node behind a path, as providers do with their keys.
            path = path[path.find("wallet") :]
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if path.endswith("/getblock"):
                assert question["detail"] is False
                path += "" if "id_or_num" in question else " of the newest"
            node.paths.append(path)
            node.urls.append(self.path)
            node.questions.append(question)
            node.headers.append(dict(self.headers))
            node.connections.add(self.client_address[1])
            answer = node.answer(path, question)
            fault = node.faults.get(path, node.faults.get(""))
            if fault is not None:
                fault(self, answer)
            else:
                send(self, json.dumps(answer).encode())

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
