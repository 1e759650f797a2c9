"""A real watcher, killed at any moment and started again: the end state is that of one undisturbed.

The watcher is a process of its own with connections of its own, and the node is asked over HTTP.
`SOAK=1` counts 300 kills.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import transaction
from pytest_django import Settings

from tests.services import ROOT, database_url
from tests.simulator.company import Company, networks
from tests.simulator.digest import Digest, differences, digest
from tests.simulator.playing import undisturbed
from tests.simulator.rpc import WorldNode, served
from tests.simulator.running import Run, Said, Weather, clock_of, schedule
from tests.simulator.world import Branch, World

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 30 if os.environ.get("SOAK") else 1
KILLS = 10  # in each round
TICKS = 12  # of the last life: nobody kills it
LONGEST_LIFE_S = 20
WORDS = {"send": 6, "submit": 5, "mine": 6, "fork": 4, "drop": 1, "outflow": 2}
CONFIRMATIONS = 5


@dataclass(frozen=True)
class History:
    """All that happened on a chain, what was said meanwhile, and the end state of who saw it all.

    `said` goes with the number of views that were past when it was said.
    """

    views: list[Branch]
    said: list[tuple[int, Said]]
    end: Digest


class Watcher:
    """The process: a life begins with `begin` and has ended when `wait_for("dead")` returns.

    A life that ends by itself says so before "dead": then whoever waits fails with its last words.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.wait_for("ready")

    def begin(self) -> int:
        """Begin a life and return the number of its process."""
        assert self._process.stdin is not None
        self._process.stdin.write("live\n")
        self._process.stdin.flush()
        return int(self._line())

    def wait_for(self, word: str) -> None:
        while (line := self._line()) != word:
            assert line == "tick", f"said instead of {word}: {line or 'nothing more'}"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_watcher_killed_anywhere_ends_as_an_undisturbed_one(
    settings: Settings, seed: int
) -> None:
    settings.NETWORKS = networks("base", confirmations=CONFIRMATIONS)
    company = Company.founded("base", registers=True)
    world = World(seed, settings.NETWORKS["base"], now=datetime.now(UTC))
    history = happened(company, world)
    node = WorldNode(world.network, history.views[0])

    with served(node), running(node) as watcher:
        dice = random.Random(seed)
        for life in range(KILLS):
            show(node, history, company, from_life=life)
            kill_later(node, watcher.begin(), dice)
            watcher.wait_for("dead")
        show(node, history, company, from_life=KILLS)
        last = watcher.begin()
        for _ in range(TICKS):
            watcher.wait_for("tick")
        os.kill(last, signal.SIGKILL)
        watcher.wait_for("dead")

    assert differences(digest(company), history.end) == []


def happened(company: Company, world: World) -> History:
    """Let it all happen, with nobody watching but one who sees the end; no row of it stays."""
    with clock_of(world), transaction.atomic():
        run = Run.begun(company, world, Weather(fork_depth=4))
        said: list[tuple[int, Said]] = []
        for step in schedule(world.seed, 40, WORDS):
            run.take(step)
            said += [(len(world.past), each) for each in run.said[len(said) :]]
        world.come_to_rest()
        transaction.set_rollback(True)
    with clock_of(world), transaction.atomic():
        end = undisturbed(run)
        transaction.set_rollback(True)
    return History(world.past, said, end)


def show(node: WorldNode, history: History, company: Company, *, from_life: int) -> None:
    """Let the world be as far as in this life, and people have said what they had by then."""
    views = history.views
    count = len(views)
    now, before = (max(0, life) * count // KILLS for life in (from_life, from_life - 1))
    node.view = views[min(now, count - 1)]
    for when, said in history.said:
        if before < when <= now:
            company.name(said.payout, said.tx_hash, replaces=said.replaces)


def kill_later(node: WorldNode, pid: int, dice: random.Random) -> None:
    """Kill it a moment after it was answered so many times: mostly while it writes."""
    left, delay_s = dice.randint(1, 15), dice.random() * 0.04

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            threading.Timer(delay_s, kill).start()

    def kill() -> None:
        hopeless.cancel()
        os.kill(pid, signal.SIGKILL)

    hopeless = threading.Timer(LONGEST_LIFE_S, kill)
    hopeless.start()
    node.after_request = count


@contextmanager
def running(node: WorldNode) -> Iterator[Watcher]:
    """A nursery of watchers of this node, with the settings of an operator."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.simulator.watcher", "base"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "billing.settings",
            "DATABASE_URL": database_url(),
            "BASE_RPC_URLS": node.url,
            "BASE_CONFIRMATIONS": str(CONFIRMATIONS),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Watcher(process)
    finally:
        node.after_request = lambda: None
        process.kill()
        process.wait()
