"""python -m tests.bench.log_node LOGS: a node whose blocks are full of one wallet's transfers.

In a process of its own, so that what it spends is not what indexing spends. Its chain is arithmetic
and kept nowhere: PER_BLOCK transactions in each block, a transfer in each. Like the providers, it
refuses more than MOST_LOGS logs at once. It prints its port.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

PER_BLOCK = 10
HEAD = 1_000_000
MOST_LOGS = 10_000
BLOCK_TIME_S = 0.25
CHAIN_ID = 42161
CONTRACT = "0xaf88d065e77c8cc2239327c5edb3a432268e5831"  # USDC on Arbitrum
WALLET = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
RECIPIENT = "0x52908400098527886e0f7030069857d2e4169ee7"
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def first_block(logs: int) -> int:
    return HEAD - logs // PER_BLOCK + 1


class Node:
    def __init__(self, logs: int) -> None:
        self._first, self._now = first_block(logs), int(time.time())

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        head = {"jsonrpc": "2.0", "id": question["id"]}
        return head | self._said(question["method"], question["params"])

    def _said(self, method: str, params: list[Any]) -> dict[str, Any]:
        match method:
            case "eth_chainId":
                return {"result": hex(CHAIN_ID)}
            case "eth_getBlockByNumber":
                return {"result": self._block(params[0])}
            case "eth_getTransactionReceipt":
                return {"result": self._receipt(int(params[0][2:34], 16), int(params[0][34:], 16))}
            case "eth_getLogs":
                return self._logs(int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16))
        raise NotImplementedError(f"the node of logs was asked {method}")

    def _logs(self, first: int, last: int) -> dict[str, Any]:
        numbers = range(max(first, self._first), min(last, HEAD) + 1)
        if len(numbers) * PER_BLOCK > MOST_LOGS:
            words = f"query returned more than {MOST_LOGS} results"
            return {"error": {"code": -32005, "message": words}}
        return {"result": [self._log(n, index) for n in numbers for index in range(PER_BLOCK)]}

    def _log(self, number: int, index: int) -> dict[str, Any]:
        return {
            "address": CONTRACT,
            "topics": [TRANSFER, _word(WALLET), _word(RECIPIENT)],
            "data": f"0x{1_000_000 + index:064x}",
            "logIndex": hex(index),
            "removed": False,
            "blockTimestamp": self._time(number),
            **_place(number, index),
        }

    def _receipt(self, number: int, index: int) -> dict[str, Any]:
        return {
            **_place(number, index),
            "status": "0x1",
            "from": WALLET.lower(),
            "to": CONTRACT,
            "type": "0x2",
            "cumulativeGasUsed": "0x1dfde8",
            "effectiveGasPrice": "0x989680",
            "gasUsed": "0xfde8",
            "gasUsedForL1": "0x0",
            "l1BlockNumber": "0x1",
            "logs": [self._log(number, index)],
            "logsBloom": f"0x{0:0512x}",
        }

    def _block(self, tag: str) -> dict[str, Any]:
        number = int(tag, 16) if tag.startswith("0x") else HEAD
        return {
            "number": hex(number),
            "hash": f"0x{number:064x}",
            "parentHash": f"0x{number - 1:064x}",
            "timestamp": self._time(number),
            "transactions": [],
        }

    def _time(self, number: int) -> str:
        return hex(self._now - int((HEAD - number) * BLOCK_TIME_S))


def _place(number: int, index: int) -> dict[str, str]:
    return {
        "transactionHash": f"0x{number:032x}{index:032x}",
        "transactionIndex": hex(index),
        "blockNumber": hex(number),
        "blockHash": f"0x{number:064x}",
    }


def _word(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def main() -> None:
    node = Node(int(sys.argv[1]))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            questions = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = orjson.dumps([node.answer(each) for each in questions])
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
