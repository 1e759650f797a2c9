"""What a Tron node says, read from raw JSON and believed only as far as its shape is right. Pure.

A number that is zero is absent. An unknown transaction is `{}`, and an error comes with HTTP
status 200: `{"Error": …}` is a failure and never "not found".
Source: java-tron's own answers (developers.tron.network, "HTTP API"), and recordings of them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing.chains import Network
from chainwatch.chains.base import Header, Receipt
from chainwatch.chains.evm_answers import Malformed
from chainwatch.chains.tron_transfers import Log, transfers

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_NO_TRANSACTIONS = "0" * 64  # The root of an empty block.
# The enumerations' zeros, which are absent in most answers; one is misspelled in java-tron itself.
_NO_FAILURE = (None, "SUCESS", "SUCCESS")
_NO_RESULT = (None, "DEFAULT")
_MOST_INTEGER = 2**63 - 1  # what the database can hold
_LATEST_TIME_MS = 253_402_300_799_000  # the last second of the year 9999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Info:
    """What a node says of one mined transaction. It names the block's height, but not its hash."""

    tx_hash: str
    block_number: int
    block_time: datetime
    succeeded: bool
    logs: Sequence[Log]


def chain_id(raw: object) -> int:
    """Return the chain id that the genesis block `raw` stands for: the last four bytes of its id.

    Raises Malformed. Rule: what java-tron's own `eth_chainId` answers.
    """
    fields = _answer(raw, "genesis block")
    block_id = _hash(fields.get("blockID"), "block id")
    if _height(block_id) != 0:
        raise Malformed("another block than the genesis block")
    return int(block_id[-8:], 16)


def header(raw: object) -> Header | None:
    """Read a block, None where the node knows none at that height. Raises Malformed."""
    fields = _answer(raw, "block")
    if not fields:
        return None
    block_id = _hash(fields.get("blockID"), "block id")
    data = _header_data(fields)
    number = _number(data.get("number"), "block number")
    parent_hash = _hash(data.get("parentHash"), "parent hash")
    # An id begins with its height. What the genesis block names as its parent is no block.
    if _height(block_id) != number or (number and _height(parent_hash) != number - 1):
        raise Malformed("a block whose id is of another height")
    time = data.get("timestamp")
    if time is None and number:
        raise Malformed("a block without a time")
    return Header(
        number=number,
        block_hash=block_id,
        parent_hash=parent_hash,
        block_time=_time(time),
    )


def info(raw: object, tx_hash: str) -> Info | None:
    """Read what a node says of a transaction, None where it knows no such one that is mined.

    Raises Malformed, also where it speaks of another transaction.
    """
    fields = _answer(raw, "transaction")
    if not fields:
        return None
    read = _info(fields)
    if read.tx_hash != tx_hash:
        raise Malformed("what it says is of another transaction")
    return read


def infos(raw: object, raw_block: object) -> Sequence[Info]:
    """Read the transactions of one block, in its order; its header is read from `raw_block`.

    Raises Malformed, also where they are not that block's: where a reorganization came between
    the two questions, or the node keeps no transactions of this block.
    """
    # Some versions answer `{}` where there is nothing to list.
    listed = [] if isinstance(raw, dict) and not _answer(raw, "list of transactions") else raw
    if not isinstance(listed, list):
        raise Malformed("no list of transactions")
    block = header(raw_block)
    if block is None:
        raise Malformed("no block")
    read = [_info(_answer(each, "transaction")) for each in listed]
    if any(not _is_in(each, block) for each in read):
        raise Malformed("transactions of another block")
    root = _header_data(_answer(raw_block, "block")).get("txTrieRoot")
    # Nodes that keep a part of the chain alone list nothing for a block that is full.
    if root is not None and bool(read) is (root == _NO_TRANSACTIONS):
        raise Malformed("another number of transactions than the block has")
    return read


def receipt(said: Info, block: Header, network: Network) -> Receipt:
    """Put together what is said of a transaction and the block at its height. Raises Malformed."""
    if not _is_in(said, block):
        # Heights are dealt out again after a reorganization; the time of production is not.
        raise Malformed("its block was replaced while it was asked")
    return Receipt(
        tx_hash=said.tx_hash,
        block_number=block.number,
        block_hash=block.block_hash,
        block_time=block.block_time,
        succeeded=said.succeeded,
        sender="",
        transfers=transfers(said.logs, network) if said.succeeded else (),
    )


def _info(fields: Fields) -> Info:
    outcome = fields.get("receipt", {})
    if not isinstance(outcome, dict):
        raise Malformed("a transaction without a receipt")
    logs = fields.get("log", [])
    if not isinstance(logs, list) or not all(isinstance(log, dict) for log in logs):
        raise Malformed("a transaction whose events are no list")
    if fields.get("blockNumber") is None:
        raise Malformed("a transaction without a block")
    return Info(
        tx_hash=_hash(fields.get("id"), "transaction id"),
        block_number=_number(fields.get("blockNumber"), "block number"),
        block_time=_time(fields.get("blockTimeStamp")),
        succeeded=_succeeded(fields, outcome.get("result")),
        logs=logs,
    )


def _succeeded(fields: Fields, result: object) -> bool:
    """Whether a transaction did what it was sent for. A plain transfer of TRX has no result."""
    if fields.get("result") not in _NO_FAILURE:
        return False
    if result not in _NO_RESULT:
        return result == "SUCCESS"
    if fields.get("log"):
        # A failed call has no events, and one that succeeded has a result: a part was lost on the
        # way, and to call it failed would let somebody pay twice.
        raise Malformed("events without a result")
    return "contract_address" not in fields


def _is_in(said: Info, block: Header) -> bool:
    return (said.block_number, said.block_time) == (block.number, block.block_time)


def _answer(raw: object, noun: str) -> Fields:
    """Return an answer's fields, none at all where the node knows nothing. Raises Malformed."""
    if not isinstance(raw, dict):
        raise Malformed(f"no {noun}")
    if words := _refusal(raw):
        raise Malformed(words)
    return raw


def _refusal(fields: Fields) -> str:
    """Return in which words a node refuses, short and printable; empty where it does not."""
    text = ""
    for key in ("Error", "error"):
        if fields.get(key) is not None:
            text = str(fields[key]) or "an error without words"
    if not text and ("code" in fields or "message" in fields):
        text = f"{fields.get('code')}: {_unpacked(str(fields.get('message')))}"
    return "".join(c if c.isprintable() else " " for c in text[:200])


def _unpacked(message: str) -> str:
    """Return a message as text: some come as the hexadecimal digits of one."""
    try:
        return bytes.fromhex(message).decode()
    except ValueError:
        return message


def _header_data(fields: Fields) -> Fields:
    outer = fields.get("block_header")
    data = outer.get("raw_data") if isinstance(outer, dict) else None
    if not isinstance(data, dict):
        raise Malformed("a block without a header")
    return data


def _number(value: object, noun: str) -> int:
    """Read a number, which is absent where it is zero."""
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= _MOST_INTEGER:
        raise Malformed(f"an impossible {noun}")
    return value


def _time(value: object) -> datetime:
    milliseconds = _number(value, "block time")
    if milliseconds > _LATEST_TIME_MS:
        raise Malformed("an impossible block time")
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _hash(value: object, noun: str) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise Malformed(f"no {noun}")
    return value.lower()


def _height(block_id: str) -> int:
    return int(block_id[:16], 16)
