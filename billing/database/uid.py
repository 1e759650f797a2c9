"""As whom the embedded PostgreSQL runs: as ourselves, or, since it refuses root, as `nobody`.

Started by root, its cluster belongs to `nobody` (or to whoever owns the cluster already). Where a
directory above is closed to that user, such as a clone under /root, the server is also given the
one capability to search and read past such modes (CAP_DAC_READ_SEARCH): weaker than running it in
root's name inside a user namespace, and the data stays where DATA_DIR says.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from billing.processes import control, die_with_parent

PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_READ_SEARCH = 2


@dataclass(frozen=True, slots=True)
class Runner:
    """Starts programs as one user; `uid` None means as ourselves."""

    uid: int | None = None
    gid: int | None = None
    reads_past_modes: bool = False

    def own(self, directory: Path) -> None:
        """Give `directory` to the user, and see that nobody else made it or can enter it."""
        if self.uid is not None and self.gid is not None:
            os.chown(directory, self.uid, self.gid, follow_symlinks=False)
        found = directory.lstat()
        expected = os.geteuid() if self.uid is None else self.uid
        if directory.is_symlink() or found.st_uid != expected:
            sys.exit(f"{directory} belongs to another user. Remove it, or set another DATA_DIR.")
        directory.chmod(0o700)

    def run(self, command: Sequence[str]) -> None:
        """Run to its end, output to our stderr; leave with its status where it fails."""
        process = self.start(command)
        if process.wait() != 0:
            sys.exit(f"{Path(command[0]).name} ended with status {process.returncode}")

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start `command` as the user, in a process group of its own; it ends when we do."""
        return subprocess.Popen(
            command,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            process_group=0,
            preexec_fn=self._become,  # the keeper has one thread, so this is safe
        )

    def _become(self) -> None:
        if self.uid is not None and self.gid is not None:
            if self.reads_past_modes:
                control(PR_SET_KEEPCAPS, 1)
            os.setgroups([])
            os.setresgid(self.gid, self.gid, self.gid)
            os.setresuid(self.uid, self.uid, self.uid)
            if self.reads_past_modes:
                _keep_capability(CAP_DAC_READ_SEARCH)
        die_with_parent(signal.SIGINT)  # set last: changing the user clears it


def runner_for(cluster: Path, *, reads: Sequence[Path]) -> Runner:
    """Choose the user for `cluster`; `reads` are the directories that it must be able to enter."""
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            sys.exit(
                f"{cluster} belongs to user {owner}: run as that user, or set another DATA_DIR."
            )
        return Runner()
    person = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    closed = any(not _is_open(path, person.pw_uid) for path in reads)
    return Runner(person.pw_uid, person.pw_gid, reads_past_modes=closed)


def _is_open(path: Path, uid: int) -> bool:
    """Whether `uid` may search `path` and every directory above it, groups left aside."""
    for directory in (path, *path.parents):
        found = directory.stat()
        if not found.st_mode & (0o100 if found.st_uid == uid else 0o001):
            return False
    return True


def _keep_capability(capability: int) -> None:
    """Hold exactly `capability`, across the coming exec too. Raises OSError where we may not."""
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Effective, permitted, inheritable: the low 32 capabilities, then the high ones.
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)
