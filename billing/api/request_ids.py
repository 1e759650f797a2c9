"""One id per request: in the answer's Request-Id, and in every line the request logs."""

import logging
import re
import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="-")
_WELL_FORMED = re.compile(r"[A-Za-z0-9_.-]{8,64}")


def begin(offered: str | None) -> str:
    """Take the caller's own id where it is well formed, else make one; it holds until the next."""
    request_id = (
        offered if offered and _WELL_FORMED.fullmatch(offered) else f"req_{secrets.token_hex(12)}"
    )
    _current.set(request_id)
    return request_id


def current() -> str:
    """The id of the request being answered, `-` outside of one."""
    return _current.get()


class RequestIdFilter(logging.Filter):
    """Gives every log record `request_id`, for the format string."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current()
        return True
