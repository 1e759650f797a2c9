"""One Tron node over HTTP, asked through tronpy's provider, one question per request.

tronpy brings the addresses and the words of the API; what it adds by itself is switched off. For
every URL with "trongrid" in it, it would send one of the keys that are built into it and shared by
all its users: the headers of our own settings are the only ones that are sent.
"""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import orjson
import requests
from tronpy.providers import HTTPProvider

from chainwatch.chains.base import ChainUnavailable, Cost, name_of
from chainwatch.chains.bounded import READ_TIMEOUT_S, BodyTooLarge, BoundedSession

_OK = 200
_TOO_OFTEN = 429


class TooMuch(ChainUnavailable):
    """The answer is too long, or the node is asked too often: less at once would help."""


class TronNode:
    """A node that is asked one thing at a time. It counts what it is asked in `cost`."""

    def __init__(self, url: str, headers: Mapping[str, str], *, total_timeout_s: float) -> None:
        parts = urlsplit(url)
        self.name = name_of(url)
        self.cost = Cost()
        session = _JsonSession(self.cost, headers, total_timeout_s=total_timeout_s)
        # tronpy joins the path of a question to this URL, which drops its last word and its query.
        session.params = parse_qs(parts.query, keep_blank_values=True)
        place = parts._replace(path=parts.path.rstrip("/") + "/", query="", fragment="")
        self._provider = HTTPProvider(urlunsplit(place), timeout=READ_TIMEOUT_S)
        self._provider.use_api_key = False
        self._provider.sess = session

    def ask(self, path: str, **question: object) -> object:
        """Return the answer's JSON. Raises ChainUnavailable where there is none."""
        self.cost.calls += 1
        try:
            answer: object = self._provider.make_request(path, question)
        except BodyTooLarge as broken:
            raise TooMuch("BodyTooLarge") from broken
        except orjson.JSONDecodeError as broken:
            raise ChainUnavailable("an answer that is not JSON") from broken
        except requests.HTTPError as refusal:
            raise _refused(refusal.response.status_code) from refusal
        except requests.RequestException as broken:
            # Only the kind of the failure: its text holds the URL, and a URL may hold a key.
            raise ChainUnavailable(type(broken).__name__) from broken
        return answer


class Patience:
    """How long one piece of work may go on asking: every single answer in time is not enough."""

    def __init__(self, longest_s: float) -> None:
        self._until = time.monotonic() + longest_s

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._until


class _JsonSession(BoundedSession):
    """Gives tronpy nothing but answers with status 200, read by orjson.

    tronpy would take the body of a redirect, and `{}` in it would mean "not found". requests would
    guess an encoding from the whole body, for minutes, and json follow any number of brackets: web3
    raises Python's recursion limit so far that they end the process.
    """

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = super().send(request, **kwargs)
        if response.status_code != _OK:
            raise requests.HTTPError(response=response)
        setattr(response, "json", partial(orjson.loads, response.content))  # noqa: B010  # A method.
        return response


def _refused(status: int) -> ChainUnavailable:
    words = f"HTTP {status}"
    return TooMuch(words) if status == _TOO_OFTEN else ChainUnavailable(words)
