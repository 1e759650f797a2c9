"""Identifiers: a prefix that names the kind, an underscore, 24 random hexadecimal characters."""

import secrets


def new_id(prefix: str) -> str:
    """Return a fresh identifier such as `po_5f0c…`: 96 random bits, so ids never tell an order."""
    return f"{prefix}_{secrets.token_hex(12)}"
