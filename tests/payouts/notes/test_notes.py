"""Comments and files: who may, what is refused, what is told, and that they stay as they are."""

import hashlib
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.errors import Forbidden, InvalidRequest, NotFound
from events.models import Event
from organizations.models import Organization, User
from payouts import notes
from payouts.models import AttachmentContent, PayoutAttachment, PayoutComment
from payouts.timeline import details_json
from tests.payouts.making import People, event_types, make_payout
from tests.payouts.test_races import at_once

PDF = b"%PDF-1.7 an invoice"
PNG = b"\x89PNG\r\n\x1a\n a picture"


def refused(people: People, payout_id: str, name: str, data: bytes) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as error:
        notes.attach(people.preparer, payout_id, name, data)
    assert not PayoutAttachment.objects.exists() and not AttachmentContent.objects.exists()
    return error.value


@pytest.mark.parametrize("state", ["draft", "settled", "canceled"])
def test_a_comment_is_kept_and_told_in_any_state(people: People, state: str) -> None:
    payout = make_payout(people, state)

    row = notes.comment(people.preparer, payout.id, "  I called them: it is right. ")

    assert row.id.startswith("cmt_")
    assert (row.text, row.author_name) == ("I called them: it is right.", "Mara")
    assert event_types(payout)[-1] == "payout.commented"
    data = Event.objects.filter(type="payout.commented").get().payload["data"]
    assert (data["comment"], data["status"]) == ("I called them: it is right.", state)
    told = [entry["text"] for entry in details_json(payout)["timeline"]]
    assert "Mara commented: I called them: it is right." in told


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" ", "invalid_field_value"),
        ("x" * 4001, "invalid_field_value"),
        ("legal winner thank year wave sausage worth useful legal winner thank yellow",
         "private_key_refused"),
    ],
)  # fmt: skip
def test_a_bad_comment_is_refused(people: People, text: str, code: str) -> None:
    payout = make_payout(people, "draft")

    with pytest.raises(InvalidRequest) as error:
        notes.comment(people.preparer, payout.id, text)

    assert error.value.code == code
    assert not PayoutComment.objects.exists()


def test_a_file_is_kept_with_its_digest(people: People) -> None:
    payout = make_payout(people, "draft")

    row = notes.attach(people.preparer, payout.id, "Invoice 884.PDF", PDF)

    assert (row.name, row.media_type, row.size) == ("Invoice 884.PDF", "application/pdf", len(PDF))
    assert row.sha256 == hashlib.sha256(PDF).hexdigest()
    assert notes.attachment(people.approver, row.id) == (row, PDF)
    data = Event.objects.filter(type="payout.file_attached").get().payload["data"]
    assert data["file"] == {
        "id": row.id, "name": "Invoice 884.PDF", "size": len(PDF), "sha256": row.sha256,
    }  # fmt: skip
    assert f"(SHA-256 {row.sha256[:8]}…)" in details_json(payout)["timeline"][-2]["text"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("invoice.pdf", b""),
        ("invoice.pdf", b"<html><script>alert(1)</script>"),
        ("invoice.png", PDF),
        ("invoice.html", b"<html>"),
        ("invoice.svg", b"<svg/>"),
        ("invoice.exe", b"MZ"),
        ("invoice", PDF),
        (".pdf", PDF),
        ("table.csv", b"a\x00b"),
        ("table.csv", b"\xff\xfe\x00"),
        ("invoice.pdf", PDF + b"x" * 5 * 2**20),
    ],
)
def test_another_kind_of_file_is_refused(people: People, name: str, data: bytes) -> None:
    payout = make_payout(people, "draft")

    assert refused(people, payout.id, name, data).code == "file_refused"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.txt", "....etcpasswd.txt"),
        ('a"\r\nSet-Cookie: x.txt', 'a"Set-Cookie: x.txt'),
        ("invoice\u202efdp.txt", "invoicefdp.txt"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"),
    ],
)
def test_a_name_that_misleads_is_cleaned(people: People, name: str, kept: str) -> None:
    payout = make_payout(people, "draft")

    assert notes.attach(people.preparer, payout.id, name, b"text").name == kept


def test_the_very_same_file_is_kept_once(people: People) -> None:
    payout, other = make_payout(people, "draft"), make_payout(people, "draft")
    notes.attach(people.preparer, payout.id, "a.pdf", PDF)

    with pytest.raises(InvalidRequest) as error:
        notes.attach(people.preparer, payout.id, "b.pdf", PDF)

    assert error.value.code == "file_attached_already"
    notes.attach(people.preparer, other.id, "a.pdf", PDF)


def test_notes_stay_as_they_are(people: People) -> None:
    payout = make_payout(people, "draft")
    comment = notes.comment(people.preparer, payout.id, "So it is.")
    file = notes.attach(people.preparer, payout.id, "a.pdf", PDF)

    for rows, changes in (
        (PayoutComment.objects.filter(id=comment.id), {"text": "Not so."}),
        (PayoutAttachment.objects.filter(id=file.id), {"name": "b.pdf"}),
        (AttachmentContent.objects.filter(pk=file.id), {"data": b"other"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()


def test_strangers_and_viewers_add_nothing(
    people: People, strangers: People, sandboxed: People, acme: Organization, vera: User,
    as_person: Any,
) -> None:  # fmt: skip
    payout = make_payout(people, "draft")
    row = notes.attach(people.preparer, payout.id, "a.pdf", PDF)
    viewer = as_person(vera, acme, "live")

    for other in (strangers.admin, sandboxed.admin):
        with pytest.raises(NotFound):
            notes.comment(other, payout.id, "Mine.")
        with pytest.raises(NotFound):
            notes.attach(other, payout.id, "b.png", PNG)
        with pytest.raises(NotFound):
            notes.attachment(other, row.id)
    with pytest.raises(Forbidden):
        notes.comment(viewer, payout.id, "Mine.")
    with pytest.raises(Forbidden):
        notes.attach(viewer, payout.id, "b.png", PNG)
    assert notes.attachment(viewer, row.id)[1] == PDF


def test_a_list_of_notes_reads_no_file(people: People) -> None:
    payout = make_payout(people, "draft")
    for number in range(3):
        notes.comment(people.preparer, payout.id, f"{number}")
        notes.attach(people.preparer, payout.id, f"{number}.txt", f"{number}".encode())

    with CaptureQueriesContext(connection) as queries:
        found = notes.notes_of(payout)

    assert len(found) == 6
    assert len(queries) == 2
    assert not any("attachmentcontent" in each["sql"] for each in queries)
    assert found[0].created_at > found[-1].created_at


@pytest.mark.django_db(transaction=True)
def test_at_the_same_time_no_payout_gets_more_files_than_it_takes(people: People) -> None:
    payout = make_payout(people, "draft")
    for number in range(notes.MOST_FILES - 1):
        notes.attach(people.preparer, payout.id, f"{number}.txt", f"{number}".encode())

    answers = at_once(
        [
            partial(notes.attach, people.preparer, payout.id, "last.txt", f"last {n}".encode())
            for n in range(4)
        ]
    )

    assert sorted(answers) == ["done", "file_refused", "file_refused", "file_refused"]
    assert payout.attachments.count() == notes.MOST_FILES
