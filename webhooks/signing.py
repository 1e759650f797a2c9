"""The headers that prove who sent a webhook: pure, from the body's own bytes.

Two schemes, so that every client can check: the published one (`X-Billing-Signature`), whose key is
the secret as it is spelled, and Standard Webhooks (standardwebhooks.com), whose key is the bytes
that its base64 stands for.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from webhooks.secrets import PREFIX


def headers(
    event_id: str, body: bytes, secrets: Sequence[str], at: datetime, *, event_type: str
) -> dict[str, str]:
    """Every header of one attempt, made anew for each: clients refuse a `t` older than 5 minutes.

    `secrets` in signing order (webhooks.secrets.in_signing_order); `at` is when it is sent.
    """
    t = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": f"billing/{settings.VERSION} (+webhooks)",
        "X-Billing-Event-Id": event_id,
        "X-Billing-Event-Type": event_type,
        "X-Billing-Signature": billing_signature(t, body, secrets),
        "webhook-id": event_id,
        "webhook-timestamp": str(t),
        "webhook-signature": standard_signature(event_id, t, body, secrets),
    }


def billing_signature(t: int, body: bytes, secrets: Sequence[str]) -> str:
    """`t=…,v1=…`, one v1 for each secret; clients take the last. HMAC-SHA256 over `t.body`."""
    text = b"%d.%b" % (t, body)
    signatures = [hmac.digest(secret.encode(), text, hashlib.sha256).hex() for secret in secrets]
    return ",".join([f"t={t}", *(f"v1={signature}" for signature in signatures)])


def standard_signature(event_id: str, t: int, body: bytes, secrets: Sequence[str]) -> str:
    """`v1,…`, one for each secret, a space between; clients take any. Over `id.t.body`."""
    text = b"%b.%d.%b" % (event_id.encode(), t, body)
    digests = [hmac.digest(_key_bytes(secret), text, hashlib.sha256) for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key_bytes(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
