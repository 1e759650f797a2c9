"""Who subscribes to what, when they pay and what they ask for: drawn from a seed, known before."""

import random
from dataclasses import dataclass

ACTS = ("pause", "resume", "cancel", "cancel_immediately")
INTERVALS = ("monthly", "monthly", "monthly", "weekly", "weekly", "yearly", "daily")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")


@dataclass(frozen=True)
class Story:
    """One customer. `acts` has, by tick, what is asked for then; ticks are days, about."""

    seed: int
    number: int
    interval: str
    count: int
    trial_days: int
    zone: str
    price_atomic: int
    begins: int
    acts: dict[int, str]

    def pays_after(self, renewal: int, attempt: int) -> int | None:
        """So many ticks after it was asked for it is paid; None: never."""
        dice = random.Random(f"pays {self.seed} {self.number} {renewal} {attempt}")
        return dice.choices([0, 1, 2, None], [5, 3, 1, 2])[0]


def stories(seed: int, size: int, ticks: int) -> list[Story]:
    """As many customers, of whom some never ask for anything."""
    dice = random.Random(f"stories {seed}")
    return [_story(dice, seed, number, ticks) for number in range(size)]


def _story(dice: random.Random, seed: int, number: int, ticks: int) -> Story:
    interval = dice.choice(INTERVALS)
    begins = dice.randrange(0, ticks // 3)
    acts: dict[int, str] = {}
    for _ in range(dice.choice([0, 0, 2, 4])):
        acts[dice.randrange(begins + 1, ticks)] = dice.choices(ACTS, [4, 5, 1, 1])[0]
    return Story(
        seed=seed,
        number=number,
        interval=interval,
        count=dice.choice([1, 1, 2]) if interval != "daily" else dice.choice([1, 3]),
        trial_days=dice.choice([0, 0, 7, 14]),
        zone=dice.choice(ZONES),
        price_atomic=1_000_000 * dice.randrange(1, 50),
        begins=begins,
        acts=acts,
    )
