"""The key that signs sessions and cursors: given, or made once for this DATA_DIR."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from billing.environment import Variables, secretly_refused

SHORTEST = 32


def secret_key(env: Variables, data_dir: Path, *, must_be_given: bool) -> str:
    """Return SECRET_KEY, or the one kept in `data_dir`, made there on first use, mode 0600.

    `must_be_given` is for deployments of several machines: each would make a different one, and
    what one signs the others would refuse. Raises ImproperlyConfigured.
    """
    given = env.text("SECRET_KEY", "")
    if given and len(given) < SHORTEST:
        raise secretly_refused("SECRET_KEY", f"{SHORTEST} or more random characters")
    if given:
        return given
    if must_be_given:
        raise ImproperlyConfigured(
            "SECRET_KEY is unset. Where DATABASE_URL is set it is required: "
            f"{SHORTEST} or more random characters, the same for every process."
        )
    return _kept(data_dir / "secret_key")


def _kept(path: Path) -> str:
    with suppress(FileNotFoundError):  # the first start of this DATA_DIR
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    unborn = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(unborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    # A link, not a rename: of two processes that start at once the second takes the first's key.
    with suppress(FileExistsError):
        path.hardlink_to(unborn)
    unborn.unlink()
    return path.read_text().strip()
