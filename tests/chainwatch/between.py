"""A node beside which something happens: other threads, or an act at a moment of one's choice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from chainwatch.chains.base import ChainReader


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` in so many threads, each with its own connection; return what they returned."""
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def beside(act: Callable[[], Any]) -> Any:
    """Do something in another transaction of the database; return what it returned."""
    return at_once(1, lambda _: act())[0]


class Between:
    """A reader that acts once: before its first `before`, and after its first `after`.

    `before` and `after` are names of a reader's methods.
    """

    def __init__(
        self,
        reader: ChainReader,
        act: Callable[[], object],
        *,
        before: str = "",
        after: str = "",
    ) -> None:
        self._reader, self._act = reader, act
        self._before, self._after = before, after
        self._is_done = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._reader, name)
        if name not in (self._before, self._after):
            return found

        def method(*args: Any, **kwargs: Any) -> Any:
            if name == self._before:
                self._once()
            said = found(*args, **kwargs)
            if name == self._after:
                self._once()
            return said

        return method

    def _once(self) -> None:
        if not self._is_done:
            self._is_done = True
            self._act()
