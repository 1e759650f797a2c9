"""The audit trail in the admin: who sees what of it, how it is found, and what is exported."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from billing.api import pagination
from billing.callers import system
from billing.chains import Environment
from billing.models import IdField
from events import exports, sealing
from events.models import Event
from events.services import assign_sequences, event_fields, publish
from events.stored import Place
from tests.admin.reading import page_of, text_of
from tests.events import tampering
from tests.payouts.making import make_payout

TRAIL = "/admin/events/event/"
EXPORT = TRAIL + "export/"


def tell(caller, type_="payout.created", resource_id="po_1", **data):
    return publish(caller, type_, resource_id, data)


def seal():
    assign_sequences()
    sealing.seal()


def many(caller, how_many, **fields):
    """That many events, a second apart and the first the oldest."""
    begin = timezone.now() - timedelta(days=30)
    rows = []
    for n in range(how_many):
        said = event_fields(caller, "payout.created", f"po_{n}", {})
        rows.append(Event(**{**said, "created_at": begin + timedelta(seconds=n), **fields}))
    Event.objects.bulk_create(rows)
    return rows


def csv_of(answer):
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def maras(people, as_person, mara, acme):
    return as_person(mara, acme, "live")


def test_the_trail_is_in_sentences_newest_first_and_says_what_is_sealed(desk, people, vera, maras):
    tell(maras, "wallet.created", "wal_1", name="Treasury")
    seal()
    tell(maras, "payout.rejected", "po_1", reason="wrong invoice")
    assign_sequences()
    tell(maras, "payout.canceled", "po_2")

    words = text_of(desk(vera).get(TRAIL))

    canceled = words.index("Mara canceled the payout po_2")
    rejected = words.index("Mara rejected the payout po_1: wrong invoice")
    created = words.index("Mara registered the wallet Treasury")
    assert canceled < rejected < created
    assert "new" in words[canceled:rejected]
    assert "not sealed yet" in words[rejected:created]
    assert "not sealed yet" not in words[created:]


def test_whoever_has_no_events_read_sees_none_of_it(desk, people, mara, maras, monkeypatch):
    event = tell(maras)
    monkeypatch.setattr("events.admin.events.EventAdmin.view_scope", "nobody:has")
    browser = desk(mara)

    assert browser.get(TRAIL).status_code == 403
    assert browser.get(page_of(event)).status_code == 403
    assert browser.post(EXPORT, {"format": "csv"}).status_code == 403
    assert not Event.objects.filter(type="export.made").exists()


def test_a_stranger_and_the_other_environment_see_nothing(
    desk, people, strangers, zoe, mara, maras
):
    event = tell(maras, "payout.created", "po_secret")
    tell(replace(maras, actor_id="key_0first"), "payout.approved", "po_secret")

    for browser in (desk(zoe), desk(mara, "sandbox")):
        assert "po_secret" not in text_of(browser.get(TRAIL))
        assert "Nothing matches" in text_of(browser.get(f"{TRAIL}?q=po_secret"))
        assert browser.get(page_of(event)).status_code == 404
        rows = csv_of(browser.post(EXPORT, {"format": "csv"}))
        assert all(row["About"] != "po_secret" for row in rows)
    menu = desk(zoe).get(TRAIL).content.decode()  # of those who acted
    assert "key_0first" not in menu and mara.id not in menu


def test_it_is_narrowed_by_who_thing_act_and_day(desk, people, jon, mara, maras, as_person, acme):
    jons = as_person(jon, acme, "live")
    tell(maras, "payout.created", "po_mara")
    tell(jons, "payout.approved", "po_jon")
    tell(jons, "wallet.created", "wal_jon")
    many(jons, 1, resource_id="po_old")
    browser = desk(jon)
    today = timezone.now().date()

    def about(query):
        words = text_of(browser.get(TRAIL + query))
        return {name for name in ("po_mara", "po_jon", "wal_jon", "po_old") if name in words}

    assert about("") == {"po_mara", "po_jon", "wal_jon", "po_old"}
    assert about(f"?actor={jon.id}") == {"po_jon", "wal_jon", "po_old"}
    assert about(f"?actor={jon.id}&kind=payout") == {"po_jon", "po_old"}
    assert about("?kind=payout&type=payout.approved") == {"po_jon"}
    assert about(f"?to={today - timedelta(days=20)}") == {"po_old"}
    assert about(f"?from={today - timedelta(days=2)}&kind=wallet") == {"wal_jon"}
    assert about("?actor=usr_nobody") == set()
    assert about("?kind=nonsense&type=nonsense") == {"po_mara", "po_jon", "wal_jon", "po_old"}


def test_it_is_searched_by_any_id_or_the_number(desk, people, vera, maras):
    first = tell(maras, "payout.created", "po_25first")
    tell(maras, "payout.created", "po_other")
    publish(maras, "payment.resolved", "pay_1", {}, checkout_id="co_1")
    assign_sequences()
    first.refresh_from_db()
    browser = desk(vera)

    def found(term):
        answer = browser.get(TRAIL, {"q": term})
        return [row.resource_id for row in answer.context["cl"].result_list]

    assert found("po_25first") == ["po_25first"]
    assert found(first.id) == ["po_25first"]
    assert found(f"#{first.sequence}") == ["po_25first"]
    assert found("co_1") == ["pay_1"]
    assert set(found(maras.actor_id)) >= {"po_25first", "po_other", "pay_1"}
    assert found("po_none") == found("9" * 40) == []
    assert "Nothing matches" in text_of(browser.get(TRAIL, {"q": "po_none"}))


def test_a_thing_is_linked_to_its_page_for_whoever_may_read_that(desk, people, mara, maras):
    payout = make_payout(people, "draft")
    tell(maras, "member.added", mara.id, name="Mara")

    page = desk(mara).get(TRAIL).content.decode()

    assert f'href="{page_of(payout)}"' in page
    assert f'href="{TRAIL}?q={mara.id}"' in page  # a person has no page: all that happened to her


def test_events_of_every_kind_of_row_can_be_listed(desk, people, ada, as_person, acme):
    keys = [(model._meta.pk, model) for model in apps.get_models()]
    prefixes = {key.prefix for key, _ in keys if isinstance(key, IdField)}
    for prefix in prefixes:
        tell(as_person(ada, acme, "live"), "wallet.created", f"{prefix}_25")

    page = desk(ada).get(TRAIL)

    assert page.status_code == 200 and len(prefixes) > 10
    assert all(f"{prefix}_25" in text_of(page) for prefix in prefixes)


def test_pages_go_on_from_a_row_and_miss_none(desk, people, vera, maras):
    rows = many(maras, 120, type="wallet.updated")
    browser, query, seen = desk(vera), "?kind=wallet", []

    for _ in range(5):
        answer = browser.get(TRAIL + query)
        cl = answer.context["cl"]
        seen += [row.id for row in cl.result_list]
        if not cl.older_query:
            break
        query = cl.older_query
        many(maras, 1, type="wallet.updated", created_at=timezone.now())  # new ones move nothing

    assert seen == [row.id for row in reversed(rows)]
    assert "Newest" in text_of(answer) and "kind=wallet" in cl.newest_query
    assert "before" not in cl.newest_query
    assert browser.get(TRAIL + "?before=nonsense").status_code == 200
    assert browser.get(TRAIL + "?before=" + "9" * 40 + "+x").status_code == 200


def test_a_record_says_whether_it_is_what_was_sealed(desk, people, vera, maras, acme):
    event = tell(maras, "payout.canceled", "po_1", reason="a mistake")
    assert "not yet: this happens within seconds" in text_of(desk(vera).get(page_of(event)))
    seal()

    words = text_of(desk(vera).get(page_of(event)))
    assert "Mara canceled the payout po_1: a mistake" in words
    assert "it says what was sealed" in words

    event.refresh_from_db()
    assert event.sequence is not None
    tampering.edit_column(Place(acme.id, "live"), event.sequence, "actor_name")
    words = text_of(desk(vera).get(page_of(event)))
    assert "it does not say what was sealed: run verify_audit" in words


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_export_has_what_is_filtered_and_is_an_event_itself(
    desk, people, mara, maras, acme, format
):
    acme.time_zone = "Europe/Berlin"
    acme.save()
    at = datetime(2025, 6, 15, 8, 0, tzinfo=UTC)
    many(maras, 1, type="wallet.updated", resource_id="wal_1", created_at=at, actor_name="=Mara")
    many(maras, 3)

    answer = desk(mara).post(f"{EXPORT}?kind=wallet&actor={mara.id}", {"format": format})

    assert "Europe-Berlin." + format in answer["Content-Disposition"]
    if format == "csv":
        rows = csv_of(answer)
    else:
        book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        titles, *values = [list(row) for row in book.worksheets[0].values]
        rows = [dict(zip(titles, row, strict=True)) for row in values]
    assert len(rows) == 1
    assert str(rows[0]["When (Europe/Berlin)"]) == "2025-06-15 10:00:00"
    assert rows[0]["When (UTC)"] == "2025-06-15T08:00:00Z"
    assert (rows[0]["About"], rows[0]["Who"], rows[0]["Sealed"]) == ("wal_1", "'=Mara", "not yet")
    made = Event.objects.get(type="export.made")
    assert (made.actor_id, made.environment) == (mara.id, "live")
    data = made.payload["data"]
    assert (data["what"], data["format"], data["time_zone"]) == (
        "audit trail", format, "Europe/Berlin",
    )  # fmt: skip
    assert data["filters"] == {"kind": "wallet", "actor": mara.id}


def test_an_export_has_every_row_once_in_the_order_of_the_list(
    desk, people, vera, maras, monkeypatch
):
    monkeypatch.setattr(pagination, "ROWS_AT_ONCE", 7)
    rows = many(maras, 40, type="wallet.updated")

    got = csv_of(desk(vera).post(f"{EXPORT}?kind=wallet", {"format": "csv"}))

    assert [row["Event"] for row in got] == [row.id for row in reversed(rows)]


def test_an_export_is_asked_for_and_not_linked_to(desk, people, vera, maras):
    assert desk(vera).get(EXPORT).status_code == 405
    assert desk(vera).post(EXPORT, {"format": "pdf"}).status_code == 302
    assert not Event.objects.filter(type="export.made").exists()


def test_too_many_rows_for_a_sheet_are_refused_in_words(desk, people, vera, maras, monkeypatch):
    monkeypatch.setattr(exports, "MOST_IN_XLSX", 5)
    many(maras, 6)

    answer = desk(vera).post(EXPORT, {"format": "xlsx"}, follow=True)

    assert "more than 5 events, too many for XLSX" in text_of(answer)
    assert not Event.objects.filter(type="export.made").exists()


def test_the_list_costs_few_queries_and_walks_its_index(desk, people, vera, maras):
    many(maras, 300)
    seal()
    browser = desk(vera)
    cl = browser.get(TRAIL).context["cl"]

    for query in ("", cl.older_query, "?kind=payout", f"?actor={maras.actor_id}", "?q=po_5"):
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(TRAIL + query).status_code == 200
        assert len(queries) <= 8, [each["sql"] for each in queries]
        assert not any("COUNT(" in each["sql"].upper() for each in queries)
        assert not any("OFFSET" in each["sql"].upper() for each in queries)


def test_an_empty_trail_says_what_will_appear(desk, people, mara):
    words = text_of(desk(mara, "sandbox").get(TRAIL))

    assert "Nothing has happened yet" in words
    assert "Each act on a payout, a wallet, a key or a member writes one line here." in words


def test_a_system_event_of_nobody_is_offered_as_the_system(desk, people, vera, acme):
    tell(system(acme.id, Environment.LIVE, "The watcher"), "payout.settled")

    page = desk(vera).get(TRAIL)

    assert "The payout po_1 settled" in text_of(page)
    assert 'href="?actor=system"' in page.content.decode()
