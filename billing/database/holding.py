"""Use the embedded PostgreSQL: `hold(data_dir)` starts the server, or shares the one there is.

Each process that uses the server holds a locked file of its own; the kernel lets go of the lock
however the process ends, so a holder killed by -9 is seen as gone, and a pid used again is nobody's
holder. A keeper (`keeper.py`) owns the server: it restarts a killed one and stops it after the last
holder. That it is alive is proved by a query, never by a pid.
"""

import atexit
import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg

from billing.database.holders import is_kept, locked, others, prune
from billing.database.place import NAME, Place

PROJECT = Path(__file__).resolve().parent.parent.parent
START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0
PAUSE_S = 0.05

_held: dict[Place, int] = {}  # the descriptor of this process's own locked file
_keepers: dict[Place, subprocess.Popen[bytes]] = {}  # those this process started, to reap them
_threads = threading.RLock()


class EmbeddedPostgresFailed(Exception):
    """The embedded server could not be started. The message ends with what its log says."""


def hold(data_dir: Path, *, is_durable: bool = True) -> Place:
    """Have the server of `data_dir` run until this process ends. Cheap when it is held already.

    `is_durable` False trades crash safety for speed; the first holder decides. For tests.
    Raises EmbeddedPostgresFailed.
    """
    place = Place.under(data_dir)
    with _threads:
        if place not in _held:
            _enter(place, is_durable=is_durable)
    return place


def revive(data_dir: Path) -> None:
    """Wait until the server answers, starting it again where it and its keeper were killed."""
    place = Place.under(data_dir)
    with _threads, locked(place.start_lock):
        _see_it_answer(place, is_durable=True)


def release(data_dir: Path) -> None:
    """Let go. The last one to let go waits until the server has stopped."""
    place = Place.under(data_dir)
    with _threads:
        descriptor = _held.pop(place, None)
        if descriptor is None:
            return
        # Closed, not unlocked: a forked child that still uses the server keeps the lock.
        os.close(descriptor)
        deadline = time.monotonic() + STOP_LIMIT_S
        while is_kept(place) and not others(place) and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
        keeper = _keepers.pop(place, None)
        if keeper is not None and not is_kept(place):
            keeper.wait(timeout=STOP_LIMIT_S)


def answers(place: Place) -> bool:
    """Whether the server answers a query."""
    try:
        with psycopg.connect(place.url("postgres"), connect_timeout=5) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        # Not there, starting, or stopping: all mean "no" here, and the caller waits or starts it.
        return False


def _enter(place: Place, *, is_durable: bool) -> None:
    place.holders.mkdir(parents=True, exist_ok=True)
    with locked(place.start_lock):
        prune(place)
        descriptor = os.open(place.holders / str(os.getpid()), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            _see_it_answer(place, is_durable=is_durable)
            _make_database(place)
        except BaseException:
            os.close(descriptor)
            raise
    _held[place] = descriptor
    atexit.register(release, place.home.parent)


def _see_it_answer(place: Place, *, is_durable: bool) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    started = False
    while not answers(place):
        if not is_kept(place):
            if started:
                raise EmbeddedPostgresFailed(_why(place))
            _start_keeper(place, is_durable=is_durable)
            started = True
        if time.monotonic() > deadline:
            raise EmbeddedPostgresFailed(_why(place))
        time.sleep(PAUSE_S)


def _start_keeper(place: Place, *, is_durable: bool) -> None:
    """Start the keeper in a session of its own, so that a Ctrl-C meant for us does not reach it."""
    command = [sys.executable, "-m", "billing.database.keeper", str(place.home.parent)]
    with place.log.open("ab") as log:
        keeper = subprocess.Popen(
            command if is_durable else [*command, "--fast"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    _keepers[place] = keeper
    # It says a line once it holds its own lock; without that we would take it for dead at once.
    assert keeper.stdout is not None
    assert keeper.stdin is not None
    keeper.stdout.readline()
    keeper.stdout.close()
    keeper.stdin.close()


def _make_database(place: Place) -> None:
    with psycopg.connect(place.url("postgres"), autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [NAME])
        if known.fetchone() is None:
            connection.execute(f'create database "{NAME}"')


def _why(place: Place) -> str:
    lines = place.log.read_text(errors="replace").splitlines()[-8:] if place.log.exists() else []
    return "\n".join(["The embedded PostgreSQL did not start.", *lines, f"Its log: {place.log}"])
