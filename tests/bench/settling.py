"""Block mined → payout settled, in ticks, with one payout in flight and with a thousand.

A thousand that one block pays is a burst: it takes as long as their rows take to write, so it is
shown as a rate too, and no limit stands beside it.
"""

import time
from collections.abc import Sequence
from itertools import product

from billing.chains import Environment, network
from tests.bench.figures import Figure
from tests.bench.flight import take_off
from tests.bench.node import CountingNode
from tests.bench.place import new_tenant
from tests.bench.ticking import CHAIN, connected, tick

LIMIT = 1.5
BLOCKS = 10  # of which the settling is measured
PHASES = [(number + 0.5) / 100 for number in range(100)]


def run() -> list[Figure]:
    return [
        *figures("1 in flight", in_flight(1, a_block=1), limit=LIMIT),
        *figures("1,000 in flight, 50 a block", in_flight(1_000, a_block=50), limit=LIMIT),
        *burst(1_000),
    ]


def burst(payouts: int) -> list[Figure]:
    what, took = f"{payouts:,} in one block", in_flight(payouts, a_block=payouts, blocks=1)
    rate = payouts / took[0]
    return [
        *figures(what, took),
        Figure(f"block mined → settled, {what}", "payouts settled", rate, "/s"),
    ]


def in_flight(payouts: int, *, a_block: int, blocks: int = BLOCKS) -> list[float]:
    """Return the seconds of ticks each of which sees a new block and settles `a_block` payouts.

    So many confirmations are asked that all the others are in blocks and not deep enough yet.
    """
    confirmations = payouts // a_block
    count = payouts + (blocks - 1) * a_block
    node = CountingNode(network(CHAIN).chain_id)
    took: list[float] = []
    try:
        with connected(node.url, confirmations=confirmations):
            flight = take_off(new_tenant("Settling", Environment.LIVE), CHAIN, count)
            for start in range(0, count, a_block):
                node.mine(flight.payments[start : start + a_block])
                begun, settled = time.perf_counter(), flight.settled
                tick()
                if start + a_block >= payouts:
                    took.append(time.perf_counter() - begun)
                    assert flight.settled == settled + a_block
    finally:
        node.close()
    return took


def figures(what: str, took: Sequence[float], *, limit: float | None = None) -> list[Figure]:
    """Return how long settling takes where blocks come at any moment between two ticks' beginnings.

    Ticks begin once in the network's polling interval, or as often as they can where one takes
    longer. A block waits for the next one, and is settled at its end at the latest.
    """
    period = network(CHAIN).poll_interval_s
    waits = sorted((u * max(period, s) + s) / period for u, s in product(PHASES, took))
    workload, beside = f"block mined → settled, {what}", f"ticks of {1000 * max(took):,.0f} ms"
    return [
        Figure(workload, "p50", waits[len(waits) // 2], "ticks", beside),
        Figure(workload, "p95", waits[int(len(waits) * 0.95)], "ticks", beside, limit),
    ]
