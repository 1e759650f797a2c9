"""Scans, senders and nonces at a real node: replaced, dropped and reorganized on it."""

from dataclasses import replace

import pytest
from django.conf import settings
from web3 import Web3

from billing.chains import Finality, Token
from chainwatch.chains.base import ChainUnavailable, Sent
from chainwatch.chains.evm import EvmChain
from tests.nodes import Anvil, Contract

GWEI = 10**9


def reader(node: Anvil, *tokens: Contract, chain: str = "arbitrum") -> EvmChain:
    """A reader of this node which has these tokens pinned."""
    pinned = dict(zip(Token, [each.address for each in tokens], strict=False))
    return EvmChain(replace(settings.NETWORKS[chain], contracts=pinned), node.url)


@pytest.fixture
def usdt(arbitrum: Anvil) -> Contract:
    return arbitrum.deploy("PlainToken", 10**15)


def test_what_an_address_sent_and_got_is_found_in_its_range(
    arbitrum: Anvil, usdt: Contract
) -> None:
    payer, payee, stranger = arbitrum.accounts[:3]
    usdc = arbitrum.deploy("TetherLike", 10**12)
    fake = arbitrum.deploy("PlainToken", 10**12)
    before = arbitrum.head()
    paid = usdt.send("transfer", payee, 50_000_000)
    usdt.send("transfer", payee, 0)
    usdt.send("approve", payee, 50_000_000)
    fake.send("transfer", payee, 50_000_000)
    first = arbitrum.mine()
    also = usdc.send("transfer", payee, 1)
    back = usdt.send("transfer", stranger, 7, sender=payee)
    many = usdt.send("pay_many", [stranger, payee], [1, 2])
    failed = usdt.send("transfer", payee, 10**18, sender=stranger)
    last = arbitrum.mine()
    node = reader(arbitrum, usdt, usdc)

    assert set(node.scan(first, last, senders=[payer]).found) == {paid, also, many}
    assert set(node.scan(first, last, senders=[payee]).found) == {back}
    assert set(node.scan(first, last, recipients=[payee]).found) == {paid, also, many}
    assert set(node.scan(last, last, recipients=[payee]).found) == {also, many}
    assert set(node.scan(first, last, senders=[payee], recipients=[stranger]).found) == {back, many}
    assert node.scan(0, before, recipients=[payee]).found == {}
    receipt = arbitrum.receipt(failed)
    assert receipt is not None and receipt["status"] == "0x0"
    scan = node.scan(first, last, senders=[payer])
    assert scan.block.block_hash == arbitrum.block(last)["hash"]
    assert scan.block.parent_hash == arbitrum.block(first)["hash"]


def test_a_block_that_is_not_there_yet_is_no_empty_answer(arbitrum: Anvil, usdt: Contract) -> None:
    head = arbitrum.head()

    with pytest.raises(ChainUnavailable, match=f"does not have block {head + 1} yet"):
        reader(arbitrum, usdt).scan(head, head + 1, senders=[arbitrum.accounts[0]])


def test_thousands_of_addresses_are_scanned_at_once(arbitrum: Anvil, usdt: Contract) -> None:
    people = [Web3.to_checksum_address(f"0x{number:040x}") for number in range(1, 3_001)]
    paid = usdt.send("pay_many", people[2_900:], [1] * 100)
    head = arbitrum.mine()
    node = reader(arbitrum, usdt)

    assert set(node.scan(head, head, recipients=people).found) == {paid}
    assert node.cost.http_requests == 1


def test_levels_and_heights_come_with_the_head(base: Anvil) -> None:
    base.mine(20)
    node = reader(base, chain="base")

    look = node.look([], levels=[Finality.SAFE, Finality.FINALIZED], check=[3, 20, 21])

    safe, finalized = (
        base.rpc("eth_getBlockByNumber", tag, False) for tag in ("safe", "finalized")
    )
    assert look.head.number == 20
    assert look.head.safe_number == int(safe["number"], 16) < 20
    assert look.head.finalized_number == int(finalized["number"], 16) < look.head.safe_number
    assert look.block_hashes == {3: base.block(3)["hash"], 20: base.block(20)["hash"]}
    assert look.http_requests == 1


def test_who_sent_it_is_known_while_it_waits_and_after(arbitrum: Anvil, usdt: Contract) -> None:
    payer, payee = arbitrum.accounts[:2]
    node = reader(arbitrum, usdt)
    used = node.next_nonces([payer, payee])
    waiting = usdt.send("transfer", payee, 1)
    unknown = "0x" + "5" * 64

    assert used == {payer: 1, payee: 0}  # it deployed the token
    assert node.sent([waiting, unknown]) == {waiting: Sent(payer, 1), unknown: None}
    assert node.next_nonces([payer]) == {payer: 1}

    arbitrum.mine()

    assert node.sent([waiting]) == {waiting: Sent(payer, 1)}
    assert node.next_nonces([payer, payee]) == {payer: 2, payee: 0}


def test_a_transaction_replaced_with_the_same_nonce(arbitrum: Anvil, usdt: Contract) -> None:
    payer, payee = arbitrum.accounts[:2]
    node = reader(arbitrum, usdt)
    first = usdt.send("transfer", payee, 5, nonce="0x1", gasPrice=hex(3 * GWEI))
    assert node.sent([first]) == {first: Sent(payer, 1)}

    by = usdt.send("transfer", payee, 5, nonce="0x1", gasPrice=hex(9 * GWEI))
    head = arbitrum.mine()

    assert by != first
    look = node.look([first, by])
    assert look.receipts[first] is None
    assert look.receipts[by] is not None
    assert node.sent([first, by]) == {first: None, by: Sent(payer, 1)}
    # Its nonce is used, and the scan of its sender says by which transaction.
    assert node.next_nonces([payer]) == {payer: 2}
    assert node.scan(head, head, senders=[payer]).found == {by: None}


def test_a_dropped_transaction_leaves_its_nonce_free(arbitrum: Anvil, usdt: Contract) -> None:
    payer = arbitrum.accounts[0]
    node = reader(arbitrum, usdt)
    tx_hash = usdt.send("transfer", arbitrum.accounts[1], 5)
    assert node.sent([tx_hash]) == {tx_hash: Sent(payer, 1)}

    arbitrum.rpc("anvil_dropTransaction", tx_hash)
    head = arbitrum.mine()

    assert node.sent([tx_hash]) == {tx_hash: None}
    assert node.next_nonces([payer]) == {payer: 1}
    assert node.scan(head, head, senders=[payer]).found == {}


def test_a_reorganization_takes_a_transaction_out_and_the_check_tells(
    arbitrum: Anvil, usdt: Contract
) -> None:
    payer, payee = arbitrum.accounts[:2]
    node = reader(arbitrum, usdt)
    tx_hash = usdt.send("transfer", payee, 5)
    mined = arbitrum.mine()
    head = arbitrum.mine(2)
    before = node.look([], check=[mined - 1, mined]).block_hashes
    assert node.scan(mined, head, senders=[payer]).found == {tx_hash: None}

    arbitrum.rpc("anvil_reorg", 3, [])

    after = node.look([], check=[mined - 1, mined]).block_hashes
    assert after[mined - 1] == before[mined - 1]
    assert after[mined] != before[mined]
    head = arbitrum.head()
    assert node.scan(mined, head, senders=[payer]).found == {}
    assert node.next_nonces([payer]) == {payer: 1}


def test_a_rollback_leaves_the_node_behind(arbitrum: Anvil, usdt: Contract) -> None:
    payer = arbitrum.accounts[0]
    node = reader(arbitrum, usdt)
    usdt.send("transfer", arbitrum.accounts[1], 5)
    mined = arbitrum.mine()

    arbitrum.rpc("anvil_rollback", 1)

    assert node.look([], check=[mined]).block_hashes == {}
    assert node.next_nonces([payer]) == {payer: 1}
    with pytest.raises(ChainUnavailable, match="yet"):
        node.scan(mined, mined, senders=[payer])
