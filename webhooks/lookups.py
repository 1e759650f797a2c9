"""Asking the system's resolver without waiting longer than we want to.

getaddrinfo cannot be interrupted and takes as long as a hostile name server likes. So each look-up
has a daemon thread of its own: who asked gives up in time, and no process waits for it to end.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

AT_ONCE = 512  # look-ups under way in this process; beyond that the next one fails at once

LookUp = Callable[[str, int], "Future[list[str]]"]

_turns = threading.BoundedSemaphore(AT_ONCE)


class LookUpFailed(OSError):
    """This name has no address now: unknown, no answer, or too many names asked for at once."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.strerror = message  # what clients that wrap an OSError repeat of it


def system_look_up(host: str, port: int) -> "Future[list[str]]":
    """Begin to look up a name; the future has its IP addresses as texts, or LookUpFailed."""
    found: Future[list[str]] = Future()
    found.set_running_or_notify_cancel()  # from here on nobody can cancel it
    if not _turns.acquire(blocking=False):
        found.set_exception(LookUpFailed("too many names are being looked up at once"))
        return found
    threading.Thread(
        target=_look_up, args=(found, host, port), name=f"look up {host}", daemon=True
    ).start()
    return found


def _look_up(found: "Future[list[str]]", host: str, port: int) -> None:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that DNS cannot carry
        found.set_exception(LookUpFailed(f"the name does not resolve: {error}"))
    else:
        found.set_result(list(dict.fromkeys(str(answer[4][0]) for answer in answers)))
    finally:
        _turns.release()
