"""The page of one exception, and the work filtered: whose, what, where, how old."""

from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from organizations.models import User
from payouts import outflows
from payouts.models import PayoutIntent
from reconciliation import services
from reconciliation.models import Case
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.admin.test_books import BOOKS, short_paid
from tests.payouts.making import OTHER_RECIPIENT, People, a_hash, make_payout, mined, moved
from tests.payouts.outgoing import a_source
from tests.reconciliation.rows import a_payout, a_settlement, put_in
from tests.reconciliation.test_wallet_books import scanned, told


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


def a_stray(people: People) -> None:
    """Money that left the source wallet, and no payout is behind it."""
    mined(a_hash(), moved(7_000_000, to=OTHER_RECIPIENT))
    outflows.catch_up(people.operator)


def test_the_desk_takes_few_queries(people: People, otto: User, desk: Desk) -> None:
    a_source(people)
    short_paid(people)
    a_stray(people)
    client = desk(otto)
    with CaptureQueriesContext(connection) as few:
        client.get(BOOKS)
    for _ in range(3):
        case = settlement_id(short_paid(people))
        client.post(at(case, "assign"), {"owner": otto.id, "was": ""})
        a_stray(people)
        services.run(people.operator.organization_id, "live")

    with CaptureQueriesContext(connection) as more:
        page = text_of(client.get(BOOKS))

    assert len(more) == len(few) <= 8
    assert "Unexpected 4 money out with no payout behind it 28.00 USDC on Arbitrum One" in page
    assert f"Looked after by {otto}" in page


def test_what_is_old_says_so(people: People, otto: User, desk: Desk) -> None:
    organization = short_paid(people).organization
    assert "over a" not in work_of(desk(otto).get(BOOKS))

    for days, words in ((8, "over a week"), (31, "over a month")):
        payout = a_payout(organization, "settled", environment="live")
        then = timezone.now() - timedelta(days=days)
        put_in([payout], [a_settlement(organization, payout, amount_atomic=1, created_at=then)])
        assert words in work_of(desk(otto).get(BOOKS))


def work_of(answer: object) -> str:
    """The open work of the desk, without the filters above it."""
    page = text_of(answer)
    return page[page.index("Show Another amount") :]


def test_the_month_is_told_per_chain_and_token(people: People, otto: User, desk: Desk) -> None:
    make_payout(people, "settled")
    make_payout(people, "approved", chain="base", token="USDT")
    services.run(people.operator.organization_id, "live")
    make_payout(people, "settled")
    services.run(people.operator.organization_id, "live")

    page = desk(otto).get(BOOKS)

    today = f"{timezone.now():%-d %b}"
    assert f"{today} USDC on Arbitrum One 2 0 0 0 {today} USDT on Base 0 1 0 0" in text_of(page)
    body = page.content.decode()
    assert body.count('<rect class="series-1"') == body.count('<rect class="series-5"') == 1


def test_wallets_stand_beside_their_books(people: People, otto: User, desk: Desk) -> None:
    client = desk(otto)
    assert "No source wallet is registered." in text_of(client.get(BOOKS))
    wallet = a_source(people)
    assert "Hot USDT and USDC on Arbitrum One" in text_of(client.get(BOOKS))
    assert "difference not known" not in text_of(client.get(BOOKS))
    assert "the chain was not asked since" in text_of(client.get(BOOKS))

    scanned(10_000)
    told(wallet, 100, block=1_000)
    services.run(people.operator.organization_id, "live")
    assert "100.00 USDC 100.00 USDC none" in text_of(client.get(BOOKS))
    told(wallet, 90, block=1_100)
    services.run(people.operator.organization_id, "live")

    page = text_of(client.get(BOOKS))
    assert "90.00 USDC 100.00 USDC −10.00 USDC less is there than the books explain" in page
    assert "since then 0.00 in, 0.00 out as of block 1,100" in page
