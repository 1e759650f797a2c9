"""Comments and files on a payout's page."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from organizations.models import User
from payouts import notes
from payouts.models import PayoutAttachment, PayoutComment
from tests.admin.conftest import Desk
from tests.admin.reading import page_of, text_of
from tests.payouts.making import People, make_payout

PDF = b"%PDF-1.7 an invoice"


def file(name: str = "Invoice 884 – März.pdf", data: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "text/html")


def url_of(payout: Any) -> str:
    return page_of(payout).replace("/change/", "/notes/")


def test_a_comment_and_a_file_are_kept_and_shown(people: People, mara: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")
    client = desk(mara)
    assert "Nothing was said yet" in text_of(client.get(page_of(payout)))

    answer = client.post(url_of(payout), {"text": "Called them.\n<b>Right.</b>", "file": file()})

    assert answer["Location"] == f"{page_of(payout)}#notes"
    page = client.get(page_of(payout))
    assert "Called them.<br>&lt;b&gt;Right.&lt;/b&gt;" in page.content.decode()
    assert "Invoice 884 – März.pdf" in text_of(page)
    assert "Your comment is kept." in text_of(page)


def test_a_file_is_saved_and_never_shown(people: People, vera: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")
    row = notes.attach(people.preparer, payout.id, 'März "1".pdf', PDF)

    answer = desk(vera).get(f"/admin/payouts/payoutintent/files/{row.id}/")

    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_what_is_refused_is_said_and_nothing_is_kept(
    people: People, mara: User, desk: Desk
) -> None:
    payout = make_payout(people, "draft")
    client = desk(mara)

    for fields, words in (
        ({"text": " "}, "Nothing was written and no file chosen"),
        ({"file": file("page.html", b"<html>"), "text": "See this."}, "Only files of these kinds"),
        ({"file": file("a.pdf", PDF + b"x" * 5 * 2**20)}, "larger than 5 MB"),
        ({"text": "x" * 4001}, "at most 4000 characters"),
    ):
        client.post(url_of(payout), fields)
        assert words in text_of(client.get(page_of(payout)))

    assert not PayoutComment.objects.exists() and not PayoutAttachment.objects.exists()


def test_a_viewer_reads_and_adds_nothing(people: People, vera: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")
    notes.comment(people.preparer, payout.id, "Called them.")
    client = desk(vera)

    page = client.get(page_of(payout))
    assert "Called them." in text_of(page)
    assert url_of(payout) not in page.content.decode()
    assert client.post(url_of(payout), {"text": "Mine."}).status_code == 403


def test_strangers_find_neither(people: People, strangers: People, zoe: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")
    row = notes.attach(people.preparer, payout.id, "a.pdf", PDF)
    client = desk(zoe)

    assert client.post(url_of(payout), {"text": "Mine."}).status_code == 404
    assert client.get(f"/admin/payouts/payoutintent/files/{row.id}/").status_code == 404
    assert client.get(url_of(payout)).status_code == 405
