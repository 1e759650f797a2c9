"""Requests to a node per tick and per settled payout, counted at a node that only counts."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

from billing.chains import Environment, network
from tests.bench import naive
from tests.bench.figures import Figure
from tests.bench.flight import Flight, take_off
from tests.bench.node import CountingNode
from tests.bench.place import new_tenant
from tests.bench.ticking import CHAIN, connected, tick
from wallets import services as wallets
from wallets.services import NewWallet

BATCH = 100
MANY = 1_000  # from so many on, what the chain costs by itself is no part of a payout's price
COUNTS = (0, 1, 100, 1_000) + ((10_000,) if os.environ.get("SOAK") else ())
SCENES = tuple((count, deep) for deep in (3, 60) for count in COUNTS)
MOST_TICKS = 300
FINALIZED_AFTER = 8  # so many blocks beyond the confirmations: finalization comes last
IDLE_TICKS = 10
KINDS = {
    "eth_getTransactionReceipt": "receipts",
    "eth_getBlockByNumber": "blocks",
    "eth_getLogs": "log queries",
    "eth_chainId": "chain ids",
}


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick asked, and how many transactions it found newly in a block or newly final.

    One is newly final twice: by its network's rule, and once its block is finalized.
    """

    http_requests: int
    calls: int
    news: int

    @property
    def beyond_news(self) -> int:
        """HTTP requests that no hundred of such news explains, receipts or their blocks."""
        return self.http_requests - ceil(self.news / BATCH)


def run() -> list[Figure]:
    figures: list[Figure] = []
    for payouts, confirmations in SCENES:
        figures += scene(payouts, confirmations)
    return [*figures, *watched_scene(1_000, 3), *waiting_scene(1_000)]


def scene(payouts: int, confirmations: int) -> list[Figure]:
    """Settle so many payouts that are mined in one block, beside the naive watcher."""
    workload = f"settle {payouts:,} at {confirmations} confirmations"
    with _node(confirmations) as node:
        flight = take_off(new_tenant(workload, Environment.LIVE), CHAIN, payouts)
        settled = _until_settled(node, flight)
        idle = _until_nothing_is_asked(node)
        kinds = _kinds(node)
        nothing = _sum("calls", [_tick(node) for _ in range(IDLE_TICKS)])
        rival = naive.watch(node, flight.payments, confirmations) if payouts else None
    figures = [Figure(workload, "calls when idle", nothing, "", "", 0, exactly=True)]
    if rival is None:
        return figures
    in_all = _sum("calls", [*settled, *idle]) / payouts
    waiting = max((each.calls for each in idle), default=0)
    return [
        *_settled_figures(workload, payouts, settled, rival),
        _most_http(workload, [*settled, *idle], f"naive watcher {2 * payouts:,}"),
        Figure(workload, "calls per payout until finalized", in_all, "", kinds),
        Figure(workload, "calls per tick until finalized", waiting),
        *figures,
    ]


def watched_scene(payouts: int, confirmations: int) -> list[Figure]:
    """The same while a registered source wallet, the payer, is watched: each tick scans."""
    workload = f"settle {payouts:,} at {confirmations}, wallet watched"
    with _node(confirmations) as node:
        tenant = new_tenant(workload, Environment.LIVE)
        draft = NewWallet(CHAIN, node.payer, "Treasury", is_source=True)
        wallet = wallets.create(tenant.caller, draft)
        settled = _until_settled(node, take_off(tenant, CHAIN, payouts))
        # As long as finalization takes; what is watched is asked about for ever.
        later = [_tick(node) for _ in range(FINALIZED_AFTER + 2 * IDLE_TICKS)]
        kinds = _kinds(node)
        wallets.update(tenant.caller, wallet.id, {"is_source": False})
    only_watching = later[-IDLE_TICKS:]
    per_payout = _sum("calls", settled) / payouts
    most = max(each.http_requests for each in only_watching)
    return [
        Figure(workload, "calls per settled payout", per_payout, "", "", 2.1),
        _most_http(workload, [*settled, *later], kinds),
        Figure(workload, "HTTP per tick, only watching", most, "", "", 2),
    ]


def waiting_scene(payouts: int) -> list[Figure]:
    """What hashes cost in each tick in which they are submitted but in no block yet."""
    workload = f"{payouts:,} wait to be mined"
    with _node(3) as node:
        take_off(new_tenant(workload, Environment.LIVE), CHAIN, payouts)
        waiting = [_tick(node) for _ in range(IDLE_TICKS)]
        kinds = _kinds(node)
    calls = _sum("calls", waiting) / len(waiting)
    http_requests = _sum("http_requests", waiting) / len(waiting)
    naively = f"naive watcher {2 * payouts:,}"
    return [
        Figure(workload, "calls per tick", calls, "", naively),
        Figure(workload, "HTTP per tick", http_requests, "", f"{naively}; {kinds}"),
    ]


def _settled_figures(
    workload: str, payouts: int, settled: Sequence[Tick], rival: naive.Naive
) -> list[Figure]:
    calls, http_requests = _sum("calls", settled), _sum("http_requests", settled)
    each = rival.calls / rival.payouts
    smaller = "" if rival.payouts == payouts else f", run with {rival.payouts:,}"
    naively = f"naive watcher {each:g}{smaller}"
    ours = f"{naively}; {http_requests} in {len(settled)} ticks"
    limit = 2.1 if payouts >= MANY else None
    return [
        Figure(workload, "calls per settled payout", calls / payouts, "", naively, limit),
        Figure(workload, "HTTP per settled payout", http_requests / payouts, "", ours),
    ]


def _most_http(workload: str, ticks: Sequence[Tick], beside: str) -> Figure:
    most = max(each.beyond_news for each in ticks)
    return Figure(workload, "HTTP per tick but 1 per 100 new", most, "", beside, 2)


@contextmanager
def _node(confirmations: int) -> Iterator[CountingNode]:
    node = CountingNode(network(CHAIN).chain_id, finalized_behind=confirmations + FINALIZED_AFTER)
    try:
        with connected(node.url, confirmations=confirmations):
            yield node
    finally:
        node.close()


def _until_settled(node: CountingNode, flight: Flight) -> list[Tick]:
    node.mine(flight.payments)
    ticks: list[Tick] = []
    while flight.settled < len(flight.payments):
        assert len(ticks) < MOST_TICKS, f"{flight.settled} of {len(flight.payments)} settled"
        ticks.append(_tick(node))
    return ticks


def _until_nothing_is_asked(node: CountingNode) -> list[Tick]:
    ticks: list[Tick] = []
    while not ticks or ticks[-1].calls:
        assert len(ticks) < MOST_TICKS, "it never ends"
        ticks.append(_tick(node))
    return ticks


def _tick(node: CountingNode) -> Tick:
    """Tick, then let the chain go on by a block."""
    http_requests, calls = node.http_requests, node.calls
    said = tick()
    node.mine()
    return Tick(
        node.http_requests - http_requests,
        node.calls - calls,
        said["seen"] + said["final"] + said["finalized"],
    )


def _kinds(node: CountingNode) -> str:
    return ", ".join(f"{KINDS.get(kind, kind)} {n:,}" for kind, n in node.by_method.most_common())


def _sum(count: str, ticks: Sequence[Tick]) -> int:
    return sum(getattr(each, count) for each in ticks)
