"""What becomes of each payout in the world: who pays it, how, and what goes wrong."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.simulator.company import PAYOUTS, Company, address
from tests.simulator.world import Move, Transaction


@dataclass(slots=True)
class Story:
    """One transaction, and what replaces it, for one payout or several.

    `is_sent` is False where the hash that is named is nobody's, `is_silent` is True where none is.
    """

    payouts: tuple[int, ...]
    sender: str
    moves: tuple[Move, ...]
    chain: str
    contracts: tuple[str, ...]
    reverts_one_in: int = 0
    is_sent: bool = True
    is_silent: bool = False
    transactions: list[Transaction] = field(default_factory=list)

    def strange(self, dice: random.Random) -> Move:
        """A move of the same wallet that nobody meant."""
        recipient = address(self.chain, f"stranger {dice.randrange(3)}")
        return Move(dice.choice(self.contracts), self.sender, recipient, dice.randint(1, 10**9))


def told_for(company: Company, dice: random.Random, *, has_silent: bool) -> tuple[Story, ...]:
    """Give every payout of the company a story."""
    kinds = [
        _paid, _paid, _paid, _paid, _paid_less, _reverting, _flaky, _astray, _other_token,
        _moving_nothing, _never_sent, _by_a_stranger, *([_silent] * 2 if has_silent else []),
    ]  # fmt: skip
    stories: list[Story] = []
    place = 0
    while place < PAYOUTS:
        if place + 1 < PAYOUTS and dice.random() < 0.2:
            stories.append(_story(company, dice, place, place + 1))
            place += 1
        else:
            kind: Callable[[Company, random.Random, int], Story] = dice.choice(kinds)
            stories.append(kind(company, dice, place))
        place += 1
    return tuple(stories)


def _story(company: Company, dice: random.Random, *places: int) -> Story:
    sender = dice.choice(company.sources)
    moves = tuple(
        Move(p.contract, sender, p.recipient_address, p.amount_atomic)
        for p in (company.payouts[place] for place in places)
    )
    contracts = tuple(sorted({payout.contract for payout in company.payouts}))
    return Story(places, sender, moves, company.chain, contracts)


def _paid(company: Company, dice: random.Random, place: int) -> Story:
    return _story(company, dice, place)


def _paid_less(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.moves = (replace(story.moves[0], amount_atomic=story.moves[0].amount_atomic - 1),)
    return story


def _reverting(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.reverts_one_in = 1
    return story


def _flaky(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.reverts_one_in = 2
    return story


def _astray(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.moves = (replace(story.moves[0], recipient=address(company.chain, "astray")),)
    return story


def _other_token(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    other = next(each for each in story.contracts if each != story.moves[0].contract)
    story.moves = (replace(story.moves[0], contract=other),)
    return story


def _moving_nothing(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.moves = ()
    return story


def _never_sent(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.is_sent = False
    return story


def _by_a_stranger(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.sender = address(company.chain, f"payer {place}")
    story.moves = (replace(story.moves[0], sender=story.sender),)
    return story


def _silent(company: Company, dice: random.Random, place: int) -> Story:
    story = _story(company, dice, place)
    story.is_silent = True
    return story
