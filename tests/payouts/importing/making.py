"""How tests of imports make one, and what they ask of it."""

import time
from zoneinfo import ZoneInfo

from django.db import connection

from events.models import Event
from payouts.importing import acts
from payouts.models import PayoutImport, PayoutIntent
from tests.payouts.making import People

UTC = ZoneInfo("UTC")


def started(people: People, content: bytes) -> PayoutImport:
    return acts.start(people.preparer, "may.csv", content, UTC)


def confirmed_all(people: People, imported: PayoutImport) -> None:
    """All warnings that are told now, and then the import."""
    imported.refresh_from_db()
    acts.confirm_lines(people.preparer, imported.id, None, revision=imported.revision)
    acts.confirm(people.preparer, imported.id)


def codes_of(imported: PayoutImport) -> list[str]:
    return [each["code"] for row in imported.found.all() for each in row.findings]


def nothing_is_there() -> bool:
    is_event = Event.objects.filter(type__in=["payout.created", "payout_import.completed"])
    return not PayoutIntent.objects.exists() and not is_event.exists()


def waiting(what: str) -> int:
    """Return the session whose statement begins so, once it waits for this thread's lock."""
    query = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees one moment
            cursor.execute(query, [f"{what}%"])
            if row := cursor.fetchone():
                pid: int = row[0]
                return pid
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def cut(pid: int) -> None:
    """End a session of the database, as the death of its process does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
