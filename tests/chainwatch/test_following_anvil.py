"""Passes over a real EVM node with tokens of our own: seen, final, reverted, moved, dropped."""

from typing import Any

import pytest
from web3 import Web3

from chainwatch import services
from chainwatch.following import follow
from chainwatch.models import Transfer
from tests.chainwatch.conftest import Configure, standing, state, watch
from tests.nodes import Anvil, Contract

pytestmark = pytest.mark.django_db


@pytest.fixture
def usdc(arbitrum: Anvil, configure: Configure) -> Contract:
    """USDC of this test's Arbitrum, which needs three confirmations."""
    token = arbitrum.deploy("PlainToken", 10**15)
    configure("arbitrum", rpc_urls=(arbitrum.url,), confirmations=3, usdc=token.address)
    return token


def test_a_transfer_is_seen_in_its_block_and_final_with_the_third(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payer, payee = arbitrum.accounts[:2]
    tx_hash = usdc.send("transfer", payee, 49_990_000)
    watch(tx_hash)

    waiting = follow("arbitrum")

    assert (waiting.asked, waiting.seen) == (1, 0)
    assert state(tx_hash).block_number is None
    assert state(tx_hash).absent_block_time is not None

    block_number = arbitrum.mine()
    seen = follow("arbitrum")

    assert (seen.seen, seen.final) == (1, 0)
    row = state(tx_hash)
    block = arbitrum.block(block_number)
    assert row.block_number == block_number
    assert row.block_hash == block["hash"]
    assert row.block_time is not None
    assert row.block_time.timestamp() == int(block["timestamp"], 16)
    assert row.succeeded is True
    assert row.sender == payer
    assert row.final_at is None
    assert row.absent_block_time is None
    assert arbitrum.url.endswith(row.node)
    (transfer,) = standing(tx_hash)
    assert transfer.contract == usdc.address
    assert (transfer.from_address, transfer.to_address) == (payer, payee)
    assert (int(transfer.amount_atomic), transfer.ordinal) == (49_990_000, 0)
    assert transfer.block_hash == block["hash"]

    arbitrum.mine()
    second = follow("arbitrum")

    assert (second.asked, second.final) == (0, 0)
    assert services.confirmations_of(state(tx_hash), services.head("arbitrum")) == 2

    arbitrum.mine()
    third = follow("arbitrum")

    assert (third.asked, third.final) == (1, 1)
    row = state(tx_hash)
    assert row.final_at is not None
    assert row.changed_at is not None
    assert row.changed_at > row.final_at
    assert services.confirmations_of(row, services.head("arbitrum")) == 3
    assert len(standing(tx_hash)) == 1

    # It can still be taken away until its block is finalized, eight blocks below the head.
    assert follow("arbitrum").http_requests == 1
    arbitrum.mine(8)
    assert follow("arbitrum").finalized == 1
    assert state(tx_hash).finalized_at is not None
    assert follow("arbitrum").http_requests == 0


def test_a_transaction_deep_in_the_chain_is_seen_and_final_in_one_pass(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 1)
    arbitrum.mine(10)
    watch(tx_hash)

    followed = follow("arbitrum")

    # One request for the chain id, the head and the receipt; one for both of them again.
    assert (followed.seen, followed.final) == (1, 1)
    assert (followed.http_requests, followed.rpc_calls) == (2, 5)


def test_a_reverted_transaction_is_read_from_its_block_and_becomes_final(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 1, sender=arbitrum.accounts[5])
    arbitrum.mine()
    watch(tx_hash)
    follow("arbitrum")

    assert state(tx_hash).succeeded is False
    assert state(tx_hash).final_at is None
    assert standing(tx_hash) == []

    arbitrum.mine(2)
    follow("arbitrum")

    assert state(tx_hash).final_at is not None


def test_a_token_with_a_fee_and_no_return_value_shows_both_transfers(
    arbitrum: Anvil, configure: Configure
) -> None:
    usdt = arbitrum.deploy("TetherLike", 10**12)
    configure("arbitrum", rpc_urls=(arbitrum.url,), confirmations=1, usdt=usdt.address)
    owner, payer, payee = arbitrum.accounts[:3]
    usdt.send("transfer", payer, 100_000_000)
    usdt.send("set_fee", 50)
    tx_hash = usdt.send("transfer", payee, 10_000_000, sender=payer)
    arbitrum.mine()
    watch(tx_hash)

    follow("arbitrum")

    assert [
        (each.ordinal, each.from_address, each.to_address, int(each.amount_atomic))
        for each in standing(tx_hash)
    ] == [(0, payer, payee, 9_950_000), (1, payer, owner, 50_000)]
    assert state(tx_hash).final_at is not None


def test_a_blacklisted_sender_moves_nothing(arbitrum: Anvil, configure: Configure) -> None:
    usdt = arbitrum.deploy("TetherLike", 10**12)
    configure("arbitrum", rpc_urls=(arbitrum.url,), confirmations=1, usdt=usdt.address)
    payer, payee = arbitrum.accounts[1:3]
    usdt.send("transfer", payer, 100_000_000)
    usdt.send("blacklist", payer)
    tx_hash = usdt.send("transfer", payee, 10_000_000, sender=payer)
    arbitrum.mine()
    watch(tx_hash)

    follow("arbitrum")

    assert (state(tx_hash).succeeded, standing(tx_hash)) == (False, [])


def test_many_transfers_of_one_transaction_keep_their_places(
    arbitrum: Anvil, usdc: Contract
) -> None:
    people = [Web3.to_checksum_address(f"0x{number:040x}") for number in range(1, 151)]
    tx_hash = usdc.send("pay_many", people, list(range(1, 151)))
    arbitrum.mine()
    watch(tx_hash)

    follow("arbitrum")

    transfers = standing(tx_hash)
    assert [each.ordinal for each in transfers] == list(range(150))
    assert [int(each.amount_atomic) for each in transfers] == list(range(1, 151))


TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def test_logs_that_only_look_like_a_transfer_are_none(arbitrum: Anvil, usdc: Contract) -> None:
    pretender = arbitrum.deploy("Pretender")
    payee = bytes(12) + bytes.fromhex(arbitrum.accounts[1][2:])
    topic, amount = bytes.fromhex(TRANSFER), (50_000_000).to_bytes(32, "big")
    odd: list[tuple[list[bytes], bytes]] = [
        ([], amount),
        ([topic], payee + payee + amount),
        ([topic, payee], amount),
        ([topic, payee, payee, amount], b""),
        ([topic, payee, payee], b"\1"),
        ([topic, payee, payee], b""),
        ([topic, b"\1" * 32, payee], amount),
    ]
    hashes = [pretender.send("write", topics, data) for topics, data in odd]
    genuine = pretender.send("write", [topic, payee, payee], amount)
    arbitrum.mine()
    for tx_hash in [*hashes, genuine]:
        watch(tx_hash)

    followed = follow("arbitrum")

    assert followed.seen == 8
    # Only the last is a Transfer, and of a contract that nobody pinned.
    (transfer,) = Transfer.objects.all()
    assert (transfer.tx_hash, transfer.contract) == (genuine, pretender.address)


def test_a_transaction_that_a_reorganization_moves_is_sighted_anew(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.mine()
    follow("arbitrum")
    first = state(tx_hash)

    # Its block is replaced by another in which it stands too, and nobody tells us.
    raw = arbitrum.rpc("eth_getRawTransactionByHash", tx_hash)
    arbitrum.rpc("anvil_reorg", 1, [[raw, 0]])
    arbitrum.mine(2)
    left = follow("arbitrum")
    back = follow("arbitrum")

    assert (left.orphaned, left.final) == (1, 0)
    assert (back.seen, back.final) == (1, 1)
    now = state(tx_hash)
    assert now.final_at is not None
    assert now.orphaned_at is not None
    assert now.block_hash != first.block_hash
    assert now.block_hash == (arbitrum.receipt(tx_hash) or {})["blockHash"]
    assert [each.block_hash for each in standing(tx_hash)] == [now.block_hash]
    assert Transfer.objects.get(block_hash=first.block_hash).orphaned_at is not None


def test_a_transaction_that_a_reorganization_loses_and_that_is_sent_again_becomes_final(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.mine()
    follow("arbitrum")
    raw = arbitrum.rpc("eth_getRawTransactionByHash", tx_hash)

    arbitrum.rpc("anvil_reorg", 1, [])
    follow("arbitrum")
    assert state(tx_hash).block_number is None

    arbitrum.rpc("eth_sendRawTransaction", raw)
    block_number = arbitrum.mine()
    follow("arbitrum")
    assert state(tx_hash).block_number == block_number

    arbitrum.mine(2)
    follow("arbitrum")
    assert state(tx_hash).final_at is not None
    assert len(standing(tx_hash)) == 1


def test_a_reorganized_block_takes_its_transaction_back_before_it_is_final(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.mine()
    follow("arbitrum")
    assert state(tx_hash).block_number is not None

    arbitrum.rpc("anvil_rollback", 1)
    arbitrum.mine(2)
    assert arbitrum.receipt(tx_hash) is None
    arbitrum.mine()
    follow("arbitrum")

    row = state(tx_hash)
    assert (row.block_number, row.block_hash, row.succeeded) == (None, None, None)
    assert row.orphaned_at is not None
    assert row.final_at is None
    assert standing(tx_hash) == []
    assert Transfer.objects.filter(tx_hash=tx_hash).count() == 1


def test_a_head_that_goes_back_under_the_same_parent_is_doubted_at_once(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.mine()
    follow("arbitrum")
    head = services.head("arbitrum")
    assert head is not None

    # One block away, another in its place: same height, another hash, long before it is final.
    arbitrum.rpc("anvil_rollback", 1)
    arbitrum.rpc("evm_increaseTime", 60)
    arbitrum.mine()
    follow("arbitrum")

    assert arbitrum.head() == head.number
    assert state(tx_hash).block_number is None


def test_a_node_that_lost_its_newest_blocks_takes_nothing_back(
    arbitrum: Anvil, usdc: Contract
) -> None:
    arbitrum.mine(3)
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.mine()
    follow("arbitrum")
    before = services.head("arbitrum")
    assert before is not None
    seen_in = state(tx_hash).block_hash

    arbitrum.rpc("anvil_rollback", 2)
    follow("arbitrum")

    assert state(tx_hash).block_hash == seen_in
    after = services.head("arbitrum")
    assert after is not None
    assert after.number == before.number


def test_a_dropped_transaction_is_never_seen_and_never_lost(
    arbitrum: Anvil, usdc: Contract
) -> None:
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    arbitrum.rpc("anvil_dropTransaction", tx_hash)
    arbitrum.mine(3)

    followed = follow("arbitrum")

    assert (followed.asked, followed.seen) == (1, 0)
    row = state(tx_hash)
    newest = int(arbitrum.block(arbitrum.head())["timestamp"], 16)
    assert row.absent_block_time is not None
    assert row.absent_block_time.timestamp() == newest


@pytest.mark.parametrize("level", ["safe", "finalized"])
def test_a_finality_level_holds_back_what_is_deep_enough(
    level: str, arbitrum: Anvil, usdc: Contract, configure: Configure
) -> None:
    configure("arbitrum", finality=level)
    tx_hash = usdc.send("transfer", arbitrum.accounts[1], 7)
    watch(tx_hash)
    block_number = arbitrum.mine()
    finals = []

    for _ in range(12):
        followed = follow("arbitrum")
        reached = int(arbitrum.rpc("eth_getBlockByNumber", level, False)["number"], 16)
        finals.append((reached >= block_number, followed.final))
        if followed.final:
            break
        arbitrum.mine()

    assert finals[-1] == (True, 1)
    assert all(each == (False, 0) for each in finals[:-1])
    assert len(finals) > 3


def test_base_is_the_same_code_with_other_settings(base: Anvil, configure: Configure) -> None:
    token = base.deploy("PlainToken", 10**12)
    configure("base", rpc_urls=(base.url,), confirmations=1, usdc=token.address)
    tx_hash = token.send("transfer", base.accounts[1], 7)
    base.mine()
    watch(tx_hash, "base")

    assert follow("base").final == 1
    assert follow("arbitrum").http_requests == 0


def test_an_anvil_of_base_is_refused_as_arbitrum(base: Anvil, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(base.url,))
    watch("0x" + "1" * 64)

    followed = follow("arbitrum")

    assert "chain id 8453 instead of 42161" in followed.error


def test_a_replacement_with_the_same_nonce_leaves_the_first_hash_unseen(
    arbitrum: Anvil, usdc: Contract
) -> None:
    payer, payee = arbitrum.accounts[0], arbitrum.accounts[1]
    nonce = arbitrum.rpc("eth_getTransactionCount", payer, "latest")
    fees: dict[str, Any] = {"nonce": nonce, "gasPrice": hex(3 * 10**9)}
    first = usdc.send("transfer", payee, 7, **fees)
    second = usdc.send("transfer", payee, 7, **fees | {"gasPrice": hex(9 * 10**9)})
    watch(first)
    watch(second)
    arbitrum.mine(3)

    follow("arbitrum")

    assert state(first).block_number is None
    assert state(first).absent_block_time is not None
    assert state(second).final_at is not None
