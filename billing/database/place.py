"""Where the embedded PostgreSQL of one DATA_DIR lives, and how to connect to it. Starts nothing.

It is reached by a Unix socket in a directory of mode 0700 and by nothing else: no port is opened.
Who can enter that directory could read the data files as well, so `trust` adds no door to it, and
there is no password that could leak from a file, an argument or a log.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"
NAME = "billing"
PORT = 5432  # Only names the socket file; nothing listens on TCP.
# A socket's path has 108 bytes with its closing zero on Linux, 104 on macOS.
LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one embedded server, all under `<DATA_DIR>/postgres`."""

    home: Path

    @classmethod
    def under(cls, data_dir: Path) -> "Place":
        return cls(data_dir.resolve() / "postgres")

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def sockets(self) -> Path:
        """The socket's directory: in here where its path is short enough, else under /tmp."""
        inside = self.home / "socket"
        if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"billing-{os.getuid()}-{digest}"  # noqa: S108  # checked on use

    @property
    def start_lock(self) -> Path:
        """Held for the moments in which somebody starts or stops the server."""
        return self.home / "start.lock"

    @property
    def holders(self) -> Path:
        """One locked file per process that uses the server, named by its pid."""
        return self.home / "holders"

    @property
    def keeper_pid(self) -> Path:
        return self.home / "keeper.pid"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def url(self, database: str = NAME) -> str:
        """A DATABASE_URL for other programs and for tests."""
        host = str(self.sockets).replace("/", "%2F")
        return f"postgresql://{USER}@{host}/{database}"
