"""What watched addresses move on a real node: found, followed, replaced, reorganized."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chainwatch import services
from chainwatch.following import backfill, follow
from chainwatch.models import Block, Cursor, Transfer, WatchedTransaction
from tests.chainwatch.conftest import Configure, make_due, standing, state, watch
from tests.nodes import Anvil, Contract

pytestmark = pytest.mark.django_db


@pytest.fixture
def usdc(arbitrum: Anvil, configure: Configure) -> Contract:
    """The token that is pinned in this test, on a node that is the only one of its chain."""
    usdc = arbitrum.deploy("PlainToken", 10**12)
    configure("arbitrum", rpc_urls=(arbitrum.url,), confirmations=3, usdc=usdc.address)
    return usdc


def watch_sender(address: str) -> None:
    services.watch_address("arbitrum", address, outgoing=True, at=timezone.now())


def test_what_a_watched_address_sends_is_found_and_followed_to_its_end(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payer, payee, stranger = arbitrum.accounts[:3]
    watch_sender(payer)
    follow("arbitrum")
    tx_hash = usdc.send("transfer", payee, 7)
    usdc.send("transfer", payee, 0)
    arbitrum.mine()

    found = follow("arbitrum")

    assert (found.found, found.seen, found.scanned) == (1, 1, 1)
    assert found.http_requests == 3  # the head, the range, the receipt
    (transfer,) = standing(tx_hash)
    assert (transfer.from_address, transfer.to_address) == (payer, payee)
    assert (int(transfer.amount_atomic), transfer.ordinal) == (7, 0)
    row = state(tx_hash)
    assert row.found_at is not None
    assert row.final_at is None

    arbitrum.mine(2)
    assert follow("arbitrum").final == 1
    arbitrum.mine(9)
    assert follow("arbitrum").finalized == 1
    idle = follow("arbitrum")
    assert (idle.scanned, idle.http_requests) == (0, 1)
    assert Transfer.objects.filter(from_address=stranger).count() == 0


def test_what_an_address_gets_is_found_too(arbitrum: Anvil, usdc: Contract) -> None:
    payee = arbitrum.accounts[4]
    services.watch_address("arbitrum", payee, incoming=True, at=timezone.now())
    tx_hash = usdc.send("transfer", payee, 9)
    arbitrum.mine()

    follow("arbitrum")

    assert [int(each.amount_atomic) for each in standing(tx_hash)] == [9]


def test_a_hash_that_was_submitted_is_not_found_a_second_time(
    arbitrum: Anvil, usdc: Contract
) -> None:
    watch_sender(arbitrum.accounts[0])
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.mine()

    followed = follow("arbitrum")

    assert (followed.found, followed.seen) == (0, 1)
    assert state(tx_hash).found_at is None
    assert len(standing(tx_hash)) == 1


def test_a_reorganization_takes_what_was_found_and_the_scan_goes_back(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payer, payee = arbitrum.accounts[:2]
    watch_sender(payer)
    follow("arbitrum")
    lost = usdc.send("transfer", payee, 7)
    arbitrum.mine()
    follow("arbitrum")
    before = Cursor.objects.get().next_block

    # Another block stands there now, with another transfer of the same wallet.
    arbitrum.rpc("anvil_reorg", 1, [])
    kept = usdc.send("transfer", payee, 8)
    arbitrum.mine(2)
    left = follow("arbitrum")

    assert left.orphaned == 1
    assert left.found == 1
    assert state(lost).block_hash is None
    assert standing(lost) == []
    assert [int(each.amount_atomic) for each in standing(kept)] == [8]
    assert Transfer.objects.get(tx_hash=lost).orphaned_at is not None
    assert Block.objects.filter(orphaned_at__isnull=False).count() == 1
    assert before is not None


def test_a_reorganization_after_final_takes_the_transaction_back(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.mine(4)
    assert follow("arbitrum").final == 1
    raw = arbitrum.rpc("eth_getRawTransactionByHash", tx_hash)

    arbitrum.rpc("anvil_reorg", 4, [])
    arbitrum.mine()
    follow("arbitrum")

    gone = state(tx_hash)
    assert (gone.block_hash, gone.final_at) == (None, None)
    assert standing(tx_hash) == []

    arbitrum.rpc("eth_sendRawTransaction", raw)
    arbitrum.mine(3)
    follow("arbitrum")
    assert state(tx_hash).final_at is not None
    assert len(standing(tx_hash)) == 1


def test_a_transaction_with_the_same_nonce_is_named_as_the_replacement(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payer, payee = arbitrum.accounts[:2]
    nonce = arbitrum.rpc("eth_getTransactionCount", payer, "latest")
    first = usdc.send("transfer", payee, 7, nonce=nonce, gasPrice=hex(2 * 10**9))
    watch(first)
    follow("arbitrum")
    follow("arbitrum")
    assert (state(first).sender, state(first).nonce) == (payer, int(nonce, 16))

    second = usdc.send("transfer", payee, 7, nonce=nonce, gasPrice=hex(9 * 10**9))
    arbitrum.mine()
    WatchedTransaction.objects.filter(tx_hash=first).update(nonce_asked_at=None)
    changed = state(first).changed_at
    follow("arbitrum")

    row = state(first)
    assert (row.replaced_by, row.block_hash) == (second, None)
    assert row.superseded_at is not None
    assert changed is not None
    assert row.changed_at is not None
    assert row.changed_at > changed
    follow("arbitrum")
    assert [int(each.amount_atomic) for each in standing(second)] == [7]


def test_a_nonce_used_for_nothing_we_know_is_superseded_alone(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payer = arbitrum.accounts[0]
    nonce = arbitrum.rpc("eth_getTransactionCount", payer, "latest")
    first = usdc.send("transfer", arbitrum.accounts[1], 7, nonce=nonce, gasPrice=hex(2 * 10**9))
    watch(first)
    follow("arbitrum")
    follow("arbitrum")
    arbitrum.send(to=payer, data="0x", sender=payer, nonce=nonce, gasPrice=hex(9 * 10**9))
    arbitrum.mine()
    WatchedTransaction.objects.filter(tx_hash=first).update(nonce_asked_at=None)

    follow("arbitrum")

    assert (state(first).replaced_by, state(first).superseded_at is None) == ("", False)


def test_a_dropped_transaction_stays_unknown_and_is_not_superseded(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    follow("arbitrum")
    follow("arbitrum")
    arbitrum.rpc("anvil_dropTransaction", tx_hash)
    arbitrum.mine()
    make_due(tx_hash)
    WatchedTransaction.objects.filter(tx_hash=tx_hash).update(nonce_asked_at=None)
    follow("arbitrum")
    follow("arbitrum")

    row = state(tx_hash)
    assert (row.block_hash, row.superseded_at, row.nonce is None) == (None, None, False)


def test_a_backfill_finds_what_was_moved_while_nobody_watched(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    first = arbitrum.mine()
    arbitrum.mine(60)
    watch_sender(arbitrum.accounts[0])
    Cursor.objects.update(next_block=arbitrum.head() + 1)
    follow("arbitrum")
    assert not Transfer.objects.exists()

    followed = backfill("arbitrum", first, 10**9)

    assert (followed.found, followed.error) == (1, "")
    assert followed.scanned == arbitrum.head() - first + 1
    assert len(standing(tx_hash)) == 1
    assert Cursor.objects.get().next_block == arbitrum.head() + 1


def test_a_scan_begins_a_little_before_the_address_was_watched(
    arbitrum: Anvil, usdc: Contract
) -> None:
    mined_at = timezone.now() - timedelta(seconds=1)  # blocks tell whole seconds
    arbitrum.mine(90)
    watched_at = timezone.now() - timedelta(seconds=10)
    services.watch_address("arbitrum", arbitrum.accounts[0], outgoing=True, at=watched_at)

    followed = follow("arbitrum")

    # Ten seconds are 40 blocks of a quarter second. What the head is behind and what the pass took
    # come on top; 20 are added to be sure, and the last one is read too.
    ended_at = timezone.now()
    ago = (ended_at - watched_at) + (ended_at - mined_at)
    at_most = ago // timedelta(milliseconds=250) + 21
    assert 61 <= followed.scanned <= at_most
