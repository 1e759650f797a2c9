"""The emulated Tron node: it answers as java-tron does, and misbehaves when told to."""

from itertools import pairwise
from typing import Any

import requests

from tests.tron import faults
from tests.tron.emulator import TronNode
from tests.tron.shapes import base58_of, evm_of

TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
USDT_HEX = "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"
UNKNOWN = "ab" * 32


def ask(node: TronNode, path: str, **words: Any) -> Any:
    answer = requests.post(f"{node.url}/{path}", json=words, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def topic(address: str) -> str:
    return evm_of(address)[2:].rjust(64, "0")


def test_addresses_are_the_same_twenty_bytes_on_both_sides() -> None:
    assert base58_of(USDT_HEX) == base58_of("0x" + USDT_HEX[2:]) == USDT
    assert evm_of(USDT) == evm_of(USDT_HEX) == "0xa614f803b6fd780986a42c78ec9c7f77e6ded13c"


def test_a_transfer_is_told_as_java_tron_tells_it(tron_node: TronNode) -> None:
    usdt = tron_node.deploy("TetherLike", 10**15)
    payer, payee = tron_node.accounts[:2]
    tx_id = usdt.send("transfer", payee, 50_000_000)
    number = tron_node.mine()

    said = ask(tron_node, "wallet/gettransactioninfobyid", value=tx_id)
    shown = ask(tron_node, "wallet/gettransactioninfobyid", value=tx_id, visible=True)
    block = ask(tron_node, "wallet/getblock", id_or_num=str(number))

    energy = said["receipt"]["energy_usage_total"]
    contract = "41" + evm_of(usdt.address)[2:]
    assert said == {
        "id": tx_id,
        "fee": (energy - 4_000) * 210,
        "blockNumber": number,
        "blockTimeStamp": block["block_header"]["raw_data"]["timestamp"],
        "contractResult": [""],
        "contract_address": contract,
        "receipt": {
            "energy_usage": 4_000,
            "energy_fee": (energy - 4_000) * 210,
            "energy_usage_total": energy,
            "net_usage": 345,
            "result": "SUCCESS",
            "energy_penalty_total": energy // 2,
        },
        "log": [
            {
                "address": contract[2:],
                "topics": [TRANSFER, topic(payer), topic(payee)],
                "data": f"{50_000_000:064x}",
            }
        ],
    }
    assert shown["contract_address"] == shown["log"][0]["address"] == usdt.address
    assert shown["log"][0]["topics"] == said["log"][0]["topics"]
    assert ask(tron_node, "wallet/gettransactioninfobyblocknum", num=number) == [said]


def test_a_failed_transfer_has_no_log_and_says_why(tron_node: TronNode) -> None:
    usdt = tron_node.deploy("TetherLike", 10**15)
    poor, payee = tron_node.accounts[5], tron_node.accounts[1]
    reverted = usdt.send("transfer", payee, 5, sender=poor)
    exhausted = usdt.send("transfer", payee, 5, gas=hex(40_000))
    tron_node.mine()

    first = ask(tron_node, "wallet/gettransactioninfobyid", value=reverted)
    second = ask(tron_node, "wallet/gettransactioninfobyid", value=exhausted)

    assert (first["result"], first["receipt"]["result"]) == ("FAILED", "REVERT")
    assert bytes.fromhex(first["resMessage"]) == b"REVERT opcode executed"
    assert (second["result"], second["receipt"]["result"]) == ("FAILED", "OUT_OF_ENERGY")
    assert bytes.fromhex(second["resMessage"]).startswith(b"Not enough energy for ")
    assert "log" not in first and "log" not in second


def test_a_plain_transfer_of_trx_has_neither_a_result_nor_a_fee(tron_node: TronNode) -> None:
    rich, other = tron_node.anvil.accounts[:2]
    tx_hash = tron_node.anvil.send(to=other, data="0x", sender=rich, value=hex(25 * 10**18))
    number = tron_node.mine()

    said = ask(tron_node, "wallet/gettransactioninfobyid", value=tx_hash[2:])
    body = ask(tron_node, "wallet/gettransactionbyid", value=tx_hash[2:], visible=True)

    assert said.pop("blockTimeStamp") > 0
    assert said == {
        "id": tx_hash[2:],
        "blockNumber": number,
        "contractResult": [""],
        "receipt": {"net_usage": 345},
    }
    (contract,) = body["raw_data"]["contract"]
    assert contract["type"] == "TransferContract"
    assert contract["parameter"]["value"] == {
        "amount": 25_000_000,
        "owner_address": base58_of(rich),
        "to_address": base58_of(other),
    }


def test_a_block_is_solid_when_eighteen_are_above_it(tron_node: TronNode) -> None:
    usdt = tron_node.deploy("PlainToken", 10**15)
    tx_id = usdt.send("transfer", tron_node.accounts[1], 7)
    number = tron_node.mine()
    solid = "walletsolidity/gettransactioninfobyid"

    tron_node.mine(17)
    before = ask(tron_node, solid, value=tx_id)
    listed = ask(tron_node, "walletsolidity/gettransactioninfobyblocknum", num=number)
    block = ask(tron_node, "walletsolidity/getblockbynum", num=number)
    tron_node.mine()
    after = ask(tron_node, solid, value=tx_id)

    assert (before, listed, block) == ({}, [], {})
    assert after["blockNumber"] == number
    head = ask(tron_node, "wallet/getnowblock")["block_header"]["raw_data"]["number"]
    final = ask(tron_node, "walletsolidity/getnowblock")["block_header"]["raw_data"]["number"]
    assert (head - final, final) == (18, number)
    told = ask(tron_node, "wallet/getnodeinfo")
    assert told["block"].startswith(f"Num:{head},ID:{head:016x}")
    assert told["solidityBlock"].startswith(f"Num:{final},ID:{final:016x}")


def test_ids_of_blocks_hold_their_height_and_the_genesis_the_chain_id(tron_node: TronNode) -> None:
    tron_node.mine(3)

    blocks = [ask(tron_node, "wallet/getblockbynum", num=number) for number in range(4)]

    assert blocks[0]["blockID"].endswith("2b6653dc")
    assert "number" not in blocks[0]["block_header"]["raw_data"]
    for number, block in enumerate(blocks):
        assert int(block["blockID"][:16], 16) == number
        assert ask(tron_node, "wallet/getblockbyid", value=block["blockID"]) == block
        assert ask(tron_node, "wallet/getblock", id_or_num=block["blockID"]) == block
    for before, block in pairwise(blocks):
        assert block["block_header"]["raw_data"]["parentHash"] == before["blockID"]
    assert blocks[3]["block_header"]["raw_data"]["txTrieRoot"] == "0" * 64


def test_what_is_unknown_is_an_empty_answer(tron_node: TronNode) -> None:
    asked: dict[str, dict[str, Any]] = {
        "wallet/gettransactioninfobyid": {"value": UNKNOWN},
        "wallet/gettransactionbyid": {"value": UNKNOWN},
        "walletsolidity/gettransactioninfobyid": {"value": UNKNOWN},
        "wallet/getblockbynum": {"num": 999},
        "wallet/getblock": {"id_or_num": "999"},
        "wallet/getblockbyid": {"value": UNKNOWN},
        "wallet/gettransactioninfobyblocknum": {"num": 0},
    }

    assert {path: ask(tron_node, path, **words) for path, words in asked.items()} == {
        path: {} for path in asked
    }
    assert ask(tron_node, "wallet/gettransactioninfobyblocknum", num=999) == []


def test_bad_input_is_refused_with_status_200(tron_node: TronNode) -> None:
    refused = "class org.tron.core.services.http.JsonFormat$ParseException : "

    no_hex = ask(tron_node, "wallet/gettransactioninfobyid", value="no hash")
    no_number = ask(tron_node, "wallet/getblockbynum", num="abc")
    # In base58 only where `visible` says so.
    no_address = ask(tron_node, "wallet/getaccount", address=USDT)

    assert no_hex == no_address == {"Error": refused + "1:10: INVALID hex String"}
    assert no_number["Error"].startswith(refused + "1:8: Couldn't parse integer")


def test_a_question_may_come_by_get_too(tron_node: TronNode) -> None:
    tron_node.mine(2)

    by_get = requests.get(
        f"{tron_node.url}/wallet/getblock",
        params={"id_or_num": "1", "visible": "true"},
        timeout=10,
    ).json()

    assert by_get == ask(tron_node, "wallet/getblock", id_or_num="1", visible=True)
    assert by_get["block_header"]["raw_data"]["witness_address"].startswith("T")
    assert tron_node.asked == {"wallet/getblock": 2}
    assert requests.get(f"{tron_node.url}/v1/accounts", timeout=10).status_code == 404


def test_a_node_that_lags_knows_nothing_of_the_newest_blocks(tron_node: TronNode) -> None:
    usdt = tron_node.deploy("PlainToken", 10**15)
    tx_id = usdt.send("transfer", tron_node.accounts[1], 7)
    number = tron_node.mine()
    tron_node.lag = 1

    lagging = ask(tron_node, "wallet/gettransactioninfobyid", value=tx_id)
    head = ask(tron_node, "wallet/getnowblock")
    tron_node.lag = 0

    assert (lagging, head["block_header"]["raw_data"]["number"]) == ({}, number - 1)
    assert ask(tron_node, "wallet/gettransactioninfobyid", value=tx_id)["id"] == tx_id


def test_a_block_that_is_lost_takes_its_transactions_along(tron_node: TronNode) -> None:
    usdt = tron_node.deploy("PlainToken", 10**15)
    tx_id = usdt.send("transfer", tron_node.accounts[1], 7)
    number = tron_node.mine()
    lost = ask(tron_node, "wallet/getblockbynum", num=number)

    tron_node.rpc("anvil_reorg", 1, [])

    assert ask(tron_node, "wallet/gettransactioninfobyid", value=tx_id) == {}
    assert ask(tron_node, "wallet/getblockbyid", value=lost["blockID"]) == {}
    assert ask(tron_node, "wallet/getblockbynum", num=number)["blockID"] != lost["blockID"]


def test_a_fault_is_limited_to_the_paths_that_it_is_for(tron_node: TronNode) -> None:
    tron_node.fault, tron_node.fault_on = faults.UNAVAILABLE, "walletsolidity"

    assert ask(tron_node, "wallet/getnowblock")["blockID"]
    answer = requests.post(f"{tron_node.url}/walletsolidity/getnowblock", timeout=10)
    assert answer.status_code == 503
