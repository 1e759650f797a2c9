"""What `make run` runs: the whole system in the foreground, on one machine.

    python -m billing.supervisor          database, migrations, demo, web, worker and beat
    python -m billing.supervisor web      the same without demo, worker and beat
    python -m billing.supervisor down     stops the one that runs on this DATA_DIR

Ctrl-C and SIGTERM stop everything it started. Killed by -9, its children end with it, and so does
the embedded PostgreSQL, whose keeper finds no holder.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any, NoReturn

from billing import metrics, processes

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parent.parent
READY_LIMIT_S = 60
STOP_LIMIT_S = 6
LOOK_EVERY_S = 0.2
BAD_NEWS = 2


class Stopped(Exception):
    """Somebody asked us to end."""


def main(names: list[str]) -> int:
    """Run until somebody says stop (0), or until one of the processes ends by itself (1)."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _stop)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
    if names == ["down"]:
        return _down()
    try:
        with ExitStack() as held:
            return _run(names or ["web", "worker", "beat"], held, is_demo=not names)
    except Stopped:
        return 0


def _run(names: list[str], held: ExitStack, *, is_demo: bool) -> int:
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        data_dir: Path = settings.DATA_DIR
        port = int(os.environ.get("PORT") or 8000)
        held.enter_context(_only_one(data_dir))
        _see_port_free(port)
        if not settings.DATABASE_URL:
            _hold_database(data_dir, held)
    except (ImproperlyConfigured, OSError, RuntimeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_NEWS
    demo = _prepare(is_demo=is_demo)
    commands = _commands(port, data_dir)
    environment = dict(os.environ)
    metrics.share(data_dir / "metrics", environment)  # so that /metrics adds the web workers up
    started = [processes.start(commands[name], environment) for name in names]
    held.callback(processes.stop, list(reversed(started)), limit_s=STOP_LIMIT_S)
    _see_ready(port, started)
    _tell(settings.PUBLIC_URL, port, demo)
    make = _make_above()
    while all(process.poll() is None for process in started):
        _heed(make)
        time.sleep(LOOK_EVERY_S)
    ended = next(n for n, p in zip(names, started, strict=True) if p.poll() is not None)
    sys.stderr.write(f"error: {ended} ended by itself: stopping the others\n")
    return 1


def _commands(port: int, data_dir: Path) -> Mapping[str, list[str]]:
    workers = str(min(2, os.cpu_count() or 1))
    celery = [str(BIN / "celery"), "--app", "billing.celery", "--quiet"]
    return {
        "web": [
            *[str(BIN / "granian"), "--interface", "wsgi", "--http", "1", "--no-ws"],
            *["--host", "127.0.0.1", "--port", str(port), "--workers", workers],
            # A thread keeps its database connection, so threads are few and live long.
            *["--blocking-threads", "4", "--blocking-threads-idle-timeout", "600"],
            *["--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"],
            "billing.wsgi:application",
        ],
        # Threads: the jobs wait for nodes and the database, and one process spares 100 MB each.
        "worker": [
            *[*celery, "worker", "--pool", "threads", "--concurrency", "6", "--loglevel", "info"],
            *["--without-gossip", "--without-mingle", "--without-heartbeat"],
        ],
        "beat": [*celery, "beat", "--loglevel", "warning", "--pidfile="],
    }


def _only_one(data_dir: Path) -> IO[str]:
    """Lock DATA_DIR/run.pid while we live. Raises RuntimeError where another has it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / "run.pid").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip()
        raise RuntimeError(
            f"The system runs already on {data_dir} (process {pid}). "
            "Stop it with `make down`, or set another DATA_DIR and PORT."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _see_port_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise RuntimeError(f"PORT {port} cannot be used: {error.strerror}.") from error


def _down() -> int:
    """Ask the supervisor of this DATA_DIR to end, and wait until it has."""
    from django.conf import settings

    path: Path = settings.DATA_DIR / "run.pid"
    if not path.exists():
        return 0
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int(file.read()), signal.SIGTERM)
            fcntl.flock(file, fcntl.LOCK_EX)
    return 0


def _hold_database(data_dir: Path, held: ExitStack) -> None:
    from billing.database import holding

    try:
        holding.hold(data_dir)
    except holding.EmbeddedPostgresFailed as error:
        raise RuntimeError(str(error)) from error
    held.callback(holding.release, data_dir)


def _prepare(*, is_demo: bool) -> dict[str, Any]:
    """Migrate, collect, load the demonstration; return what that has to say, empty without it."""
    command = [sys.executable, "-m", "billing.preparing", *(["demo"] if is_demo else [])]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise SystemExit(BAD_NEWS)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _see_ready(port: int, started: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline and all(p.poll() is None for p in started):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(LOOK_EVERY_S)  # not listening yet, or not ready


def _tell(public_url: str, port: int, demo: dict[str, Any]) -> None:
    base = f"http://localhost:{port}"
    sys.stdout.write(f"\n  Ready at {base}  (public: {public_url}). Ctrl-C stops it.\n")
    for line in demo.get("lines", []):
        sys.stdout.write(f"  {line}\n")
    sys.stdout.write("\n")
    sys.stdout.flush()


def _make_above() -> int | None:
    """The process id of the `make` that started us, None where something else did."""
    if "MAKELEVEL" not in os.environ or sys.platform != "linux":
        return None
    parent = os.getppid()
    return parent if _status_of(parent).get("Name") in ("make", "gmake") else None


def _heed(make: int | None) -> None:
    """Stop where `make` got the signal and we did not.

    A SIGINT for make alone (no terminal, no process group) makes it wait for its recipe without
    telling it: it blocks the signal meanwhile, which its status file shows. Killed by -9, it
    leaves us to another parent.
    """
    if make is None:
        return
    blocked = int(_status_of(make).get("SigBlk", "0"), 16)
    if os.getppid() != make or blocked & 1 << (signal.SIGINT - 1):
        _stop(0, None)


def _status_of(pid: int) -> dict[str, str]:
    """What Linux tells of a process, empty where it has ended."""
    with suppress(FileNotFoundError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {}


def _stop(signum: int, frame: object) -> NoReturn:
    # From here on a second Ctrl-C must not interrupt the stopping itself.
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
