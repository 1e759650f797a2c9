"""The two locks of approving, both of PostgreSQL, both held until the transaction ends.

Whoever approves holds the lock of the subject's row first, then these in the order in which they
stand here; so nobody waits in a circle.

They are advisory locks of one organization and environment, not row locks on the published policy
and its limits: rows belong to one version, and an approval that counts by the limits of version 3
must exclude one that counts by those of version 4, published in between. There may also be no row.
"""

from django.db import connection

from billing.locks import lock_key


def hold_policy(organization_id: str, environment: str) -> None:
    """Keep the published policy as it is while an approval is decided; many may at once."""
    _lock("pg_advisory_xact_lock_shared", f"policy {organization_id} {environment}")


def change_policy(organization_id: str, environment: str) -> None:
    """Wait until nothing is being decided any more, and let nothing be until the end."""
    _lock("pg_advisory_xact_lock", f"policy {organization_id} {environment}")


def count_limits(organization_id: str, environment: str) -> None:
    """One at a time from the sum to the row that adds to it; what reads next sees all before."""
    _lock("pg_advisory_xact_lock", f"limits {organization_id} {environment}")


def _lock(function: str, name: str) -> None:
    assert connection.in_atomic_block, "the lock ends with the transaction"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [lock_key(f"approvals {name}")])
