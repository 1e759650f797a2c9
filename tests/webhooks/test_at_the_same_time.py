"""Acts on one endpoint at the same time, each in a thread of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from billing.callers import Caller, system
from billing.chains import Environment
from billing.errors import BillingError
from events.models import Event
from events.services import assign_sequences
from organizations.services import create_organization
from tests.webhooks.conftest import Happen
from webhooks import endpoints
from webhooks.endpoints import NewEndpoint
from webhooks.feeding import feed
from webhooks.guard import vetted
from webhooks.models import Delivery, Endpoint
from webhooks.secrets import in_signing_order

ROUNDS = 12


@pytest.fixture
def everywhere(transactional_db: None, settings: Settings) -> Caller:
    """Acme in the sandbox, seen by every connection."""
    settings.WEBHOOK_ALLOWED_HOSTS = ["receiver.example"]
    return system(create_organization("Acme GmbH").id, Environment.SANDBOX)


def create(caller: Caller) -> tuple[Endpoint, str]:
    url = vetted("https://receiver.example/hooks", caller.environment)
    return endpoints.create(caller, NewEndpoint(url, ["payout.created"]))


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run every act in a thread of its own, all let go together; the outcome or the refusal."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            gate.wait(10)
            return act()
        except BillingError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_many_rotations_at_once_one_is_made(everywhere: Caller) -> None:
    for _ in range(ROUNDS):
        endpoint, old = create(everywhere)

        outcomes = at_once(*[partial(endpoints.rotate, everywhere, endpoint.id)] * 6)

        won = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
        assert len(won) == 1
        assert outcomes.count("rotation_running") == 5
        row = Endpoint.objects.get(id=endpoint.id)
        assert in_signing_order(row, timezone.now()) == [won[0][1], old]
        assert Event.objects.filter(resource_id=row.id, type="webhook.rotated").count() == 1


def test_a_rotation_and_a_confirmation_at_once_never_lose_a_secret_in_use(
    everywhere: Caller,
) -> None:
    """Whichever is first: the secret that was new signs on, and what the rotation answered is kept.

    The confirmation ends the first rotation. The second one then may begin, or came too early.
    """
    for _ in range(ROUNDS):
        endpoint, _ = create(everywhere)
        _, second = endpoints.rotate(everywhere, endpoint.id)

        rotated, confirmed = at_once(
            partial(endpoints.rotate, everywhere, endpoint.id),
            partial(endpoints.confirm, everywhere, endpoint.id),
        )

        order = in_signing_order(Endpoint.objects.get(id=endpoint.id), timezone.now())
        assert isinstance(confirmed, Endpoint)
        if isinstance(rotated, tuple):
            assert order == [rotated[1], second]
        else:
            assert rotated == "rotation_running"
            assert order == [second]


def test_after_a_deletion_at_the_same_time_nothing_is_rotated_or_told(everywhere: Caller) -> None:
    for _ in range(ROUNDS):
        endpoint, _ = create(everywhere)

        at_once(
            partial(endpoints.delete, everywhere, endpoint.id),
            partial(endpoints.rotate, everywhere, endpoint.id),
            partial(endpoints.confirm, everywhere, endpoint.id),
            partial(endpoints.update, everywhere, endpoint.id, {"description": "Shop"}),
        )

        told = Event.objects.filter(resource_id=endpoint.id).order_by("created_at")
        types = list(told.values_list("type", flat=True))
        assert types[-1] == "webhook.deleted"
        assert types.count("webhook.deleted") == 1


def test_a_feed_at_the_same_time_leaves_nothing_owed_to_a_deleted_endpoint(
    everywhere: Caller, happen: Happen
) -> None:
    for _ in range(ROUNDS):
        endpoint, _ = create(everywhere)
        happen(everywhere, 20)
        assign_sequences()

        at_once(feed, partial(endpoints.delete, everywhere, endpoint.id), feed)

        owed = Delivery.objects.filter(endpoint=endpoint)
        assert set(owed.values_list("status", flat=True)) <= {"canceled"}


def test_enabling_and_disabling_at_once_tell_what_each_of_them_did(everywhere: Caller) -> None:
    for _ in range(ROUNDS):
        endpoint, _ = create(everywhere)

        at_once(
            *[partial(endpoints.disable, everywhere, endpoint.id)] * 3,
            *[partial(endpoints.enable, everywhere, endpoint.id)] * 3,
        )

        told = Event.objects.filter(resource_id=endpoint.id).order_by("created_at")
        types = list(told.values_list("type", flat=True))[1:]
        assert types == (["webhook.disabled", "webhook.enabled"] * 3)[: len(types)]
        last = types[-1].removeprefix("webhook.") if types else "enabled"
        assert Endpoint.objects.get(id=endpoint.id).status == {
            "enabled": "active", "disabled": "disabled",
        }[last]  # fmt: skip
