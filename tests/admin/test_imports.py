"""Imports in the admin: a file is chosen, shown line by line, and confirmed."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from organizations.models import User
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
def test_a_template_can_be_read_again(people: People, mara: User, desk: Desk, format: str) -> None:
    answer = desk(mara).get(f"{LIST}template.{format}")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # it is a stream

    refused = desk(mara).post(NEW, {"file": SimpleUploadedFile("may", content)})

    assert "holds no payouts" in text_of(refused)
