"""Ticks of the watcher on a network whose one node is the benchmark's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

import chainwatch.chains.evm  # noqa: F401  # Loaded by the first pass, else: two seconds of web3.
from billing.celery import schedule
from billing.chains import Chain
from chainwatch.models import Block, ChainHead, Cursor, WatchedAddress, WatchedTransaction
from payouts.models import SubmittedHash

CHAIN = Chain.ARBITRUM
CONCERNED = {"payments", "verify", "outflows", *(f"follow {chain}" for chain in Chain)}


def tick() -> Mapping[str, Any]:
    """Run the jobs that bring payouts and checkouts on, each once; return what following said."""
    said: Mapping[str, Any] = {}
    for job in schedule():
        if job.name in CONCERNED:
            answer = import_string(job.task)(*job.arguments)
            if job.arguments == (CHAIN.value,):
                said = answer
    assert not said["errors"], said
    return said


@contextmanager
def connected(url: str, *, confirmations: int) -> Iterator[None]:
    """Read a chain that nobody has read yet while the block runs, and let go of all of it then."""
    try:
        with pointed_at(url, confirmations=confirmations):
            yield
    finally:
        _forget()


@contextmanager
def pointed_at(url: str, *, confirmations: int) -> Iterator[None]:
    """Let the chain's one node be at `url` while the block runs."""
    configured = settings.NETWORKS[CHAIN]
    settings.NETWORKS[CHAIN] = replace(
        configured, rpc_urls=(url,), confirmations=confirmations, quorum=1
    )
    try:
        yield
    finally:
        settings.NETWORKS[CHAIN] = configured


def _forget() -> None:
    """The next benchmark's chain begins with another block, and must find nothing in flight."""
    SubmittedHash.objects.filter(chain=CHAIN, closed_at=None).update(closed_at=timezone.now())
    WatchedTransaction.objects.filter(chain=CHAIN, finalized_at=None).delete()
    for model in (ChainHead, Block, Cursor, WatchedAddress):
        model.objects.filter(chain=CHAIN).delete()
