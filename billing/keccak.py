"""Keccak-256, the hash of Ethereum's and Tron's addresses and files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without_cffi() -> Iterator[None]:
    """Let pycryptodome take ctypes, as it does where there is no cffi: as fast, and 1.5 MB less.

    That counts in each web worker. Whoever has loaded cffi already keeps it.
    """
    if "cffi" in sys.modules:
        yield
        return
    sys.modules["cffi"] = None  # type: ignore[assignment]  # how Python says: not importable
    try:
        yield
    finally:
        del sys.modules["cffi"]


with _without_cffi():
    from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """Return the 32 bytes of the hash."""
    digest: bytes = keccak.new(digest_bits=256, data=data).digest()
    return digest
