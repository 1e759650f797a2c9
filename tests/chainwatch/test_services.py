"""Watching hashes, reading what is known, tracing, checking nodes."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from chainwatch import sandbox, services
from chainwatch.following import follow
from chainwatch.models import ChainHead, WatchedTransaction
from chainwatch.sandbox import PlannedTransfer
from tests.chainwatch.conftest import Configure, state, watch
from tests.chainwatch.stub_node import StubNode, tx, with_status

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.django_db
def test_a_hash_is_watched_once_and_as_long_as_the_longest_asks() -> None:
    first = services.watch("base", tx(1), at=NOON, until=NOON + 30 * DAY)
    shorter = services.watch("base", tx(1), at=NOON + DAY, until=NOON + 2 * DAY)
    longer = services.watch("base", tx(1), at=NOON + DAY, until=NOON + 31 * DAY)

    assert first.pk == shorter.pk == longer.pk
    assert shorter.watch_until == NOON + 30 * DAY
    assert longer.watch_until == NOON + 31 * DAY
    assert WatchedTransaction.objects.count() == 1


@pytest.mark.django_db
def test_chain_scope_and_key_each_make_another_watch() -> None:
    for chain, scope, key in [
        ("base", "", ""),
        ("arbitrum", "", ""),
        ("base", "org_1", "po_1"),
        ("base", "org_1", "po_2"),
    ]:
        services.watch(chain, tx(1), scope=scope, key=key, at=NOON, until=NOON + DAY)

    assert WatchedTransaction.objects.count() == 4
    assert services.watched("base", tx(1), scope="org_1") is None
    found = services.watched("base", tx(1), scope="org_1", key="po_2")
    assert found is not None
    assert found.key == "po_2"


@pytest.mark.django_db
def test_a_hash_submitted_again_is_asked_as_a_new_one(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    watch(tx(1), age=timedelta(days=4))
    follow("arbitrum")
    assert follow("arbitrum").asked == 0

    watch(tx(1))

    assert follow("arbitrum").asked == 1
    assert follow("arbitrum").asked == 1


@pytest.mark.django_db
def test_submitting_a_final_hash_again_changes_nothing_of_what_is_known(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    watch(tx(1))
    stub.mine(tx(1), 100)
    follow("arbitrum")
    before = state(tx(1))

    again = watch(tx(1))

    assert (again.final_at, again.block_hash) == (before.final_at, before.block_hash)
    assert follow("arbitrum").asked == 0


def test_confirmations_count_the_block_itself() -> None:
    mined = WatchedTransaction(block_number=100)

    assert services.confirmations_of(mined, ChainHead(number=100)) == 1
    assert services.confirmations_of(mined, ChainHead(number=111)) == 12
    assert services.confirmations_of(mined, ChainHead(number=99)) == 0
    assert services.confirmations_of(mined, None) == 0
    assert services.confirmations_of(WatchedTransaction(), ChainHead(number=100)) == 0


@pytest.mark.django_db
def test_heads_are_those_of_the_live_networks(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    watch(tx(1))
    watch("h", scope="org_1", key="po_1")
    assert services.head("arbitrum") is None

    follow("arbitrum")
    follow("arbitrum", "org_1")

    assert {chain: head.number for chain, head in services.heads().items()} == {"arbitrum": 100}
    simulated = services.head("arbitrum", "org_1")
    assert simulated is not None
    assert simulated.number > 1_700_000_000


@pytest.mark.django_db
def test_trace_says_what_every_node_says_and_what_was_recorded(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url), confirmations=1)
    configure("base", rpc_urls=())
    stub.mine(tx(7), 100)
    second.fault = with_status(500)
    watch(tx(7))
    follow("arbitrum")

    trace = services.trace(tx(7).removeprefix("0x").upper())

    first, other = trace.answers
    assert first.receipt is not None
    assert (first.chain, first.receipt.block_number, first.error) == ("arbitrum", 100, "")
    assert (other.receipt, other.error) == (None, "HTTP 500")
    assert [row.tx_hash for row in trace.watched] == [tx(7)]
    assert len(trace.transfers) == 1
    assert services.trace(tx(7), "base").answers == ()


@pytest.mark.django_db
def test_trace_finds_a_simulated_transaction_by_its_hash_alone() -> None:
    sandbox.broadcast(
        "org_1",
        "tron",
        "demo",
        "po_1",
        transfers=[PlannedTransfer("T1", "T2", "T3", 5)],
        at=timezone.now() - timedelta(minutes=1),
    )

    (answer,) = services.trace("demo").answers

    assert (answer.chain, answer.scope, answer.node) == ("tron", "org_1", "sandbox")
    assert answer.receipt is not None


def test_nodes_are_checked_one_by_one(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    configure("base", rpc_urls=(stub.url,))
    configure("tron", rpc_urls=("http://127.0.0.1:9",))
    second.fault = with_status(503)

    checked = {(each.chain, each.node): each for each in services.check_nodes()}

    good = checked["arbitrum", stub.url.removeprefix("http://")]
    assert (good.chain_id, good.head_number, good.error) == (42161, 100, "")
    assert good.lag is not None
    assert good.lag > timedelta(days=1)
    assert checked["arbitrum", second.url.removeprefix("http://")].error == "HTTP 503"
    wrong = checked["base", stub.url.removeprefix("http://")]
    assert wrong.error == "chain id 42161 instead of 8453"
    assert checked["tron", "127.0.0.1:9"].error == "ConnectionError"


def test_nothing_of_chainwatch_loads_a_node_library_before_a_node_is_asked() -> None:
    program = """
import os, sys, django
django.setup()
import chainwatch.services, chainwatch.following, chainwatch.sandbox, chainwatch.tasks
import chainwatch.chains.base, chainwatch.chains.providers, chainwatch.chains.sandbox
print(sorted({"web3", "tronpy", "eth_account"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
