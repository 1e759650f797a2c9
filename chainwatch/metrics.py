"""How the chains are, for Prometheus: read from rows when somebody scrapes."""

import logging
from collections.abc import Iterable, Iterator

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from billing.chains import Chain, network
from chainwatch import nodes
from chainwatch.alarms import unscanned
from chainwatch.models import ChainHead, Cursor, WatchedAddress

logger = logging.getLogger(__name__)


class ChainCollector(Collector):
    """The live networks: heads, how long ago they were read, how far scans are, nodes' failures."""

    def collect(self) -> Iterable[Metric]:
        try:
            return list(_gauges())
        except DatabaseError as error:
            # What this process counts itself is still worth a scrape.
            logger.warning("chains were not measured reason=%s", type(error).__name__)
            return []


def _gauges() -> Iterator[Metric]:
    now = timezone.now()
    heads = list(ChainHead.objects.filter(scope="", read_at__isnull=False).order_by("chain"))
    watched = WatchedAddress.objects.filter(Q(is_outgoing=True) | Q(is_incoming=True), scope="")
    scanned = Cursor.objects.filter(scope="", chain__in=watched.values("chain"))
    cursors = {cursor.chain: cursor for cursor in scanned}
    number = GaugeMetricFamily("billing_chain_head", "The highest block read.", labels=["chain"])
    silence = GaugeMetricFamily(
        "billing_chain_unread_seconds", "Time since the last good read.", labels=["chain"]
    )
    behind = GaugeMetricFamily(
        "billing_chain_unscanned_blocks", "From the last scanned block to it.", labels=["chain"]
    )
    for head in heads:
        number.add_metric([head.chain], head.number)
        if head.read_at is not None:
            silence.add_metric([head.chain], (now - head.read_at).total_seconds())
        if lag := unscanned(head, cursors.get(head.chain)):
            behind.add_metric([head.chain], lag[0])
    failures = GaugeMetricFamily(
        "billing_node_failures", "Failures in a row.", labels=["chain", "node"]
    )
    for chain, rows in nodes.of_chains(network(chain) for chain in Chain).items():
        for row in rows:
            failures.add_metric([chain, row.name], row.failures)
    yield from (number, silence, behind, failures)
