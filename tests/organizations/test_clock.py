"""The time of an organization: the wall clock, and in the sandbox what it was moved ahead."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.errors import InvalidRequest
from organizations import clock
from organizations.models import Organization, SandboxClock
from tests.checkouts.making import at_once

pytestmark = pytest.mark.django_db
A_MOMENT = timedelta(seconds=5)


def test_it_is_the_wall_clock_until_it_is_moved(acme: Organization) -> None:
    assert abs(clock.now(acme.id, "sandbox") - timezone.now()) < A_MOMENT
    assert clock.ahead(acme.id, "sandbox") == timedelta(0)


def test_it_moves_the_sandbox_of_one_organization_and_nothing_in_live(
    acme: Organization, zenith: Organization, django_assert_num_queries
) -> None:
    clock.advance(acme.id, timedelta(days=30))

    assert clock.advance(acme.id, timedelta(hours=6)) == timedelta(days=30, hours=6)
    moved = clock.now(acme.id, "sandbox") - timezone.now()
    assert abs(moved - timedelta(days=30, hours=6)) < A_MOMENT
    assert clock.ahead(zenith.id, "sandbox") == timedelta(0)
    with django_assert_num_queries(0):
        assert abs(clock.now(acme.id, "live") - timezone.now()) < A_MOMENT


@pytest.mark.parametrize(
    "by", [timedelta(0), timedelta(seconds=-1), timedelta(days=366, seconds=1)]
)
def test_it_moves_ahead_only_and_by_a_year_at_most(acme: Organization, by: timedelta) -> None:
    with pytest.raises(InvalidRequest) as refused:
        clock.advance(acme.id, by)

    assert refused.value.code == "too_far_ahead"
    assert not SandboxClock.objects.exists()


def test_it_is_ten_years_ahead_at_most(acme: Organization) -> None:
    SandboxClock.objects.create(organization=acme, ahead=timedelta(days=3_651))

    with pytest.raises(InvalidRequest) as refused:
        clock.advance(acme.id, timedelta(days=2))

    assert refused.value.code == "too_far_ahead"
    assert clock.advance(acme.id, timedelta(days=1)) == timedelta(days=3_652)
    with pytest.raises(IntegrityError), transaction.atomic():
        SandboxClock.objects.update(ahead=timedelta(days=3_653))


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_add_up(acme: Organization) -> None:
    at_once([lambda: clock.advance(acme.id, timedelta(days=1))] * 8)

    assert clock.ahead(acme.id, "sandbox") == timedelta(days=8)
