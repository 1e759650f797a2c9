"""What addresses hold on Tron: how a node's answers are read. Pure.

Source: developers.tron.network, "GetAccount", "GetAccountResource", "TriggerConstantContract". A
number that is zero is absent; an account that was never activated is `{}` and holds nothing.
"""

import re
from collections.abc import Mapping

import base58

from chainwatch.chains.evm_answers import Malformed

_WORD = re.compile(r"[0-9a-fA-F]{64}")
BALANCE_OF = "balanceOf(address)"


def parameter(address: str) -> str:
    """Return the argument of `balanceOf`: the twenty bytes after Tron's 0x41, in one word."""
    return f"{base58.b58decode_check(address)[1:].hex():0>64}"


def coin(raw: object) -> int:
    """Read the fee coin of `getaccount`, in sun. Raises Malformed."""
    return _number(_fields(raw), "balance")


def energy(raw: object) -> int:
    """Read what is left of the energy of `getaccountresource`. Raises Malformed."""
    fields = _fields(raw)
    return max(0, _number(fields, "EnergyLimit") - _number(fields, "EnergyUsed"))


def bandwidth(raw: object) -> int:
    """Read what is left of the bandwidth, free and staked together. Raises Malformed."""
    fields = _fields(raw)
    free = max(0, _number(fields, "freeNetLimit") - _number(fields, "freeNetUsed"))
    return free + max(0, _number(fields, "NetLimit") - _number(fields, "NetUsed"))


def token(raw: object) -> int:
    """Read the one word that `balanceOf` returned. Raises Malformed."""
    said = _fields(raw)
    words = said.get("constant_result")
    outcome = said.get("result")
    is_good = isinstance(outcome, dict) and outcome.get("result") is True
    if not is_good or not isinstance(words, list) or len(words) != 1:
        raise Malformed("no balance of that token")
    if not isinstance(words[0], str) or not _WORD.fullmatch(words[0]):
        raise Malformed("no balance of that token")
    return int(words[0], 16)


def _fields(raw: object) -> Mapping[str, object]:
    if not isinstance(raw, dict) or "Error" in raw:
        raise Malformed("no account")
    return raw


def _number(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name, 0)
    if type(value) is not int or value < 0:
        raise Malformed(f"an impossible {name}")
    return value
