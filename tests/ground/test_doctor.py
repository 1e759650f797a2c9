"""manage.py doctor: what is red, and what to do about it."""

import io
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from billing import diagnosis
from billing.chains import Finality
from billing.diagnosis import Finding
from tests.ground.processes import ROOT, environment
from tests.tron import faults
from tests.tron.emulator import running_tron

pytestmark = pytest.mark.django_db


WAIT = "Wait until it has caught up, or put another in its place in BASE_RPC_URLS."

SWITCH_ON = (
    "Nothing settles by this node: switch its walletsolidity API on, or wait until that has "
    "caught up, or put another node in its place in TRON_RPC_URLS."
)


@dataclass(frozen=True)
class Node:
    """A node as chainwatch tells of it."""

    chain: str = "base"
    node: str = "node.example.com"
    head_number: int | None = 1200
    lag: timedelta | None = timedelta(seconds=2)
    behind: int | None = 0
    final_number: int | None = 1190
    untold: tuple[Finality, ...] = ()
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
                WAIT,
            ),
        ),
        (
            Node(behind=61),
            Finding(
                "base node.example.com",
                "block 1200, 2 s behind the clock, 61 blocks behind the furthest node",
                WAIT,
            ),
        ),
        (
            Node(lag=timedelta(minutes=2), behind=60),
            Finding(
                "base node.example.com",
                "block 1200, 120 s behind the clock, 60 blocks behind the furthest node",
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


def judged(settings: Settings, node: Node, **row: Any) -> Finding:
    """What is found of one node."""
    settings.NETWORKS = {node.chain: replace(settings.NETWORKS[node.chain], **row)}
    return next(diagnosis.look_at_nodes(lambda: [node]))


def test_a_tron_node_that_tells_no_solid_block_settles_nothing_and_is_red(
    settings: Settings,
) -> None:
    mute = Node(chain="tron", final_number=None, untold=(Finality.SOLIDIFIED,))
    stuck = Node(chain="tron", final_number=1099)

    assert judged(settings, Node(chain="tron", final_number=1100)).remedy == ""
    first, second = judged(settings, mute), judged(settings, stuck)
    assert first.says == "block 1200, 2 s behind the clock; tells no solid block"
    assert second.says == "block 1200, 2 s behind the clock; solid only up to block 1099"
    assert {first.remedy, second.remedy} == {SWITCH_ON}


def test_a_level_that_a_node_does_not_tell_is_red_only_where_settings_ask_for_it(
    settings: Settings,
) -> None:
    mute = Node(final_number=None, untold=(Finality.FINALIZED,))

    found = judged(settings, mute)
    by_amount = judged(settings, mute, finality_by_amount=((10**12, Finality.FINALIZED),))

    assert (found.is_red, by_amount.is_red) == (False, True)
    assert (
        found.says == by_amount.says == "block 1200, 2 s behind the clock; tells no finalized block"
    )
    assert found.advice == (
        "What is settled is looked after for a day instead: a node that tells it is better."
    )
    assert by_amount.remedy.startswith("Nothing settles by this node while BASE_FINALITY or ")


def test_a_real_node_of_tron_is_asked_for_its_solid_head(settings: Settings) -> None:
    row = settings.NETWORKS["tron"]
    with running_tron() as node:
        settings.NETWORKS = {**settings.NETWORKS, "tron": replace(row, rpc_urls=(node.url,))}
        node.mine(20)
        well = doctor()
        node.fault, node.fault_on = faults.UNAVAILABLE, "walletsolidity"
        ill = doctor()

    thing = f"tron {node.url.removeprefix('http://')}"
    assert (well[0], well[1][thing]["is_red"]) == (0, False)
    assert (ill[0], ill[1][thing]["is_red"]) == (1, True)
    assert ill[1][thing]["says"].endswith("tells no solid block")


def told(settings: Settings, chain: str, *nodes: Node, **row: Any) -> list[Finding]:
    """What is found of one chain, beside its nodes."""
    settings.NETWORKS = {chain: replace(settings.NETWORKS[chain], **row)}
    return list(diagnosis.look_at_nodes(lambda: nodes))[len(nodes) :]


def test_fewer_nodes_than_must_agree_are_red(settings: Settings) -> None:
    urls = ("https://one.example", "https://two.example")
    failing = Node(error="HTTP 503")

    (finding,) = told(settings, "base", Node(), failing, rpc_urls=urls, quorum=2)

    assert finding.says == "1 of 2 nodes can be asked, 2 must agree"
    assert finding.remedy == (
        "Nothing settles until then: mend a node, add one, or lower BASE_QUORUM."
    )
    assert told(settings, "base", Node(), Node(), rpc_urls=urls, quorum=2) == []


def test_trongrid_without_a_key_is_worth_a_look_and_no_fault(settings: Settings) -> None:
    urls = ("https://api.trongrid.io",)
    node = Node(chain="tron")

    (finding,) = told(settings, "tron", node, rpc_urls=urls)

    assert not finding.is_red
    assert finding.advice == 'Give it one: TRON_RPC_HEADERS={"TRON-PRO-API-KEY": "…"}'
    with_key = {"tron-pro-api-key": "k"}
    assert told(settings, "tron", node, rpc_urls=urls, rpc_headers=with_key) == []
    assert told(settings, "tron", node, rpc_urls=("https://trongrid.io.example",)) == []


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
