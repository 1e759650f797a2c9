"""Settlements as files: the page that asks, and what is in them."""

import io
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from events.models import Event
from organizations.models import User
from payouts import services
from reconciliation import periods
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.admin.test_books import BOOKS, short_paid
from tests.payouts.making import People, make_payout

EXPORT = f"{BOOKS}export/"
ACCOUNTS = f"{BOOKS}accounts/"


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("format_", ["csv", "xlsx", "beancount", "journal"])
def test_every_format_has_what_settled(
    people: People, strangers: People, jon: User, desk: Desk, format_: str
) -> None:
    payout, theirs = short_paid(people), make_payout(strangers, "settled")

    answer = desk(jon).post(EXPORT, {"format": format_})
    body = body_of(answer)

    assert answer["Content-Disposition"].endswith(f'.{format_}"')
    if format_ == "xlsx":
        rows = list(load_workbook(io.BytesIO(body)).active.values)  # type: ignore[union-attr]
        assert (len(rows), rows[1][-1]) == (2, payout.settlement_id)
        assert [float(str(cell)) for cell in rows[1][4:7]] == [499.5, 500, -0.5]
    else:
        text = body.decode()
        assert str(payout.settlement_id) in text
        assert str(theirs.settlement_id) not in text
        assert "499.5" in text
    made = Event.objects.get(type="export.made")
    assert made.payload["data"]["format"] == format_
    assert made.payload["data"]["what"] == "settlements"


def test_only_what_was_asked_for(people: People, jon: User, desk: Desk) -> None:
    settled = make_payout(people, "settled").settlement
    assert settled is not None
    client, day = desk(jon), settled.block_time.date()

    def found(**asked: object) -> bool:
        body = body_of(client.post(EXPORT, {"format": "csv", **asked}))
        return settled.id.encode() in body

    assert found(first=day.isoformat())
    assert found(chain=settled.chain, token=settled.token)
    assert not found(chain="tron")
    assert not found(last="2001-01-01")


def test_an_empty_range_and_no_day_are_refused(people: People, jon: User, desk: Desk) -> None:
    client = desk(jon)

    backwards = client.post(EXPORT, {"format": "csv", "first": "2025-02-02", "last": "2025-01-01"})
    beyond = client.post(EXPORT, {"format": "csv", "last": "9999-12-31"})

    assert "The range must begin before it ends." in text_of(backwards)
    assert "No calendar has this day." in text_of(beyond)
    assert not Event.objects.filter(type="export.made").exists()


def test_the_page_says_whose_days(people: People, jon: User, desk: Desk) -> None:
    page = text_of(desk(jon).get(EXPORT))

    assert "Days and times are those of" in page
    assert "Export" in text_of(desk(jon).get(BOOKS))


def test_what_did_not_settle_is_a_sheet(people: People, jon: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")
    services.cancel(people.preparer, payout.id, reason="Sent twice by the shop.")
    client = desk(jon)

    body = body_of(client.post(EXPORT, {"what": "unsettled", "format": "csv"}))
    refused = client.post(EXPORT, {"what": "unsettled", "format": "beancount"})

    assert payout.id.encode() in body
    assert b"Sent twice by the shop." in body
    assert refused.status_code == 400
    assert "A ledger tells of money that moved." in text_of(refused)


def test_a_closed_period_is_a_choice(people: People, ada: User, desk: Desk) -> None:
    settlement = make_payout(people, "settled").settlement
    assert settlement is not None
    period = periods.close(people.admin, timezone.now())
    client = desk(ada)

    assert "from the beginning up to" in text_of(client.get(EXPORT))
    body = body_of(client.post(EXPORT, {"format": "csv", "period": period.id}))
    both = client.post(EXPORT, {"format": "csv", "period": period.id, "last": "2030-01-01"})

    assert settlement.id.encode() in body
    assert "Choose a period or days, not both." in text_of(both)


def test_accounts_are_named_by_an_admin(people: People, ada: User, otto: User, desk: Desk) -> None:
    named = {"payouts": "Expenses:4400"}

    wrong = desk(ada).post(ACCOUNTS, {"payouts": "Payouts"})
    right = desk(ada).post(ACCOUNTS, named, follow=True)
    theirs = desk(otto).post(ACCOUNTS, {"payouts": "Expenses:Mine"})

    assert "Payouts: an account is Assets, Liabilities" in text_of(wrong)
    assert "The next ledger file uses these names." in text_of(right)
    assert theirs.status_code == 403
    assert 'value="Expenses:4400"' in desk(otto).get(ACCOUNTS).content.decode()
