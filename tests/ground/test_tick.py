"""manage.py tick: the beat's jobs, here and now."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from billing.celery import app, schedule

pytestmark = pytest.mark.django_db

IN_ORDER = [
    "follow tron",
    "follow arbitrum",
    "follow base",
    "payments",
    "payments catch up",
    "renew",
    "verify",
    "outflows",
    "lapse",
    "balances",
    "contracts",
    "imports",
    "sequence",
    "seal",
    "tell heads",
    "deliver",
    "tell owners",
    "tell customers",
    "reconcile",
    "fill ledger",
    "forget runs",
    "rest addresses",
    "tell failed log-ins",
    "notices",
    "forget",
    "sessions",
    "forget deliveries",
]


def tick(*arguments: str) -> dict[str, Any]:
    """What `tick --json` prints; it must be one JSON object and nothing else."""
    out = io.StringIO()
    call_command("tick", "--json", *arguments, stdout=out, stderr=io.StringIO())
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_it_runs_every_job_of_the_schedule_in_order() -> None:
    told = tick()

    assert [job["job"] for job in told["jobs"]] == IN_ORDER
    assert [job for job in told["jobs"] if "error" in job] == []


def test_an_idle_system_asks_no_chain_anything() -> None:
    told = tick()

    assert told["requests"] == {
        "tron": {"http_requests": 0, "rpc_calls": 0},
        "arbitrum": {"http_requests": 0, "rpc_calls": 0},
        "base": {"http_requests": 0, "rpc_calls": 0},
    }


def test_only_and_chain_choose_and_loops_repeat() -> None:
    told = tick("--only", "follow,verify", "--chain", "base", "--loops", "2")

    assert [(job["round"], job["job"]) for job in told["jobs"]] == [
        (1, "follow base"),
        (1, "verify"),
        (2, "follow base"),
        (2, "verify"),
    ]


def test_an_unknown_job_ends_it_with_status_2_before_anything_ran() -> None:
    out, err = io.StringIO(), io.StringIO()

    with pytest.raises(SystemExit) as end:
        call_command("tick", "--only", "verify,dance", stdout=out, stderr=err)

    assert end.value.code == 2
    assert out.getvalue() == ""
    assert err.getvalue().startswith(
        "error: No such job: dance. There are balances, contracts, deliver, fill, follow,"
    )


@pytest.mark.django_db(transaction=True)
def test_a_job_that_fails_is_told_and_the_next_ones_run() -> None:
    _sql("alter table events_event rename to events_gone")
    out = io.StringIO()
    try:
        with pytest.raises(SystemExit) as end:
            call_command("tick", "--json", "--only", "sequence,forget", stdout=out)
    finally:
        _sql("alter table events_gone rename to events_event")

    sequence, *forget = json.loads(out.getvalue())["jobs"]
    assert end.value.code == 2
    assert sequence["error"].startswith("ProgrammingError: ")
    assert [job["job"] for job in forget] == ["forget runs", "forget", "forget deliveries"]
    assert [job for job in forget if "error" in job] == []


def test_every_job_of_the_schedule_is_a_task_that_expires_with_its_period() -> None:
    app.loader.import_default_modules()

    for job in schedule():
        assert job.task in app.tasks
        entry = app.conf.beat_schedule[job.name]
        assert entry["options"] == {"expires": entry["schedule"]}
        assert job.why


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
