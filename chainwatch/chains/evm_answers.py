"""What an EVM node says, read from raw JSON and believed only as far as its shape is right. Pure.

Raw, because strict parsers choke on what Arbitrum and Base add to receipts: their own fields and
the transaction types 0x64, 0x68, 0x6a, 0x78 and 0x7e. Transfers are decoded by position, because
argument names differ per token.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from billing.addresses import evm_checksum
from billing.chains import Network
from chainwatch.chains.base import (
    ChainUnavailable,
    Header,
    Receipt,
    Sent,
    TransferLog,
    is_ours,
)

# keccak256("Transfer(address,address,uint256)")
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
# Transfers of tokens that are none of ours explain a wrong token to a person, no more; a hostile
# transaction can hold thousands. Those of pinned tokens and of their namesakes are all kept.
MOST_FOREIGN_TRANSFERS = 200

_CODE = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_DELEGATION = re.compile(r"0xef0100[0-9a-fA-F]{40}", re.IGNORECASE)
_HEX = re.compile(r"0x[0-9a-fA-F]{1,64}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_ADDRESS_WORD = re.compile(r"0x0{24}([0-9a-fA-F]{40})")
_SIGNED_TYPES = ("0x0", "0x1", "0x2", "0x3", "0x4")  # EIP-2718, -2930, -1559, -4844, -7702
_MOST_INTEGER = 2**63 - 1  # what the database can hold
_LATEST_TIME = 253_402_300_799  # the last second of the year 9999


class Malformed(ChainUnavailable):
    """An answer, or one part of it, that no honest node gives."""


class Scrambled(Malformed):
    """An answer to another question than ours: nothing else beside it can be believed either."""


@dataclass(frozen=True, slots=True)
class Place:
    """The block a receipt names. `block_time` is None where the receipt does not say it."""

    block_number: int
    block_hash: str
    block_time: datetime | None


def block(raw: object) -> Header:
    """Read a block header. Raises Malformed."""
    fields = _mapping(raw, "block")
    time = _time(fields.get("timestamp"))
    if time is None:
        raise Malformed("a block without a time")
    return Header(
        number=quantity(fields.get("number"), "block number"),
        block_hash=hash_of(fields.get("hash"), "block hash"),
        parent_hash=hash_of(fields.get("parentHash"), "parent hash"),
        block_time=time,
    )


def place(raw: object, tx_hash: str) -> Place:
    """Read which block a receipt names.

    Raises Scrambled where it is the receipt of another transaction, Malformed where it is not one
    of a mined transaction: some nodes answer a receipt without a block while it still waits.
    """
    fields = _mapping(raw, "receipt")
    if hash_of(fields.get("transactionHash"), "transaction hash") != tx_hash:
        raise Scrambled("the receipt of another transaction")
    logs = _logs(fields)
    return Place(
        block_number=quantity(fields.get("blockNumber"), "block number"),
        block_hash=hash_of(fields.get("blockHash"), "block hash"),
        # Newer nodes say the block's time in every log; some versions say zero.
        block_time=_time(logs[0].get("blockTimestamp")) if logs else None,
    )


def receipt(raw: object, tx_hash: str, *, block_time: datetime, network: Network) -> Receipt:
    """Read a whole receipt. Raises Malformed or Scrambled."""
    fields, where = _mapping(raw, "receipt"), place(raw, tx_hash)
    status = fields.get("status")
    if status not in ("0x0", "0x1"):
        raise Malformed("a receipt without a status")
    succeeded = status == "0x1"
    return Receipt(
        tx_hash=tx_hash,
        block_number=where.block_number,
        block_hash=where.block_hash,
        block_time=block_time,
        succeeded=succeeded,
        sender=address_of(fields.get("from"), "sender"),
        transfers=(
            _transfers(_logs(fields), tx_hash, where.block_hash, network) if succeeded else ()
        ),
    )


def sent(raw: object, tx_hash: str) -> Sent:
    """Read who sent a transaction, mined or waiting, and its nonce.

    Raises Scrambled where it is another transaction, Malformed where it is of a type that nobody
    signs (a deposit, a retried ticket): what such a one calls its nonce is none of its sender's.
    """
    fields = _mapping(raw, "transaction")
    if hash_of(fields.get("hash"), "transaction hash") != tx_hash:
        raise Scrambled("another transaction")
    if fields.get("type", "0x0") not in _SIGNED_TYPES:
        raise Malformed("a transaction without a nonce of its sender")
    return Sent(
        sender=address_of(fields.get("from"), "sender"),
        nonce=quantity(fields.get("nonce"), "nonce"),
    )


def _transfers(
    logs: Sequence[Mapping[str, object]], tx_hash: str, block_hash: str, network: Network
) -> tuple[TransferLog, ...]:
    kept: list[TransferLog] = []
    foreign = 0
    before = -1
    for ordinal, log in enumerate(logs):
        log_index = quantity(log.get("logIndex"), "log index")
        if log_index <= before:
            raise Malformed("logs out of order")
        before = log_index
        if hash_of(log.get("transactionHash"), "transaction hash") != tx_hash:
            raise Malformed("the log of another transaction")
        if hash_of(log.get("blockHash", block_hash), "block hash") != block_hash:
            raise Malformed("the log of another block")
        moved = transfer(log, ordinal=ordinal, log_index=log_index)
        if moved is None:
            continue
        if not is_ours(moved.contract, network):
            foreign += 1
            if foreign > MOST_FOREIGN_TRANSFERS:
                continue
        kept.append(moved)
    return tuple(kept)


def transfer(log: Mapping[str, object], *, ordinal: int, log_index: int) -> TransferLog | None:
    """Return the Transfer that this log is, None where it is anything else.

    Four topics are an NFT's transfer; no first topic an anonymous event; data of another length
    than one word, or dirt above an address, are of no token that we know.
    """
    topics, data = log.get("topics"), log.get("data")
    if log.get("removed") not in (None, False) or not isinstance(topics, list) or len(topics) != 3:
        return None
    if not all(isinstance(topic, str) for topic in topics) or topics[0].lower() != TRANSFER:
        return None
    source, target = _ADDRESS_WORD.fullmatch(topics[1]), _ADDRESS_WORD.fullmatch(topics[2])
    if source is None or target is None:
        return None
    if not isinstance(data, str) or not _HASH.fullmatch(data):
        return None
    return TransferLog(
        contract=address_of(log.get("address"), "contract"),
        from_address=_checksum(source[1]),
        to_address=_checksum(target[1]),
        amount_atomic=int(data, 16),
        ordinal=ordinal,
        log_index=log_index,
    )


@lru_cache(maxsize=4096)
def _checksum(body: str) -> str:
    return evm_checksum(body)


def _logs(fields: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    logs = fields.get("logs")
    if not isinstance(logs, list) or not all(isinstance(log, dict) for log in logs):
        raise Malformed("a receipt without logs")
    return logs


def _mapping(raw: object, noun: str) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        raise Malformed(f"no {noun}")
    return raw


def quantity(value: object, noun: str) -> int:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise Malformed(f"no {noun}")
    number = int(value, 16)
    if number > _MOST_INTEGER:
        raise Malformed(f"an impossible {noun}")
    return number


def has_code(value: object, address: str) -> bool:
    """Whether a contract is at the address. An account that only delegates is still somebody's.

    Rule: EIP-7702, "Set Code for EOAs": its code is 0xef0100 and the address it delegates to.
    """
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise Malformed(f"no code of {address}")
    return value != "0x" and not _DELEGATION.fullmatch(value)


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    seconds = quantity(value, "block time")
    if seconds > _LATEST_TIME:
        raise Malformed("an impossible block time")
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def hash_of(value: object, noun: str) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise Malformed(f"no {noun}")
    return value.lower()


def address_of(value: object, noun: str) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise Malformed(f"no {noun}")
    return _checksum(value[2:])
