"""docker-compose.yml and .env.example: the same settings as without Docker."""

import os
import re
from typing import Any

import yaml

from billing.settings import ROOT
from tests.services import known_variables

# What only Docker's own images read.
OF_THE_IMAGES = {"POSTGRES_USER", "POSTGRES_DB"}


def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return parsed


def test_it_runs_web_worker_beat_postgres_and_redis() -> None:
    assert set(compose()["services"]) == {
        "migrate", "web", "worker", "beat", "postgres", "redis",
    }  # fmt: skip


def test_every_variable_it_names_stands_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    named = set(re.findall(r"\$\{([A-Z_]+)", text))
    for service in compose()["services"].values():
        named |= set(service.get("environment", {}))

    assert named - OF_THE_IMAGES - set(known_variables()) == set()


def test_every_service_of_ours_has_the_same_settings() -> None:
    services = compose()["services"]
    ours = [services[name] for name in ("migrate", "web", "worker", "beat")]

    assert {tuple(sorted(service["environment"])) for service in ours} == {
        ("DATABASE_URL", "DATA_DIR", "PORT", "REDIS_URL", "SECRET_KEY")
    }
    assert all(service["env_file"] == ".env" for service in ours)


def test_what_must_be_secret_has_no_default() -> None:
    environment = compose()["services"]["web"]["environment"]

    assert environment["SECRET_KEY"] == "${SECRET_KEY:?set it in .env}"
    assert "${POSTGRES_PASSWORD:?" in environment["DATABASE_URL"]


def test_the_example_names_every_variable_that_is_read() -> None:
    modules = ("settings", "secret_key", "networks")
    text = "\n".join((ROOT / "billing" / f"{name}.py").read_text() for name in modules)
    read = set(re.findall(r"""env\.\w+\(\s*["']([A-Z_]+)["']""", text))
    endings = {"USDT_CONTRACT", "USDC_CONTRACT", *re.findall(r'\{name\}_([A-Z_]+)"', text)}
    read |= {f"{chain}_{end}" for chain in ("TRON", "ARBITRUM", "BASE") for end in endings}

    assert len(read) == 43
    assert read - set(known_variables()) == set()


def test_the_example_as_it_is_starts(tmp_path: os.PathLike[str]) -> None:
    """Its values are the defaults, so copying it changes nothing."""
    from billing.environment import Variables
    from billing.networks import networks_from_environment

    lines = (ROOT / ".env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    before = networks_from_environment(Variables())
    held = dict(os.environ)
    try:
        os.environ.update(values)
        assert networks_from_environment(Variables()) == before
    finally:
        os.environ.clear()
        os.environ.update(held)
