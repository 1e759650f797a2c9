"""The secrets that sign: made here, kept encrypted, and read only where something is signed."""

import base64
import secrets
from datetime import datetime

from organizations.secrets import decrypt, encrypt
from webhooks.models import Endpoint

PREFIX = "whsec_"
RANDOM_BYTES = 24


def new_secret() -> str:
    """A fresh secret: `whsec_` and base64 of 24 random bytes, as Standard Webhooks has it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()


def sealed(secret: str) -> bytes:
    """The secret as a row keeps it."""
    return encrypt(secret.encode())


def opened(kept: bytes | memoryview) -> str:
    """Undo `sealed`; raises ValueError where SECRET_KEY is another than when it was sealed."""
    return decrypt(bytes(kept)).decode()


def in_signing_order(endpoint: Endpoint, at: datetime) -> list[str]:
    """The secrets that sign what is sent at `at`: the new one, then the old while it still counts.

    The published clients look at the last signature alone. So the old secret signs last until the
    merchant confirms the switch or the overlap ends.
    """
    kept = [endpoint.secret]
    if is_rotating(endpoint, at) and endpoint.previous_secret is not None:
        kept.append(endpoint.previous_secret)
    return [opened(secret) for secret in kept]


def is_rotating(endpoint: Endpoint, at: datetime) -> bool:
    """Whether two secrets sign; nobody has to end an overlap that is over."""
    return endpoint.previous_until is not None and at < endpoint.previous_until
