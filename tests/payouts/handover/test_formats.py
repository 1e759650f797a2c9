"""Each format, read back by libraries that had no part in writing it."""

import csv
import io
import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tronpy.abi import trx_abi
from web3 import Web3

from payouts.handover import calldata, eip681, safe_airdrop, safe_builder, tron
from payouts.handover.digest import digest_of
from payouts.handover.encoding import NoAddress
from payouts.handover.lines import Part
from tests.payouts.handover import parts, published, schemas
from tests.payouts.handover.parts import FIRST, SECOND, USDC, USDT, a_line, a_part, a_tron_line

TWO = (a_line(), a_line(payout_id="po_2", token="USDT", contract=USDT, recipient=SECOND,
                        amount_atomic=1))  # fmt: skip
EVM = [safe_builder, safe_airdrop, eip681, calldata]


def read(content: bytes) -> dict[str, Any]:
    file: dict[str, Any] = json.loads(content)
    return file


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode()), strict=True))


# --- Safe Transaction Builder --------------------------------------------------------------------


def test_a_safe_batch_has_the_shape_that_the_app_reads() -> None:
    file = read(safe_builder.write(a_part(*TWO, source=parts.SAFE)))

    jsonschema.validate(file, schemas.BATCH_FILE)
    assert file["chainId"] == "42161"
    assert file["createdAt"] == 1_772_357_400_000
    assert file["meta"]["createdFromSafeAddress"] == parts.SAFE
    assert parts.DIGEST in file["meta"]["description"]
    assert [each["to"] for each in file["transactions"]] == [USDC, USDT]


def test_safe_encodes_exactly_the_transfers() -> None:
    file = read(safe_builder.write(a_part(*TWO)))

    calls = [parts.decoded(parts.as_safe_encodes(each)) for each in file["transactions"]]

    assert calls == [(FIRST, 1_250_500_000), (SECOND, 1)]


@pytest.mark.parametrize(
    ("file", "checksum"),
    [
        (published.OF_THE_APP, published.CHECKSUM_OF_THE_APP),
        (published.EXPORTED, published.CHECKSUM_EXPORTED),
    ],
)
def test_the_checksum_is_that_of_published_files(file: dict[str, Any], checksum: str) -> None:
    assert safe_builder.checksum(file) == checksum


def test_the_checksum_in_a_file_is_that_of_its_content() -> None:
    file = read(safe_builder.write(a_part(*TWO)))
    given_ = file["meta"].pop("checksum")

    assert safe_builder.checksum(file) == given_
    file["transactions"][0]["contractInputsValues"]["value"] = "1250500001"
    assert safe_builder.checksum(file) != given_


# --- Safe CSV Airdrop ----------------------------------------------------------------------------


def test_an_airdrop_file_has_the_columns_that_the_app_reads() -> None:
    content = safe_airdrop.write(a_part(*TWO))

    assert content.decode().splitlines()[0].split(",") == schemas.AIRDROP_COLUMNS
    for row in rows(content):
        jsonschema.validate(row, schemas.AIRDROP_ROW)
    assert rows(content) == [
        {"token_type": "erc20", "token_address": USDC, "receiver": FIRST, "amount": "1250.5"},
        {"token_type": "erc20", "token_address": USDT, "receiver": SECOND, "amount": "0.000001"},
    ]


@given(st.integers(1, 10**18))
def test_every_amount_comes_back_to_the_last_unit(amount_atomic: int) -> None:
    written = a_line(amount_atomic=amount_atomic).amount
    whole, _, fraction = written.partition(".")

    assert re.fullmatch(schemas.AIRDROP_ROW["properties"]["amount"]["pattern"], written)
    assert int(whole) * 10**6 + int(fraction.ljust(6, "0") or "0") == amount_atomic


# --- Payment links -------------------------------------------------------------------------------


def test_a_link_names_contract_chain_recipient_and_amount() -> None:
    found = rows(eip681.write(a_part(*TWO)))

    assert found[0]["link"] == (
        f"ethereum:{USDC}@42161/transfer?address={FIRST}&uint256=1250500000"
    )
    assert [row["payout_id"] for row in found] == ["po_1", "po_2"]
    assert {row["batch_digest"] for row in found} == {parts.DIGEST}


# --- Raw calls -----------------------------------------------------------------------------------


def test_raw_calls_pay_exactly_the_lines() -> None:
    file = read(calldata.write(a_part(*TWO, number=2, parts=3)))

    assert (file["chain_id"], file["part"], file["parts"], file["from"]) == (42161, 2, 3, None)
    assert [each["to"] for each in file["transactions"]] == [USDC, USDT]
    assert {each["value"] for each in file["transactions"]} == {"0"}
    calls = [parts.decoded(each["data"]) for each in file["transactions"]]
    assert calls == [(FIRST, 1_250_500_000), (SECOND, 1)]


@given(st.binary(min_size=20, max_size=20), st.integers(1, 10**18))
def test_any_recipient_and_amount_survive_the_encoding(raw: bytes, amount: int) -> None:
    recipient = Web3.to_checksum_address(raw)
    line = a_line(recipient=recipient, amount_atomic=amount)

    (call,) = read(calldata.write(a_part(line)))["transactions"]

    assert parts.decoded(call["data"]) == (recipient, amount)


# --- Tron ----------------------------------------------------------------------------------------


def test_tron_parameters_are_decoded_by_tronpy() -> None:
    file = read(tron.write(a_part(a_tron_line(), source=parts.TRON_WALLET)))

    (transaction,) = file["transactions"]
    call = transaction["triggersmartcontract"]
    recipient, amount = trx_abi.decode(["address", "uint256"], bytes.fromhex(call["parameter"]))
    assert (recipient, amount) == (parts.TRON_RECIPIENT, 1)
    assert call["contract_address"] == parts.TRON_USDT
    assert call["function_selector"] == "transfer(address,uint256)"
    assert call["owner_address"] == parts.TRON_WALLET
    assert (call["call_value"], call["fee_limit"], call["visible"]) == (0, 100_000_000, True)


# --- The sandbox ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", EVM)
def test_no_wallet_can_carry_out_a_file_of_the_sandbox(format_: Any) -> None:
    content = format_.write(a_part(*TWO, environment="sandbox", source=parts.SAFE)).decode()

    bare = re.findall(r"(?<!sandbox:)0x[0-9a-fA-F]{40}(?![0-9a-fA-F])", content)
    assert bare == []
    assert "42161" not in content


def test_no_wallet_can_carry_out_a_tron_file_of_the_sandbox() -> None:
    part = a_part(a_tron_line(), environment="sandbox", source=parts.TRON_WALLET)

    content = tron.write(part).decode()

    assert re.findall(r"(?<!sandbox:)T[1-9A-HJ-NP-Za-km-z]{33}", content) == []
    assert read(tron.write(part))["chain_id"] == 0


@pytest.mark.parametrize(
    ("format_", "part"),
    [
        (calldata, a_part(a_line(recipient="0x12"), environment="sandbox")),
        (tron, a_part(a_tron_line(recipient="Tnobody"), environment="sandbox")),
    ],
)
def test_an_impossible_address_is_not_encoded(format_: Any, part: Part) -> None:
    with pytest.raises(NoAddress):
        format_.write(part)


# --- The digest ----------------------------------------------------------------------------------


def test_the_digest_is_over_the_sorted_approvals_and_the_batch() -> None:
    # printf 'v1|bat_1|aa|bb' | sha256sum
    known = "819f7bdabc4dfb22cb01db88c5edd5aecf0a4ea86733c732f1f0b9e2cf82c2dc"

    assert digest_of("bat_1", ["bb", "aa"]) == digest_of("bat_1", ["aa", "bb"]) == known
    assert digest_of("bat_2", ["aa", "bb"]) != known
