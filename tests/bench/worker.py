"""A worker in a process of its own: what it grows by as it ticks, and its processor time a tick."""

import json
import os
import subprocess
import sys

from django.db import connection

from billing.chains import Environment, network
from tests.bench.endless import WARM_UP
from tests.bench.figures import Figure
from tests.bench.flight import take_off
from tests.bench.node import CountingNode
from tests.bench.place import new_tenant
from tests.bench.ticking import CHAIN, connected, tick

TICKS = 100_000 if os.environ.get("SOAK") else 1_000
WORK_EVERY = 25  # ticks: about half of them find something in flight, half nothing
TIMED_TICKS = 50
BELOW_ALL = 1_000_000  # so many confirmations no block here has: what is in flight stays there
LIMIT = 1.1


def run() -> list[Figure]:
    return [*memory(TICKS), *cpu(1_000, TIMED_TICKS)]


def memory(ticks: int) -> list[Figure]:
    said = _endless(_node(), confirmations=3, ticks=ticks, work_every=WORK_EVERY)
    beside = f"{said['before'] / 2**20:.1f} MB after {min(WARM_UP, ticks)} ticks"
    grown = said["after"] / said["before"]
    return [Figure("worker", f"memory after {ticks:,} ticks", grown, "×", beside, LIMIT)]


def cpu(payouts: int, ticks: int) -> list[Figure]:
    """Time ticks with nothing to do, and with so many payouts that wait in blocks."""
    idle = _endless(_node(), confirmations=3, ticks=ticks)
    node = _node()
    with connected(node.url, confirmations=BELOW_ALL):
        node.mine(take_off(new_tenant("Waiting", Environment.LIVE), CHAIN, payouts).payments)
        tick()
        busy = _endless(node, confirmations=BELOW_ALL, ticks=ticks)
    beside = "all chains, verify and outflows"
    return [
        Figure("worker", "CPU per tick, nothing in flight", 1000 * idle["cpu_s"], "ms", beside),
        Figure("worker", f"CPU per tick, {payouts:,} in flight", 1000 * busy["cpu_s"], "ms"),
    ]


def _node() -> CountingNode:
    return CountingNode(network(CHAIN).chain_id)


def _endless(
    node: CountingNode, *, confirmations: int, ticks: int, work_every: int = 0
) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.endless", node.url]
    command += [str(confirmations), str(ticks), str(work_every)]
    environment = {**os.environ, "BENCH_DATABASE": connection.settings_dict["NAME"]}
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    node.close()
    figures: dict[str, float] = json.loads(said)
    return figures
