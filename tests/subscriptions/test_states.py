"""The states of subscriptions and renewals, as the code and the database hold them alike."""

import re
from pathlib import Path

import pytest
from django_fsm import Transition

from subscriptions.models import Renewal, Subscription
from subscriptions.states import EDGES, RENEWAL_EDGES

SQL = Path("subscriptions/migrations/0002_refuse_illegal_edges.py").read_text()


def edges_of(model: type[Subscription | Renewal]) -> set[tuple[str, str]]:
    """Every edge that some transition of the model goes along."""
    field = model._meta.get_field("status")
    found: set[tuple[str, str]] = set()
    for each in field.get_all_transitions(model):
        assert isinstance(each, Transition)
        found.add((str(each.source), str(each.target)))
    return found


@pytest.mark.parametrize(("model", "edges"), [(Subscription, EDGES), (Renewal, RENEWAL_EDGES)])
def test_the_transitions_are_the_edges(model, edges) -> None:
    assert edges_of(model) == {(source.value, target.value) for source, target in edges}


def test_the_triggers_hold_the_same_edges() -> None:
    written = set(re.findall(r"'(\w+)>(\w+)'", SQL))

    both = EDGES | RENEWAL_EDGES
    assert written == {(source.value, target.value) for source, target in both}
