"""Django's `migrate`, without the statement limit of requests and with a short wait for locks."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

# A migration that waits for a lock makes everybody behind it wait too: rather fail and try again.
LOCK_TIMEOUT = "4s"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with connections[options["database"]].cursor() as cursor:
            # An index on a large table takes longer than any request may.
            cursor.execute("set statement_timeout = 0")
            cursor.execute("select set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        try:
            super().handle(*args, **options)
        finally:
            with connections[options["database"]].cursor() as cursor:
                cursor.execute("reset statement_timeout")
                cursor.execute("reset lock_timeout")
