"""python -m tests.bench.endless URL CONFIRMATIONS TICKS WORK_EVERY: a worker in its own process.

It ticks, and before each tick has a block mined at the node. Before every WORK_EVERYth one, 0 for
none, it executes a payout too, which that block pays. It prints what it grew by and spent.
"""

import dataclasses
import gc
import json
import logging
import os
import sys
import time

import django
import psutil
from django.conf import settings

WARM_UP = 100  # ticks: libraries are loaded, statements prepared, a few payouts settled


def main() -> None:
    url, *counts = sys.argv[1:]
    confirmations, ticks, work_every = map(int, counts)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
    settings.DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
    django.setup()
    logging.disable(logging.INFO)

    from tests.bench.ticking import pointed_at

    with pointed_at(url, confirmations=confirmations):
        _run(url, min(WARM_UP, ticks), work_every)
        before = _memory()
        cpu_s = _run(url, ticks, work_every)
    print(json.dumps({"before": before, "after": _memory(), "cpu_s": cpu_s / ticks}))


def _run(url: str, ticks: int, work_every: int) -> float:
    """Tick so often; return the processor time that the ticks alone took."""
    from billing.chains import Environment
    from tests.bench.flight import Flight, take_off
    from tests.bench.node import RemoteChain
    from tests.bench.place import new_tenant
    from tests.bench.ticking import CHAIN, tick

    chain, executed, spent = RemoteChain(url), 0, 0.0
    tenant = new_tenant("Endless", Environment.LIVE)
    for number in range(ticks):
        is_working = work_every and number % work_every == 0
        payments = take_off(tenant, CHAIN, 1).payments if is_working else []
        executed += len(payments)
        chain.mine(dataclasses.asdict(each) for each in payments)
        begun = time.process_time()
        tick()
        spent += time.process_time() - begun
    settled = Flight(tenant, []).settled
    assert settled >= executed - 1, f"{settled} of {executed} settled"  # the last may still wait
    return spent


def _memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    main()
