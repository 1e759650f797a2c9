"""People at the admin: `desk(jon)` is a browser without pictures in which Jon is logged in."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from pytest_django import Settings

from organizations import services
from organizations.models import Organization, User
from tests.payouts.making import People

Desk = Callable[..., Client]


@pytest.fixture
def live(settings: Settings) -> None:
    """Arbitrum and Base have a node, Tron has none; nobody asks them, tests write the facts."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",)) if name != "tron" else row
        for name, row in settings.NETWORKS.items()
    }


@pytest.fixture
def people(live: None, acme: Organization, mara: User, jon: User, otto: User, ada: User) -> People:
    """Acme's people in live: Mara prepares, Jon approves, Otto operates, Ada administers."""
    return People.of(acme, "live", mara, jon, otto, ada)


@pytest.fixture
def strangers(live: None, zenith: Organization, zoe: User) -> People:
    """The stranger's people: Zoe does everything but approve what she made, which Zak does."""
    zak = services.create_staff("zak@example.com", organization=zenith, role="approver")
    return People.of(zenith, "live", zoe, zak, zoe, zoe)


@pytest.fixture
def desk() -> Desk:
    """`desk(jon, environment="live", organization=None)`: a client with that person logged in."""

    def sit(
        user: User, environment: str = "live", organization: Organization | None = None
    ) -> Client:
        client = Client()
        client.force_login(user)
        session = client.session
        session["environment"] = environment
        if organization is not None:
            session["organization_id"] = organization.id
        session.save()
        return client

    return sit
