"""A POST that may come again: what identifies it, and the answer that is kept for its repeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from billing.callers import Caller
from billing.errors import InvalidRequest

LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Call:
    """One POST with an Idempotency-Key. `body` is the parsed JSON object."""

    caller: Caller
    key: str
    method: str
    path: str
    body: Mapping[str, Any]
    stores_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was written. A replay is sent with 200, whatever the first was."""

    status: int
    body: bytes
    is_replay: bool = False


def key_of(request: Request) -> str | None:
    """Return the request's Idempotency-Key, None where it has none; refuse a malformed one."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidRequest(
            f"The Idempotency-Key must have 1 to {LONGEST_KEY} printable characters.",
            code="invalid_idempotency_key",
            param="Idempotency-Key",
        )
    return str(key)
