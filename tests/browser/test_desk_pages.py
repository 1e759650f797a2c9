"""The reconciliation desk in a real browser: at a desk and on a phone, by day and by night."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from organizations.models import Organization, User
from reconciliation import cases, periods
from tests.admin.reading import page_of
from tests.admin.test_books import BOOKS, short_paid
from tests.browser.axe import violations
from tests.browser.conftest import Reader, picture
from tests.payouts.making import People

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = 360


@pytest.fixture
def paths(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> dict[str, str]:
    """Each page with something on it: an owner, a note, a closed period."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    people = People.of(acme, "live", mara, jon, otto, ada)
    short_paid(people)
    subject = str(short_paid(people).settlement_id)
    cases.assign(people.operator, subject, otto.id, was=None)
    cases.note(people.operator, subject, "The exchange says it took a fee of 0.1 %.")
    period = periods.close(
        people.admin, timezone.now() - timedelta(seconds=1), "We ask the exchange."
    )
    return {
        "desk": BOOKS,
        "exception": reverse("admin:reconciliation_exception", args=[quote(subject)]),
        "top-up": reverse("admin:reconciliation_top_up", args=[quote(subject)]),
        "export": reverse("admin:reconciliation_export"),
        "periods": reverse("admin:reconciliation_period_changelist"),
        "period": page_of(period),
        "close-period": reverse("admin:reconciliation_period_new"),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, PHONE])
def test_every_page_fits_and_says_itself(
    reader: Reader, paths: dict[str, str], ada: User, width: int, scheme: str
) -> None:
    page = reader(ada, "live", width=width, scheme=scheme)
    for name, path in paths.items():
        answer = page.goto(path)
        assert answer is not None and answer.ok, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        picture(page, f"{name}-{'phone' if width == PHONE else 'wide'}-{scheme}")
        assert violations(page) == [], name
