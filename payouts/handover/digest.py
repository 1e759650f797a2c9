"""The digest that binds a pack to what was approved. Pure: no table, no clock."""

import hashlib
from collections.abc import Iterable


def digest_of(batch_id: str, approval_digests: Iterable[str]) -> str:
    """Return the SHA-256, lower-case hexadecimal, of `v1|batch id|digest|digest|…`, UTF-8.

    The digests are those that the payouts were approved with (approvals.facts), sorted as text,
    so that their order says nothing.
    """
    text = "|".join(["v1", batch_id, *sorted(approval_digests)])
    return hashlib.sha256(text.encode()).hexdigest()
