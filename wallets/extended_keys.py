"""Extended public keys (BIP-32): read strictly, and the addresses that follow from them.

BIP-32: Pieter Wuille, "Hierarchical Deterministic Wallets". BIP-44: Marek Palatinus and Pavol
Rusnak, "Multi-Account Hierarchy for Deterministic Wallets"; coin types are those of SLIP-44, the
other prefixes those of SLIP-132. From an account's public key all its addresses follow and no
private key does. No message here repeats what was given: people paste the wrong thing.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, Final, Protocol

import base58

from billing.addresses import evm_checksum
from billing.chains import Chain
from billing.errors import InvalidRequest
from billing.keccak import keccak256
from billing.private_keys import private_kind, refusal

INDEXES: Final = 2**31  # From this index on a private key would be needed.
DERIVATION: Final = "/0/i"  # below the account, as `address_at` derives

_VERSION = bytes.fromhex("0488b21e")  # what base58 writes as xpub
_PREFIX, _LENGTH = "xpub", 111
_ACCOUNT_DEPTH = 3
_FIRST_HARDENED = INDEXES.to_bytes(4, "big")
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]+")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}|T[1-9A-HJ-NP-Za-km-z]{33}")
_HEX = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})+)")
_SEED_BYTES = 64  # BIP-39
_PLAIN_BYTES = (78, 82)  # an extended key that is not in base58, without and with its checksum
_MARK = (
    45  # where an extended key says what it holds: 0 before a private one, 2 or 3 before a point
)
_FOREIGN: Final = {
    **dict.fromkeys(("ypub", "Ypub", "zpub", "Zpub"), "a form of Bitcoin's"),
    **dict.fromkeys(("tpub", "upub", "Upub", "vpub", "Vpub"), "of Bitcoin's test network"),
    **dict.fromkeys(("Ltub", "Mtub"), "a form of Litecoin's"),
}
_EXPORT = (
    "Export the key of the account: m/44'/60'/0' for Arbitrum and Base, m/44'/195'/0' for Tron."
)
_EXPECTED = f"An extended public key begins with xpub and has {_LENGTH} characters. {_EXPORT}"
_KEPT = 1_024


class NoSuchChild(Exception):
    """BIP-32 has no key at this index; one in 2^127 is so. The next one is taken instead."""


@dataclass(frozen=True, slots=True)
class ExtendedPublicKey:
    """An account's key as it was read: the point (compressed) and the chain code in hexadecimal.

    These two are the key. `xpub` is the text that every wallet program writes and reads.
    """

    public_key: str
    chain_code: str
    xpub: str


class HasKey(Protocol):
    """What addresses follow from: a row of ExtendedKey, or what `parse` returns."""

    @property
    def public_key(self) -> str: ...

    @property
    def chain_code(self) -> str: ...


def parse(text: str) -> ExtendedPublicKey:
    """Read the extended public key of an account (depth 3, its last step hardened).

    White space is left out. Raises InvalidRequest: `private_key_refused`, and `invalid_xpub` with
    words that say what was given instead and what to export.
    """
    squeezed = "".join(text.split())
    if kind := _secret(text, squeezed):
        raise refusal(kind, "xpub")
    try:
        payload = _payload(squeezed)
        _require_account(payload)
    except ValueError as error:
        raise InvalidRequest(str(error), code="invalid_xpub", param="xpub") from None
    return ExtendedPublicKey(payload[_MARK:].hex(), payload[13:_MARK].hex(), squeezed)


def may_be_shown(text: str) -> bool:
    """Whether a text that was refused is public for certain, so that a form may show it again."""
    squeezed = "".join(text.split())
    is_public = squeezed[:4] == _PREFIX or squeezed[:4] in _FOREIGN
    return is_public and _secret(text, squeezed) is None


def address_at(key: HasKey, index: int, chain: str) -> str:
    """Return the address at /0/`index` below an account's key, in canonical form.

    Raises NoSuchChild. One derivation: the step /0, common to all of them, is kept.
    """
    import coincurve  # Here and below loaded when used: a curve weighs what few processes need.
    from bip32 import BIP32DerivationError

    assert 0 <= index < INDEXES, "a hardened child follows from no public key"
    try:
        child = _receiving(key.public_key, key.chain_code).get_pubkey_from_path([index])
    except BIP32DerivationError:
        raise NoSuchChild(index) from None
    point = coincurve.PublicKey(child).format(compressed=False)
    twenty = keccak256(point[1:])[-20:]
    if chain == Chain.TRON:
        return base58.b58encode_check(b"\x41" + twenty).decode()
    return evm_checksum(twenty.hex())


def path_on(chain: str) -> str:
    """The whole path of the addresses, as wallet programs write it, for the first account."""
    return f"m/44'/{195 if chain == Chain.TRON else 60}'/0'{DERIVATION}"


@lru_cache(_KEPT)
def without_owner(name: str) -> ExtendedPublicKey:
    """Return a key of which nobody has the private one: its point is hashed from `name`.

    The same for the same name, always. What is paid to its addresses can never be spent.
    """
    chain_code = hashlib.sha256(f"chain code of {name}".encode()).digest()
    for attempt in count():
        point = b"\x02" + hashlib.sha256(f"point {attempt} of {name}".encode()).digest()
        if _is_point(point):
            break
    head = _VERSION + bytes([_ACCOUNT_DEPTH]) + bytes(4) + _FIRST_HARDENED
    xpub = base58.b58encode_check(head + chain_code + point).decode()
    return ExtendedPublicKey(point.hex(), chain_code.hex(), xpub)


@lru_cache(_KEPT)
def _receiving(public_key: str, chain_code: str) -> Any:
    """The key at /0, below which an account's own receiving addresses are (BIP-44: external)."""
    from bip32 import BIP32

    account = BIP32(bytes.fromhex(chain_code), pubkey=bytes.fromhex(public_key), depth=3)
    code, point = account.get_extended_pubkey_from_path([0])
    return BIP32(code, pubkey=point, depth=4)


def _payload(text: str) -> bytes:
    """The 78 bytes behind an xpub. Raises ValueError that says in words why there are none."""
    if text[:4] in _FOREIGN:
        raise ValueError(f"This is a {text[:4]}, {_FOREIGN[text[:4]]}. {_EXPECTED}")
    if not text.startswith(_PREFIX):
        raise ValueError(_not_xpub(text))
    if not _BASE58.fullmatch(text):
        raise ValueError(
            "It holds a character that no extended key has: only letters and digits, and of these "
            "not 0, O, I and l. Give the key alone, without a path, and copy it again."
        )
    if len(text) != _LENGTH:
        raise ValueError(
            f"It has {len(text)} characters, an xpub has {_LENGTH}. Copy it again, whole and alone."
        )
    try:
        payload: bytes = base58.b58decode_check(text)
    except ValueError:
        raise ValueError("Its checksum is wrong: a character is mistyped. Copy it again.") from None
    if payload[:4] != _VERSION:
        raise ValueError(f"Its version is not that of an xpub. {_EXPECTED}")
    return payload


def _require_account(payload: bytes) -> None:
    depth, child, point = payload[4], payload[9:13], payload[_MARK:]
    if depth != _ACCOUNT_DEPTH:
        raise ValueError(f"{_place(depth)} {_EXPORT}")
    if child < _FIRST_HARDENED:
        raise ValueError(
            "This key is at depth 3, but its last step is not hardened, so it is no account's. "
            f"{_EXPORT}"
        )
    if not _is_point(point):
        raise ValueError("Its point is not on the curve: no wallet program made this key.")


def _place(depth: int) -> str:
    if depth == 0:
        return "This is the key of a whole wallet (depth 0), not of an account (depth 3)."
    side = "above" if depth < _ACCOUNT_DEPTH else "below"
    return f"This is a key at depth {depth}, {side} the account's, which is at depth 3."


def _not_xpub(text: str) -> str:
    if _ADDRESS.fullmatch(text):
        return f"This is an address. Give it as address, or give an xpub here. {_EXPECTED}"
    if _PREFIX in text:
        return "There is something before the xpub. Give it alone, without a path or brackets."
    return f"This is not an extended public key. {_EXPECTED}"


def _secret(text: str, squeezed: str) -> str | None:
    """Say in words what secret was given, None where none is recognised."""
    if kind := private_kind(text) or private_kind(squeezed):
        return kind
    plain = _plain(squeezed)
    if len(plain) == _SEED_BYTES:
        return "a seed"
    # Whatever its version says: a zero where the point would stand, and a private key behind it.
    if len(plain) in _PLAIN_BYTES and plain[_MARK] == 0:
        return "an extended private key"
    return None


def _plain(squeezed: str) -> bytes:
    """The bytes that a text stands for, in hexadecimal or in base58 with a right checksum."""
    if match := _HEX.fullmatch(squeezed):
        return bytes.fromhex(match.group(1))
    if not _BASE58.fullmatch(squeezed) or len(squeezed) > 2 * _LENGTH:
        return b""
    try:
        payload: bytes = base58.b58decode_check(squeezed)
    except ValueError:
        return b""  # `_payload` says so in words.
    return payload


def _is_point(compressed: bytes) -> bool:
    import coincurve

    try:
        coincurve.PublicKey(compressed)
    except ValueError:
        return False
    return True
