"""manage.py demo: everything once, whatever happens to it meanwhile."""

import json
import os
import signal
import stat
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from billing.locks import advisory_lock
from events.models import Event
from organizations.demonstration.place import load
from organizations.models import ApiKey, Organization
from payouts.models import PayoutIntent
from tests.demo.playing import STATUSES, demo

pytestmark = pytest.mark.django_db


def test_log_ins_are_kept_for_this_user_alone(tmp_path: Path) -> None:
    told = demo()

    path = tmp_path / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["api_key"] == told["api_key"]


def test_with_a_database_of_your_own_they_are_told_once_and_not_kept(
    settings: Any, tmp_path: Path
) -> None:
    settings.DATABASE_URL = "postgresql://db.example/billing"

    first, second = demo(), demo()

    assert first["api_key"] is not None
    assert second["api_key"] is None
    assert [person["password"] for person in second["people"]] == [None, None, None]
    assert list(tmp_path.iterdir()) == []


def test_the_log_ins_of_another_database_are_not_told(tmp_path: Path) -> None:
    left = {"organization_id": "org_other", "people": [], "api_key": "sk_test_left_behind"}
    (tmp_path / "demo.json").write_text(json.dumps(left))

    told = demo()

    assert told["api_key"] != "sk_test_left_behind"
    assert len(told["people"]) == 3


@pytest.mark.django_db(transaction=True)
def test_one_loads_at_a_time() -> None:
    child, _ = _forked_until(lambda: Organization.objects.exists())
    try:
        with pytest.raises(SystemExit) as ended:
            demo()
        assert ended.value.code == 2
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("payouts", [0, 6, 16])
def test_a_run_killed_in_the_middle_is_taken_up_by_the_next(payouts: int) -> None:
    _killed_after(payouts)
    _until(_lock_is_free)
    assert PayoutIntent.objects.count() == payouts

    told = demo()

    assert told["is_new"] is True
    assert told["api_key"] is not None
    assert Organization.objects.get().name == "Acme Demo"
    assert Counter(PayoutIntent.objects.values_list("status", flat=True)) == STATUSES
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    created = Event.objects.filter(type="payout.created")
    assert created.count() == created.values("resource_id").distinct().count() == 17
    assert Event.objects.filter(type="payout.rejected").count() == 1


def _killed_after(payouts: int) -> None:
    """Run the command in a child process that is killed as it inserts one payout more."""
    connection.close()  # A connection shared with a child would end for both.
    child = os.fork()
    if child == 0:

        def killing(execute: Any, sql: str, *arguments: Any) -> Any:
            # A recipient of the address book has the statement run twice, so rows are counted.
            is_next = "INSERT INTO payouts_payoutintent" in sql
            if is_next and PayoutIntent.objects.count() == payouts:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, *arguments)

        with connection.execute_wrapper(killing), advisory_lock("demo"):
            load()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the command came to its end"


def _forked_until(reached: Any) -> tuple[int, bool]:
    """Start the command in a child process and return once `reached`; whether it had ended."""
    connection.close()  # A connection shared with a child would end for both.
    child = os.fork()
    if child == 0:
        with advisory_lock("demo"):
            load()
        os._exit(0)
    while not reached():
        if os.waitpid(child, os.WNOHANG)[0]:
            return child, True
        time.sleep(0.002)
    return child, False


def _lock_is_free() -> bool:
    """A killed session's locks go when the server notices."""
    with advisory_lock("demo") as is_ours:
        return is_ours


def _until(reached: Any) -> None:
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)
