"""Live chains that are configured, though nobody asks them: tests write the facts themselves."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from organizations.models import Organization, User
from tests.payouts.making import People


@pytest.fixture
def live(settings: Settings) -> None:
    """Arbitrum and Base have a node, Tron has none."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",)) if name != "tron" else row
        for name, row in settings.NETWORKS.items()
    }


@pytest.fixture
def people(live: None, acme: Organization, mara: User, jon: User, otto: User, ada: User) -> People:
    """Acme's people in live: Mara prepares, Jon approves, Otto operates, Ada administers."""
    return People.of(acme, "live", mara, jon, otto, ada)


@pytest.fixture
def sandboxed(acme: Organization, mara: User, jon: User, otto: User, ada: User) -> People:
    return People.of(acme, "sandbox", mara, jon, otto, ada)


@pytest.fixture
def strangers(live: None, zenith: Organization, zoe: User) -> People:
    return People.of(zenith, "live", zoe, zoe, zoe, zoe)
