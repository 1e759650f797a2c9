"""Closed periods in the admin."""

from datetime import timedelta

from django.utils import timezone

from organizations.models import User
from reconciliation.models import Period
from tests.admin.conftest import Desk
from tests.admin.reading import page_of, text_of
from tests.admin.test_books import short_paid
from tests.payouts.making import People

PERIODS = "/admin/reconciliation/period/"
YESTERDAY = (timezone.now() - timedelta(days=1)).date().isoformat()


def test_an_admin_closes_and_reads_it(people: People, ada: User, desk: Desk) -> None:
    client = desk(ada)

    client.post(f"{PERIODS}new/", {"last": YESTERDAY, "reason": ""})

    page = text_of(client.get(page_of(Period.objects.get())))
    assert "the entries still give it" in page
    assert str(ada) in text_of(client.get(PERIODS))


def test_what_is_refused_is_said(people: People, ada: User, desk: Desk) -> None:
    client = desk(ada)
    for last in ("9999-12-31", "2999-01-01", "no day"):
        answer = client.post(f"{PERIODS}new/", {"last": last})
        assert "A period ends after" in text_of(answer) or "error" in answer.content.decode()
    assert not Period.objects.exists()


def test_only_an_admin_may(people: People, otto: User, desk: Desk) -> None:
    short_paid(people)

    assert desk(otto).post(f"{PERIODS}new/", {"last": YESTERDAY}).status_code == 403
    assert "No period is closed yet" in text_of(desk(otto).get(PERIODS))


def test_anothers_is_not_found(
    people: People, ada: User, zoe: User, strangers: People, desk: Desk
) -> None:
    desk(ada).post(f"{PERIODS}new/", {"last": YESTERDAY})

    assert desk(zoe).get(page_of(Period.objects.get())).status_code == 404
