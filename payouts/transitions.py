"""How a transition of a payout's status is declared, with the types of its method kept."""

from collections.abc import Callable
from typing import ParamSpec, cast

from django_fsm import transition

from payouts.states import Status

P = ParamSpec("P")


def moves(
    source: Status | list[Status], target: Status
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Mark a method of PayoutIntent as the transition from `source` to `target`."""
    sources = [source] if isinstance(source, Status) else source
    return cast(
        "Callable[[Callable[P, None]], Callable[P, None]]",
        transition("status", source=[s.value for s in sources], target=target.value),
    )
