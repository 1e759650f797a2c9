"""What passes over chains say of themselves."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Followed:
    """What one pass did. `head_number` is None where the chain was not asked or did not answer."""

    chain: str
    scope: str = ""
    head_number: int | None = None
    asked: int = 0
    seen: int = 0
    final: int = 0
    orphaned: int = 0
    http_requests: int = 0
    rpc_calls: int = 0
    error: str = ""


def summary(chain: str, passes: Sequence[Followed]) -> dict[str, object]:
    """Return the sums of several passes over one chain, and their errors."""
    return {
        "chain": chain,
        "passes": len(passes),
        "asked": sum(each.asked for each in passes),
        "seen": sum(each.seen for each in passes),
        "final": sum(each.final for each in passes),
        "orphaned": sum(each.orphaned for each in passes),
        "http_requests": sum(each.http_requests for each in passes),
        "rpc_calls": sum(each.rpc_calls for each in passes),
        "errors": [each.error for each in passes if each.error],
    }
