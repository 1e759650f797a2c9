"""One EVM node over HTTP: raw JSON-RPC batches out, one answer per question back, or an error.

`w3.batch_requests()` fails as a whole on one unknown hash and is seven times dearer, so web3 gives
the provider and its answers are matched to their questions here.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import orjson
import requests
from eth_typing import URI
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from chainwatch.chains.base import ChainUnavailable, Cost, name_of
from chainwatch.chains.bounded import BodyTooLarge, BoundedSession
from chainwatch.chains.evm_answers import Malformed, Scrambled
from chainwatch.chains.evm_batches import Batches
from chainwatch.chains.evm_errors import BatchTooLarge, TooMuchAtOnce, failure

Call = tuple[RPCEndpoint, list[object]]
Answer = Mapping[str, object]

_CONTENT_TOO_LARGE = 413  # how some providers refuse a range, and some a batch


class EvmNode:
    """A node that is asked in batches. It counts what it is asked in `cost`."""

    def __init__(self, url: str, headers: Mapping[str, str], *, total_timeout_s: float) -> None:
        self.name = name_of(url)
        self.cost = Cost()
        session = BoundedSession(self.cost, headers, total_timeout_s=total_timeout_s)
        self._provider = _BatchProvider(url, session)
        self.batches = Batches(self.name)

    def ask(self, calls: Sequence[Call]) -> Sequence[Answer]:
        """Send one batch. Whatever is wrong with the answer as a whole is ChainUnavailable."""
        self.cost.calls += len(calls)
        self.batches.sent = len(calls)
        try:
            return self._provider.ask(calls)
        except requests.HTTPError as refusal:
            raise _refused(refusal.response) from refusal
        except BodyTooLarge as broken:
            raise TooMuchAtOnce("BodyTooLarge") from broken
        except requests.RequestException as broken:
            # Only the kind of the failure: its text holds the URL, and a URL may hold a key.
            raise ChainUnavailable(type(broken).__name__) from broken


def call(method: str, *params: object) -> Call:
    return RPCEndpoint(method), list(params)


def result(answer: Answer) -> object:
    """Return an answer's result, None where the node says that there is none.

    An error is never "not found", and neither is an answer with no result in it.
    """
    if answer.get("error") is not None:
        raise failure(answer["error"])
    if "result" not in answer:
        raise Malformed("an answer without a result")
    return answer["result"]


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
        raise failure(answers.get("error"))
    if not isinstance(answers, list) or not all(isinstance(each, dict) for each in answers):
        raise ChainUnavailable("an answer that is no batch")
    if answers and all(each.get("error") is not None for each in answers):
        refusal = failure(answers[0]["error"])
        # Of the whole batch: with one answer to all of it, as geth does, or the same to each call.
        if 1 == len(answers) < len(ids) or isinstance(refusal, BatchTooLarge):
            raise refusal
    by_id = {each["id"]: each for each in answers if type(each.get("id")) is int}
    if len(answers) != len(ids) or by_id.keys() != set(ids):
        raise Scrambled("answers to other questions than ours")
    return [by_id[number] for number in ids]


def _refused(response: requests.Response) -> ChainUnavailable:
    """Say what an HTTP status means. Some providers refuse a range by one, and say so inside."""
    words = f"HTTP {response.status_code}"
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    said = body[0] if isinstance(body, list) and body else body
    error = said.get("error") if isinstance(said, dict) else None
    kind = type(failure(error)) if isinstance(error, dict) else ChainUnavailable
    if kind is ChainUnavailable and response.status_code == _CONTENT_TOO_LARGE:
        kind = TooMuchAtOnce
    return kind(words)
