"""A Tron node for tests: java-tron's HTTP API in front of an anvil, and tokens of our own on it.

    with running_tron() as tron:
        usdt = tron.deploy("TetherLike", 10**15)
        tx_id = usdt.send("transfer", payee, 50_000_000)      # addresses in base58
        tron.mine(20)                                         # one block and 19 above it

An EVM account and a Tron address are the same twenty bytes. Blocks come only by `mine`; the solid
head follows `solid_lag` blocks behind. `fault` makes it misbehave on the paths with `fault_on`.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import urllib3
from web3 import Web3

from tests.chainwatch.stub_node import Fault, send
from tests.nodes import Anvil, Contract, running_anvil
from tests.tron import shapes
from tests.tron.shapes import Answer, base58_of, evm_of

MAINNET = 728126428  # The last four bytes of mainnet's genesis block: 2b6653dc.
SOLID_LAG = 18
BLOCK_TIME_S = 1  # three, as Tron has them, would run far ahead of the clock in a few tests
_JSON = {"Content-Type": "application/json"}
_NOT_HEX = "1:10: INVALID hex String"
_NOT_A_NUMBER = '1:8: Couldn\'t parse integer: For input string: "{}"'
_NO_CONTRACT = b"Contract validate error : Smart contract is not exist.".hex()


class BadInput(Exception):
    """What java-tron refuses with status 200 and these words."""


@dataclass(frozen=True)
class Question:
    """One request: its parameters, and the newest block that the API it came to shows."""

    words: Mapping[str, Any]
    top: int
    visible: bool


@dataclass
class TronNode:
    """A running node, its anvil, and what it was asked. Its ten accounts are rich."""

    anvil: Anvil
    url: str = ""
    solid_lag: int = SOLID_LAG
    lag: int = 0  # how many of the newest blocks it has not seen yet
    fault: Fault | None = None
    fault_on: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    words: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    abis: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    energy: dict[str, int] = field(default_factory=dict)  # by address in base58: what is left
    _pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=16))
    _outputs: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def accounts(self) -> list[str]:
        """The rich accounts, in base58."""
        return [base58_of(each) for each in self.anvil.accounts]

    @property
    def requests(self) -> int:
        return sum(self.asked.values())

    def rpc(self, method: str, *params: Any) -> Any:
        """What the chain beneath can do: anvil_reorg, anvil_dropTransaction, and the rest."""
        return self.anvil.rpc(method, *params)

    def mine(self, blocks: int = 1) -> int:
        """Mine what waits into the first of `blocks` new blocks; return the head's number."""
        self.rpc("anvil_mine", hex(blocks), hex(BLOCK_TIME_S))
        return self.anvil.head()

    def head(self) -> int:
        return max(0, self.anvil.head() - self.lag)

    def solid(self) -> int:
        return max(0, self.head() - self.solid_lag)

    def block(self, number: int) -> Answer:
        """The honest header of a block that exists, whatever is switched on."""
        return shapes.header(self.anvil.block(number), self.anvil.chain_id, visible=False)

    def deploy(self, name: str, *arguments: Any) -> "TronContract":
        """Put one of tests/contracts on the chain, from the first account, in its own block."""
        contract = self.anvil.deploy(name, *arguments)
        self.abis[contract.address.lower()] = contract.abi
        return TronContract(contract)

    def forget(self) -> None:
        """Count requests from here on."""
        self.asked.clear()
        self.words.clear()

    # --- The API -----------------------------------------------------------------------------

    def answer(self, path: str, words: Mapping[str, Any]) -> Any:
        """Answer honestly; None where there is no such path. Keys of `words` are Tron's own."""
        api, _, name = path.strip("/").partition("/")
        ask = getattr(self, f"_{name}", None) if name.isalpha() else None
        if ask is None or api not in ("wallet", "walletsolidity"):
            return None
        head = max(0, int(self._ask("eth_blockNumber"), 16) - self.lag)
        top = head if api == "wallet" else max(0, head - self.solid_lag)
        visible = str(words.get("visible", False)).lower() == "true"
        try:
            return ask(Question(words, top, visible))
        except BadInput as refusal:
            return {"Error": str(refusal)}

    def _getnowblock(self, question: Question) -> Answer:
        return self._block(question.top, question, with_transactions=True)

    def _getblock(self, question: Question) -> Answer:
        wanted = str(question.words.get("id_or_num", ""))
        has_detail = str(question.words.get("detail", False)).lower() == "true"
        if not wanted:
            return self._block(question.top, question, with_transactions=has_detail)
        if re.fullmatch(r"[0-9a-fA-F]{64}", wanted):
            return self._block_of_id(wanted, question, with_transactions=has_detail)
        if not wanted.lstrip("-").isdigit():
            raise BadInput("id_or_num must be a number or a block id")
        return self._block(int(wanted), question, with_transactions=has_detail)

    def _getblockbynum(self, question: Question) -> Answer:
        return self._block(_number(question.words, "num"), question, with_transactions=True)

    def _getblockbyid(self, question: Question) -> Answer:
        wanted = _hex(question.words, "value")
        return self._block_of_id(wanted, question, with_transactions=True)

    def _gettransactionbyid(self, question: Question) -> Answer:
        found = self._find(question)
        return shapes.transaction(*found, question.visible) if found else {}

    def _gettransactioninfobyid(self, question: Question) -> Answer:
        found = self._find(question)
        return self._info(*found, question.visible) if found else {}

    def _gettransactioninfobyblocknum(self, question: Question) -> list[Answer] | Answer:
        number = _number(question.words, "num")
        if number <= 0:
            return {}
        block = self._ask("eth_getBlockByNumber", hex(number), True)
        if number > question.top or block is None or not block["transactions"]:
            return []
        receipts = self._ask("eth_getBlockReceipts", hex(number))
        pairs = zip(block["transactions"], receipts, strict=True)
        return [self._info(sent, receipt, block, question.visible) for sent, receipt in pairs]

    def _getnodeinfo(self, question: Question) -> Answer:
        head = self._block(question.top, question, with_transactions=False)
        solid = max(0, question.top - self.solid_lag)
        return shapes.node_info(head, self._block(solid, question, with_transactions=False))

    def _getaccount(self, question: Question) -> Answer:
        address = _address(question, "address")
        balance = int(self._ask("eth_getBalance", address, hex(question.top)), 16)
        if not balance:
            return {}
        shown = base58_of(address) if question.visible else "41" + address[2:]
        return {"address": shown, "balance": balance // shapes.WEI_PER_SUN}

    def _getaccountresource(self, question: Question) -> Answer:
        """Every account has today's free bandwidth, and energy only where a test gave it some."""
        left = self.energy.get(base58_of(_address(question, "address")), 0)
        energy: Answer = {"EnergyLimit": left + 5_000, "EnergyUsed": 5_000} if left else {}
        return {"freeNetUsed": 255, "freeNetLimit": 600, **energy}

    def _getcontract(self, question: Question) -> Answer:
        address = _address(question, "value")
        code = self._ask("eth_getCode", address, hex(question.top))
        if code == "0x":
            return {}
        shown = base58_of(address) if question.visible else "41" + address[2:]
        abi = {"entrys": shapes.abi_entries(self.abis.get(address, []))}
        return {"contract_address": shown, "bytecode": code[2:], "abi": abi}

    def _triggerconstantcontract(self, question: Question) -> Answer:
        to = _address(question, "contract_address")
        if self._ask("eth_getCode", to, hex(question.top)) == "0x":
            return {"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": _NO_CONTRACT}}
        selector = str(question.words.get("function_selector", ""))
        data = str(question.words.get("data", "")) or (
            Web3.keccak(text=selector)[:4].hex().removeprefix("0x")
            + str(question.words.get("parameter", ""))
        )
        call = {"from": _address(question, "owner_address"), "to": to, "data": "0x" + data}
        said = self._say("eth_call", call, hex(question.top))
        result: Answer = {"result": True}
        output = said.get("result")
        if output is None:
            output, result["message"] = said["error"].get("data", "0x"), shapes.REVERTED
        return {"result": result, "energy_used": 935, "constant_result": [output[2:]]}

    # --- The chain beneath -------------------------------------------------------------------

    def _block(self, number: int, question: Question, *, with_transactions: bool) -> Answer:
        if not 0 <= number <= question.top:
            return {}
        block = self._ask("eth_getBlockByNumber", hex(number), True)
        if block is None:
            return {}
        told = shapes.header(block, self.anvil.chain_id, question.visible)
        if with_transactions and block["transactions"]:
            receipts = self._ask("eth_getBlockReceipts", hex(number))
            told["transactions"] = [
                shapes.transaction(sent, receipt, block, question.visible)
                for sent, receipt in zip(block["transactions"], receipts, strict=True)
            ]
        return told

    def _block_of_id(self, wanted: str, question: Question, *, with_transactions: bool) -> Answer:
        # The id names the height; the rest of it says whether that block is still there.
        number = int(wanted[:16], 16) if len(wanted) == 64 else -1
        found = self._block(number, question, with_transactions=with_transactions)
        return found if found.get("blockID") == wanted.lower() else {}

    def _find(self, question: Question) -> tuple[Answer, Answer, Answer] | None:
        """The mined transaction that is asked for, its receipt and its block."""
        tx_id = _hex(question.words, "value")
        if len(tx_id) != 64:
            return None
        receipt = self._ask("eth_getTransactionReceipt", "0x" + tx_id)
        if receipt is None or int(receipt["blockNumber"], 16) > question.top:
            return None
        block = self._ask("eth_getBlockByHash", receipt["blockHash"], True)
        place = int(receipt["transactionIndex"], 16)
        return (block["transactions"][place], receipt, block) if block else None

    def _info(self, sent: Answer, receipt: Answer, block: Answer, visible: bool) -> Answer:
        place = (block["hash"], sent["hash"])
        if place not in self._outputs:
            how = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
            trace = self._ask("debug_traceTransaction", sent["hash"], how)
            is_creation = sent["to"] is None
            self._outputs[place] = "0x" if is_creation else trace.get("output") or "0x"
        return shapes.info(sent, receipt, block, self._outputs[place], visible)

    def _ask(self, method: str, *params: Any) -> Any:
        said = self._say(method, *params)
        assert "error" not in said, said
        return said["result"]

    def _say(self, method: str, *params: Any) -> Answer:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self._pool.request(
            "POST", self.anvil.url, body=json.dumps(body), headers=_JSON, timeout=30
        )
        said: Answer = json.loads(answer.data)
        return said


@dataclass
class TronContract:
    """A deployed contract. `address` is in base58, and so may every argument be."""

    contract: Contract

    @property
    def address(self) -> str:
        return base58_of(self.contract.address)

    def send(self, function: str, *arguments: Any, sender: str = "", **fields: str) -> str:
        """Call a function in a transaction, by default from the first account; return its id."""
        payer = _evm(sender) if sender else ""
        tx_hash = self.contract.send(function, *map(_evm, arguments), sender=payer, **fields)
        return tx_hash.removeprefix("0x")


@contextmanager
def running_tron(*options: str, chain_id: int = MAINNET) -> Iterator[TronNode]:
    """Start an anvil and a node in front of it, on free ports, and stop both afterwards."""
    with running_anvil(chain_id, *options) as anvil:
        node = TronNode(anvil)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(node))
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


def _handler(node: TronNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body are written apart: the second would wait 40 ms for the first's receipt.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.reply(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                self.reply(json.loads(body or b"{}"))
            except json.JSONDecodeError:
                words = "class com.alibaba.fastjson.JSONException : syntax error"
                send(self, json.dumps({"Error": words}).encode())

        def reply(self, words: Mapping[str, Any]) -> None:
            path = urlsplit(self.path).path
            node.asked[path.lstrip("/")] += 1
            node.words.append((path.lstrip("/"), words))
            node.headers.append(dict(self.headers))
            answer = node.answer(path, words)
            if node.fault is not None and node.fault_on in path:
                node.fault(self, answer)
            elif answer is None:
                send(self, b"<html><body><h1>404 Not Found</h1></body></html>", 404)
            else:
                send(self, json.dumps(answer).encode())

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    return Handler


def _evm(value: Any) -> Any:
    """`value` with every Tron address in it as anvil knows it."""
    if isinstance(value, list):
        return [_evm(each) for each in value]
    if isinstance(value, str) and value.startswith("T"):
        return Web3.to_checksum_address(evm_of(value))
    return value


def _number(words: Mapping[str, Any], name: str) -> int:
    try:
        return int(words.get(name, 0))
    except (TypeError, ValueError):
        raise BadInput(_parse_error(_NOT_A_NUMBER.format(json.dumps(words[name])))) from None


def _hex(words: Mapping[str, Any], name: str) -> str:
    """A byte string in hexadecimal. java-tron takes 0x before it as well."""
    value = str(words.get(name, "")).lower().removeprefix("0x")
    if not re.fullmatch(r"([0-9a-f]{2})*", value):
        raise BadInput(_parse_error(_NOT_HEX))
    return value


def _address(question: Question, name: str) -> str:
    """An address as anvil knows it; base58 is read only where `visible` was asked."""
    given = str(question.words.get(name, ""))
    try:
        if given.startswith("T") is not question.visible:
            raise ValueError(given)
        return evm_of(given)
    except ValueError:
        raise BadInput(_parse_error(_NOT_HEX)) from None


def _parse_error(words: str) -> str:
    return f"class org.tron.core.services.http.JsonFormat$ParseException : {words}"
