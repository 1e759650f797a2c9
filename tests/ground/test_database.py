"""The limits of every database session, and those of a migration."""

import io
import os
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_migrate

from tests.ground.processes import ROOT, environment

pytestmark = pytest.mark.django_db(transaction=True)


def shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"show {name}")
        value: str = cursor.fetchone()[0]
        return value


def test_every_session_has_its_limits() -> None:
    assert shown("statement_timeout") == "30s"
    assert shown("lock_timeout") == "5s"
    assert shown("idle_in_transaction_session_timeout") == "30s"
    assert shown("TimeZone") == "UTC"


def test_a_connection_is_kept_and_proved_before_it_is_used_again() -> None:
    connection.ensure_connection()
    settings = connection.settings_dict

    assert settings["CONN_MAX_AGE"] is None
    assert settings["CONN_HEALTH_CHECKS"] is True
    assert connection.connection.prepare_threshold == 5


def test_a_migration_may_take_long_but_waits_for_no_lock() -> None:
    seen: list[tuple[str, str]] = []

    def look(**_: object) -> None:
        seen.append((shown("statement_timeout"), shown("lock_timeout")))

    pre_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0, stdout=io.StringIO())
    finally:
        pre_migrate.disconnect(look)

    assert set(seen) == {("0", "4s")}
    assert shown("statement_timeout") == "30s"
    assert shown("lock_timeout") == "5s"


@pytest.mark.skipif(bool(os.environ["DATABASE_URL"]), reason="asks for the embedded server")
def test_a_command_starts_the_server_it_needs_and_stops_it_again(
    data_dir: os.PathLike[str],
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment(DATA_DIR=str(data_dir), DATABASE_URL="", SECRET_KEY=""),
        capture_output=True,
        text=True,
        check=False,
    )

    # That nothing runs on it any more is what the fixture proves.
    assert (done.returncode, done.stdout) == (0, "")
