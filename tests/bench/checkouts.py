"""POST /v1/checkouts and its status, complete, beside bare views on the same server."""

import http.client
import json
import uuid
from collections.abc import Callable

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from billing.chains import Chain
from checkouts import methods
from tests.bench.arms import interleaved, ratio, seconds
from tests.bench.calling import caller
from tests.bench.figures import Figure
from tests.bench.place import Tenant, new_tenant
from tests.bench.server import REQUESTS, ask, cpu_per_request, server
from tests.bench.turns import counted
from tests.bench.urls import TABLE
from wallets import services as wallets

CREATE, STATUS = "POST /v1/checkouts", "GET /v1/checkouts/{id}/status"
ROUNDS = 12
# The account of the best known test phrase: twelve words, the last of which is "about".
XPUB = (
    "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3"
    "yZdUsT8ddYM3PwnATt"
)
BODY = {"amount_usd": 49.99, "chain": "base", "token": "USDC", "metadata": {"order_id": "1001"}}


def run() -> list[Figure]:
    tenant = _shop()
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    with server() as port:
        client = http.client.HTTPConnection("127.0.0.1", port)
        figures = [*_create(client, tenant), *_status(client, tenant)]
        client.close()
    return [*figures, _round_trips(tenant)]


def _shop() -> Tenant:
    """A merchant whose checkouts each have an address of their own."""
    tenant = new_tenant("Shop")
    wallet = wallets.create(tenant.caller, wallets.NewWallet(chain=Chain.BASE, xpub=XPUB))
    methods.create(
        tenant.caller, methods.NewMethod(wallet_id=wallet.id, chain=Chain.BASE, token="USDC")
    )
    return tenant


def _create(client: http.client.HTTPConnection, tenant: Tenant) -> list[Figure]:
    arms = {
        "ours": cpu_per_request(client, lambda: _made(client, tenant)),
        "bare": cpu_per_request(client, lambda: ask(client, "POST", "/bench/insert")),
    }
    took = interleaved(arms, ROUNDS, warm_up=2)
    ours, bare = (sum(took[arm]) / ROUNDS for arm in ("ours", "bare"))
    beside = f"bare view with one INSERT {bare * 1000:.2f} ms"
    return [
        Figure(CREATE, "CPU per request", ours * 1000, "ms", beside),
        Figure(CREATE, "CPU against the bare view", ratio(took, "ours", "bare"), "×", beside),
    ]


def _status(client: http.client.HTTPConnection, tenant: Tenant) -> list[Figure]:
    checkout_id = json.loads(_made(client, tenant))["checkout_id"]
    path, headers = f"/v1/checkouts/{checkout_id}/status", _key(tenant)
    arms = {
        "ours": seconds(_often(lambda: ask(client, "GET", path, headers=headers))),
        "bare": seconds(_often(lambda: ask(client, "GET", "/bench/select"))),
    }
    took = interleaved(arms, ROUNDS, warm_up=2)
    rates = {arm: REQUESTS / min(each) for arm, each in took.items()}
    beside = f"bare view with one SELECT {rates['bare']:,.0f}/s"
    return [
        Figure(STATUS, "requests per second, one after the other", rates["ours"], "/s", beside),
        Figure(STATUS, "time against the bare view", ratio(took, "ours", "bare"), "×", beside),
    ]


def _round_trips(tenant: Tenant) -> Figure:
    """Count one request's turns on the wire, once statements are prepared; it must not vary."""
    call, counts = caller(WSGIHandler(), tenant.secret), set()
    with counted() as turns:
        for number in range(30):
            before = turns.count
            answer = call("POST", "/v1/checkouts", BODY, idempotency_key=str(uuid.uuid4()))
            assert answer.status == 201, answer.body
            if number >= 20:
                counts.add(turns.count - before)
    beside = "the wire, health check, BEGIN and COMMIT included"
    return Figure(CREATE, "database round trips", max(counts), "", beside)


def _often(act: Callable[[], object]) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(REQUESTS):
            act()

    return repeated


def _made(client: http.client.HTTPConnection, tenant: Tenant) -> bytes:
    headers = _key(tenant) | {
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    return ask(client, "POST", "/v1/checkouts", json.dumps(BODY), headers)


def _key(tenant: Tenant) -> dict[str, str]:
    return {"Authorization": f"Bearer {tenant.secret}"}
