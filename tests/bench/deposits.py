"""Very many deposit addresses: what following them costs, and block mined → checkout detected.

On a node that only counts: most are open and followed at every tick, others are at rest.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import product

from django.utils import timezone

from billing.addresses import evm_checksum
from billing.chains import Environment, Token, network
from chainwatch import due
from chainwatch import services as chainwatch
from chainwatch.models import RestingCursor, WatchedAddress
from checkouts import methods, services
from checkouts.models import Checkout
from tests.bench.checkouts import XPUB
from tests.bench.figures import Figure
from tests.bench.node import CountingNode, Payment
from tests.bench.place import new_tenant
from tests.bench.settling import LIMIT, PHASES
from tests.bench.ticking import CHAIN, connected, tick
from wallets import services as wallets

OPEN, AT_REST = 10_000, 50_000
TICKS = 10
A_DAY = timedelta(days=1) // timedelta(milliseconds=network(CHAIN).block_time_ms)  # blocks
MOST_PASSES = 1_000


def run() -> list[Figure]:
    return [*followed(OPEN, beside=AT_REST), *rested(OPEN)]


def followed(count: int, *, beside: int = 0, ticks: int = TICKS) -> list[Figure]:
    """Follow so many open addresses beside some at rest; a block comes between any two ticks."""
    workload = f"{count:,} open deposit addresses, {beside:,} at rest"
    with _node() as node:
        issue(count - ticks)
        issue(beside, is_resting=True)
        asked = shop(ticks)
        tick()  # It begins near the head, and asks for the chain id.
        idle = [_cost(node) for _ in range(ticks)]
        took = [paid(node, checkout) for checkout in asked]
    period = network(CHAIN).poll_interval_s
    waits = sorted((u * max(period, s) + s) / period for u, s in product(PHASES, took))
    detected, slowest = "block mined → detected", f"ticks of {1000 * max(took):,.0f} ms"
    return [
        Figure(workload, "HTTP per tick", max(http for http, _ in idle), "", "one per address", 2),
        Figure(workload, "calls per tick", max(calls for _, calls in idle)),
        Figure(f"{detected}, {count:,} open", "p50", waits[len(waits) // 2], "ticks", slowest),
        Figure(
            f"{detected}, {count:,} open", "p95", waits[int(len(waits) * 0.95)], "ticks", "", LIMIT
        ),
    ]


def rested(count: int, *, blocks: int = A_DAY) -> list[Figure]:
    """Scan a day's blocks for so many addresses at rest, with nothing else to follow."""
    workload = f"{count:,} deposit addresses at rest, nothing else"
    with _node() as node:
        addresses = issue(count)
        tick()
        chainwatch.rest_addresses(CHAIN, addresses, at=timezone.now())
        idle = [_cost(node)[0] for _ in range(TICKS)]
        node.mine()
        for _ in range(blocks - TICKS):
            node.mine()
        RestingCursor.objects.update(done_at=timezone.now() - due.RESTING_EVERY)
        before, passes, longest = node.http_requests, 0, 0.0
        while due.resting(timezone.now()).exists():
            assert passes < MOST_PASSES, "the day's scan never ends"
            begun = time.perf_counter()
            tick()
            passes, longest = passes + 1, max(longest, time.perf_counter() - begun)
    parts = f"{blocks:,} blocks in {passes} ticks of {1000 * longest:,.0f} ms at most"
    return [
        Figure(workload, "HTTP per tick", max(idle), "", "", 0, exactly=True),
        Figure(workload, "HTTP a day", node.http_requests - before, "", parts),
    ]


def issue(count: int, *, is_resting: bool = False) -> list[str]:
    """Let so many addresses be followed, or rest; return them."""
    now = timezone.now()
    addresses = [evm_checksum(secrets.token_hex(20)) for _ in range(count)]
    WatchedAddress.objects.bulk_create(
        (
            WatchedAddress(
                chain=CHAIN,
                address=each,
                is_incoming=not is_resting,
                watched_at=now,
                rests_since=now if is_resting else None,
            )
            for each in addresses
        ),
        batch_size=5_000,
    )
    return addresses


def shop(count: int) -> list[Checkout]:
    """Make so many live checkouts over 50 USDC, each with an address of its own."""
    tenant = new_tenant("Shop", Environment.LIVE)
    wallet = wallets.create(tenant.caller, wallets.NewWallet(chain=CHAIN, xpub=XPUB))
    methods.create(
        tenant.caller, methods.NewMethod(wallet_id=wallet.id, chain=CHAIN, token=Token.USDC)
    )
    draft = services.NewCheckout(amount_usd=Decimal(50), chain=CHAIN, token=Token.USDC)
    return [services.create(tenant.caller, draft) for _ in range(count)]


def paid(node: CountingNode, checkout: Checkout) -> float:
    """Pay a checkout in a new block; return how long the tick takes that detects it."""
    payment = Payment(
        f"0x{secrets.token_hex(32)}", checkout.contract, checkout.address, checkout.amount_atomic
    )
    node.mine([payment])
    begun = time.perf_counter()
    tick()
    took = time.perf_counter() - begun
    checkout = Checkout.objects.get(pk=checkout.pk)
    assert (checkout.status, checkout.tx_hash) == ("detected", payment.tx_hash)
    return took


def _cost(node: CountingNode) -> tuple[int, int]:
    """Let a block come, tick, and return what that asked: HTTP requests, and calls in them."""
    node.mine()
    http_requests, calls = node.http_requests, node.calls
    tick()
    return node.http_requests - http_requests, node.calls - calls


@contextmanager
def _node() -> Iterator[CountingNode]:
    node = CountingNode(network(CHAIN).chain_id)
    try:
        with connected(node.url, confirmations=3):
            yield node
    finally:
        node.close()
        RestingCursor.objects.filter(chain=CHAIN).delete()
