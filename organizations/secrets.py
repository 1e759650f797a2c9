"""Secrets of keys, made and recognised; and the encryption of answers that hold a secret."""

import hashlib
import secrets
import string

from Crypto.Cipher import AES
from django.conf import settings

from billing.chains import Environment

PREFIXES = {Environment.LIVE: "sk_live_", Environment.SANDBOX: "sk_test_"}
RANDOM_CHARACTERS = 32
_ALPHABET = string.ascii_letters + string.digits
_NONCE_BYTES = _TAG_BYTES = 16


def new_secret(environment: Environment) -> str:
    """A fresh secret key: the environment's prefix and 32 random characters (190 bits)."""
    return PREFIXES[environment] + "".join(
        secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS)
    )


def hash_of(secret: str) -> str:
    """SHA-256, lower-case hex. No salt, no stretching: 190 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def encrypt(text: bytes) -> bytes:
    """AES-256-GCM under a key made from SECRET_KEY; nonce and tag stand before the text."""
    cipher = AES.new(_key(), AES.MODE_GCM, nonce=secrets.token_bytes(_NONCE_BYTES))
    sealed, tag = cipher.encrypt_and_digest(text)
    return bytes(cipher.nonce) + tag + sealed


def decrypt(sealed: bytes) -> bytes:
    """Undo `encrypt`; raises ValueError where the text was changed or SECRET_KEY is another."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    cipher = AES.new(_key(), AES.MODE_GCM, nonce=nonce)
    return cipher.decrypt_and_verify(rest[_TAG_BYTES:], rest[:_TAG_BYTES])


def _key() -> bytes:
    return hashlib.sha256(b"organizations.secrets " + settings.SECRET_KEY.encode()).digest()
