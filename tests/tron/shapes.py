"""anvil's answers in the shapes of Tron's HTTP API: java-tron's names, units and omissions. Pure.

What is zero or empty is left out, as protobuf's JSON leaves it out. A transaction's id, signature
and raw data are anvil's own, so they do not hash to one another as Tron's do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import base58

Answer = dict[str, Any]

# Of mainnet's genesis block; its id ends with the chain id.
FIRST_PARENT = "e58f33f9baf9305dc6f82b9f1934ea8f0ade2defb951258d50167028c780351f"
PRODUCER = "41e7860196ad5b5718c1d6326babab039b70b8c1cd"
NO_TRANSACTIONS = "0" * 64
ENERGY_PRICE_SUN = 210
BANDWIDTH = 345
STAKED_ENERGY = 4_000  # the first of the energy used is paid by a stake, the rest burns TRX
WEI_PER_SUN = 10**12
EXPIRY_MS = 60_000
REVERTED = b"REVERT opcode executed".hex()
OUT_OF_ENERGY = b"Not enough energy for 'SSTORE' operation executing".hex()


def base58_of(address: str) -> str:
    """The Tron address of an EVM address (0x…) or of Tron's hexadecimal form (41…)."""
    body = bytes.fromhex(address.removeprefix("0x"))
    return str(base58.b58encode_check(b"\x41" + body[-20:]).decode())


def evm_of(address: str) -> str:
    """The EVM address, in small digits, of a Tron address in base58 or in hexadecimal (41…)."""
    body = base58.b58decode_check(address) if address.startswith("T") else bytes.fromhex(address)
    if len(body) != 21 or body[0] != 0x41:
        raise ValueError("no address of Tron")
    return "0x" + body[1:].hex()


def block_id(number: int, evm_hash: str, chain_id: int) -> str:
    """Sixteen digits of height and the tail of anvil's hash; the genesis ends with the chain id."""
    tail = evm_hash[-48:]
    return f"{number:016x}" + (tail if number else f"{tail[:-8]}{chain_id:08x}")


def header(block: Answer, chain_id: int, visible: bool) -> Answer:
    """A block as `getblock` tells it without details."""
    number = int(block["number"], 16)
    parent = block_id(number - 1, block["parentHash"], chain_id) if number else FIRST_PARENT
    root = block["transactionsRoot"][2:] if block["transactions"] else NO_TRANSACTIONS
    raw = {
        "number": number,
        "txTrieRoot": root,
        "witness_address": _shown(PRODUCER, visible),
        "parentHash": parent,
        "version": 34,
        "timestamp": milliseconds(block),
    }
    return {
        "blockID": block_id(number, block["hash"], chain_id),
        "block_header": {"raw_data": _said(raw), "witness_signature": "55" * 64 + "00"},
    }


def transaction(sent: Answer, receipt: Answer, block: Answer, visible: bool) -> Answer:
    """A mined transaction as `gettransactionbyid` and blocks tell it."""
    kind, value = _contract(sent, visible)
    at_ms = milliseconds(block)
    parent = block["parentHash"]
    raw = {
        "contract": [
            {
                "parameter": {
                    "value": value,
                    "type_url": f"type.googleapis.com/protocol.{kind}",
                },
                "type": kind,
            }
        ],
        "ref_block_bytes": parent[2:6],
        "ref_block_hash": parent[6:22],
        "expiration": at_ms + EXPIRY_MS,
        "fee_limit": int(sent["gas"], 16) * ENERGY_PRICE_SUN if sent["input"] != "0x" else 0,
        "timestamp": at_ms,
    }
    v = int(sent.get("yParity") or sent["v"], 16) % 2
    return {
        "ret": [{"contractRet": _outcome(sent, receipt)}],
        "signature": [f"{int(sent['r'], 16):064x}{int(sent['s'], 16):064x}{v:02x}"],
        "txID": sent["hash"][2:],
        "raw_data": _said(raw),
        "raw_data_hex": "0a02" + parent[2:6] + sent["input"][2:],
    }


def info(sent: Answer, receipt: Answer, block: Answer, output: str, visible: bool) -> Answer:
    """A mined transaction as `gettransactioninfobyid` tells it; `output` is what it returned."""
    is_call = sent["input"] != "0x" or sent["to"] is None
    outcome = _outcome(sent, receipt)
    energy = int(receipt["gasUsed"], 16) if is_call else 0
    staked = min(energy, STAKED_ENERGY)
    fee = (energy - staked) * ENERGY_PRICE_SUN
    contract = (sent["to"] or receipt["contractAddress"]) if is_call else None
    used = {
        "energy_usage": staked,
        "energy_fee": fee,
        "energy_usage_total": energy,
        "net_usage": BANDWIDTH,
        "result": outcome if is_call else None,
        "energy_penalty_total": energy // 2,
    }
    said = {
        "id": sent["hash"][2:],
        "fee": fee,
        "blockNumber": int(block["number"], 16),
        "blockTimeStamp": milliseconds(block),
        "contractResult": [output.removeprefix("0x")],
        "contract_address": _shown("41" + contract[2:], visible) if contract else None,
        "receipt": _said(used),
        "log": [_log(log, visible) for log in receipt["logs"]],
    }
    if outcome != "SUCCESS":
        words = OUT_OF_ENERGY if outcome == "OUT_OF_ENERGY" else REVERTED
        said |= {"result": "FAILED", "resMessage": words}
    return _said(said)


def node_info(head: Answer, solid: Answer) -> Answer:
    """What `getnodeinfo` says, with the two blocks given as `header` makes them."""
    number = solid["block_header"]["raw_data"].get("number", 0)
    return {
        "activeConnectCount": 3,
        "beginSyncNum": max(0, number - 1),
        "block": _num_and_id(head),
        "solidityBlock": _num_and_id(solid),
        "currentConnectCount": 60,
        "passiveConnectCount": 57,
        "totalFlow": 0,
        "configNodeInfo": {
            "codeVersion": "4.8.1",
            "versionNum": "18636",
            "p2pVersion": "11111",
            "listenPort": 18888,
            "discoverEnable": True,
            "maxConnectCount": 60,
            "supportConstant": True,
            "dbVersion": 2,
        },
        "machineInfo": {
            "cpuCount": 16,
            "cpuRate": 0.25,
            "totalMemory": 2**35,
            "freeMemory": 2**28,
            "jvmTotalMemory": 2**34,
            "jvmFreeMemory": 2**33,
            "javaVersion": "1.8.0_291",
            "osName": "Linux 3.10.0-1160.49.1.el7.x86_64",
            "threadCount": 361,
            "deadLockThreadCount": 0,
        },
    }


def abi_entries(abi: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """An ABI as `getcontract` writes it: words of enumerations with a capital."""
    return [
        {
            **{key: value for key, value in entry.items() if key != "anonymous"},
            "type": str(entry["type"]).capitalize(),
            "stateMutability": str(entry.get("stateMutability", "")).capitalize(),
        }
        for entry in abi
    ]


def milliseconds(block: Answer) -> int:
    return int(block["timestamp"], 16) * 1000


def _outcome(sent: Answer, receipt: Answer) -> str:
    if receipt["status"] == "0x1":
        return "SUCCESS"
    return "OUT_OF_ENERGY" if int(receipt["gasUsed"], 16) >= int(sent["gas"], 16) else "REVERT"


def _contract(sent: Answer, visible: bool) -> tuple[str, Answer]:
    value = {"owner_address": _shown("41" + sent["from"][2:], visible)}
    if sent["to"] is None:
        return "CreateSmartContract", {**value, "new_contract": {"bytecode": sent["input"][2:]}}
    to = _shown("41" + sent["to"][2:], visible)
    if sent["input"] == "0x":
        amount = int(sent["value"], 16) // WEI_PER_SUN
        return "TransferContract", _said({"amount": amount, **value, "to_address": to})
    return "TriggerSmartContract", {"data": sent["input"][2:], **value, "contract_address": to}


def _log(log: Answer, visible: bool) -> Answer:
    """A log's address has no 41 in hexadecimal, as the contract's has."""
    address = base58_of(log["address"]) if visible else log["address"][2:]
    topics = [topic[2:] for topic in log["topics"]]
    return _said({"address": address, "topics": topics, "data": log["data"][2:]})


def _shown(address: str, visible: bool) -> str:
    return base58_of(address) if visible else address


def _num_and_id(block: Answer) -> str:
    number = block["block_header"]["raw_data"].get("number", 0)
    return f"Num:{number},ID:{block['blockID']}"


def _said(fields: Mapping[str, Any]) -> Answer:
    def present() -> Iterator[tuple[str, Any]]:
        for name, value in fields.items():
            if value not in (None, 0, "", [], {}):
                yield name, value

    return dict(present())
