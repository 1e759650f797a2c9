"""Imports in the admin: a file is chosen, shown line by line, and confirmed."""

import io

import pytest
from django.contrib.admin.utils import quote
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from organizations.models import User
from payouts.importing.columns import COLUMNS
from payouts.models import PayoutImport, PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, filled_buttons, page_of, text_of
from tests.payouts.importing.files import GOOD, csv_of
from tests.payouts.making import People

pytestmark = pytest.mark.django_db
LIST = "/admin/payouts/payoutimport/"
NEW = f"{LIST}new/"


def uploaded(client: Client, *rows: str) -> PayoutImport:
    file = SimpleUploadedFile("may.csv", csv_of(*rows))
    answer = client.post(NEW, {"file": file})
    imported = PayoutImport.objects.latest("created_at")
    assert answer["Location"] == page_of(imported)
    return imported


def test_a_good_file_is_shown_then_created(people: People, mara: User, desk: Desk) -> None:
    client = desk(mara)
    imported = uploaded(client, f"{GOOD},1250.50", f"{GOOD},2")

    page = client.get(page_of(imported))
    assert "Every line is good. Nothing is created yet." in text_of(page)
    assert filled_buttons(page) == ["Create drafts"]
    assert not PayoutIntent.objects.exists()
    assert "Create 2 drafts from may.csv" in text_of(client.get(act_of(imported, "confirm")))
    client.post(act_of(imported, "confirm"))

    assert {p.created_by for p in PayoutIntent.objects.all()} == {people.preparer.actor_id}
    assert filled_buttons(client.get(page_of(imported))) == []


def test_a_bad_line_is_shown_and_nothing_can_be_created(
    people: People, mara: User, desk: Desk
) -> None:
    client = desk(mara)
    imported = uploaded(client, f"{GOOD},1", f"{GOOD},<b>NaN</b>")

    page = client.get(page_of(imported))

    assert "To correct (1 line)" in text_of(page)
    assert "Line 3" in text_of(page)
    assert b'value="&lt;b&gt;NaN&lt;/b&gt;"' in page.content
    assert filled_buttons(page) == []
    assert client.post(act_of(imported, "confirm")).status_code == 400
    assert not PayoutIntent.objects.exists()


def test_warnings_are_confirmed_by_a_box(people: People, mara: User, desk: Desk) -> None:
    client = desk(mara)
    imported = uploaded(client, f"{GOOD},1", f"{GOOD},1")
    confirm = act_of(imported, "confirm")

    asked = client.post(confirm)
    assert asked.status_code == 400
    assert "1 line has a warning that nobody has confirmed" in text_of(asked)
    both = act_of(imported, "confirm_warnings")
    assert client.post(both, {"revision": imported.revision}).status_code == 200
    assert client.post(both, {"revision": 1, "confirm_warnings": "on"}).status_code == 400
    assert not PayoutIntent.objects.exists()
    imported.refresh_from_db()
    client.post(both, {"revision": imported.revision, "confirm_warnings": "on"})

    assert PayoutIntent.objects.count() == 2


def test_a_file_that_cannot_be_read_is_said_at_its_field(
    people: People, mara: User, desk: Desk
) -> None:
    file = SimpleUploadedFile("may.csv", b"iban;sum\n1;2\n")

    answer = desk(mara).post(NEW, {"file": file})

    assert answer.status_code == 400
    assert 'There is no column "iban"' in text_of(answer)
    assert not PayoutImport.objects.exists()


def test_who_may_only_read_sees_imports_and_makes_none(
    people: People, mara: User, vera: User, desk: Desk
) -> None:
    imported = uploaded(desk(mara), f"{GOOD},1")
    viewer = desk(vera)

    assert "may.csv" in text_of(viewer.get(LIST))
    assert filled_buttons(viewer.get(page_of(imported))) == []
    assert viewer.get(NEW).status_code == 403
    assert viewer.post(act_of(imported, "confirm")).status_code == 403


def test_another_organizations_import_is_missing(
    people: People, strangers: People, mara: User, zoe: User, desk: Desk
) -> None:
    imported = uploaded(desk(mara), f"{GOOD},1")

    for url in (page_of(imported), act_of(imported, "confirm")):
        assert desk(zoe).get(url).status_code == 404


def test_the_list_asks_little(people: People, mara: User, desk: Desk) -> None:
    client = desk(mara)
    for number in range(12):
        uploaded(client, f"{GOOD},{number + 1}")

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(LIST)

    assert answer.status_code == 200
    assert len(queries) <= 8


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_template_can_be_filled_and_read(
    people: People, mara: User, desk: Desk, format: str
) -> None:
    answer = desk(mara).get(f"{LIST}template.{format}")
    content = b"".join(answer)

    refused = desk(mara).post(NEW, {"file": SimpleUploadedFile("may", content)})
    assert "holds no payouts" in text_of(refused)
    if format == "csv":
        assert content.decode().strip().split(",") == list(COLUMNS)
    else:
        sheet, told = load_workbook(io.BytesIO(content)).worksheets
        assert [cell.value for cell in sheet[1]] == list(COLUMNS)
        assert [row[0].value for row in told.iter_rows(min_row=2)] == list(COLUMNS)
        assert sheet["D2"].number_format == "@"


def test_cells_are_corrected_in_the_page(people: People, mara: User, desk: Desk) -> None:
    client = desk(mara)
    imported = uploaded(client, f"{GOOD},1", f"{GOOD},x", f"{GOOD},y")
    edit = f"{LIST}{quote(imported.id)}/edit/"

    answer = client.post(
        edit, {"revision": imported.revision, "c-3-3": "2", "c-4-3": "z", "c-4-99": "?"}
    )
    assert answer["Location"] == page_of(imported)
    page = client.get(page_of(imported))
    assert "1 line is still wrong" in text_of(page)
    assert "x in the file, 2 now, by Mara" in text_of(page)
    stale = client.post(edit, {"revision": imported.revision, "c-4-3": "3"}, follow=True)
    assert "was edited or checked again meanwhile" in text_of(stale)
    imported.refresh_from_db()
    client.post(edit, {"revision": imported.revision, "c-4-3": "3"})
    client.post(act_of(imported, "confirm"))

    assert PayoutIntent.objects.count() == 3


def test_many_lines_are_shown_page_by_page(people: People, mara: User, desk: Desk) -> None:
    client = desk(mara)
    imported = uploaded(client, *[f"{GOOD},x"] * 45, *[f"{GOOD},1"] * 30)

    with CaptureQueriesContext(connection) as queries:
        first = client.get(page_of(imported))
    assert len(queries) <= 12
    assert "1 to 20 of 45" in text_of(first)
    assert "1 to 20 of 29" in text_of(first)
    last = text_of(client.get(f"{page_of(imported)}?wrong=3&doubtful=2"))
    assert "41 to 45 of 45" in last
    assert "21 to 29 of 29" in last
    for nonsense in ("0", "99999", "-1", "x", "٣"):
        assert (
            client.get(f"{page_of(imported)}?wrong={nonsense}&edit={nonsense}").status_code == 200
        )
    asked = client.get(f"{page_of(imported)}?edit=48")
    assert b'id="line-48"' in asked.content

    confirm = f"{LIST}{quote(imported.id)}/confirm-lines/"
    client.post(confirm, {"revision": imported.revision, "line": ["48", "49", "2"]})
    imported.refresh_from_db()
    assert (imported.lines_doubtful, imported.lines_unconfirmed) == (29, 27)
    client.post(confirm, {"revision": imported.revision, "all": "1"})
    imported.refresh_from_db()
    assert imported.lines_unconfirmed == 0


def test_who_may_only_read_corrects_and_confirms_nothing(
    people: People, strangers: People, mara: User, vera: User, zoe: User, desk: Desk
) -> None:
    imported = uploaded(desk(mara), f"{GOOD},x", f"{GOOD},1", f"{GOOD},1")

    for act in ("edit", "confirm-lines"):
        url = f"{LIST}{quote(imported.id)}/{act}/"
        sent = {"revision": imported.revision, "c-2-3": "2", "all": "1"}
        assert desk(vera).post(url, sent).status_code == 403
        assert desk(zoe).post(url, sent).status_code == 404
        assert desk(mara).get(url).status_code == 405
    page = desk(vera).get(page_of(imported))
    assert b"Keep and check again" not in page.content
    assert b"Confirm all" not in page.content
    imported.refresh_from_db()
    assert (imported.lines_wrong, imported.lines_unconfirmed) == (1, 1)


def test_the_queue_leads_to_imports_and_shows_what_one_made(
    people: People, mara: User, vera: User, zoe: User, strangers: People, desk: Desk
) -> None:
    client, queue = desk(mara), "/admin/payouts/payoutintent/"
    imported = uploaded(client, f"{GOOD},41", f"{GOOD},42")
    client.post(act_of(imported, "confirm"))
    client.post(act_of(uploaded(client, f"{GOOD},43"), "confirm"))

    assert NEW.encode() in client.get(queue).content
    assert NEW.encode() not in desk(vera).get(queue).content
    made = text_of(client.get(f"{queue}?tab=all&import={imported.id}"))
    assert ["41.00" in made, "42.00" in made, "43.00" in made] == [True, True, False]
    assert "Import: may.csv" in made
    strange = text_of(desk(zoe).get(f"{queue}?tab=all&import={imported.id}"))
    assert "may.csv" not in strange
    assert "41.00" not in strange
