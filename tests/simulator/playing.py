"""Plays schedules, holds the end state against that of an undisturbed watcher, makes them small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from payouts import outflows
from tests.simulator.checks import Checks, check_end
from tests.simulator.company import Company
from tests.simulator.digest import Digest, differences, digest, without_unproven
from tests.simulator.nodes import HONEST
from tests.simulator.running import OPENING, WORDS, Run, Step, Weather, clock_of, schedule
from tests.simulator.world import Lags, World

MOST_TICKS = 24


@dataclass(frozen=True)
class Property:
    """One kind of schedule: how it begins, how long it is, of which steps, weather and forks.

    With `is_bounded_by_rule` no fork replaces what is final by the network's rule, else none
    replaces what is finalized. Unless it `heals`, nodes lie and fail to the very end.
    """

    length: int = 24
    words: Mapping[str, int] = field(default_factory=lambda: WORDS)
    opening: Sequence[str] = OPENING
    weather: Weather = field(default_factory=Weather)
    is_bounded_by_rule: bool = True
    heals: bool = True


@dataclass(frozen=True, slots=True)
class Played:
    """What is wrong with the end state of a schedule, a line each, and how often it was killed."""

    wrong: Sequence[str]
    kills: int = 0


def play(company: Company, prop: Property, seed: int, steps: Sequence[Step]) -> Played:
    """Play one schedule and say what is wrong with its end state.

    Everything is rolled back. Raises AssertionError for what must hold at every step.
    """
    world = World(
        seed,
        settings.NETWORKS[company.chain],
        Lags(),
        is_bounded_by_rule=prop.is_bounded_by_rule,
    )
    with clock_of(world):
        with transaction.atomic():
            run = Run.begun(company, world, prop.weather)
            found = _played(run, steps, heals=prop.heals)
            transaction.set_rollback(True)
        with transaction.atomic():
            expected = undisturbed(run)
            check_end(expected, world)
            transaction.set_rollback(True)
    if not prop.heals:
        found = without_unproven(found, expected)
    return Played(differences(found, expected), run.kills)


def assert_holds(company: Company, prop: Property, seed: int) -> int:
    """Play the schedule of a seed; return how often its watcher was killed.

    Where it fails, says the smallest part of it that fails too.
    """
    steps = schedule(seed, prop.length, prop.words, prop.opening)
    played = _played_safely(company, prop, seed, steps)
    if played.wrong:
        least = _least(company, prop, seed, steps)
        wrong = _played_safely(company, prop, seed, least).wrong
        raise AssertionError("\n".join([f"seed {seed}", *map(str, least), *wrong]))
    return played.kills


def _played_safely(company: Company, prop: Property, seed: int, steps: Sequence[Step]) -> Played:
    try:
        return play(company, prop, seed, steps)
    except AssertionError as broken:
        return Played([str(broken)[:500] or "an assertion"])


def _least(company: Company, prop: Property, seed: int, steps: Sequence[Step]) -> list[Step]:
    """Leave out what can be left out while it still fails: halves first, then single steps."""
    least, size = list(steps), max(1, len(steps) // 2)
    while size:
        for start in range(len(least) - size, -1, -size):
            fewer = least[:start] + least[start + size :]
            if _played_safely(company, prop, seed, fewer).wrong:
                least = fewer
        size //= 2
    return least


def _played(run: Run, steps: Sequence[Step], *, heals: bool) -> Digest:
    checks = Checks(run)
    for step in steps:
        run.take(step)
        if "tick" in step[0]:
            checks.after_a_step()
    if heals:
        for node in run.nodes:
            node.fault = HONEST
    _settle_down(run)
    _until_quiet(run, checks)
    checks.at_the_end()
    return digest(run.company)


def _settle_down(run: Run) -> None:
    """Let what can be mined be mined, lose the rest for ever, and let all of it become final."""
    world = run.world
    depth = world.come_to_rest()
    run.take(("tick", 0))
    if any(tx_hash not in world.branch.places for tx_hash in {s.tx_hash for s in run.said}):
        # Longer than any transaction can live, after a reorganization too.
        world.pass_time(world.network.not_found_limit + timedelta(hours=1))
        world.mine(depth)


def _until_quiet(run: Run, checks: Checks | None = None) -> None:
    """Tick, hour by hour, so that whatever waits is due, until a tick changes nothing.

    Where a node still lies, the tick that asks it first may learn nothing: then one that begins
    with each of the nodes changes nothing.
    """
    wanted, quiet = len(run.nodes) if any(n.fault is not HONEST for n in run.nodes) else 1, 0
    for _ in range(MOST_TICKS):
        run.world.pass_time(timedelta(minutes=61))
        quiet = quiet + 1 if run.quiet_tick(run.nodes) else 0
        if checks is not None:
            checks.after_a_step()
        if quiet == wanted:
            break
    outflows.catch_up(run.company.people.admin)


def undisturbed(run: Run) -> Digest:
    """The end state of a watcher that was told the same and saw only the final chain."""
    world, end = run.world, run.world.now
    watcher = Run(run.company, world, Weather(), run.stories)
    for said in run.said:
        world.now = said.at
        run.company.name(said.payout, said.tx_hash, replaces=said.replaces)
    world.now = end
    _until_quiet(watcher)
    return digest(run.company)
