"""One schedule played: people, the chain, nodes and watchers act in an order that a seed chooses.

A schedule is a list of steps, each a word and a seed of its own, so that one can be left out and
the others stay what they were: that is how a failing schedule is made small.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from billing.errors import BillingError
from chainwatch.following import follow
from payouts import outflows
from payouts.verifying import verify
from tests.simulator.company import NODES, Company
from tests.simulator.faults import FAILINGS, LIES, Lagging
from tests.simulator.nodes import HONEST, Node
from tests.simulator.stories import Story, told_for
from tests.simulator.world import World

MOST_STATEMENTS = 70  # about as many as a pass with news makes
Step = tuple[str, int]
# How a schedule begins, so that there is something to follow from then on.
OPENING = ("send", "submit", "send", "submit", "mine", "tick")
# How often each word comes up after that.
WORDS = {
    "send": 3, "submit": 4, "mine": 8, "fork": 7, "drop": 1, "again": 1, "speed_up": 1,
    "name_replacement": 1, "outflow": 1, "wait": 2, "fault": 2, "heal": 1, "tick": 7,
    "tick_of_two": 2, "tick_while_moving": 3, "killed_tick": 2, "storm": 0,
    "lag": 0, "outlast": 0,
}  # fmt: skip


class Killed(BaseException):
    """The watcher is dead: no code of ours sees this coming, and none catches it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person told us, and when. The undisturbed watcher is told the same."""

    at: datetime
    payout: int
    tx_hash: str
    replaces: bool


@dataclass(frozen=True, slots=True)
class Weather:
    """What may happen in a schedule besides transactions, blocks and ticks.

    `fork_depth` is how deep forks are at most; what may be replaced at all, the world decides.
    `liars` are how many nodes may lie, `failing` how many may fail honestly besides.
    """

    fork_depth: int = 12
    liars: int = 0
    failing: int = NODES
    has_outflows: bool = True


@dataclass
class Run:
    """A company, a world and its nodes, while a schedule is played."""

    company: Company
    world: World
    weather: Weather
    stories: tuple[Story, ...]
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.nodes = [Node(self.world, f"node {number}") for number in range(NODES)]
        self.others = [Node(self.world, node.node) for node in self.nodes]
        self.kills = 0
        self._ticks = 0

    @classmethod
    def begun(cls, company: Company, world: World, weather: Weather) -> "Run":
        """Begin with a story for each payout; without registered wallets, each is named.

        A node that may lie does so from the beginning.
        """
        dice = random.Random(f"run {world.seed}")
        has_silent = company.has_registered and weather.has_outflows
        run = cls(company, world, weather, told_for(company, dice, has_silent=has_silent))
        for liar in run.nodes[: weather.liars]:
            liar.fault = dice.choice(LIES)(world, dice)
        return run

    def take(self, step: Step) -> None:
        word, seed = step
        act: Callable[[random.Random], None] = getattr(self, word)
        act(random.Random(seed))

    # --- people ---------------------------------------------------------------------------------

    def send(self, dice: random.Random) -> None:
        """Broadcast what pays one of the payouts, as its story has it."""
        unsent = [each for each in self.stories if each.is_sent and not each.transactions]
        for story in dice.sample(unsent, min(2, len(unsent))):
            transaction = self.world.signed(
                story.sender,
                story.moves,
                reverts_one_in=story.reverts_one_in,
                lifetime=timedelta(minutes=dice.choice((2, 60))),
            )
            story.transactions.append(transaction)
            self.world.broadcast(transaction)

    def submit(self, dice: random.Random) -> None:
        """Name the transaction for its payouts, once it is signed; or one that is none."""
        named = {each.payout for each in self.said}
        open_ones = [
            each
            for each in self.stories
            if not each.is_silent
            and each.payouts[0] not in named
            and (each.transactions or not each.is_sent)
        ]
        for story in dice.sample(open_ones, min(2, len(open_ones))):
            if not story.transactions:
                story.transactions.append(self.world.signed(story.sender, ()))
            for payout in story.payouts:
                self._name(payout, story.transactions[0].tx_hash, replaces=False)

    def speed_up(self, dice: random.Random) -> None:
        """Sign the same again with the same nonce, or something else: it cancels the first."""
        story = self._waiting_one(dice)
        if story is not None and self.world.network.is_evm:
            first = story.transactions[-1]
            moves = first.moves if dice.random() < 0.7 else ()
            story.transactions.append(self.world.replaced(first.tx_hash, moves))

    def name_replacement(self, dice: random.Random) -> None:
        story = dice.choice(self.stories)
        if len(story.transactions) > 1 and not story.is_silent:
            for payout in story.payouts:
                self._name(payout, story.transactions[-1].tx_hash, replaces=True)

    def drop(self, dice: random.Random) -> None:
        story = self._waiting_one(dice)
        if story is not None:
            self.world.drop(story.transactions[-1].tx_hash)

    def again(self, dice: random.Random) -> None:
        """Broadcast again what was dropped."""
        story = dice.choice(self.stories)
        if story.is_sent and story.transactions:
            last = story.transactions[-1]
            if last.tx_hash not in self.world.branch.places:
                self.world.broadcast(last)

    def outflow(self, dice: random.Random) -> None:
        """Send money from one of the wallets with no intent behind it."""
        if self.weather.has_outflows:
            move = self.stories[0].strange(dice)
            self.world.broadcast(self.world.signed(move.sender, [move]))

    def _waiting_one(self, dice: random.Random) -> Story | None:
        waiting = self.world.waiting
        found = [
            s for s in self.stories if s.transactions and s.transactions[-1].tx_hash in waiting
        ]
        return dice.choice(found) if found else None

    def _name(self, payout: int, tx_hash: str, *, replaces: bool) -> None:
        """A refusal is as good as an act: then nothing was said."""
        if any(each.payout == payout and each.tx_hash == tx_hash for each in self.said):
            return
        said = Said(self.world.now, payout, tx_hash, replaces)
        try:
            self.company.name(payout, tx_hash, replaces=replaces)
        except BillingError:
            return
        self.said.append(said)

    # --- the chain and its nodes ----------------------------------------------------------------

    def mine(self, dice: random.Random) -> None:
        self.world.mine(dice.choice((1, 1, 2, 2, 4)), chance=dice.choice((0.4, 0.8, 1.0)))

    def fork(self, dice: random.Random) -> None:
        depth = dice.randint(1, self.weather.fork_depth)
        length = max(0, depth + dice.choice((-2, -1, 0, 1, 1, 2)))
        self.world.fork(depth, length, chance=dice.choice((0.3, 0.7, 1.0)))

    def wait(self, dice: random.Random) -> None:
        self.world.pass_time(timedelta(minutes=dice.choice((1, 16, 70, 200))))

    def outlast(self, dice: random.Random) -> None:
        """Let more time pass than a transaction may be missing."""
        limit = self.world.network.not_found_limit
        self.world.pass_time(limit + timedelta(minutes=dice.choice((1, 61))))
        self.world.mine(2, chance=0.3)

    def fault(self, dice: random.Random) -> None:
        """Let one more node fail or lie, as far as the weather allows."""
        weather = self.weather
        if weather.liars and dice.random() < 0.8:
            liar = self.nodes[dice.randrange(weather.liars)]
            liar.fault = dice.choice(LIES)(self.world, dice)
        elif weather.failing:
            place = dice.randrange(weather.liars, min(NODES, weather.liars + weather.failing))
            self.nodes[place].fault = dice.choice(FAILINGS)(self.world, dice)

    def storm(self, dice: random.Random) -> None:
        """Let all that may fail do so at once, each in its own way."""
        weather = self.weather
        for node in self.nodes[weather.liars : weather.liars + weather.failing]:
            node.fault = dice.choice(FAILINGS)(self.world, dice)

    def lag(self, dice: random.Random) -> None:
        """Let all that may fail stand a little back: none knows the block that was seen last."""
        weather = self.weather
        for node in self.nodes[weather.liars : weather.liars + weather.failing]:
            node.fault = Lagging(self.world, dice, by=(1, 2))

    def heal(self, dice: random.Random) -> None:
        for node in self.nodes[self.weather.liars :]:
            node.fault = HONEST

    # --- watchers -------------------------------------------------------------------------------

    def tick(self, dice: random.Random, nodes: Sequence[Node] | None = None) -> None:
        """One pass of everything that the beat runs, the nodes asked in turn."""
        self.quiet_tick(nodes or self.nodes)

    def quiet_tick(self, nodes: Sequence[Node]) -> bool:
        """Make a pass and return whether it changed nothing."""
        self._ticks += 1
        turn = self._ticks % len(nodes)
        self.world.pass_time(timedelta(seconds=2))
        chain = self.company.chain
        passed = follow(chain, readers=[*nodes[turn:], *nodes[:turn]])
        news = [passed.seen, passed.final, passed.finalized, passed.orphaned, passed.found]
        verified = asdict(verify(chain)) | {"looked_at": 0}
        return not any([*news, *verified.values(), *asdict(outflows.find()).values()])

    def tick_of_two(self, dice: random.Random) -> None:
        """One watcher makes a whole pass while another waits for an answer that is on its way."""
        self._tick_with(dice, lambda: self.tick(dice, self.others))

    def tick_while_moving(self, dice: random.Random) -> None:
        """The chain moves on while an answer is on its way, and another watcher may see it."""

        def move() -> None:
            act = dice.choice((self.mine, self.fork, self.fork))
            act(dice)
            if dice.random() < 0.5:
                self.tick(dice, self.others)
            elif dice.random() < 0.5:
                self.killed_tick(dice, self.others)

        self._tick_with(dice, move)

    def killed_tick(self, dice: random.Random, nodes: Sequence[Node] | None = None) -> None:
        """The watcher is killed before one of its statements; what was committed stays."""
        left = dice.randint(1, MOST_STATEMENTS)

        def execute(run: Callable[..., Any], *args: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return run(*args)

        with connection.execute_wrapper(execute):
            try:
                self.tick(dice, nodes)
            except Killed:
                # What Django would have undone as a whole was one statement, and that never ran.
                transaction.set_rollback(False)
                self.kills += 1

    def _tick_with(self, dice: random.Random, meanwhile: Callable[[], None]) -> None:
        left = dice.randint(1, 6)

        def between() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                meanwhile()

        for node, other in zip(self.nodes, self.others, strict=True):
            node.between, other.fault = between, node.fault
        try:
            self.tick(dice)
        finally:
            for node in self.nodes:
                node.between = None


def schedule(
    seed: int,
    length: int,
    weights: Mapping[str, int] = WORDS,
    opening: Sequence[str] = OPENING,
) -> list[Step]:
    """The steps of a seed: the opening, and so many more."""
    dice = random.Random(f"schedule {seed}")
    words = [*opening, *dice.choices(list(weights), list(weights.values()), k=length)]
    return [(word, dice.getrandbits(32)) for word in words]


@contextmanager
def clock_of(world: World) -> Iterator[None]:
    """Let the world's clock be the one that the product reads."""
    real = timezone.now
    timezone.now = world.clock
    try:
        yield
    finally:
        timezone.now = real
