"""Every management command of ours keeps the contract: --help, --json, one base class."""

import pytest
from django.core.management import get_commands, load_command_class

from billing.commands import JsonCommand
from tests.house.code import APPS

NAMES = sorted(name for name, app in get_commands().items() if app in APPS and name != "migrate")


@pytest.mark.parametrize("name", NAMES)
def test_a_command_says_what_it_changes_and_answers_machines(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)

    assert isinstance(command, JsonCommand)
    assert len(command.help) > 40
    assert "--json" in parser.format_help()


@pytest.mark.parametrize(
    "name",
    [
        "create_api_key",
        "create_organization",
        "create_staff",
        "demo",
        "doctor",
        "follow",
        "reconcile",
        "revoke_api_key",
        "tick",
        "trace",
    ],
)
def test_the_commands_that_operators_rely_on_are_there(name: str) -> None:
    assert name in NAMES
