"""tronpy, unmodified, takes the emulated node for one of Tron's: the first witness."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import settings
from tronpy import Tron
from tronpy.exceptions import ApiError, BlockNotFound, TransactionNotFound
from tronpy.providers import HTTPProvider

from billing.chains import Finality, Token
from chainwatch.chains.tron import TronChain
from tests.tron.emulator import TronContract, TronNode, running_tron

UNKNOWN = "ab" * 32


@pytest.fixture(scope="module")
def node() -> Iterator[TronNode]:
    with running_tron() as node:
        yield node


@pytest.fixture(scope="module")
def usdt(node: TronNode) -> TronContract:
    return node.deploy("PlainToken", 10**15)


@pytest.fixture
def tron(node: TronNode) -> Tron:
    return Tron(HTTPProvider(node.url))


def test_it_reads_heads_and_blocks(tron: Tron, node: TronNode) -> None:
    node.mine(25)
    head = node.head()

    assert tron.get_latest_block_number() == head
    assert tron.get_latest_solid_block_number() == head - 18
    assert tron.get_latest_block()["block_header"]["raw_data"]["number"] == head
    assert tron.get_latest_solid_block()["block_header"]["raw_data"]["number"] == head - 18
    block = tron.get_block(head - 1)
    assert tron.get_block(block["blockID"]) == block
    assert tron.get_block()["block_header"]["raw_data"]["parentHash"] == block["blockID"]
    with pytest.raises(BlockNotFound):
        tron.get_block(head + 1)


def test_it_reads_a_transfer_and_its_event(tron: Tron, node: TronNode, usdt: TronContract) -> None:
    payer, payee = node.accounts[:2]
    tx_id = usdt.send("transfer", payee, 49_990_000)
    number = node.mine()

    sent = tron.get_transaction(tx_id)
    said = tron.get_transaction_info(tx_id)
    with pytest.raises(TransactionNotFound):
        tron.get_solid_transaction_info(tx_id)
    node.mine(18)

    assert tron.get_solid_transaction_info(tx_id) == said
    assert (said["blockNumber"], said["receipt"]["result"]) == (number, "SUCCESS")
    call = sent["raw_data"]["contract"][0]["parameter"]["value"]
    assert (call["owner_address"], call["contract_address"]) == (payer, usdt.address)
    (event,) = tron.get_contract(usdt.address).events.Transfer.process_receipt(said)
    assert event["args"] == {"sender": payer, "receiver": payee, "value": 49_990_000}
    listed = tron.provider.make_request(
        "wallet/gettransactioninfobyblocknum", {"num": number, "visible": True}
    )
    assert listed == [said]


def test_it_calls_a_contract(tron: Tron, node: TronNode, usdt: TronContract) -> None:
    payee = node.accounts[7]
    usdt.send("transfer", payee, 123_456)
    node.mine()

    functions = tron.get_contract(usdt.address).functions

    assert (functions.balanceOf(payee), functions.symbol(), functions.decimals()) == (
        123_456, "USDC", 6,
    )  # fmt: skip
    assert tron.get_account_balance(payee) == 10_000


def test_it_sees_what_reverted_and_what_is_unknown(
    tron: Tron, node: TronNode, usdt: TronContract
) -> None:
    tx_id = usdt.send("transfer", node.accounts[1], 5, sender=node.accounts[5])
    node.mine()

    assert tron.get_transaction_info(tx_id)["result"] == "FAILED"
    assert tron.get_transaction(tx_id)["ret"] == [{"contractRet": "REVERT"}]
    for ask in (tron.get_transaction, tron.get_transaction_info, tron.get_solid_transaction_info):
        with pytest.raises(TransactionNotFound):
            ask(UNKNOWN)
    with pytest.raises(ApiError, match="INVALID hex String"):
        tron.get_transaction_info("x" * 64)


def test_what_it_decodes_is_what_we_decode(tron: Tron, node: TronNode, usdt: TronContract) -> None:
    payees = node.accounts[1:4]
    amounts = [3_000_000, 1, 2**53 + 1]
    tx_id = usdt.send("pay_many", payees, [*amounts[:2], 70_000_000])
    node.mine(19)
    network = replace(
        settings.NETWORKS["tron"],
        contracts={**settings.NETWORKS["tron"].contracts, Token.USDC: usdt.address},
    )

    look = TronChain(network, node.url).look([tx_id], levels=[Finality.SOLIDIFIED], is_solid=True)

    receipt = look.receipts[tx_id]
    assert receipt is not None
    contract = tron.get_contract(usdt.address)
    events = contract.events.Transfer.process_receipt(tron.get_transaction_info(tx_id))
    assert [
        {"sender": each.from_address, "receiver": each.to_address, "value": each.amount_atomic}
        for each in receipt.transfers
    ] == [event["args"] for event in events]
    assert look.head.finalized_number == tron.get_latest_solid_block_number()
    assert receipt.block_hash == tron.get_block(receipt.block_number)["blockID"]
