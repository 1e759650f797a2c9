"""Databases that were made by migrations which are gathered into few by now."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db

OLDEST, NEWEST = "0001_initial", "0021_index_paid_addresses"
GATHERED = "0001_tables"


def forget(*names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from django_migrations where app = 'payouts' and name = any(%s)", [[*names]]
        )


def applied() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def test_who_has_all_of_the_old_ones_has_nothing_pending() -> None:
    assert ("payouts", NEWEST) in applied()
    forget(GATHERED)

    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@pytest.mark.parametrize("missing", [OLDEST, NEWEST])
def test_who_stopped_among_the_old_ones_is_told_the_way_and_left_alone(missing: str) -> None:
    forget(GATHERED, missing)
    before = applied()

    with pytest.raises(CommandError, match=r"payouts\.0001_tables .* Check out commit d207106"):
        call_command("migrate", verbosity=0, stdout=io.StringIO())

    assert applied() == before
