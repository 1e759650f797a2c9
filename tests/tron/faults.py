"""The ways in which Tron nodes fail, beyond those that every node has (tests.chainwatch)."""

import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.chainwatch.stub_node import (
    Fault,
    cut_short,
    endless,
    reset,
    send,
    with_body,
    with_status,
)

NILE = "cd8690dc"  # the chain id of a test network of Tron's, as its genesis block ends with it


class Hang:
    """Say nothing at all, for longer than anybody waits, or until `let_go`."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self.waiting = 0  # how many questions came so far

    def __call__(self, handler: BaseHTTPRequestHandler, answer: Any) -> None:
        self.waiting += 1
        self._is_over.wait(120)
        handler.close_connection = True

    def let_go(self) -> None:
        self._is_over.set()


def of_another_chain(handler: BaseHTTPRequestHandler, answer: Any) -> None:
    """Answer well, with the genesis block of a test network."""
    if isinstance(answer, dict) and answer.get("blockID", "").startswith("0" * 16):
        answer = answer | {"blockID": answer["blockID"][:-8] + NILE}
    send(handler, json.dumps(answer).encode())


def with_other_ids(handler: BaseHTTPRequestHandler, answer: Any) -> None:
    """Answer well, of another transaction or another block than was asked."""
    send(handler, json.dumps(_renamed(answer)).encode())


def _renamed(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_renamed(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    ids = ("id", "txID", "blockID")
    return {name: "f" * 64 if name in ids else each for name, each in answer.items()}


HTML = with_body(b"<!doctype html><title>502 Bad Gateway</title>")
EMPTY = with_body(b"{}")
ERROR_200 = with_body(b'{"Error": "class java.lang.NullPointerException : null"}')
LIMITED_200 = with_body(b'{"Error": "request rate exceeded the allowed_rps(15)"}')
TOO_OFTEN = with_status(429, b'{"Error": "request rate exceeded"}')
UNAVAILABLE = with_status(503, b"<html>Service Unavailable</html>")

# By name: what is switched on, and for which paths.
ALL: dict[str, tuple[Fault, str]] = {
    "too often": (TOO_OFTEN, ""),
    "unavailable": (UNAVAILABLE, ""),
    "reset": (reset, ""),
    "cut short": (cut_short, ""),
    "html": (HTML, ""),
    "error with 200": (ERROR_200, ""),
    "rate limit with 200": (LIMITED_200, ""),
    "other ids": (with_other_ids, ""),
    "endless body": (endless, ""),
    "empty for all": (EMPTY, ""),
    "nothing known": (EMPTY, "gettransactioninfo"),
    "errors for receipts": (ERROR_200, "gettransactioninfo"),
}
