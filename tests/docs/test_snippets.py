"""The snippets of README and of the guides for integrators work as printed, top to bottom."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from billing.chains import Environment
from organizations import services
from tests.docs.pages import CHECKOUTS, INTEGRATORS, README, SUBSCRIPTIONS, snippets

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="this machine has no curl to run the lines with"
)
# Says every answer's status on stderr, so that the test sees what a reader would.
CURL = "curl() { command curl -w '%{stderr}%{http_code}\\n' \"$@\"; }\n"


@pytest.fixture
def key(transactional_db: None, settings: Settings) -> str:
    """A sandbox key as `create_api_key` and the demonstration make it."""
    settings.WEBHOOK_ALLOWED_HOSTS = ["example.com"]  # so that no name is looked up
    organization = services.create_organization("Acme")
    return services.issue_api_key(organization, Environment.SANDBOX, name="docs")[1]


@needs_curl
def test_the_curl_walk_of_the_readme_goes_from_draft_to_settled(
    live_server: LiveServer, key: str, tmp_path: Path
) -> None:
    statuses, printed = _run_bash(README, live_server.url, key, tmp_path)

    # create, approve, execute, simulate, get, settlements, reconciliation, events
    assert statuses == [201, 200, 200, 200, 200, 200, 200, 200]
    assert '"status":"settled"' in printed.replace(" ", "")


@needs_curl
def test_the_curl_lines_for_integrators_work(
    live_server: LiveServer, key: str, tmp_path: Path
) -> None:
    statuses, printed = _run_bash(INTEGRATORS, live_server.url, key, tmp_path)

    # health, create, approve, execute, get, simulate, settlements, reconciliation, events,
    # webhook, its test, its deliveries, error
    assert statuses == [200, 201, 200, 200, 200, 200, 200, 200, 200, 201, 200, 200, 400]
    assert "missing_required_field" in printed


@needs_curl
def test_the_curl_lines_about_being_paid_work(
    live_server: LiveServer, key: str, tmp_path: Path
) -> None:
    statuses, printed = _run_bash(CHECKOUTS, live_server.url, key, tmp_path)

    # create, status, simulate
    assert statuses == [201, 200, 200]
    assert '"status":"confirmed"' in printed.replace(" ", "")


@needs_curl
def test_the_curl_lines_about_customers_work(
    live_server: LiveServer, key: str, tmp_path: Path
) -> None:
    statuses, printed = _run_bash(SUBSCRIPTIONS, live_server.url, key, tmp_path)

    # create, search
    assert statuses == [201, 200]
    assert printed.count("user-1815") == 2


@pytest.mark.parametrize(
    "page", [INTEGRATORS, CHECKOUTS, SUBSCRIPTIONS], ids=lambda page: page.stem
)
def test_the_python_lines_work(
    page: Path, live_server: LiveServer, key: str, tmp_path: Path
) -> None:
    program = _filled_in(snippets(page, "python"), live_server.url, key)

    ran = _run([sys.executable, "-"], program, tmp_path)

    assert ran.returncode == 0, ran.stderr


def _run_bash(page: Path, url: str, key: str, place: Path) -> tuple[list[int], str]:
    program = CURL + _filled_in(snippets(page, "bash"), url, key)
    ran = _run(["bash", "-eu", "-o", "pipefail"], program, place)
    assert ran.returncode == 0, ran.stderr
    return [int(line) for line in ran.stderr.split()], ran.stdout


def _run(command: list[str], program: str, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # our own pages
        command, input=program, cwd=place, capture_output=True, text=True, timeout=120, check=False
    )


def _filled_in(program: str, url: str, key: str) -> str:
    """Put a server and a key where a reader puts theirs."""
    assert program.count("sk_test_...") == 1
    filled = program.replace("sk_test_...", key)
    return re.sub(r"http://localhost:8000/v1", f"{url}/v1", filled)
