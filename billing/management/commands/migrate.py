"""Django's `migrate`, without the statement limit of requests and with a short wait for locks.

The migrations up to commit d207106 were gathered into few. A database that has all of them counts
as having the few; one that stopped among them is refused before anything is written, since the
rest of its way is not here.
"""

from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# A migration that waits for a lock makes everybody behind it wait too: rather fail and try again.
LOCK_TIMEOUT = "4s"
LAST_OF_THE_OLD = "d207106"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        _refuse_a_place_between(connection)
        with connection.cursor() as cursor:
            # An index on a large table takes longer than any request may.
            cursor.execute("set statement_timeout = 0")
            cursor.execute("select set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        try:
            super().handle(*args, **options)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("reset statement_timeout")
                cursor.execute("reset lock_timeout")


def _refuse_a_place_between(connection: BaseDatabaseWrapper) -> None:
    """Raise CommandError where some, not all, of what a migration replaces is applied."""
    applied = MigrationRecorder(connection).applied_migrations()
    gathered = MigrationLoader(None).replacements
    for key, migration in gathered.items():
        has = [replaced in applied for replaced in migration.replaces]
        if key not in applied and any(has) and not all(has):
            raise CommandError(
                f"This database has some of the migrations that {'.'.join(key)} replaces, not all. "
                f"Check out commit {LAST_OF_THE_OLD}, run `manage.py migrate` there, then come "
                "back to this version and run it again. Nothing was changed."
            )
