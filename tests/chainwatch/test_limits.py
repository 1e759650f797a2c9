"""Until when a hash is waited for: no limit passes while nobody reads the chain or nobody answers.

A scan goes past a block once. What it found there and could not be told, or what left that block,
is money that nobody would ever hear of again if its row were let go unasked.
"""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from chainwatch import services
from chainwatch.following import follow
from chainwatch.models import ChainHead, WatchedTransaction
from tests.chainwatch.conftest import Configure, state
from tests.chainwatch.stub_node import PAYER, StubNode, tx

pytestmark = pytest.mark.django_db

BUSY = {"code": -32000, "message": "busy"}
LONGER_THAN_ANY_LIMIT = timedelta(days=40)


def time_passes(span: timedelta) -> None:
    """Let all that was noted be so much longer ago."""
    WatchedTransaction.objects.update(
        watched_at=F("watched_at") - span,
        watch_until=F("watch_until") - span,
        asked_at=F("asked_at") - span,
        orphaned_at=F("orphaned_at") - span,
    )
    ChainHead.objects.update(read_at=F("read_at") - span)


def watch_payer() -> None:
    services.watch_address("arbitrum", PAYER, outgoing=True, at=timezone.now())


def found_untold(*nodes: StubNode) -> None:
    """Let a scan find tx(1) of which no node tells the receipt."""
    watch_payer()
    for node in nodes:
        node.mine(tx(1), 100)
        node.failing[tx(1)] = BUSY
    assert follow("arbitrum").found == 1
    assert state(tx(1)).block_number is None


def test_what_a_scan_found_and_nobody_told_is_asked_after_any_silence(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    found_untold(stub)

    time_passes(LONGER_THAN_ANY_LIMIT)
    stub.failing.clear()

    assert follow("arbitrum").seen == 1
    assert state(tx(1)).block_number == 100


def test_what_left_its_block_is_asked_after_any_silence(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=30)
    watch_payer()
    for stub.head in (96, 98):
        follow("arbitrum")
    stub.head = 100
    stub.mine(tx(1), 100)
    follow("arbitrum")
    # The chain is shorter now: its block may stand still, so the scan passes it where it is.
    stub.fork(97, "b")
    stub.head = 99
    stub.mine(tx(1), 98)
    follow("arbitrum")
    assert state(tx(1)).block_number == 100
    time_passes(LONGER_THAN_ANY_LIMIT)
    stub.head = 110
    orphaned = follow("arbitrum")
    assert (orphaned.orphaned, orphaned.seen) == (1, 0)

    time_passes(LONGER_THAN_ANY_LIMIT)

    assert follow("arbitrum").seen == 1
    assert state(tx(1)).block_number == 98


def test_a_hash_is_not_let_go_before_every_node_has_denied_it(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    found_untold(stub, second)
    stub.failing.clear()
    del stub.receipts[tx(1)]

    for _ in range(3):
        time_passes(timedelta(hours=1, minutes=30))
        assert follow("arbitrum").asked == 1
    second.failing.clear()
    time_passes(timedelta(hours=1, minutes=30))

    assert follow("arbitrum").seen == 1
    assert second.url.endswith(state(tx(1)).node)


def test_what_every_node_denies_is_let_go_at_its_limit(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    found_untold(stub, second)
    for node in (stub, second):
        node.failing.clear()
        del node.receipts[tx(1)]
    time_passes(timedelta(hours=3))

    asked = [follow("arbitrum").asked]
    time_passes(timedelta(hours=3))
    asked += [follow("arbitrum").asked for _ in range(2)]

    # Once more at the end, since the chain was not read when the limit passed; then no more.
    assert asked == [1, 0, 0]
    assert state(tx(1)).absent_block_time is not None


def test_what_was_let_go_and_is_found_after_all_is_asked_again(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    found_untold(stub)
    stub.failing.clear()
    del stub.receipts[tx(1)]
    time_passes(LONGER_THAN_ANY_LIMIT)
    assert follow("arbitrum").asked == 1
    time_passes(LONGER_THAN_ANY_LIMIT)
    assert follow("arbitrum").asked == 0

    stub.head = 120
    stub.mine(tx(1), 110)
    stub.failing[tx(1)] = BUSY
    follow("arbitrum")
    time_passes(timedelta(hours=1, minutes=30))
    stub.failing.clear()

    assert follow("arbitrum").seen == 1
    assert state(tx(1)).block_number == 110
