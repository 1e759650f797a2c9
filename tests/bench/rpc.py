"""Requests to a node per settled payout, counted at a node that only counts."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil

from django.conf import settings

from billing.chains import Chain, Environment, network
from chainwatch import following
from payouts import services, verifying
from payouts.models import PayoutIntent
from tests.bench.figures import Figure
from tests.bench.node import CountingNode, Payment
from tests.bench.payouts import a_draft
from tests.bench.place import Tenant, new_tenant

CHAIN = Chain.ARBITRUM
BATCH = 100
SCENES = ((100, 3), (1000, 3), (1000, 60))
MOST_TICKS = 200


@dataclass(frozen=True, slots=True)
class Spent:
    """What settling cost, up to the last settlement and until nothing was in flight any more."""

    ticks: int
    http_requests: int
    calls: int
    calls_until_idle: int
    calls_when_idle: int


def run() -> list[Figure]:
    figures: list[Figure] = []
    for payouts, confirmations in SCENES:
        figures += _figures(payouts, confirmations, _spend(payouts, confirmations))
    return figures


def _figures(payouts: int, confirmations: int, spent: Spent) -> list[Figure]:
    workload = f"settle {payouts:,} at {confirmations} confirmations"
    most_http = 2 * spent.ticks + ceil(2 * payouts / BATCH)
    per_payout = spent.calls / payouts
    return [
        Figure(
            workload,
            "calls per settled payout",
            per_payout,
            "",
            f"receipt and head each block {1 + confirmations}",
            2.1 if payouts >= 1000 else None,
        ),
        Figure(
            workload, "HTTP requests", spent.http_requests, "", f"{spent.ticks} ticks", most_http
        ),
        Figure(workload, "calls until nothing is in flight", spent.calls_until_idle),
        Figure(workload, "calls when idle", spent.calls_when_idle, "", "", 0, exactly=True),
    ]


def _spend(payouts: int, confirmations: int) -> Spent:
    node = CountingNode(network(CHAIN).chain_id)
    with _connected(node, confirmations):
        tenant = new_tenant(f"RPC {payouts} {confirmations}", Environment.LIVE)
        node.mine(_execute(tenant, payouts))
        ticks = 1
        _tick()
        while _settled(tenant) < payouts:
            node.mine()
            _tick()
            ticks += 1
            assert ticks < MOST_TICKS, f"{_settled(tenant)} of {payouts} settled"
        http_requests, calls = node.http_requests, node.calls
        until_idle = _calls_until_idle(node)
        for _ in range(10):
            node.mine()
            _tick()
    return Spent(ticks, http_requests, calls, until_idle, node.calls - until_idle)


def _calls_until_idle(node: CountingNode) -> int:
    """Tick until a tick asks nothing, and return the calls there were in all."""
    for _ in range(MOST_TICKS):
        before = node.calls
        node.mine()
        _tick()
        if node.calls == before:
            break
    return node.calls


@contextmanager
def _connected(node: CountingNode, confirmations: int) -> Iterator[None]:
    """Let the chain's one node be `node` while the block runs."""
    configured = settings.NETWORKS[CHAIN]
    settings.NETWORKS[CHAIN] = replace(
        configured, rpc_urls=(node.url,), confirmations=confirmations, quorum=1
    )
    try:
        yield
    finally:
        settings.NETWORKS[CHAIN] = configured
        node.close()


def _execute(tenant: Tenant, count: int) -> list[Payment]:
    """Walk `count` live payouts to executed, each with its own hash; return what shall be mined."""
    payments = []
    for _ in range(count):
        payout = services.create(tenant.caller, a_draft(CHAIN))
        services.approve(tenant.caller, payout.id)
        payment = Payment(
            "0x" + secrets.token_hex(32),
            payout.contract,
            payout.recipient_address,
            payout.amount_atomic,
        )
        services.execute(tenant.caller, payout.id, payment.tx_hash)
        payments.append(payment)
    return payments


def _tick() -> None:
    following.follow(CHAIN)
    verifying.verify(CHAIN)


def _settled(tenant: Tenant) -> int:
    ours = PayoutIntent.objects.visible_to(tenant.caller)
    return ours.filter(status="settled").count()
