"""What waits for approval just now, to try a policy on. Payouts are known above this floor.

So the one function that lists them is named by string, as the places of the admin are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.utils.module_loading import import_string

from approvals.facts import Facts
from billing.callers import Caller

WAITING = "payouts.waiting.drafts_waiting"
MOST = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """One payment that waits, as a person knows it."""

    facts: Facts
    title: str
    url: str


def waiting(caller: Caller) -> list[Waiting]:
    """The newest of what waits where the caller stands, at most MOST of it."""
    return cast("Callable[[Caller, int], list[Waiting]]", import_string(WAITING))(caller, MOST)
