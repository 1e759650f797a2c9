"""A watcher as a process of its own, to be killed: `python -m tests.simulator.watcher <chain>`.

It stays a nursery: for each line on its standard input it forks a watcher and says its number; that
one ticks until it is killed, and says a line for each tick, or what it died of by itself. So a new
life costs no start of Python.
"""

import os
import sys
import traceback
from typing import NoReturn

import django


def main(chain: str) -> None:
    django.setup()
    # Loaded once, before any life begins. No connection is opened until then.
    import chainwatch.chains.evm  # noqa: F401

    say("ready")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            live_and_die(chain)
        os.waitpid(child, 0)
        say("dead")


def live_and_die(chain: str) -> NoReturn:
    try:
        live(chain)
    except Exception:
        say(repr(traceback.format_exc()))
        raise


def live(chain: str) -> NoReturn:
    from chainwatch.following import follow
    from payouts import outflows
    from payouts.verifying import verify

    say(str(os.getpid()))
    while True:
        follow(chain)
        verify(chain)
        outflows.find()
        say("tick")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")
    main(sys.argv[1])
