"""The list of payouts as a file: what the list shows with its filters, whole and once."""

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from billing.api import pagination
from events import exports
from events.models import Event
from organizations.models import User
from payouts import services
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, text_of
from tests.payouts.making import People, a_draft, make_payout

EXPORT = f"{QUEUE}export/"


def made_at(payout_ids: list[str], at: datetime) -> None:
    """Say that these were made then, which the database keeps from changing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        PayoutIntent.objects.filter(id__in=payout_ids).update(created_at=at)
        cursor.execute("SET LOCAL session_replication_role = origin")


def rows_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_payout_is_told_with_all_that_became_of_it(
    people: People, strangers: People, jon: User, desk: Desk, format_: str
) -> None:
    payout = make_payout(people, "settled", description="=HYPERLINK(1)", reference_id="inv_884")
    make_payout(strangers, "settled")

    answer: Any = desk(jon).post(f"{EXPORT}?tab=all", {"format": format_})

    if format_ == "csv":
        (row,) = rows_of(answer)
    else:
        book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        titles, values = [list(map(str, each)) for each in book.worksheets[0].values]
        row = dict(zip(titles, values, strict=True))
    assert f'.{format_}"' in answer["Content-Disposition"]
    assert (row["State"], row["Amount"], row["Token"], row["Chain"]) == (
        "settled", "500", "USDC", "Arbitrum One",
    )  # fmt: skip
    assert (row["Description"], row["Reference"]) == ("'=HYPERLINK(1)", "inv_884")
    assert (row["Made by"], row["Approved by"]) == (
        people.preparer.actor_name, people.approver.actor_name,
    )  # fmt: skip
    assert row["Address"] == payout.recipient_address
    assert (row["Transaction"], row["Settlement"]) == (
        payout.expected_tx_hash, payout.settlement_id,
    )  # fmt: skip
    assert row["Payout"] == payout.id
    made = Event.objects.get(type="export.made")
    assert made.actor_id == jon.id
    told = made.payload["data"]
    assert (told["what"], told["format"], told["filters"]) == ("payouts", format_, {"tab": "all"})


def test_it_holds_what_the_list_shows(people: People, jon: User, desk: Desk) -> None:
    draft, settled = make_payout(people, "draft"), make_payout(people, "settled")
    old = make_payout(people, "draft")
    long_ago = timezone.now() - timedelta(days=40)
    made_at([old.id], long_ago)
    client = desk(jon)

    def found(query: str) -> list[str]:
        return [row["Payout"] for row in rows_of(client.post(EXPORT + query, {"format": "csv"}))]

    assert found("") == [draft.id, old.id]  # the first tab: to approve
    assert found("?tab=all") == [settled.id, draft.id, old.id]
    assert found(f"?tab=all&from={timezone.now().date() - timedelta(days=2)}") == [
        settled.id, draft.id,
    ]  # fmt: skip
    assert found(f"?q={settled.id}") == [settled.id]
    assert found("?tab=all&chain__exact=tron") == []


def test_why_it_ended_is_said_of_each(people: People, jon: User, desk: Desk) -> None:
    silent, canceled = make_payout(people, "canceled"), make_payout(people, "draft")
    failed = make_payout(people, "failed")
    services.cancel(people.preparer, canceled.id, reason="Sent twice by the shop.")

    rows = rows_of(desk(jon).post(f"{EXPORT}?tab=all", {"format": "csv"}))

    assert {row["Payout"]: row["Why"] for row in rows} == {
        silent.id: "",
        canceled.id: "Sent twice by the shop.",
        failed.id: failed.failure_reason,
    }


def test_every_row_is_there_once_with_few_queries(
    people: People, jon: User, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "ROWS_AT_ONCE", 7)
    made = [
        services.create(people.preparer, a_draft(amount=Decimal(100 + n))).id for n in range(20)
    ]
    made_at(made, timezone.now())
    answer = desk(jon).post(f"{EXPORT}?p=1", {"format": "csv"})
    assert Event.objects.get(type="export.made").payload["data"]["filters"] == {}

    with CaptureQueriesContext(connection) as queries:
        got = [row["Payout"] for row in rows_of(answer)]

    assert got == sorted(made, reverse=True)
    assert len(queries) == 3


def test_what_cannot_be_given_is_refused_in_words(
    people: People, jon: User, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_IN_XLSX", 1)
    for _ in range(2):
        make_payout(people, "draft")
    client = desk(jon)

    too_many = client.post(EXPORT, {"format": "xlsx"}, follow=True)
    strange = client.post(EXPORT, {"format": "exe"}, follow=True)

    assert "more than 1 payouts, too many for XLSX" in text_of(too_many)
    assert "The format must be csv or xlsx." in text_of(strange)
    for query in ("?p=99", "?nonsense=1"):
        nowhere = client.post(EXPORT + query, {"format": "csv"}, follow=True)
        assert "There is no such list. Choose the filters anew." in text_of(nowhere), query
    assert client.get(EXPORT).status_code == 405
    assert not Event.objects.filter(type="export.made").exists()


def test_the_list_offers_it_to_who_reads_it(people: People, vera: User, desk: Desk) -> None:
    page = desk(vera).get(f"{QUEUE}?tab=all&token__exact=USDC")

    assert "What the list shows, all pages. Times in UTC." in text_of(page)
    assert f'action="{EXPORT}?tab=all&amp;token__exact=USDC"' in page.content.decode()
