"""Who uses the embedded server now. Files and their locks: no database, no network."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from billing.database.place import Place


def others(place: Place) -> list[str]:
    """The names of the processes that hold the server now; a killed one is not among them."""
    return [path.name for path in _entries(place) if not _is_free(path)]


def is_kept(place: Place) -> bool:
    """Whether a keeper is at work."""
    return place.keeper_pid.exists() and not _is_free(place.keeper_pid)


def prune(place: Place) -> None:
    """Remove the files of holders that are gone. Only under the start lock."""
    for path in _entries(place):
        if _is_free(path):
            path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` between processes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _entries(place: Place) -> list[Path]:
    with suppress(FileNotFoundError):  # nobody ever held it
        return list(place.holders.iterdir())
    return []


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
