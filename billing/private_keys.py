"""Recognise private keys and seed phrases, so that every door can turn them away unread.

This system never holds a key. Whoever pastes one must hear so at once, and the text must appear
in no answer, no log and no row: the messages here say what it looked like and never repeat it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from billing.errors import InvalidRequest

# BIP-32 and SLIP-132: xprv, yprv, zprv, tprv, …; Litecoin's, Dogecoin's and Dash's. In any case,
# because a key typed in capitals is as good as told.
_EXTENDED = re.compile(
    r"(?<![0-9a-z])(?:[a-z]prv|[lmt]tpv|dgpv|drkp)[0-9a-z]{20,}", re.IGNORECASE | re.ASCII
)
_HEX_KEY = re.compile(r"(?<![0-9a-zA-Z])(0[xX])?[0-9a-fA-F]{64}(?![0-9a-zA-Z])")
_WALLET_IMPORT = re.compile(r"\b(5[HJK][1-9A-HJ-NP-Za-km-z]{49}|[KL][1-9A-HJ-NP-Za-km-z]{51})\b")
_WORD = re.compile(r"[a-z]{3,8}")
_BETWEEN_WORDS = re.compile(r"[\s,;.:()\[\]\"0-9]+")
_PHRASE_LENGTHS = (12, 15, 18, 21, 24)  # BIP-39
_TELLING_NAMES: Final = frozenset(
    {
        "mnemonic",
        "mnemonic_phrase",
        "passphrase",
        "private_key",
        "privatekey",
        "secret_key",
        "seed",
        "seed_phrase",
        "seedphrase",
        "xprv",
    }
)


def refuse_private_keys(fields: Mapping[str, object]) -> None:
    """Raise InvalidRequest (code `private_key_refused`) where a value or a name tells of a key.

    `fields` is a request's body as it came: values at any depth are looked at, names at the top.
    """
    _refuse(fields, private_kind)


def refuse_private_keys_in_words(fields: Mapping[str, object]) -> None:
    """As `refuse_private_keys`, for what people and programs write freely: notes, metadata, URLs.

    There 64 hexadecimal digits are mostly the hash of a transaction, so they are let through.
    """
    _refuse(fields, _unmistakable_kind)


def private_kind(text: str) -> str | None:
    """Say in words what secret `text` contains, None where it contains none.

    A bare string of 64 hexadecimal digits is taken for a private key, though a transaction hash
    looks the same: never ask this of a field that takes hashes.
    """
    if _HEX_KEY.search(text):
        return "a private key"
    return _unmistakable_kind(text)


def refusal(kind: str, param: str) -> InvalidRequest:
    """The error for what `private_kind`, or another who looked closer, recognised in `param`."""
    message = (
        f"This looks like {kind}. It was not stored. This system never needs one: give the "
        "public address, and move the money to a new wallet if the secret was real."
    )
    known = param if re.fullmatch(r"[a-z_]{1,40}", param) else None
    return InvalidRequest(message, code="private_key_refused", param=known)


def _refuse(fields: Mapping[str, object], kind_of: Callable[[str], str | None]) -> None:
    for name, value in fields.items():
        if name.lower() in _TELLING_NAMES and value not in (None, ""):
            raise refusal("a private key or a seed phrase", name)
        for text in _texts(value):
            if kind := kind_of(text):
                raise refusal(kind, name)


def _unmistakable_kind(text: str) -> str | None:
    if _EXTENDED.search(text):
        return "an extended private key"
    if _WALLET_IMPORT.search(text):
        return "a private key"
    words = [word for word in _BETWEEN_WORDS.split(text.lower()) if word]
    if len(words) in _PHRASE_LENGTHS and all(_WORD.fullmatch(word) for word in words):
        return "a seed phrase"
    return None


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        if value and all(isinstance(word, str) for word in value):
            yield " ".join(value)
        for inner in value:
            yield from _texts(inner)
