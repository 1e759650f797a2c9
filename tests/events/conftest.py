"""Events that are numbered and sealed, and heads that no other test sees."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from billing.callers import system
from billing.chains import Environment
from events import sealing
from events.services import assign_sequences, publish
from events.stored import Place
from organizations.models import Organization

Told = Callable[..., Place]


@pytest.fixture(autouse=True)
def head_file(settings: Settings, tmp_path: Path) -> Path:
    settings.AUDIT_HEAD_FILE = tmp_path / "audit-heads.jsonl"
    return tmp_path / "audit-heads.jsonl"


@pytest.fixture
def told(acme: Organization) -> Told:
    """`told(n)`: n more events of acme's sandbox, numbered and, unless said otherwise, sealed."""

    def make(many: int, *, is_sealed: bool = True, organization: Organization = acme) -> Place:
        caller = system(organization.id, Environment.SANDBOX)
        with transaction.atomic():
            for n in range(many):
                publish(caller, "payout.created", f"po_{n}", {"note": f"number {n}"})
        assign_sequences()
        if is_sealed:
            sealing.seal()
        return Place(organization.id, "sandbox")

    return make
