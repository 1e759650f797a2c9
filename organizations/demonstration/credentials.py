"""How one logs in to the demonstration: made once, kept beside the embedded database."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from organizations.roles import Role


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demonstration. `password` is None where it was shown before and not kept."""

    email: str
    name: str
    role: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a visitor needs. `api_key` is None where it was shown before and not kept."""

    organization_id: str
    people: tuple[Person, ...]
    api_key: str | None


PEOPLE = (
    Person("mara@acme.example", "Mara Lind", Role.PREPARER.value),
    Person("jon@acme.example", "Jon Okafor", Role.APPROVER.value),
    Person("ada@acme.example", "Ada Moreau", Role.ADMIN.value),
)


def fresh_people() -> tuple[Person, ...]:
    """The people with new passwords, which only the answer holds in the clear."""
    return tuple(Person(p.email, p.name, p.role, secrets.token_urlsafe(12)) for p in PEOPLE)


def kept(organization_id: str) -> Credentials | None:
    """The credentials of this organization as they were kept, None where there are none."""
    path = _path()
    if path is None or not path.exists():
        return None
    told = json.loads(path.read_text())
    if told["organization_id"] != organization_id:
        return None  # Left by another database in this place.
    return Credentials(
        organization_id, tuple(Person(**person) for person in told["people"]), told["api_key"]
    )


def keep(credentials: Credentials) -> None:
    """Write them where only this user can read them, whole or not at all.

    Called before the transaction that makes them true commits: a file without its rows is ignored,
    but rows without their file would be a log-in that nobody knows. With a database of your own
    (DATABASE_URL) nothing is kept: they are printed once.
    """
    path = _path()
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(credentials), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _path() -> Path | None:
    return None if settings.DATABASE_URL else Path(settings.DATA_DIR) / "demo.json"
