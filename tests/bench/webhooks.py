"""Webhooks: 3,000 deliveries beside bare loops, one receiver that hangs, and block to webhook."""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import aiohttp
import httpx
import requests
from django.conf import settings
from django.db import connection, transaction

from billing import exact_json
from billing.chains import Environment, network
from events.services import assign_sequences, event_json, publish
from events.types import EventType
from tests.bench import settling
from tests.bench.arms import interleaved, ratio
from tests.bench.figures import Figure
from tests.bench.flight import take_off
from tests.bench.node import CountingNode
from tests.bench.place import Tenant, new_tenant
from tests.bench.ticking import CHAIN, connected, tick
from tests.webhooks.receiver import CERTIFICATE
from webhooks import endpoints
from webhooks.endpoints import NewEndpoint
from webhooks.feeding import feed
from webhooks.guard import vetted
from webhooks.models import Delivery
from webhooks.sending import Limits, deliver
from webhooks.signing import headers

ENDPOINTS = 50
EVENTS = 3_000
ROUNDS = 5
HANGING_ROUNDS = 3  # each waits for the one that hangs
TICKS = 1.5  # from a block to its webhooks, at the 95th percentile
LIMIT = 2.5  # × the time of the bare loop: 0.4 of its rate
NEAR_MS = 10  # a receiver on the network, and no far one
OURS, BARE, CLIENT = "ours", "bare aiohttp", "httpx.Client"
NORMAL, HANGING = "normal", "one hanging"
PATIENT = Limits(budget_s=300)
TYPES = [each for each in EventType if not each.startswith("webhook.")][:ENDPOINTS]
DATA = {"amount": 500, "recipient_address": "0x" + "5" * 40, "metadata": {"order": "1" * 200}}


@dataclass(frozen=True, slots=True)
class Receiver:
    """The other process, as seen from this one."""

    base: str
    answers_after_ms: int

    def url(self, path: int | str) -> str:
        return f"{self.base}/{path}"

    def count(self) -> tuple[int, float]:
        """How many came since the last time this was asked, and when the last one did."""
        told = requests.get(self.url(""), timeout=10, verify=str(CERTIFICATE)).json()
        return told["count"], told["last_at"]


def run() -> list[Figure]:
    figures = []
    with receiving(NEAR_MS) as receiver:
        figures += beside_bare_loops(receiver)
        figures += one_hanging(receiver)
    with receiving(0) as receiver:
        figures += beside_bare_loops(receiver)
    with receiving(0, tls=True) as receiver:
        figures += to_webhook("1 in flight", mined(receiver, 1, a_block=1))
        figures += to_webhook("1,000 in flight, 50 a block", mined(receiver, 1_000, a_block=50))
    return figures


def beside_bare_loops(receiver: Receiver) -> list[Figure]:
    """Time claiming, sending and recording beside a loop that only sends the same bytes."""
    tenant = new_tenant("Telling")
    register(tenant, [receiver.url(number) for number in range(ENDPOINTS)])
    posts = the_same(tenant, receiver)
    arms = {
        OURS: lambda: ours(receiver, tenant, ENDPOINTS),
        BARE: lambda: timed(receiver, lambda: asyncio.run(bare(posts)), EVENTS),
    }
    if not receiver.answers_after_ms:  # One by one they would take a minute else.
        arms[CLIENT] = lambda: timed(receiver, lambda: one_by_one(posts), EVENTS)
    took = interleaved(arms, ROUNDS)
    rates = {name: f"{name} {EVENTS / min(seconds):,.0f}/s" for name, seconds in took.items()}
    how = f"after {receiver.answers_after_ms} ms" if receiver.answers_after_ms else "at once"
    workload = f"webhooks, {EVENTS:,} to {ENDPOINTS} endpoints that answer {how}"
    return [
        Figure(
            workload,
            rates[OURS],
            ratio(took, OURS, rival),
            "× time",
            rates[rival],
            LIMIT if rival == BARE else None,
        )
        for rival in arms
        if rival != OURS
    ]


def one_hanging(receiver: Receiver) -> list[Figure]:
    """Time until 49 endpoints are told, with and without a fiftieth that hangs."""
    healthy = [receiver.url(number) for number in range(ENDPOINTS - 1)]
    normal, hanging = new_tenant("Normal"), new_tenant("One hanging")
    register(normal, healthy)
    register(hanging, [*healthy, receiver.url("hang")])
    arms = {
        NORMAL: lambda: ours(receiver, normal, ENDPOINTS - 1),
        # The rest of the run is one socket that waits; it is not timed.
        HANGING: lambda: ours(receiver, hanging, ENDPOINTS - 1, Limits(budget_s=10)),
    }
    took = interleaved(arms, HANGING_ROUNDS)
    return [
        Figure(
            f"webhooks, {EVENTS:,} to {ENDPOINTS} endpoints, one hanging",
            "the other 49",
            ratio(took, HANGING, NORMAL),
            "× time",
            f"none hanging, {min(took[NORMAL]):.2f} s",
            1.25,
        )
    ]


def mined(receiver: Receiver, payouts: int, *, a_block: int) -> list[float]:
    """Return the seconds from a tick's beginning to the last webhook of what it settled."""
    confirmations, count = payouts // a_block, payouts + (settling.BLOCKS - 1) * a_block
    node = CountingNode(network(CHAIN).chain_id)
    tenant = new_tenant("Mined", Environment.LIVE)
    url = vetted(receiver.url(0), Environment.LIVE)
    endpoints.create(tenant.caller, NewEndpoint(url, [EventType.PAYOUT_SETTLED]))
    took: list[float] = []
    try:
        with connected(node.url, confirmations=confirmations):
            flight = take_off(tenant, CHAIN, count)
            deliver()
            for start in range(0, count, a_block):
                node.mine(flight.payments[start : start + a_block])
                receiver.count()
                begun = time.time()
                tick()
                deliver()
                if start + a_block >= payouts:
                    came, last_at = receiver.count()
                    assert came == a_block, came
                    took.append(last_at - begun)
    finally:
        node.close()
    return took


def to_webhook(what: str, took: Sequence[float]) -> list[Figure]:
    workload = f"block mined → signed webhook received, {what}"
    return [replace(each, workload=workload) for each in settling.figures(what, took, limit=TICKS)]


def register(tenant: Tenant, urls: Sequence[str]) -> None:
    """One endpoint for each URL, each of which wants another type of event."""
    for url, type_ in zip(urls, TYPES, strict=False):
        draft = NewEndpoint(vetted(url, tenant.caller.environment), [type_])
        endpoints.create(tenant.caller, draft)


def ours(receiver: Receiver, tenant: Tenant, count: int, limits: Limits = PATIENT) -> float:
    """Make as many deliveries due as every arm sends; time the sending until the last arrives.

    What an arm before this one left undelivered is nobody's any more.
    """
    Delivery.objects.filter(status="pending").update(status="canceled", next_attempt_at=None)
    with transaction.atomic():
        for number in range(EVENTS):
            publish(tenant.caller, TYPES[number % ENDPOINTS], "po_1", DATA)
    assign_sequences()
    feed()
    with connection.cursor() as cursor:
        cursor.execute("analyze webhooks_delivery, webhooks_endpoint")
    return timed(receiver, lambda: deliver(limits), EVENTS // ENDPOINTS * count)


def timed(receiver: Receiver, act: Callable[[], object], count: int) -> float:
    """Return the seconds until the last of `count` POSTs came, garbage collection kept out."""
    receiver.count()
    gc.collect()
    gc.disable()
    begun = time.time()
    act()
    gc.enable()
    came, last_at = receiver.count()
    assert came == count, f"{came} of {count} came"
    return last_at - begun


Posts = list[tuple[str, bytes, dict[str, str]]]


def the_same(tenant: Tenant, receiver: Receiver) -> Posts:
    """What ours sends, ready to be sent: url, body and headers, signature and all."""
    with transaction.atomic():
        event = publish(tenant.caller, TYPES[0], "po_1", DATA)
        body = exact_json.dumps(event_json(event))
        transaction.set_rollback(True)
    signed = headers(event.id, body, ["whsec_" + "A" * 32], event.created_at, event_type=event.type)
    return [(receiver.url(n % ENDPOINTS), body, signed) for n in range(EVENTS)]


async def bare(posts: Posts) -> None:
    """No database, no signature, no order: so many at once as there are endpoints."""
    left = iter(posts)

    async def work() -> None:
        for url, body, signed in left:
            async with session.post(url, data=body, headers=signed) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(work() for _ in range(ENDPOINTS)))


def one_by_one(posts: Posts) -> None:
    with httpx.Client() as client:
        for url, body, signed in posts:
            client.post(url, content=body, headers=signed)


@contextmanager
def receiving(answers_after_ms: int, *, tls: bool = False) -> Iterator[Receiver]:
    command = [sys.executable, "-m", "tests.bench.receiver", str(answers_after_ms)]
    process = subprocess.Popen(
        [*command, *(["tls"] if tls else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    host = f"127.0.0.1:{process.stdout.readline().strip()}"
    allowed = settings.WEBHOOK_ALLOWED_HOSTS
    settings.WEBHOOK_ALLOWED_HOSTS = [host]
    try:
        yield Receiver(f"{'https' if tls else 'http'}://{host}", answers_after_ms)
    finally:
        settings.WEBHOOK_ALLOWED_HOSTS = allowed
        process.kill()
        process.wait()
