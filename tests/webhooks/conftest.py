"""A receiver on this machine, endpoints that point to it, and events to tell."""

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from pytest_django import Settings

from billing.callers import Caller, system
from billing.chains import Environment
from events.models import Event
from events.services import publish
from organizations.models import Organization
from tests.webhooks.receiver import Receiver, receiving
from webhooks import endpoints
from webhooks.endpoints import NewEndpoint
from webhooks.guard import vetted
from webhooks.models import Endpoint

MakeEndpoint = Callable[..., Endpoint]
Happen = Callable[..., list[Event]]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """Somebody who listens on this machine, as the operator allows."""
    with receiving() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [receiver.host]
        yield receiver


@pytest.fixture
def caller(acme: Organization) -> Caller:
    """Acme in the sandbox, where plain http may be told."""
    return system(acme.id, Environment.SANDBOX)


@pytest.fixture
def endpoint_at(receiver: Receiver) -> MakeEndpoint:
    """`endpoint_at(caller, "/orders", events=("payout.settled",))`: registered, and active.

    Unasked, it wants `payout.created` alone, so that a test's events are all it is told.
    """

    def make(
        caller: Caller, path: str = "/", *, events: tuple[str, ...] = ("payout.created",)
    ) -> Endpoint:
        url = vetted(receiver.url(path), caller.environment)
        return endpoints.create(caller, NewEndpoint(url, events))[0]

    return make


@pytest.fixture
def happen() -> Happen:
    """`happen(caller, 3)`: so many events, in this order; they have no number yet."""

    def make(caller: Caller, count: int = 1, type_: str = "payout.created") -> list[Event]:
        with transaction.atomic():
            return [publish(caller, type_, f"po_{n}", {"n": n}) for n in range(count)]

    return make
