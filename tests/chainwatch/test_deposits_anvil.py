"""Addresses that customers pay to, on a real node: fresh, at rest, reorganized, mispaid."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chainwatch import services
from chainwatch.following import follow
from chainwatch.models import RestingCursor, Transfer
from tests.chainwatch.conftest import Configure, standing, state
from tests.nodes import Anvil, Contract

pytestmark = pytest.mark.django_db


@pytest.fixture
def usdc(arbitrum: Anvil, configure: Configure) -> Contract:
    """The token that is pinned in this test, on a node that is the only one of its chain."""
    usdc = arbitrum.deploy("PlainToken", 10**12)
    configure("arbitrum", rpc_urls=(arbitrum.url,), confirmations=3, usdc=usdc.address)
    return usdc


def fresh(address: str) -> None:
    services.watch_fresh_address("arbitrum", address, at=timezone.now())


def a_day_passes() -> None:
    RestingCursor.objects.update(done_at=timezone.now() - timedelta(hours=25))


def test_a_fresh_address_is_found_paid_and_followed_to_its_end(
    arbitrum: Anvil, usdc: Contract
) -> None:
    fresh(arbitrum.accounts[4])
    tx_hash = usdc.send("transfer", arbitrum.accounts[4], 9)
    arbitrum.mine(3)

    follow("arbitrum")

    assert [int(each.amount_atomic) for each in standing(tx_hash)] == [9]
    assert state(tx_hash).final_at is None
    follow("arbitrum")
    assert state(tx_hash).final_at is not None


def test_late_money_reaches_an_address_at_rest_and_is_found_the_next_day(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payee = arbitrum.accounts[4]
    fresh(payee)
    follow("arbitrum")
    services.rest_addresses("arbitrum", [payee], at=timezone.now())
    tx_hash = usdc.send("transfer", payee, 9)
    arbitrum.mine(50)

    assert follow("arbitrum").http_requests == 0
    a_day_passes()
    follow("arbitrum")

    assert [int(each.amount_atomic) for each in standing(tx_hash)] == [9]
    follow("arbitrum")
    assert state(tx_hash).final_at is not None


def test_a_reorganization_below_the_daily_scan_takes_it_back(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payee = arbitrum.accounts[4]
    fresh(payee)
    follow("arbitrum")
    services.rest_addresses("arbitrum", [payee], at=timezone.now())
    lost = usdc.send("transfer", payee, 7)
    arbitrum.mine(3)
    a_day_passes()
    follow("arbitrum")
    assert len(standing(lost)) == 1
    stood, height = RestingCursor.objects.get().next_block, state(lost).block_number

    # Other blocks stand there now, with another payment in the first of them.
    arbitrum.rpc("anvil_rollback", 3)
    kept = usdc.send("transfer", payee, 8)
    arbitrum.mine(5)
    left = follow("arbitrum")

    assert (left.orphaned, stood) == (1, arbitrum.head() - 1)
    receipt = arbitrum.receipt(kept)
    assert receipt is not None and receipt["blockNumber"] == hex(height or 0)
    assert standing(lost) == []
    a_day_passes()
    follow("arbitrum")
    assert [int(each.amount_atomic) for each in standing(kept)] == [8]
    assert Transfer.objects.get(tx_hash=lost).orphaned_at is not None


def test_a_namesake_that_a_customer_pays_is_found_and_one_that_is_sent_is_not(
    arbitrum: Anvil, usdc: Contract, configure: Configure
) -> None:
    payer, payee = arbitrum.accounts[0], arbitrum.accounts[4]
    bridged = arbitrum.deploy("PlainToken", 10**12)
    stranger = arbitrum.deploy("PlainToken", 10**12)
    configure("arbitrum", namesakes={bridged.address: "USDC.e, bridged"})
    fresh(payee)
    services.watch_address("arbitrum", payer, outgoing=True, at=timezone.now())
    follow("arbitrum")
    by_mistake = bridged.send("transfer", payee, 9)
    stranger.send("transfer", payee, 9)
    bridged.send("transfer", arbitrum.accounts[5], 9)
    arbitrum.mine(3)

    found = follow("arbitrum")

    assert found.found == 1
    (transfer,) = standing(by_mistake)
    assert (transfer.contract, int(transfer.amount_atomic)) == (bridged.address, 9)
