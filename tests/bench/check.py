"""The check of an entitlement beside a bare view with one SELECT on the same server."""

import http.client
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.utils import timezone

from customers.models import Customer
from subscriptions import entitlements, plans, services
from subscriptions.models import Plan, Subscription
from tests.bench.arms import interleaved, ratio
from tests.bench.calling import caller
from tests.bench.figures import Figure
from tests.bench.place import Tenant, new_tenant
from tests.bench.server import ask, cpu_per_request, server
from tests.bench.urls import TABLE

CHECK = "GET /v1/subscriptions/entitlements/check"
ROUNDS = 8
SUBSCRIBERS = 20_000
FEATURES = 20


def run() -> list[Figure]:
    tenant = new_tenant("Shop")
    path = _loaded(tenant)
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    with server() as port:
        client = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Authorization": f"Bearer {tenant.secret}"}
        arms = {
            "ours": cpu_per_request(client, lambda: ask(client, "GET", path, headers=headers)),
            "bare": cpu_per_request(client, lambda: ask(client, "GET", "/bench/select")),
        }
        took = interleaved(arms, ROUNDS, warm_up=2)
        client.close()
    workload = f"{CHECK}, {SUBSCRIBERS:,} subscribers"
    ours, bare = (sum(took[arm]) / ROUNDS for arm in ("ours", "bare"))
    beside = f"bare view with one SELECT {bare * 1000:.2f} ms"
    return [
        Figure(workload, "queries, one for the key", _queries(tenant, path), "", "", 2),
        Figure(workload, "CPU per request", ours * 1000, "ms", beside),
        Figure(workload, "CPU against the bare view", ratio(took, "ours", "bare"), "×", beside),
    ]


def _loaded(tenant: Tenant) -> str:
    """Many subscribers of two plans with many features each; the path that asks about one."""
    caller = tenant.caller
    offered = [_plan(tenant, name) for name in ("Basic", "Pro")]
    place = {"organization_id": caller.organization_id, "environment": caller.environment.value}
    people = [Customer(email=f"c{number}@example.com", **place) for number in range(SUBSCRIBERS)]
    Customer.objects.bulk_create(people, batch_size=10_000)
    now = timezone.now()
    rows = (
        Subscription(
            customer=person,
            plan=offered[number % 2],
            status="active",
            anchor_at=now,
            current_period_start=now,
            current_period_end=now + timedelta(days=30),
            **place,
        )
        for number, person in enumerate(people)
    )
    Subscription.objects.bulk_create(rows, batch_size=10_000)
    asked = people[SUBSCRIBERS // 2]
    # Asked about is somebody who really subscribed, and so has a second subscription.
    services.create(caller, services.NewSubscription(asked.id, offered[0].id))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    query = urlencode({"customer_id": asked.id, "feature_key": "feature 7"})
    return f"/v1/subscriptions/entitlements/check?{query}"


def _plan(tenant: Tenant, name: str) -> Plan:
    draft = plans.NewPlan(name, Decimal(20), "monthly", "base", "USDC")
    plan = plans.create(tenant.caller, draft)
    for number in range(FEATURES):
        entitlements.create(
            tenant.caller,
            entitlements.NewEntitlement(plan.id, f"feature {number}", "numeric", Decimal(number)),
        )
    return plan


def _queries(tenant: Tenant, path: str) -> int:
    call = caller(WSGIHandler(), tenant.secret)
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    assert call("GET", path).json()["has_access"] is True
    with connection.execute_wrapper(note):
        call("GET", path)
    return len(statements)
