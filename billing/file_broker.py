"""Celery's broker where REDIS_URL is unset: files under DATA_DIR, for the one machine there is.

kombu's file transport writes messages and its table in place, so that a worker or beat that reads
half of one ends with an error. Here both appear whole.
"""

from pathlib import Path
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

LONGEST_WAIT_S = 0.5
QUEUE = "celery"  # Celery's own name of the one queue there is.


def options(folder: Path) -> dict[str, object]:
    """Make the folders, teach kombu the transport, and return Celery's settings for it."""
    queue, control = folder / "queue", folder / "control"
    for each in (queue, control):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)
    table = control / f"{QUEUE}.exchange"
    if not table.exists():
        _write_whole(table, [[QUEUE, "", QUEUE]], beside=control)
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:WholeFiles"
    return {
        "broker_url": "filesystem://",
        "broker_transport_options": {
            # In and out are one folder: what the beat writes there the worker reads.
            "data_folder_in": str(queue),
            "data_folder_out": str(queue),
            "control_folder": str(control),
            "polling_interval": 0.2,
        },
    }


class WholeFilesChannel(filesystem.Channel):
    def _put(  # type: ignore[override]  # its two ancestors disagree
        self, queue: str, payload: dict[str, Any], **_: Any
    ) -> None:
        path = Path(self.data_folder_out, f"{monotonic_ns():020}_{uuid4()}.{queue}.msg")
        _write_whole(path, payload, beside=Path(self.control_folder))


class WholeFiles(filesystem.Transport):
    Channel = WholeFilesChannel

    def drain_events(  # type: ignore[override]  # its two ancestors disagree
        self, connection: Any, timeout: float | None = None
    ) -> None:
        """Look for a message a shorter while than asked: a worker told to end first waits twice."""
        super().drain_events(connection, timeout=min(timeout or LONGEST_WAIT_S, LONGEST_WAIT_S))


def _write_whole(path: Path, value: object, *, beside: Path) -> None:
    part = beside / f"{uuid4()}.part"
    part.write_text(dumps(value))
    part.rename(path)
