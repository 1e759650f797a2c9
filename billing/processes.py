"""Child processes that never outlive us: they die with their parent, and are stopped as groups."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

PR_SET_PDEATHSIG = 1
LOOK_EVERY_S = 0.05


def control(option: int, *arguments: int) -> None:
    """Call Linux's prctl(2) for this process. Raises OSError."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, *(ctypes.c_ulong(a) for a in padded)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def die_with_parent(sign: signal.Signals) -> None:
    """Have Linux send `sign` to this process when its parent ends, by kill -9 too."""
    if sys.platform == "linux":
        control(PR_SET_PDEATHSIG, sign)


def start(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own: a terminal's Ctrl-C reaches us alone."""
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_us,  # the supervisor has one thread, so this is safe
    )


def stop(processes: Sequence[subprocess.Popen[bytes]], *, limit_s: float) -> None:
    """Ask every process to end, and kill whole groups where one has not after `limit_s`."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + limit_s
    while any(p.poll() is None for p in processes) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
    for process in processes:
        with suppress(ProcessLookupError):  # the whole group has ended, as it should
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_with_us() -> None:
    die_with_parent(signal.SIGTERM)
