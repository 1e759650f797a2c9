"""Several nodes: fail-over, second opinions, absence by the word of all, agreement, reorgs."""

import time
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from chainwatch import services
from chainwatch.chains import providers
from chainwatch.chains.evm import EvmChain
from chainwatch.following import follow
from chainwatch.models import ChainHead, Transfer, WatchedTransaction
from tests.chainwatch.conftest import Configure, make_due, standing, state, watch
from tests.chainwatch.stub_node import GENESIS, StubNode, running_stub, tx, with_status

pytestmark = pytest.mark.django_db


def test_the_next_node_is_asked_where_the_first_fails(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url), confirmations=1)
    stub.fault = with_status(503)
    watch(tx(1))
    second.mine(tx(1), 100)

    followed = follow("arbitrum")

    assert followed.final == 1
    assert followed.error.endswith("HTTP 503")
    assert second.url.endswith(state(tx(1)).node)
    # Its chain id is asked when it stands in; what follows in the pass is asked of it first.
    assert second.calls.count("eth_chainId") == 1


def test_a_stand_in_of_another_chain_is_refused(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    watch(tx(1))
    follow("arbitrum")
    second.chain_id = 10
    second.mine(tx(1), 100)
    stub.fault = with_status(503)

    followed = follow("arbitrum")

    assert "HTTP 503" in followed.error
    assert "chain id 10 instead of 42161" in followed.error
    assert state(tx(1)).block_number is None


def test_one_sick_chain_does_not_stop_another(stub: StubNode, configure: Configure) -> None:
    with running_stub(8453) as healthy:
        configure("arbitrum", rpc_urls=(stub.url,))
        configure("base", rpc_urls=(healthy.url,), confirmations=1)
        stub.fault = with_status(500)
        healthy.mine(tx(1), 100)
        watch(tx(1), "arbitrum")
        watch(tx(1), "base")

        follow("arbitrum")

        assert follow("base").final == 1


def test_absence_needs_the_word_of_every_configured_node(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    second.head = 90
    second.block_time_s = 1
    watch(tx(1), age=timedelta(minutes=20))

    second.fault = with_status(503)
    follow("arbitrum")
    assert state(tx(1)).absent_block_time is None

    second.fault = None
    make_due(tx(1))
    follow("arbitrum")

    # The time of the oldest head among them.
    absent = state(tx(1)).absent_block_time
    assert absent is not None
    assert absent.timestamp() == 1_700_000_090

    second.fault = with_status(503)
    make_due(tx(1))
    follow("arbitrum")
    assert state(tx(1)).absent_block_time is None


def test_absence_of_a_fresh_hash_is_not_asked_of_every_node(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    stub.head = second.head = int(time.time()) - GENESIS  # Neither lags.
    watch(tx(1))

    follow("arbitrum")

    assert second.http_requests == 0
    assert state(tx(1)).absent_block_time is None


def test_each_change_of_a_row_has_its_own_time(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=2)
    changes = [watch(tx(1)).changed_at]
    stub.mine(tx(1), 100)
    follow("arbitrum")
    changes.append(state(tx(1)).changed_at)
    # The clock is set back by an hour: what follows must still be told from what was.
    WatchedTransaction.objects.update(changed_at=F("changed_at") + timedelta(hours=1))
    changes.append(state(tx(1)).changed_at)
    stub.head = 101
    follow("arbitrum")
    changes.append(state(tx(1)).changed_at)

    known = [each for each in changes if each is not None]
    assert len(set(known)) == 4
    assert known == sorted(known)


def test_readers_are_told_of_absence_once_it_can_mean_something(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    fresh, old = watch(tx(1)), watch(tx(2), age=timedelta(hours=1))

    follow("arbitrum")

    assert state(tx(1)).changed_at == fresh.changed_at
    assert state(tx(1)).absent_block_time is not None
    changed, before = state(tx(2)).changed_at, old.changed_at
    assert changed is not None
    assert before is not None
    assert changed > before


def test_a_second_node_finds_what_the_first_has_missed_for_long(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    watch(tx(1), age=timedelta(minutes=16))
    second.mine(tx(1), 100)

    follow("arbitrum")

    assert second.url.endswith(state(tx(1)).node)
    assert state(tx(1)).block_number == 100


def test_nothing_is_final_before_enough_nodes_agree(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url), confirmations=3, quorum=2)
    watch(tx(1))
    stub.mine(tx(1), 100)
    second.mine(tx(1), 100, amount=1)
    stub.head = second.head = 102

    disagreed = follow("arbitrum")

    assert disagreed.final == 0
    assert disagreed.error == "fewer than 2 nodes agree"
    assert state(tx(1)).final_at is None

    second.mine(tx(1), 100)
    # Where the one that erred was asked first, its word is corrected before anything is final.
    agreed = [follow("arbitrum") for _ in range(2)]

    assert (sum(each.final for each in agreed), agreed[-1].error) == (1, "")
    assert Transfer.objects.get(tx_hash=tx(1), orphaned_at=None).amount_atomic == 50_000_000


def test_a_head_that_one_node_invents_makes_nothing_final(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url), confirmations=3, quorum=2)
    watch(tx(1))
    stub.mine(tx(1), 100)
    second.mine(tx(1), 100)
    stub.head, second.head = 10_000, 100

    assert follow("arbitrum").final == 0

    second.head = 102

    assert follow("arbitrum").final == 1


def test_a_node_that_lags_takes_nothing_back(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url), confirmations=3)
    watch(tx(1))
    stub.mine(tx(1), 100)
    follow("arbitrum")
    stub.fault = with_status(503)
    second.head = 95

    for _ in range(3):
        follow("arbitrum")

    assert state(tx(1)).block_number == 100
    head = services.head("arbitrum")
    assert head is not None
    assert head.number == 100


def test_a_null_for_a_final_receipt_takes_nothing_back_while_its_block_stands(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    watch(tx(1))
    stub.mine(tx(1), 100)
    follow("arbitrum")
    del stub.receipts[tx(1)]
    stub.head = 105

    follow("arbitrum")

    row = state(tx(1))
    assert (row.block_number, row.final_at, row.orphaned_at) == (100, None, None)
    assert len(standing(tx(1))) == 1


def test_a_node_that_does_not_know_the_height_takes_nothing_back(
    second: StubNode, configure: Configure
) -> None:
    row = configure("arbitrum", rpc_urls=(second.url,))
    known = (100, second.block_hash(100))
    second.head = 95

    assert providers.standing([EvmChain(row, second.url)], {known}, quorum=1)[1] == set()

    second.fork(100, "b")
    second.head = 100

    assert providers.standing([EvmChain(row, second.url)], {known}, quorum=1)[1] == {known}
    # One node's word is not enough where two are wanted.
    assert providers.standing([EvmChain(row, second.url)], {known}, quorum=2)[1] == set()


def test_a_null_for_a_final_receipt_orphans_where_another_block_stands(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    watch(tx(1))
    stub.mine(tx(1), 100)
    follow("arbitrum")
    del stub.receipts[tx(1)]
    stub.fork(99, "b")
    stub.head = 105

    followed = follow("arbitrum")

    assert followed.orphaned == 1
    assert state(tx(1)).block_number is None
    assert standing(tx(1)) == []


def test_a_replaced_parent_shows_at_the_next_block(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=12)
    watch(tx(1))
    stub.mine(tx(1), 100)
    follow("arbitrum")
    stub.fork(100, "b")
    del stub.receipts[tx(1)]
    stub.head = 101

    followed = follow("arbitrum")

    assert followed.orphaned == 1
    # One request for the head, one for the block at the height in doubt.
    assert (followed.http_requests, followed.rpc_calls) == (2, 2)
    head = ChainHead.objects.get()
    assert head.number == 101


def test_a_proven_reorganization_moves_the_head_down(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=12)
    watch(tx(1))
    stub.mine(tx(1), 95)
    follow("arbitrum")
    stub.fork(95, "b")
    stub.head = 97

    followed = follow("arbitrum")

    assert followed.orphaned == 1
    assert ChainHead.objects.get().number == 97
    follow("arbitrum")
    assert state(tx(1)).block_hash == stub.block_hash(95)


def test_a_chain_that_flips_back_is_sighted_a_third_time(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=2)
    watch(tx(1))
    stub.mine(tx(1), 100)
    follow("arbitrum")
    stub.fork(100, "b")
    follow("arbitrum")
    follow("arbitrum")
    stub.fork(100, "")
    follow("arbitrum")
    follow("arbitrum")
    stub.head = 101

    assert follow("arbitrum").final == 1
    assert state(tx(1)).block_hash == stub.block_hash(100)
    assert len(standing(tx(1))) == 1
    assert Transfer.objects.filter(tx_hash=tx(1)).count() == 3


def test_a_chain_that_cannot_be_read_says_so(configure: Configure) -> None:
    configure("tron", rpc_urls=("http://127.0.0.1:9",))
    watch("1" * 64, "tron")

    followed = follow("tron")

    assert followed.error == "127.0.0.1:9: ConnectionError"
    assert ChainHead.objects.get(chain="tron").last_error == followed.error


def test_a_chain_without_nodes_says_so(configure: Configure) -> None:
    configure("base", rpc_urls=())
    watch(tx(1), "base")

    assert follow("base").error == "no node is configured"


# --- Namesakes ------------------------------------------------------------------------------------

USDC_E = "0xff970a61a04b1ca14834a43f5de4533ebddb5cc8"


def get_paid_to(address: str = "0x" + "22" * 20) -> None:
    """Follow live what the stub's PAYEE gets."""
    services.watch_fresh_address("arbitrum", address, at=timezone.now())


def test_a_namesake_that_a_block_tells_two_ways_is_sighted_anew(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    get_paid_to()
    stub.mine(tx(1), 100, contract=USDC_E, amount=5)
    follow("arbitrum")
    stub.mine(tx(1), 100, contract=USDC_E, amount=6)
    stub.head = 102

    follow("arbitrum")

    assert [int(each.amount_atomic) for each in standing(tx(1))] == [6]
    assert state(tx(1)).final_at is None
    follow("arbitrum")
    assert state(tx(1)).final_at is not None


def test_one_nodes_word_for_a_namesake_is_not_enough(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    with running_stub() as third:
        urls = (stub.url, second.url, third.url)
        configure("arbitrum", rpc_urls=urls, confirmations=3, quorum=2)
        get_paid_to()
        for node in (stub, second, third):
            node.mine(tx(1), 100, contract=USDC_E, amount=5)
        stub.mine(tx(1), 100, contract=USDC_E, amount=10**9)
        stub.mine(tx(2), 99, contract=USDC_E, amount=10**9)

        for _ in range(8):
            follow("arbitrum")
            for node in (stub, second, third):
                node.head += 1

    assert [int(each.amount_atomic) for each in standing(tx(1))] == [5]
    assert state(tx(1)).final_at is not None
    assert not WatchedTransaction.objects.filter(tx_hash=tx(2), final_at__isnull=False).exists()
