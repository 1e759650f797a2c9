"""A network whose nodes are the test's own, and short ways to watch and to read back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from billing.chains import Network, Token
from chainwatch import services
from chainwatch.models import Transfer, WatchedTransaction
from tests.chainwatch.stub_node import StubNode, running_stub

Configure = Callable[..., Network]


@pytest.fixture
def stub() -> Iterator[StubNode]:
    """A scripted node that claims to be Arbitrum."""
    with running_stub() as node:
        yield node


@pytest.fixture
def second() -> Iterator[StubNode]:
    with running_stub() as node:
        yield node


@pytest.fixture
def configure(settings: Settings) -> Configure:
    """Set what a chain is in this test: `configure("base", rpc_urls=(url,), confirmations=3)`."""

    def configure(chain: str, **changes: Any) -> Network:
        row: Network = settings.NETWORKS[chain]
        if "usdc" in changes:
            changes["contracts"] = {**row.contracts, Token.USDC: changes.pop("usdc")}
        if "usdt" in changes:
            pinned = changes.get("contracts", row.contracts)
            changes["contracts"] = {**pinned, Token.USDT: changes.pop("usdt")}
        changed = replace(row, **changes)
        settings.NETWORKS = {**settings.NETWORKS, chain: changed}
        return changed

    return configure


def watch(
    tx_hash: str,
    chain: str = "arbitrum",
    *,
    scope: str = "",
    key: str = "",
    age: timedelta = timedelta(0),
) -> WatchedTransaction:
    """Watch a hash since `age` ago, for 30 days."""
    at = timezone.now() - age
    until = at + timedelta(days=30)
    return services.watch(chain, tx_hash, scope=scope, key=key, at=at, until=until)


def state(tx_hash: str, chain: str = "arbitrum", **place: str) -> WatchedTransaction:
    """What is known of a watched hash now."""
    row = services.watched(chain, tx_hash, **place)
    assert row is not None
    return row


def standing(tx_hash: str, chain: str = "arbitrum", **place: str) -> list[Transfer]:
    return services.transfers_of(chain, tx_hash, **place)


def make_due(tx_hash: str) -> None:
    """Let a hash that is asked rarely be due in the next pass."""
    WatchedTransaction.objects.filter(tx_hash=tx_hash).update(asked_at=None)


def utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.get_default_timezone())
