"""Addresses and transaction hashes: parsed strictly for their chain, kept in one canonical form.

EVM: EIP-55 (Vitalik Buterin and Alex Van de Sande, "Mixed-case checksum address encoding").
Tron: base58check of the byte 0x41 and 20 bytes (developers.tron.network, "Account").
No message here repeats what was given: people paste private keys into address fields.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import base58

from billing.burn_addresses import unspendable
from billing.chains import Chain, Environment, Network, Token, network
from billing.errors import InvalidRequest
from billing.keccak import keccak256
from billing.private_keys import private_kind

_EVM = re.compile(r"0x[0-9a-fA-F]{40}")
_TRON = re.compile(r"T[1-9A-HJ-NP-Za-km-z]{33}")
_TRON_HEX = re.compile(r"(0[xX])?41[0-9a-fA-F]{40}")
_HASH = re.compile(r"(0[xX])?([0-9a-fA-F]{64})")
_EVM_LOOK = re.compile(r"0x[0-9a-fA-F]{1,62}")
_TRON_LOOK = re.compile(r"T[0-9A-Za-z]{1,63}")
_TRON_PREFIX = b"\x41"
_LONGEST_SANDBOX_HASH = 255
_KEPT = 1_024  # Addresses come twice in a call, and again next month.


@dataclass(frozen=True, slots=True)
class Parsed:
    """A canonical address. `warnings` are sentences for a person, empty where there is nothing."""

    address: str
    warnings: tuple[str, ...] = ()


def parse_address(text: str, chain: str, environment: str, *, param: str = "address") -> Parsed:
    """Return the canonical form of an address of `chain`.

    Raises InvalidRequest, code `invalid_address`. In the sandbox an address of the right look but
    of an impossible form is taken as it was given, with a warning that live refuses it.
    """
    try:
        return Parsed(canonical(text, chain))
    except ValueError as error:
        reason = str(error)
        looks_right = (_TRON_LOOK if chain == Chain.TRON else _EVM_LOOK).fullmatch(text)
        if environment == Environment.SANDBOX and looks_right:
            return Parsed(text, (f"Live refuses the address in {param}. {reason}",))
        raise InvalidRequest(reason, code="invalid_address", param=param) from None


def parse_recipient(
    text: str, chain: str, environment: str, *, param: str = "recipient_address"
) -> Parsed:
    """Return the canonical form of an address that money may be sent to.

    Raises InvalidRequest: `invalid_address` as parse_address does, `invalid_recipient` where
    nobody could ever spend what arrives there, in live and in the sandbox alike.
    """
    parsed = parse_address(text, chain, environment, param=param)
    if reason := why_lost(parsed.address, chain):
        raise InvalidRequest(reason, code="invalid_recipient", param=param)
    return parsed


def why_lost(address: str, chain: str) -> str | None:
    """Say why money sent to `address` would be lost, None where nothing is known against it."""
    for row in _family(chain):
        if words := _contract_words(address, row):
            return f"This is the contract of {words}. Tokens sent to it are lost."
    if words := unspendable(_twenty_bytes(address)):
        return f"This is {words}. Money sent to it is lost. Give an address that somebody holds."
    return None


def canonical(text: str, chain: str) -> str:
    """Return the one form of an address in which it is stored and compared.

    Raises ValueError whose text says in words what is wrong, without repeating the address.
    """
    return _canonical_tron(text) if chain == Chain.TRON else _canonical_evm(text, chain)


def parse_tx_hash(text: str, chain: str, environment: str, *, param: str = "tx_hash") -> str:
    """Return the canonical transaction hash: EVM `0x` and lower case, Tron lower case alone.

    In the sandbox any 1 to 255 characters that a database can hold are taken as submitted.
    Raises InvalidRequest, code `invalid_tx_hash`.
    """
    if environment == Environment.SANDBOX:
        reason = _unfit_for_sandbox(text)
        if reason is None:
            return text
        raise InvalidRequest(reason, code="invalid_tx_hash", param=param)
    match = _HASH.fullmatch(text)
    if match is None:
        raise InvalidRequest(_not_a_hash(text), code="invalid_tx_hash", param=param)
    digits = match.group(2).lower()
    return digits if chain == Chain.TRON else f"0x{digits}"


def lookalike_key(address: str) -> str:
    """Return what a hurried eye compares: the first and last four characters, case aside.

    Counted after the `0x` or the `T`. Two different addresses with one key are look-alikes.
    """
    body = _body(address)
    return (body[:4] + body[-4:]).lower()


def is_lookalike(address: str, known: str) -> bool:
    """Whether `address` could be taken for `known` though it is another one."""
    if address[:1] != known[:1] or lookalike_key(address) != lookalike_key(known):
        return False
    if address.startswith("0x"):
        return address.lower() != known.lower()  # The sandbox keeps EVM addresses as given.
    return address != known


@lru_cache(_KEPT)
def evm_checksum(body: str) -> str:
    """Return `0x` and the 40 hexadecimal digits of `body` in the case that EIP-55 gives them."""
    lower = body.lower()
    digest = keccak256(lower.encode()).hex()
    marked = (d.upper() if m > "7" else d for d, m in zip(lower, digest, strict=False))
    return "0x" + "".join(marked)


def _canonical_evm(text: str, chain: str) -> str:
    if not _EVM.fullmatch(text):
        raise ValueError(_not_evm(text, str(Chain(chain).label)))
    body = text[2:]
    checksummed = evm_checksum(body)
    if text != checksummed and body not in (body.lower(), body.upper()):
        raise ValueError(
            "Its checksum is wrong: a character is mistyped or has the wrong case. "
            "Copy the address again from where it comes from."
        )
    return checksummed


def _canonical_tron(text: str) -> str:
    if not _TRON.fullmatch(text):
        raise ValueError(_not_tron(text))
    try:
        payload = _tron_payload(text)
    except ValueError:
        raise ValueError(
            "Its checksum is wrong: a character is mistyped. "
            "Copy the address again from where it comes from."
        ) from None
    if len(payload) != 21 or not payload.startswith(_TRON_PREFIX):
        raise ValueError("This is base58, but not an address of Tron's main network.")
    return text


def _not_evm(text: str, chain: str) -> str:
    expected = f"An address on {chain} is 0x and 40 hexadecimal digits."
    if _TRON.fullmatch(text):
        return f"This is a Tron address. {expected}"
    if _EVM.fullmatch(text.strip()):
        return "There is white space around the address. Give it without."
    if _EVM.fullmatch("0x" + text) or _EVM.fullmatch("0x" + text[2:]):
        return f"The address does not begin with a small 0x. {expected}"
    return _neither(text, expected)


def _not_tron(text: str) -> str:
    expected = "A Tron address is given in base58: T and 33 letters and digits."
    if _EVM.fullmatch(text):
        return f"This is a 0x address, of an EVM chain or Tron's hexadecimal form. {expected}"
    if _TRON_HEX.fullmatch(text):
        return f"This is Tron's hexadecimal form, which begins with 41. {expected}"
    if _TRON.fullmatch(text.strip()):
        return "There is white space around the address. Give it without."
    return _neither(text, expected)


def _neither(text: str, expected: str) -> str:
    if _HASH.fullmatch(text):
        return f"This looks like a transaction hash or a private key. {expected}"
    if kind := private_kind(text):
        return f"This looks like {kind}, which must never be given to anybody. {expected}"
    if text.endswith(".eth"):
        return f"This is a name, and names are not looked up. {expected}"
    return f"This is not an address. {expected}"


def _family(chain: str) -> tuple[Network, ...]:
    """The networks whose addresses look the same: a token of Base is no recipient on Arbitrum."""
    if chain == Chain.TRON:
        return (network(Chain.TRON),)
    return tuple(network(c) for c in Chain if c != Chain.TRON)


def _contract_words(address: str, row: Network) -> str | None:
    lower = address.lower()
    for token in Token:
        if row.contracts[token].lower() == lower:
            return f"{token} on {row.chain.label}"
    return next((words for a, words in row.namesakes.items() if a.lower() == lower), None)


@lru_cache(_KEPT)
def _tron_payload(address: str) -> bytes:
    """The byte 0x41 and twenty more. Raises ValueError where the checksum is wrong."""
    payload: bytes = base58.b58decode_check(address)
    return payload


def _twenty_bytes(address: str) -> str:
    """The 40 hexadecimal digits behind an address; of a malformed sandbox one what there is."""
    if address.startswith("0x"):
        return address[2:].lower().rjust(40, "0")
    try:
        return _tron_payload(address)[1:].hex()
    except ValueError:
        return ""  # Only the sandbox gets here, with an address that stands for nothing.


def _unfit_for_sandbox(text: str) -> str | None:
    if not 1 <= len(text) <= _LONGEST_SANDBOX_HASH:
        return "A transaction hash in the sandbox has 1 to 255 characters."
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return "A transaction hash holds no control characters."
    return None


def _not_a_hash(text: str) -> str:
    expected = "A transaction hash is 64 hexadecimal digits."
    if text.startswith(("http://", "https://")):
        return f"This is the address of a page. Give the hash alone. {expected}"
    if _EVM.fullmatch(text) or _TRON.fullmatch(text):
        return f"This is an address. {expected}"
    if _HASH.fullmatch(text.strip()):
        return "There is white space around the hash. Give it without."
    return f"This is not a transaction hash. {expected}"


def _body(address: str) -> str:
    if address.startswith("0x"):
        return address[2:]
    return address[1:] if address.startswith("T") else address
