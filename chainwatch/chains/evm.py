"""Arbitrum and Base: one node of an EVM chain, asked in raw JSON-RPC batches.

`w3.batch_requests()` fails as a whole on one unknown hash and is seven times dearer, so web3 gives
the provider and we read its answers ourselves (`evm_answers`). Nothing here believes a node more
than it must: a wrong id, a foreign receipt or another chain's id, and the whole answer is thrown
away; one bad item, and that item is.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson
import requests
from eth_typing import URI
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from billing.chains import Finality, Network
from chainwatch.chains import evm_answers
from chainwatch.chains.base import ChainRefused, ChainUnavailable, Cost, Head, Look, Receipt
from chainwatch.chains.bounded import TOTAL_TIMEOUT_S, BoundedSession

BATCH = 100  # receipts, or blocks, in one request
_METHOD_MISSING = -32601
_LEVELS = {Finality.SAFE: "safe", Finality.FINALIZED: "finalized"}

Call = tuple[RPCEndpoint, list[object]]
Answer = Mapping[str, object]
T = TypeVar("T")


class EvmChain:
    """A ChainReader for one node of Arbitrum or Base: they differ by settings alone."""

    def __init__(
        self, network: Network, url: str, *, total_timeout_s: float = TOTAL_TIMEOUT_S
    ) -> None:
        self.node = _label(url)
        self.cost = Cost()
        self._network = network
        session = BoundedSession(self.cost, network.rpc_headers, total_timeout_s=total_timeout_s)
        self._provider = _BatchProvider(url, session)
        self._is_known = False  # whether its chain id was asked, and right, since the last failure

    def look(
        self,
        references: Sequence[str],
        *,
        head: Head | None = None,
        block_times: Mapping[str, datetime] | None = None,
    ) -> Look:
        requests_before, calls_before = self.cost.http_requests, self.cost.calls
        chunks = list(_chunks(list(dict.fromkeys(references)))) or [[]]
        head, answers = self._open(chunks[0], head)
        for chunk in chunks[1:]:
            answers |= zip(chunk, self._ask(_receipt_calls(chunk)), strict=True)
        receipts, unanswered = self._read(answers, head, dict(block_times or {}))
        return Look(
            head=head,
            receipts=receipts,
            node=self.node,
            http_requests=self.cost.http_requests - requests_before,
            calls=self.cost.calls - calls_before,
            unanswered=unanswered,
        )

    def block_hashes(self, numbers: Sequence[int]) -> Mapping[int, str]:
        blocks = self._blocks(sorted(set(numbers)))
        return {number: block.block_hash for number, block in blocks.items()}

    def chain_id(self) -> int:
        (answer,) = self._ask([_call("eth_chainId")])
        return _chain_id(answer)

    def recheck(self) -> None:
        self._is_known = False

    def _open(self, chunk: Sequence[str], head: Head | None) -> tuple[Head, dict[str, Answer]]:
        """Ask for what every look begins with, and for the first receipts, in one request."""
        level = _LEVELS.get(self._network.finality)
        calls = [] if self._is_known else [_call("eth_chainId")]
        if head is None:
            tags = ["latest"] if level is None else ["latest", level]
            calls += [_call("eth_getBlockByNumber", tag, False) for tag in tags]
        answers = iter(self._ask([*calls, *_receipt_calls(chunk)]))
        if not self._is_known:
            self._recognise(next(answers))
        if head is None:
            latest = next(answers)
            head = _head(latest, level, next(answers) if level else None)
        return head, dict(zip(chunk, answers, strict=True))

    def _recognise(self, answer: Answer) -> None:
        """Go on only with a node of the right chain: a hash means nothing on another one."""
        claimed = _chain_id(answer)
        if claimed != self._network.chain_id:
            raise ChainRefused(f"chain id {claimed} instead of {self._network.chain_id}")
        self._is_known = True

    def _read(
        self, answers: Mapping[str, Answer], head: Head, times: dict[str, datetime]
    ) -> tuple[dict[str, Receipt | None], dict[str, str]]:
        receipts: dict[str, Receipt | None] = {}
        unanswered: dict[str, str] = {}
        places: dict[str, evm_answers.Place] = {}
        for tx_hash, answer in answers.items():
            try:
                if (raw := _result(answer)) is None:
                    receipts[tx_hash] = None
                else:
                    places[tx_hash] = evm_answers.place(raw, tx_hash)
            except evm_answers.Scrambled:
                raise
            except ChainUnavailable as reason:
                unanswered[tx_hash] = str(reason)
        times[head.block_hash] = head.block_time
        self._learn_times(places, times)
        for tx_hash, where in places.items():
            time = where.block_time or times.get(where.block_hash)
            if time is None:
                unanswered[tx_hash] = "its block could not be read at that height"
                continue
            try:
                receipts[tx_hash] = evm_answers.receipt(
                    answers[tx_hash]["result"], tx_hash, block_time=time, network=self._network
                )
            except evm_answers.Malformed as reason:
                unanswered[tx_hash] = str(reason)
        return receipts, unanswered

    def _learn_times(
        self, places: Mapping[str, evm_answers.Place], times: dict[str, datetime]
    ) -> None:
        """Ask for the blocks whose time no receipt says: each once, and by number.

        By number, so that the answer also tells whether the receipt's block is the canonical one.
        """
        missing = {
            where.block_number
            for where in places.values()
            if where.block_time is None and where.block_hash not in times
        }
        for block in self._blocks(sorted(missing)).values():
            times[block.block_hash] = block.block_time

    def _blocks(self, numbers: Sequence[int]) -> dict[int, evm_answers.Block]:
        """Return the canonical blocks at these heights; one that it does not know is left out."""
        found: dict[int, evm_answers.Block] = {}
        for chunk in _chunks(numbers):
            calls = [_call("eth_getBlockByNumber", hex(number), False) for number in chunk]
            for number, answer in zip(chunk, self._ask(calls), strict=True):
                block = _block_in(answer)
                if block is not None and block.number != number:
                    raise evm_answers.Scrambled("a block of another height")
                if block is not None:
                    found[number] = block
        return found

    def _ask(self, calls: Sequence[Call]) -> Sequence[Answer]:
        """Send one batch. Whatever is wrong with the answer as a whole is ChainUnavailable."""
        if not calls:
            return []
        self.cost.calls += len(calls)
        try:
            return self._provider.ask(calls)
        except ChainUnavailable:
            self._is_known = False
            raise
        except requests.HTTPError as refusal:
            self._is_known = False
            raise ChainUnavailable(f"HTTP {refusal.response.status_code}") from refusal
        except requests.RequestException as broken:
            # Only the kind of the failure: its text holds the URL, and a URL may hold a key.
            self._is_known = False
            raise ChainUnavailable(type(broken).__name__) from broken


class _BatchProvider(HTTPProvider):
    """web3's provider; its batch answers are matched to their questions before use."""

    def __init__(self, url: str, session: requests.Session) -> None:
        super().__init__(url, session=session, exception_retry_configuration=None)
        self._url = URI(url)
        self._ids = count(1)

    def ask(self, calls: Sequence[Call]) -> Sequence[Answer]:
        answers: Any = self.make_batch_request(list(calls))
        return answers  # type: ignore[no-any-return]  # RPCResponse promises what no node keeps.

    def make_batch_request(
        self, batch_requests: list[tuple[RPCEndpoint, Any]]
    ) -> list[RPCResponse] | RPCResponse:
        ids = [next(self._ids) for _ in batch_requests]
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(ids, batch_requests, strict=True)
        ]
        text = self._request_session_manager.make_post_request(
            self._url, orjson.dumps(body), **self.get_request_kwargs()
        )
        return _in_order(text, ids)


def _in_order(text: bytes, ids: Sequence[int]) -> list[Any]:
    """Return one answer per id, in the order of `ids`, or raise: every id once and no other."""
    try:
        answers = orjson.loads(text)
    except orjson.JSONDecodeError as broken:
        raise ChainUnavailable("an answer that is not JSON") from broken
    if isinstance(answers, dict):
        raise ChainUnavailable(_words(answers.get("error")))
    if not isinstance(answers, list) or not all(isinstance(each, dict) for each in answers):
        raise ChainUnavailable("an answer that is no batch")
    by_id = {each["id"]: each for each in answers if type(each.get("id")) is int}
    if len(answers) != len(ids) or by_id.keys() != set(ids):
        raise evm_answers.Scrambled("answers to other questions than ours")
    return [by_id[number] for number in ids]


def _result(answer: Answer) -> object:
    """Return an answer's result, None where the node says that there is none.

    An error is never "not found", and neither is an answer with no result in it.
    """
    if answer.get("error") is not None:
        raise ChainUnavailable(_words(answer["error"]))
    if "result" not in answer:
        raise evm_answers.Malformed("an answer without a result")
    return answer["result"]


def _head(latest: Answer, level: str | None, level_answer: Answer | None) -> Head:
    if _code(latest) == _METHOD_MISSING:
        raise ChainRefused(_words(latest["error"]))
    block = evm_answers.block(_result(latest))
    # A level that the node does not know is no failure of the look: sightings can go on meanwhile.
    final = _block_in(level_answer) if level_answer is not None else None
    reached = final.number if final is not None else None
    return Head(
        number=block.number,
        block_hash=block.block_hash,
        block_time=block.block_time,
        safe_number=reached if level == "safe" else None,
        finalized_number=reached if level == "finalized" else None,
        parent_hash=block.parent_hash,
    )


def _block_in(answer: Answer) -> evm_answers.Block | None:
    """Return the block in an answer, None where the node says there is none or cannot say."""
    try:
        raw = _result(answer)
        return None if raw is None else evm_answers.block(raw)
    except ChainUnavailable:
        # One height that a node cannot answer must not hide what it says of all the others.
        return None


def _chain_id(answer: Answer) -> int:
    value = _result(answer)
    try:
        return int(str(value), 16)
    except ValueError as broken:
        raise evm_answers.Malformed("no chain id") from broken


def _code(answer: Answer) -> object:
    error = answer.get("error")
    return error.get("code") if isinstance(error, dict) else None


def _words(error: object) -> str:
    """Return what a node says went wrong, short and printable: it lands in logs and rows."""
    if not isinstance(error, dict):
        return "an answer that is no batch"
    text = f"{error.get('code')}: {error.get('message')}"
    return "".join(c if c.isprintable() else " " for c in text[:200])


def _call(method: str, *params: object) -> Call:
    return RPCEndpoint(method), list(params)


def _receipt_calls(tx_hashes: Sequence[str]) -> list[Call]:
    return [_call("eth_getTransactionReceipt", tx_hash) for tx_hash in tx_hashes]


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _label(url: str) -> str:
    """Return host and port: a path, a query and a password may each hold a key."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2][:200]
