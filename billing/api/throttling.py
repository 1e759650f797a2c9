"""How often a key may call: a fixed window per key (or per address, where there is no key).

`API_RATE_LIMIT` is `100/second` (also `/minute`, `/hour`) or `off`. Counted in Redis where
REDIS_URL is set, so that all machines share one count; else in a small file under DATA_DIR that
all workers of the one machine map into memory. Neither costs the database a round trip.
"""

import logging
import math
import time
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from billing.api.counting import Counter, FileCounter, RedisCounter
from billing.errors import RateLimited

logger = logging.getLogger(__name__)

WINDOWS_S = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` calls in every window of `window_s` seconds."""

    most: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Count:
    """Where one caller stands in the current window; what the X-RateLimit headers say."""

    limit: Limit
    calls: int
    resets_at: int  # unix seconds

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit.most),
            "X-RateLimit-Remaining": str(max(0, self.limit.most - self.calls)),
            "X-RateLimit-Reset": str(self.resets_at),
        }


def count_key(request: HttpRequest, key_id: str) -> None:
    """Count one call of this key; raise RateLimited where the window is full."""
    _count(request, key_id)


def count_address(request: HttpRequest) -> None:
    """Count one call that shows no valid key, by the network address it comes from."""
    _count(request, f"address {request.META.get('REMOTE_ADDR', '')}")


def count_visit(request: HttpRequest, what: str, limit: Limit) -> None:
    """Count one visit to a page by its network address; raise RateLimited where it is too many.

    Each `what` is counted apart, and all apart from calls. Off where the API's limit is off.
    """
    if parse(settings.API_RATE_LIMIT) is not None:
        _count_towards(limit, request, f"{what} {request.META.get('REMOTE_ADDR', '')}")


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Put the X-RateLimit headers on an answer; nothing where the limit is off."""
    count: Count | None = getattr(request, "rate_count", None)
    if count is not None:
        for name, value in count.headers.items():
            response.headers[name] = value


def is_counted(request: HttpRequest) -> bool:
    return hasattr(request, "rate_count")


def _count(request: HttpRequest, who: str) -> None:
    limit = parse(settings.API_RATE_LIMIT)
    if limit is not None:
        _count_towards(limit, request, who)


def _count_towards(limit: Limit, request: HttpRequest, who: str) -> None:
    now = time.time()
    # A window is named by when it ends, so that windows of unlike lengths can be told over or not.
    window = (int(now // limit.window_s) + 1) * limit.window_s
    calls = _counter().hit(who, window, limit.window_s)
    count = Count(limit, calls, window)
    request.rate_count = count  # type: ignore[attr-defined]  # read by the middleware, add_headers
    if calls > limit.most:
        wait_s = max(1, math.ceil(count.resets_at - now))
        raise RateLimited(
            f"More than {limit.most} calls in {limit.window_s} s. Wait {wait_s} s.",
            retry_after_s=wait_s,
        )


@cache
def parse(text: str) -> Limit | None:
    """Read `100/second`; None for `off`. Raises ValueError for anything else."""
    if text == "off":
        return None
    most, _, unit = text.partition("/")
    if not (most.isascii() and most.isdigit() and int(most) > 0 and unit in WINDOWS_S):
        raise ValueError(f"API_RATE_LIMIT is {text!r}: say 100/second, /minute, /hour, or off")
    return Limit(int(most), WINDOWS_S[unit])


@cache
def _counter() -> Counter:
    if settings.REDIS_URL:
        return RedisCounter(settings.REDIS_URL)
    return FileCounter(settings.DATA_DIR / "rate-limits")
