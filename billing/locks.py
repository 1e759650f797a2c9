"""One at a time, across processes and machines: advisory locks of PostgreSQL."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def advisory_lock(name: str) -> Iterator[bool]:
    """Try to take the lock `name`, such as `follow tron`; yields whether it was had. Never waits.

    It belongs to the database session, so a killed process leaves none behind. The same session
    may take it twice. Not inside a transaction: it would outlast a rollback unseen.

        with advisory_lock("verify") as is_ours:
            if not is_ours:
                return None
    """
    key = lock_key(name)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [key])
        is_ours: bool = cursor.fetchone()[0]
    try:
        yield is_ours
    finally:
        # A session that died took its lock along; asking again would only hide the first error.
        if is_ours and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", [key])


def lock_key(name: str) -> int:
    """The 64 bits that stand for `name`: PostgreSQL's advisory locks are numbers."""
    digest = hashlib.sha256(f"billing {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
