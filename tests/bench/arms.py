"""Arms: the ways of doing one thing that are compared, measured in turns within one run."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(
    arms: Mapping[str, Callable[[], float]], rounds: int, *, warm_up: int = 1
) -> dict[str, list[float]]:
    """Run every arm once a round, the order turned each round; return what each arm answered.

    Turns are the point: a noisy neighbour or a slow minute then falls on every arm alike.
    """
    answers: dict[str, list[float]] = {name: [] for name in arms}
    names = list(arms)
    for number in range(-warm_up, rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            answer = arms[name]()
            if number >= 0:
                answers[name].append(answer)
    return answers


def seconds(act: Callable[[], object]) -> Callable[[], float]:
    """Return an arm that answers how long `act` took, garbage collection kept out of it."""

    def timed() -> float:
        gc.collect()
        gc.disable()
        begun = time.perf_counter()
        act()
        taken = time.perf_counter() - begun
        gc.enable()
        return taken

    return timed


def ratio(answers: Mapping[str, list[float]], ours: str, rival: str) -> float:
    """Return the median over rounds of ours ÷ rival, each pair taken from the same round."""
    pairs = zip(answers[ours], answers[rival], strict=True)
    return statistics.median(a / b for a, b in pairs)
