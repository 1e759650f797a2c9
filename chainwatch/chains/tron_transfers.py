"""Which transfers a Tron transaction made: its logs decoded by position. Pure.

Addresses come in base58 or in hexadecimal, with the byte 41 or without it, whatever was asked for;
here they all become base58.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import base58

from billing.addresses import canonical
from billing.chains import Chain, Network
from chainwatch.chains import evm_answers
from chainwatch.chains.base import TransferLog, is_ours
from chainwatch.chains.evm_answers import MOST_FOREIGN_TRANSFERS, Malformed

_WORD = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_ADDRESS = re.compile(r"(?:0x)?(?:41)?([0-9a-fA-F]{40})")
_ADDRESS_WORD = re.compile(r"(?:0x)?0{24}([0-9a-fA-F]{40})")
_TRANSFER = evm_answers.TRANSFER[2:]  # Tron's virtual machine writes Ethereum's events.

Log = Mapping[str, object]


def transfers(logs: Sequence[Log], network: Network) -> tuple[TransferLog, ...]:
    """Return the transfers among a transaction's logs, in their order. Raises Malformed."""
    kept: list[TransferLog] = []
    foreign = 0
    for ordinal, log in enumerate(logs):
        if not _is_transfer(log):
            continue
        contract = canonical_address(log.get("address"))
        if not is_ours(contract, network):
            foreign += 1
            if foreign > MOST_FOREIGN_TRANSFERS:
                continue
        transfer = _transfer(log, contract=contract, ordinal=ordinal)
        if transfer is not None:
            kept.append(transfer)
    return tuple(kept)


def mentions(logs: Sequence[Log], bodies: Collection[str]) -> bool:
    """Whether any log names one of these addresses (see `body`) in its first two arguments.

    A cheap question for the thousands of transactions that do not concern us.
    """
    return any(
        isinstance(topic, str) and topic[-40:].lower() in bodies
        for log in logs
        for topic in _topics(log)[1:3]
    )


def recipients(logs: Sequence[Log], bodies: Collection[str]) -> set[str]:
    """Return who got anything of the contracts with these bodies (see `body`), in base58."""
    return {
        _base58(str(_topics(log)[2])[-40:].lower())
        for log in logs
        if str(log.get("address"))[-40:].lower() in bodies
        and _is_transfer(log)
        and _ADDRESS_WORD.fullmatch(str(_topics(log)[2]))
    }


@lru_cache(maxsize=65_536)
def body(address: str) -> str:
    """Return the twenty bytes of an address in any form, as 40 small hexadecimal digits.

    Raises Malformed.
    """
    if match := _ADDRESS.fullmatch(address):
        return match[1].lower()
    try:
        payload: bytes = base58.b58decode_check(canonical(address, Chain.TRON))
    except ValueError as broken:
        raise Malformed("no address") from broken
    return payload[1:].hex()


def canonical_address(address: object) -> str:
    """Return the base58 form of an address in any form. Raises Malformed."""
    if not isinstance(address, str):
        raise Malformed("no address")
    return _base58(body(address))


def _is_transfer(log: Log) -> bool:
    """Four topics are an NFT's transfer; without topics or data their keys are absent."""
    topics = _topics(log)
    if len(topics) != 3 or not all(isinstance(topic, str) for topic in topics):
        return False
    return str(topics[0]).lower().removeprefix("0x") == _TRANSFER


def _transfer(log: Log, *, contract: str, ordinal: int) -> TransferLog | None:
    """Return the transfer by position; None for dirt above an address, or data of other length."""
    source, target = (_ADDRESS_WORD.fullmatch(str(topic)) for topic in _topics(log)[1:])
    amount = _WORD.fullmatch(str(log.get("data")))
    if source is None or target is None or amount is None:
        return None
    return TransferLog(
        contract=contract,
        from_address=_base58(source[1].lower()),
        to_address=_base58(target[1].lower()),
        amount_atomic=int(amount[1], 16),
        ordinal=ordinal,
        # No answer of Tron's says the position in the block.
        log_index=ordinal,
    )


def _topics(log: Log) -> Sequence[object]:
    topics = log.get("topics")
    return topics if isinstance(topics, list) else []


@lru_cache(maxsize=4096)
def _base58(digits: str) -> str:
    encoded: bytes = base58.b58encode_check(bytes.fromhex("41" + digits))
    return encoded.decode()
