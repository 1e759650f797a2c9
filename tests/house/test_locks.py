"""The lock files: complete, hashed, and silent about where packages come from."""

import json
import re
import tomllib

import pytest

from tests.house.code import ROOT

LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-clients.txt"]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert re.findall(r"://|--(?:extra-)?index-url|--find-links", text) == []


def test_the_lock_of_npm_names_no_address_to_fetch_from() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    # `funding` and `homepage` are pages for people.
    assert [name for name, row in packages.items() if "resolved" in row] == []
    assert not (ROOT / ".npmrc").exists()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_hashed(lock: str) -> None:
    entries = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()

    assert entries
    assert [e for e in entries if not PIN.match(e) or "--hash=sha256:" not in e] == []


def test_both_locks_pin_the_same_versions() -> None:
    runtime, development = pins("requirements.txt"), pins("requirements-dev.txt")

    assert {name: development.get(name) for name in runtime} == runtime


def test_the_pins_that_matter_hold() -> None:
    versions = pins("requirements.txt")

    assert versions["django"].startswith("5.2.")
    assert versions["web3"].startswith("7.")
    assert versions["tronpy"] == "0.6.2"
    assert "django-fsm-2" in versions
    assert pins("requirements-dev.txt")["billingio"] == "1.0.0"
    assert pins("requirements-clients.txt") == {"billingio": "2.0.0"}


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=~ ]", each)[0].lower() for each in wanted}

    assert names - set(pins("requirements-dev.txt")) == set()


def test_every_npm_package_is_locked_by_its_integrity() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    assert [name for name, row in packages.items() if name and "integrity" not in row] == []
