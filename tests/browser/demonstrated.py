"""The demonstration for tests that read it: played once a process, later put back as it was."""

from django.db import connection, transaction
from psycopg import Cursor

from organizations.demonstration.place import load
from tests.conftest import LEFT

_rows: dict[str, bytes] = {}  # the rows of each table, as COPY writes them


def demonstrate() -> None:
    """Have the demonstration in an empty database, by a twentieth of the work after the first."""
    if _rows:
        _put_back()
        return
    load()
    for table in connection.introspection.django_table_names(only_existing=True):
        if table not in LEFT:
            _rows[table] = _read(table)


def _read(table: str) -> bytes:
    with connection.cursor() as cursor, _bare(cursor).copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(copy)


def _put_back() -> None:
    """As they were written, whatever the triggers say: they have judged them once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in _rows.items():
            with _bare(cursor).copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(rows)


def _bare(cursor: object) -> Cursor:
    """The driver's own cursor, for Django's knows no COPY."""
    found = getattr(cursor, "cursor", None)
    assert isinstance(found, Cursor)
    return found
