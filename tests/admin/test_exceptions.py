"""The page of one exception, and the work filtered: whose, what, where, how old."""

import pytest
from django.contrib.admin.utils import quote
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from organizations.models import User
from payouts.models import PayoutIntent
from reconciliation.models import Case
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.admin.test_books import BOOKS, short_paid
from tests.payouts.making import People, make_payout


def at(subject_id: str, name: str = "exception") -> str:
    return reverse(f"admin:reconciliation_{name}", args=[quote(subject_id)])


def settlement_id(payout: PayoutIntent) -> str:
    assert payout.settlement_id is not None
    return str(payout.settlement_id)


def test_it_says_what_is_open_and_what_can_be_done(people: People, otto: User, desk: Desk) -> None:
    payout = short_paid(people)

    page = text_of(desk(otto).get(at(settlement_id(payout))))

    assert "Nobody looks after it yet." in page
    assert "Resolve… Top up…" in page
    assert "Was meant 500.00 USDC Arrived 499.50 USDC Difference -0.50 USDC" in page


def test_it_is_taken_and_then_given_away(people: People, otto: User, ada: User, desk: Desk) -> None:
    subject, client = settlement_id(short_paid(people)), desk(otto)

    taken = client.post(at(subject, "assign"), {"owner": otto.id, "was": ""}, follow=True)
    assert f"Looked after by {otto} ." in text_of(taken)
    stale = client.post(at(subject, "assign"), {"owner": ada.id, "was": ""}, follow=True)

    assert "meanwhile" in text_of(stale)
    assert Case.objects.get().owner == otto


def test_a_note_stays_on_its_page(people: People, mara: User, desk: Desk) -> None:
    subject = settlement_id(short_paid(people))

    page = desk(mara).post(at(subject, "note"), {"text": "Asked <them>."}, follow=True)

    assert "Asked <them>." in text_of(page)
    assert "Take it" not in text_of(page)


def test_a_viewer_reads_and_no_more(people: People, vera: User, desk: Desk) -> None:
    subject, client = settlement_id(short_paid(people)), desk(vera)

    page = text_of(client.get(at(subject)))

    assert "Keep the note" not in page
    assert "Resolve…" not in page
    assert client.post(at(subject, "assign"), {"owner": vera.id}).status_code == 403
    assert client.post(at(subject, "note"), {"text": "Mine"}).status_code == 403
    assert client.post(at(subject, "top_up"), {"note": "Mine"}).status_code == 403


def test_a_top_up_is_said_then_drafted(people: People, otto: User, desk: Desk) -> None:
    payout = short_paid(people)
    client, url = desk(otto), at(settlement_id(payout), "top_up")

    asked = text_of(client.get(url))
    made = text_of(client.post(url, {"note": "Owed."}, follow=True))

    assert "Pays 0.50 USDC On Arbitrum One" in asked
    assert "The draft is made, and what it tops up is resolved." in made
    draft = PayoutIntent.objects.exclude(pk=payout.pk).get()
    assert (draft.amount_atomic, draft.status) == (500_000, "draft")
    page = text_of(client.get(at(settlement_id(payout))))
    assert f"Topped up by {draft.pk}" in page
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("name", ["exception", "assign", "note", "top_up"])
def test_a_strangers_is_not_found(
    people: People, strangers: People, otto: User, desk: Desk, name: str
) -> None:
    theirs = make_payout(strangers, "settled")
    for subject in (settlement_id(theirs), theirs.id, "stl_none", "po_none"):
        assert desk(otto).post(at(subject, name), {"note": "x"}).status_code == 404


def test_the_work_is_filtered(people: People, otto: User, desk: Desk) -> None:
    subject, client = settlement_id(short_paid(people)), desk(otto)
    shown, hidden = "Another amount", "Nothing open is like that"

    assert shown in text_of(client.get(BOOKS, {"whose": "nobody", "chain": "arbitrum"}))
    client.post(at(subject, "assign"), {"owner": otto.id, "was": ""})

    assert shown in text_of(client.get(BOOKS, {"whose": "mine", "kind": "discrepancy"}))
    for query in (
        {"whose": "nobody"},
        {"kind": "unexpected"},
        {"kind": "reversed"},
        {"chain": "tron"},
        {"older_than": "1"},
    ):
        assert hidden in text_of(client.get(BOOKS, query)), query
    assert shown in text_of(client.get(BOOKS, {"whose": "\x00", "older_than": "-9", "chain": "x"}))


def test_the_desk_takes_few_queries(people: People, otto: User, desk: Desk) -> None:
    short_paid(people)
    client = desk(otto)
    with CaptureQueriesContext(connection) as few:
        client.get(BOOKS)
    for _ in range(3):
        case = settlement_id(short_paid(people))
        client.post(at(case, "assign"), {"owner": otto.id, "was": ""})

    with CaptureQueriesContext(connection) as more:
        client.get(BOOKS)

    assert len(more) == len(few) <= 10
