"""Parts and lines as the tests of formats want them, and what a file says, decoded by others."""

from datetime import UTC, datetime
from typing import Any

from eth_abi.abi import decode
from web3 import Web3

from payouts.handover.lines import Line, Part

USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
USDT = "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"
FIRST = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
SECOND = "0x52908400098527886E0F7030069857D2E4169EE7"
SAFE = "0xDF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa"
TRON_USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
TRON_RECIPIENT = "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf"
TRON_WALLET = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"
DIGEST = "ab" * 32
AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TRANSFER = Web3.keccak(text="transfer(address,uint256)")[:4]


def a_line(**changes: Any) -> Line:
    """1,250.50 USDC on Arbitrum."""
    values: dict[str, Any] = {
        "payout_id": "po_1",
        "chain": "arbitrum",
        "token": "USDC",
        "contract": USDC,
        "recipient": FIRST,
        "amount_atomic": 1_250_500_000,
        **changes,
    }
    return Line(**values)


def a_tron_line(**changes: Any) -> Line:
    """0.000001 USDT on Tron."""
    values = {"contract": TRON_USDT, "recipient": TRON_RECIPIENT, "amount_atomic": 1, **changes}
    return a_line(chain="tron", token="USDT", **values)


def a_part(*lines: Line, **changes: Any) -> Part:
    values: dict[str, Any] = {
        "batch_id": "bat_1",
        "digest": DIGEST,
        "environment": "live",
        "chain": lines[0].chain,
        "lines": lines,
        "created_at": AT,
        **changes,
    }
    return Part(**values)


def decoded(data: str) -> tuple[str, int]:
    """Whom a call pays, in EIP-55, and how much; decoded by eth_abi, which wrote none of it."""
    raw = bytes.fromhex(data.removeprefix("0x"))
    assert raw[:4] == TRANSFER
    recipient, amount = decode(["address", "uint256"], raw[4:], strict=True)
    return Web3.to_checksum_address(recipient), amount


def as_safe_encodes(transaction: dict[str, Any]) -> str:
    """The bytes that Safe's app makes of a transaction's method and values, by web3."""
    method = transaction["contractMethod"]
    abi = {
        **method,
        "type": "function",
        "stateMutability": "payable" if method["payable"] else "nonpayable",
        "outputs": [],
    }
    values = transaction["contractInputsValues"]
    typed = [
        int(values[each["name"]]) if each["type"] == "uint256" else values[each["name"]]
        for each in method["inputs"]
    ]
    contract = Web3().eth.contract(abi=[abi])
    encoded: str = contract.encode_abi(method["name"], args=typed)
    return encoded
