"""A simulated chain that was moved ahead has blocks of a time to come. Pages show them too."""

from datetime import timedelta

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils import timezone

from organizations.models import Organization, User
from payouts.models import Settlement
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.reconciliation.rows import a_settlement, put_in

BOOKS = "/admin/reconciliation/reconciliationrun/"


def from_tomorrow(acme: Organization) -> Settlement:
    stray = a_settlement(acme, block_time=timezone.now() + timedelta(days=1))
    put_in([], [stray])
    return stray


def test_money_that_left_tomorrow_is_work_today(acme: Organization, otto: User, desk: Desk) -> None:
    from_tomorrow(acme)

    page = text_of(desk(otto, "sandbox").get(BOOKS))

    assert "Money left with no payout behind it" in page
    assert "The two sides agree" not in page


def test_its_age_is_not_below_zero_and_it_says_where_the_money_went(
    acme: Organization, otto: User, desk: Desk
) -> None:
    stray = from_tomorrow(acme)

    url = reverse("admin:reconciliation_exception", args=[quote(stray.id)])
    page = text_of(desk(otto, "sandbox").get(url))

    assert "· 0 s" in page
    assert f"On Base To {stray.to_address}" in page
