"""Prometheus metrics of this process, or of all web workers where they share a directory.

The launcher calls `share` before it starts workers; prometheus_client then keeps its values in
files under that directory and /metrics adds them up.
"""

import os
import shutil
from pathlib import Path

from django.http import HttpRequest
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.registry import Collector

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_requests = Counter("billing_http_requests_total", "Requests.", ("route", "method", "status"))
_seconds = Histogram(
    "billing_http_request_seconds",
    "Time to answer a request.",
    ("route", "method"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_asked_at_scrape: list[Collector] = []
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})


def observe_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count one answered request under its route, never under its path: paths have no end."""
    match = request.resolver_match
    route = match.route if match is not None else "unmatched"
    method = request.method if request.method in _METHODS else "other"
    _requests.labels(route, method, status).inc()
    _seconds.labels(route, method).observe(seconds)


def register(collector: Collector) -> None:
    """Add what is asked only when somebody scrapes, such as rows by state."""
    _asked_at_scrape.append(collector)


def exposition() -> tuple[bytes, str]:
    """All metrics in Prometheus' text format, and its content type."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get(_DIRECTORY):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # not annotated
    text = generate_latest(registry)
    asked = CollectorRegistry()
    for collector in _asked_at_scrape:
        asked.register(collector)
    return text + generate_latest(asked), CONTENT_TYPE_LATEST


def share(directory: Path, environment: dict[str, str]) -> None:
    """Empty `directory` and name it in the `environment` of the workers about to start."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    environment[_DIRECTORY] = str(directory)
