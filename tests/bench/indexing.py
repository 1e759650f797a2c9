"""Transfers of a watched wallet indexed per second, beside the least that the same rows cost."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.utils import timezone

from chainwatch import services as chainwatch
from chainwatch.following import follow
from chainwatch.models import Cursor, Transfer
from tests.bench import bare_indexing
from tests.bench.figures import Figure
from tests.bench.log_node import HEAD, PER_BLOCK, WALLET, first_block
from tests.bench.ticking import CHAIN, connected

LOGS = 200_000 if os.environ.get("SOAK") else 20_000
MOST_PASSES = 1_000


def run(logs: int = LOGS) -> list[Figure]:
    workload = f"index {logs:,} transfers"
    with _log_node(logs) as url:
        bare_s = _seconds(lambda: bare_indexing.run(url, logs))
        backfilled_s = _timed(url, logs, lambda: _backfill(logs))
        followed_s = _timed(url, logs, lambda: _follow(logs))
    beside = f"requests, orjson and COPY alone {logs / bare_s:,.0f} /s"
    return [
        Figure(workload, "backfill", logs / backfilled_s, "/s", beside),
        Figure(workload, "backfill's time", backfilled_s / bare_s, "×", beside),
        Figure(workload, "follow from behind", logs / followed_s, "/s", beside),
    ]


def _timed(url: str, logs: int, index: Callable[[], None]) -> float:
    """Index a chain anew and return the seconds it took; what is indexed is removed again."""
    with connected(url, confirmations=HEAD):
        chainwatch.watch_address(CHAIN, WALLET, outgoing=True, at=timezone.now())
        seconds = _seconds(index)
        ours = Transfer.objects.filter(chain=CHAIN, from_address=WALLET)
        found = ours.count()
        assert found == logs, f"{found} of {logs} indexed"
        ours._raw_delete(ours.db)
    return seconds


def _backfill(logs: int) -> None:
    done = chainwatch.backfill(CHAIN, first_block(logs), HEAD)
    assert not done.error, done.error
    assert done.scanned * PER_BLOCK == logs


def _follow(logs: int) -> None:
    """Follow as a worker does that was down while all of this happened."""
    cursors = Cursor.objects.filter(chain=CHAIN)
    # It had scanned so far after the wallet was watched: so all of the gap counts.
    cursors.update(next_block=first_block(logs), block_time=timezone.now())
    for _ in range(MOST_PASSES):
        done = follow(CHAIN)
        assert not done.error, done.error
        if cursors.filter(next_block=HEAD + 1).exists():
            return
    raise AssertionError("the scan never reached the head")


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


@contextmanager
def _log_node(logs: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.log_node", str(logs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(node.stdout.readline())}"
        finally:
            node.terminate()
