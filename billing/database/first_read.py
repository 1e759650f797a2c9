"""The first read of a request, which is its health check of the connection as well."""

from typing import Any

from django.db import InterfaceError, OperationalError, connection


def first_row(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    """Return the first row of a SELECT, without Django's health check of the connection before it.

    The health check is a round trip to learn whether the connection still stands, and it may fall
    right after. Here the read itself finds out: where the connection is gone it is sent once more
    on a new one, as a read may be. Raises what the database raises where the connection stands,
    and inside a transaction, for that went with its connection.
    """
    is_kept = connection.connection is not None  # by an earlier request; a new one is not retried
    if not connection.in_atomic_block:
        connection.health_check_done = True  # type: ignore[attr-defined]  # not in its stubs
    try:
        return _row(sql, values)
    except (InterfaceError, OperationalError):
        if not is_kept or connection.in_atomic_block or connection.is_usable():
            raise
    connection.close()
    return _row(sql, values)


def _row(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
