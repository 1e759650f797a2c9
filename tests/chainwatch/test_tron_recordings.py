"""The parser of Tron nodes' answers against answers of real nodes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from billing.chains import Network
from chainwatch.chains import tron_answers
from chainwatch.chains.base import ChainUnavailable, Header
from chainwatch.chains.tron_answers import Info
from chainwatch.chains.tron_transfers import canonical_address
from tests.chainwatch.recordings import (
    Row,
    answers,
    errors,
    expected,
    needs_recordings,
    recorded,
)

pytestmark = needs_recordings

INFOS = "gettransactioninfobyid"
LISTING = "v1/accounts/{address}/transactions/trc20"
TRANSFER_CALL = "a9059cbb"  # transfer(address,uint256)


def at(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def block_of(said: Info) -> Header:
    """A block that the transaction could be in."""
    return Header(
        number=said.block_number,
        block_hash=f"{said.block_number:016x}" + "ab" * 24,
        parent_hash=f"{said.block_number - 1:016x}" + "cd" * 24,
        block_time=said.block_time,
    )


@pytest.mark.parametrize(("chain", "row"), answers("tron", method=INFOS))
def test_a_recorded_transaction_says_what_is_expected(chain: str, row: Row) -> None:
    said = tron_answers.info(recorded(chain, row), row["tx_hash"])
    assert said is not None
    receipt = tron_answers.receipt(said, block_of(said), settings.NETWORKS["tron"])

    assert receipt.tx_hash == row["tx_hash"]
    assert receipt.block_number == row["block_number"]
    assert receipt.block_time == at(row["block_timestamp_ms"])
    assert receipt.succeeded is row["status"].startswith("success")
    assert [
        {
            "contract": each.contract,
            "from": each.from_address,
            "to": each.to_address,
            "amount_atomic": str(each.amount_atomic),
            "log_index": each.log_index,
        }
        for each in receipt.transfers
    ] == row["transfers"]
    assert all(each.ordinal == each.log_index for each in receipt.transfers)


@pytest.mark.parametrize(("chain", "row"), answers("tron", method=INFOS))
def test_a_recorded_transaction_is_only_the_one_that_was_asked(chain: str, row: Row) -> None:
    with pytest.raises(ChainUnavailable, match="of another transaction"):
        tron_answers.info(recorded(chain, row), "ab" * 32)


@pytest.mark.parametrize(("chain", "row"), answers("tron", method="wallet/getnowblock"))
def test_a_recorded_block_says_what_is_expected(chain: str, row: Row) -> None:
    block = tron_answers.header(recorded(chain, row))

    assert block is not None
    assert (block.number, block.block_hash) == (row["block_number"], row["block_id"])
    assert block.block_time == at(row["block_timestamp_ms"])
    assert block.parent_hash == "0000000003fe266a65d5194c947f6f7a059d4646c8e9a5293226bc7fdcfc775e"


@pytest.mark.parametrize(
    ("chain", "row"), answers("tron", method="wallet/gettransactioninfobyblocknum")
)
def test_a_recorded_list_of_transactions_says_what_is_expected(chain: str, row: Row) -> None:
    (node_info,) = (each for each in expected("tron") if each["file"] == "nodeinfo_nile.json")
    # The same block, as the node's own information names it.
    block_id = recorded("tron", node_info)["block"].partition("ID:")[2]
    raw_block = {
        "blockID": block_id,
        "block_header": {
            "raw_data": {
                "number": row["block_number"],
                "parentHash": f"{row['block_number'] - 1:016x}" + "cd" * 24,
                "timestamp": 1777445121000,
            }
        },
    }

    said = tron_answers.infos(recorded(chain, row), raw_block)

    assert [each.tx_hash for each in said] == row["tx_hashes"]
    network: Network = settings.NETWORKS["tron"]
    receipts = [tron_answers.receipt(each, block_of(each), network) for each in said]
    assert {each.block_number for each in receipts} == {row["block_number"]}
    assert [each.succeeded for each in receipts] == [True, True]
    assert [transfer for each in receipts for transfer in each.transfers] == row["transfers"]


@pytest.mark.parametrize(("chain", "row"), answers("tron", method="wallet/getnodeinfo"))
def test_recorded_block_ids_begin_with_their_height(chain: str, row: Row) -> None:
    raw = recorded(chain, row)

    for told, number in (
        (raw["block"], row["block_number"]),
        (raw["solidityBlock"], row["solid_block_number"]),
    ):
        block_id = told.partition("ID:")[2]
        data = {"number": number, "parentHash": f"{number - 1:016x}".ljust(64, "0")}
        fields = {"blockID": block_id, "block_header": {"raw_data": data | {"timestamp": 1}}}
        block = tron_answers.header(fields)
        assert block is not None
        assert told == f"Num:{block.number},ID:{block.block_hash}"
    assert row["block_number"] - row["solid_block_number"] == 18
    with pytest.raises(ChainUnavailable):
        tron_answers.header(raw)


@pytest.mark.parametrize(("chain", "row"), answers("tron", method="wallet/gettransactioninfobyid"))
def test_the_recorded_empty_answer_is_an_unknown_transaction(chain: str, row: Row) -> None:
    assert row["status"] == "unknown"
    assert tron_answers.info(recorded(chain, row), "ab" * 32) is None


@pytest.mark.parametrize(("chain", "row"), errors("tron"))
def test_a_recorded_error_is_never_read_as_not_found(chain: str, row: Row) -> None:
    raw = recorded(chain, row)

    for read in (
        lambda: tron_answers.info(raw, "ab" * 32),
        lambda: tron_answers.header(raw),
        lambda: tron_answers.infos(raw, {}),
        lambda: tron_answers.chain_id(raw),
    ):
        with pytest.raises(ChainUnavailable) as refused:
            read()
        words = str(refused.value)
        assert row.get("message_text", raw.get("Error", "")) in words


def called(transaction: dict[str, Any]) -> list[dict[str, Any]]:
    """The transfer that a transaction calls for: its addresses carry the byte 41."""
    (contract,) = transaction["raw_data"]["contract"]
    value = contract["parameter"]["value"]
    if contract["type"] != "TriggerSmartContract" or not value["data"].startswith(TRANSFER_CALL):
        return []
    return [
        {
            "contract": canonical_address(value["contract_address"]),
            "from": canonical_address(value["owner_address"]),
            "to": canonical_address(value["data"][8:72][-40:]),
            "amount_atomic": str(int(value["data"][72:136], 16)),
        }
    ]


def without_place(transfer: dict[str, Any]) -> dict[str, Any]:
    return {key: transfer[key] for key in ("contract", "from", "to", "amount_atomic")}


@pytest.mark.parametrize(("chain", "row"), answers("tron", method="gettransactionbyid"))
def test_a_recorded_body_names_the_addresses_expected_and_is_no_receipt(
    chain: str, row: Row
) -> None:
    raw = recorded(chain, row)

    assert raw["txID"] == row["tx_hash"]
    assert raw["ret"][0]["contractRet"] == row["status"]
    assert called(raw) == [without_place(each) for each in row["transfers"]]
    with pytest.raises(ChainUnavailable):
        tron_answers.info(raw, row["tx_hash"])


@pytest.mark.parametrize(("chain", "row"), answers("tron", method=LISTING))
def test_a_recorded_listing_names_the_transfers_expected_and_those_of_the_receipts(
    chain: str, row: Row
) -> None:
    raw = recorded(chain, row)
    told = [
        {
            "contract": canonical_address(each["token_info"]["address"]),
            "from": canonical_address(each["from"]),
            "to": canonical_address(each["to"]),
            "amount_atomic": each["value"],
        }
        for each in raw["data"]
    ]

    assert told == [without_place(each) for each in row["transfers"]]
    assert [called(each["detail"]) for each in raw["data"]] == [[each] for each in told]
    receipts = {each["tx_hash"]: each for each in expected("tron") if each.get("method") == INFOS}
    both = [each for each in row["transfers"] if each["tx_hash"] in receipts]
    assert len(both) == 4
    for each in both:
        receipt = receipts[each["tx_hash"]]
        assert each["block_number"] == receipt["block_number"]
        assert [without_place(each)] == [without_place(known) for known in receipt["transfers"]]
    with pytest.raises(ChainUnavailable):
        tron_answers.info(raw, row["transfers"][0]["tx_hash"])


@pytest.mark.parametrize(("chain", "row"), answers("tron", method=INFOS))
def test_a_token_that_is_not_pinned_is_still_told(chain: str, row: Row) -> None:
    pinned: Network = settings.NETWORKS["tron"]
    said = tron_answers.info(recorded(chain, row), row["tx_hash"])
    assert said is not None

    receipt = tron_answers.receipt(said, block_of(said), replace(pinned, contracts={}))

    assert len(receipt.transfers) == len(row["transfers"])
