"""A sender as a process of its own, to be killed: `python -m tests.webhooks.sender 1 0.3`.

It stays a nursery: for each line on its standard input it forks so many senders as the first
argument says, tells their numbers, and says `dead` when all have ended. A sender delivers until it
is killed, under leases of so many seconds. So a new life costs no start of Python.
"""

import os
import sys
import time
import traceback
from typing import NoReturn

import django


def main(at_once: int, lease_s: float) -> None:
    django.setup()
    # Loaded once, before any life begins. No connection is opened until then.
    import webhooks.sending  # noqa: F401

    say("ready")
    for _ in sys.stdin:
        children = []
        for _ in range(at_once):
            child = os.fork()
            if child == 0:
                live_and_die(lease_s)
            children.append(child)
        say(" ".join(map(str, children)))
        for child in children:
            os.waitpid(child, 0)
        say("dead")


def live_and_die(lease_s: float) -> NoReturn:
    try:
        live(lease_s)
    except Exception:
        say(repr(traceback.format_exc()))
        raise


def live(lease_s: float) -> NoReturn:
    from webhooks.sending import Limits, deliver

    limits = Limits(lease_s=lease_s, look_s=0.02, budget_s=2)
    while True:
        deliver(limits)
        time.sleep(0.005)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
    main(int(sys.argv[1]), float(sys.argv[2]))
