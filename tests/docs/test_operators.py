"""docs/operators.md has every variable and every command there is, and none that is not."""

import json
import re
import subprocess
import sys

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.error_codes import APPS
from tests.docs.pages import OPERATORS, ROOT, first_cells

# Notes every name that the settings ask the environment for.
READ = """
import json, os, environ

class Noted(dict):
    names = set()
    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)

environ.Env.ENVIRON = Noted(os.environ)
import billing.settings
print(json.dumps(sorted(Noted.names)))
"""
COMMANDS = sorted(
    path.stem for app in APPS for path in (ROOT / app / "management" / "commands").glob("[a-z]*.py")
)
# Django's own, mended for our database; it takes what Django's takes.
MENDED = {"migrate"}


def test_every_variable_of_the_example_is_documented_and_no_other() -> None:
    documented = first_cells(OPERATORS, "## Variables")

    assert sorted(documented) == sorted(_example())


def test_every_variable_of_the_example_is_read() -> None:
    ran = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    read = set(json.loads(ran.stdout))
    composed = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))

    assert _example() - read - composed == set()
    assert read - _example() - {"DJANGO_SETTINGS_MODULE"} == set()


def test_every_command_is_documented_and_no_other() -> None:
    documented = {words.split()[0] for words in first_cells(OPERATORS, "## Commands")}
    ours = {name for name in COMMANDS if name not in MENDED}

    assert {name for name in documented if name != "tick" or "tick" in ours} == ours


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in MENDED])
def test_every_option_of_a_command_is_documented(command: str) -> None:
    found = load_command_class(get_commands()[command], command)
    help_text = found.create_parser("manage.py", command).format_help()
    row = next(r for r in OPERATORS.read_text().splitlines() if r.startswith(f"| `{command}"))

    missing = [option for option in _options(help_text) if option not in row]
    assert missing == []


def test_the_tools_for_backups_are_where_the_page_says_and_fit_the_server() -> None:
    line = re.search(r"^\$ (PGBIN=.*)$", OPERATORS.read_text(), re.MULTILINE)
    assert line is not None

    ran = subprocess.run(
        ["bash", "-c", f"{line[1]}; $PGBIN/pg_dump --version; $PGBIN/postgres --version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.findall(r"\(PostgreSQL\) (\d+)", ran.stdout) == ["18", "18"]


def _example() -> set[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {
        line.partition("=")[0].lstrip("# ") for line in lines if re.match(r"#? ?[A-Z_]+=", line)
    }


def _options(help_text: str) -> set[str]:
    """The command's own options, without those that every command has."""
    everywhere = {
        *("--help", "--json", "--version", "--verbosity", "--settings", "--pythonpath"),
        *("--traceback", "--no-color", "--force-color", "--skip-checks"),
    }
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_text)) - everywhere
