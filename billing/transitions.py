"""How a transition of a row's status is declared, with the types of its method kept."""

from collections.abc import Callable, Iterable
from typing import ParamSpec, cast

from django.db.models import TextChoices
from django_fsm import transition

P = ParamSpec("P")


def moves(
    source: TextChoices | Iterable[TextChoices], target: TextChoices
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Mark a model's method as the transition of its `status` from `source` to `target`."""
    sources = [source] if isinstance(source, TextChoices) else list(source)
    return cast(
        "Callable[[Callable[P, None]], Callable[P, None]]",
        transition("status", source=[each.value for each in sources], target=target.value),
    )
