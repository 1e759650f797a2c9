"""manage.py doctor: what is red, and what to do about it."""

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from billing import diagnosis
from billing.diagnosis import Finding
from tests.ground.processes import ROOT, environment

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Node:
    """A node as chainwatch tells of it."""

    chain: str = "base"
    node: str = "node.example.com"
    head_number: int | None = 1200
    lag: timedelta | None = timedelta(seconds=2)
    error: str = ""


def doctor() -> tuple[int, dict[str, Any]]:
    """The exit status, and the findings by what they are about."""
    out = io.StringIO()
    status = 0
    try:
        call_command("doctor", "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        status = int(end.code or 0)
    return status, {each["thing"]: each for each in json.loads(out.getvalue())["findings"]}


def test_a_healthy_system_is_green_and_says_which_chains_are_off() -> None:
    status, findings = doctor()

    assert status == 0
    assert list(findings) == [
        "database", "migrations", "clock", "broker", "secrets", "tron", "arbitrum", "base",
    ]  # fmt: skip
    assert findings["migrations"]["says"] == "all applied"
    assert findings["base"]["says"].endswith("BASE_RPC_URLS turns it on")


def test_a_pending_migration_is_red_and_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'sessions'")

    status, findings = doctor()

    assert status == 1
    assert findings["migrations"]["says"] == "1 pending, from sessions.0001_initial"
    assert findings["migrations"]["remedy"] == "Run manage.py migrate."


def test_a_redis_that_does_not_answer_is_red(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    status, findings = doctor()

    assert status == 1
    assert findings["broker"]["remedy"] == "Start Redis, or mend REDIS_URL."


def test_a_redis_that_answers_is_green(settings: Settings, redis_url: str) -> None:
    settings.REDIS_URL = redis_url

    _, findings = doctor()

    assert findings["broker"]["says"] == "Redis, 0 waiting"


def test_a_queue_that_nobody_reads_is_red(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    queue = tmp_path / "broker" / "queue"
    queue.mkdir(parents=True)
    for number in range(201):
        (queue / f"{number}.msg").touch()

    assert diagnosis.look_at_broker().remedy == "Start a worker: nobody takes the jobs."


def test_a_secret_that_others_can_read_is_red(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.DATABASE_URL = tmp_path, ""
    key = tmp_path / "secret_key"
    key.write_text("x" * 64)
    key.chmod(0o644)

    (finding,) = diagnosis.look_at_secrets()

    assert finding.remedy == f"Run chmod 600 {key}."


@pytest.mark.parametrize(
    ("node", "finding"),
    [
        (Node(), Finding("base node.example.com", "block 1200, 2 s behind the clock")),
        (
            Node(lag=timedelta(minutes=5)),
            Finding(
                "base node.example.com",
                "block 1200, 300 s behind the clock",
                "Wait until it has caught up, or use another.",
            ),
        ),
        (
            Node(error="chain id 1 instead of 8453"),
            Finding(
                "base node.example.com",
                "chain id 1 instead of 8453",
                "Mend the node, or take it out of BASE_RPC_URLS.",
            ),
        ),
    ],
)
def test_a_node_is_judged(node: Node, finding: Finding) -> None:
    assert next(diagnosis.look_at_nodes(lambda: [node])) == finding


def test_no_database_is_status_2_and_the_rest_is_still_looked_at() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env=environment(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"),
        capture_output=True,
        text=True,
        check=False,
    )

    findings = json.loads(done.stdout)["findings"]
    assert done.returncode == 2
    assert findings[0]["remedy"] == "Start PostgreSQL, or mend DATABASE_URL."
    assert [each["thing"] for each in findings] == [
        "database", "broker", "secrets", "tron", "arbitrum", "base",
    ]  # fmt: skip
