"""PostgreSQL on the embedded server: the first connection of a process starts or joins it.

So a process that never asks the database, such as `manage.py help` or a type check, starts none,
and no entry point (web, worker, command, test) needs a hook of its own.
"""

from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.backends.postgresql import base

from billing.database import holding


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        holding.hold(settings.DATA_DIR)
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            # A killed server is started again by its keeper: wait for that, then try once more.
            holding.revive(settings.DATA_DIR)
            return super().get_new_connection(conn_params)
