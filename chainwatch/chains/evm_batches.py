"""How many calls an EVM node takes in one request: learned from what it refuses, and forgotten.

Public nodes take three, ten, fifty or hundreds, and say so only when it was too much. What they
said is kept for an hour: it may have been an overload, or one machine of several.
"""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from chainwatch.chains.base import ChainUnavailable

logger = logging.getLogger(__name__)

BATCH = 100  # receipts, blocks, … in one request
MOST = 128  # calls in one request, where a node has not refused so many
FEWEST = 3  # a range and the blocks at its ends, or three heads, are told in one breath
FEWER_FOR_S = 3600.0

P = ParamSpec("P")
T = TypeVar("T")


class Batches:
    """How many calls go into one request to one node. `sent` is how many the last one had."""

    def __init__(self, node: str) -> None:
        self._node = node
        self.sent = 0
        self._most, self._until = MOST, 0.0

    @property
    def most(self) -> int:
        return self._most if time.monotonic() < self._until else MOST

    def room(self, beside: int, *, least: int = 1) -> int:
        """Return how many of many calls go into one request, beside so many and the chain's id."""
        return max(least, min(BATCH, self.most - beside - 1))

    def ask_fewer(self, refusal: ChainUnavailable) -> None:
        """Send half as many calls in one request from now on. Raises `refusal` at the fewest."""
        fewer = max(FEWEST, min(self.sent, self.most) // 2)
        if self.sent <= FEWEST or fewer >= self.most:
            raise refusal
        self._most, self._until = fewer, time.monotonic() + FEWER_FOR_S
        logger.warning(
            "node takes fewer calls at once node=%s most=%d reason=%s", self._node, fewer, refusal
        )


class AsksInBatches(Protocol):
    batches: Batches


Asker = TypeVar("Asker", bound=AsksInBatches)
Question = Callable[Concatenate[Asker, P], T]


def fitting(
    *refusals: type[ChainUnavailable],
) -> Callable[[Question[Asker, P, T]], Question[Asker, P, T]]:
    """Ask a question again, all of it, with fewer calls at once, until the node takes them.

    Raises the last refusal where fewer cannot be.
    """

    def decorated(question: Question[Asker, P, T]) -> Question[Asker, P, T]:
        @wraps(question)
        def asked(self: Asker, /, *args: P.args, **kwargs: P.kwargs) -> T:
            while True:
                try:
                    return question(self, *args, **kwargs)
                except refusals as refusal:
                    self.batches.ask_fewer(refusal)

        return asked

    return decorated
