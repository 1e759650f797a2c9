"""Sheets that others open: nothing in them runs, and no digit of an amount is lost."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from django.http import StreamingHttpResponse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from billing import sheets
from billing.sheets import Column, Sheet, csv_bytes, download, file_name, neutral, write_xlsx

BERLIN = ZoneInfo("Europe/Berlin")
BEGINS_A_FORMULA = tuple("=+-@＝＋－＠")
# Texts as somebody writes them who wants a formula to get through, and any other.
HOSTILE = st.text(st.sampled_from("=+-@＝＋－＠ \t\r\n;,|'\"_x041A1é€\u00a0\u200b"), max_size=12)
TEXTS = HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
AMOUNTS = st.decimals(
    min_value=-(10**13), max_value=10**13, places=6, allow_nan=False, allow_infinity=False
)


def of(rows, columns=None):
    width = max((len(row) for row in rows), default=1)
    return Sheet("rows", columns or [Column(f"c{n}") for n in range(width)], rows, BERLIN)


def written_csv(sheet, **options):
    return b"".join(csv_bytes(sheet, **options)).decode()


def read_csv(sheet):
    text = written_csv(sheet, has_bom=False)
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def xlsx(sheet):
    file = io.BytesIO()
    write_xlsx(sheet, file)
    return file


def read_xlsx(sheet):
    rows = load_workbook(xlsx(sheet)).worksheets[0].iter_rows(min_row=2)
    return [list(row) for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30 1234",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\u00a0=1",
        "＝1+1",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://x")',
    ],
)
def test_what_a_program_would_take_for_a_formula_gets_an_apostrophe(text):
    assert neutral(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Acme GmbH", "a=b", "1+1", "'=1", "49.99", "po_1", "x@y.de"])
def test_any_other_text_stays_as_it_is(text):
    assert neutral(text) == text


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_no_cell_of_a_csv_is_a_formula_wherever_a_program_cuts_it(rows):
    text = written_csv(of(rows), has_bom=False)

    assert len(read_csv(of(rows))) == len(rows)
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.lstrip().startswith(BEGINS_A_FORMULA) for cell in row)
    # Opened where lists are separated by something else, whatever the quotes around a text say.
    for separator in ";\t|":
        for line in text.replace("\r", "\n").split("\n"):
            for cell in line.split(separator)[1:]:
                assert not cell.lstrip().startswith(BEGINS_A_FORMULA)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_no_cell_of_an_xlsx_is_a_formula(rows):
    for row in read_xlsx(of(rows)):
        for cell in row:
            assert cell.data_type in ("s", "inlineStr", "n") and isinstance(cell.value, str | None)
            assert not str(cell.value or "").lstrip().startswith(BEGINS_A_FORMULA)


@given(st.lists(st.text("abcé€漢 .,'\"&<>\n0123456789", max_size=30), min_size=1, max_size=5))
def test_a_harmless_text_comes_back_as_it_was(texts):
    texts = [f"x{text}" for text in texts]  # begins no formula, and is not empty

    rows = [(text,) for text in texts]

    assert [row[0] for row in read_csv(of(rows))] == texts
    assert [row[0].value for row in read_xlsx(of(rows))] == texts


@given(st.lists(AMOUNTS | st.integers(-(10**18), 10**18), min_size=1, max_size=8))
def test_no_digit_of_a_number_is_lost(numbers):
    rows = [(number,) for number in numbers]

    assert [Decimal(row[0]) for row in read_csv(of(rows))] == numbers
    for number, row in zip(numbers, read_xlsx(of(rows)), strict=True):
        assert Decimal(str(row[0].value)) == number


@pytest.mark.parametrize(
    ("number", "in_csv", "in_xlsx"),
    [
        (Decimal("49.990000"), "49.990000", 49.99),
        (Decimal("-0.000001"), "-0.000001", -0.000001),
        (Decimal("1E+3"), "1000", 1000),
        (1_500_000, "1500000", 1_500_000),
        # Seventeen digits: as a number it would be rounded, so it is a text.
        (Decimal("99999999999.123456"), "99999999999.123456", "99999999999.123456"),
    ],
)
def test_a_number_stays_a_number_and_one_too_long_for_that_becomes_text(number, in_csv, in_xlsx):
    assert read_csv(of([(number,)])) == [[in_csv]]
    assert read_xlsx(of([(number,)]))[0][0].value == in_xlsx


def test_a_csv_has_its_titles_a_mark_and_the_line_ends_of_the_standard():
    sheet = of([("Müller", None)], [Column("Name"), Column("=Amount")])

    assert written_csv(sheet) == "\ufeffName,'=Amount\r\nMüller,\r\n"
    assert written_csv(sheet, has_bom=False) == "Name,'=Amount\r\nMüller,\r\n"


def test_a_time_is_written_in_the_readers_zone_and_the_title_names_it():
    at = datetime(2025, 6, 15, 8, 0, 7, 123456, tzinfo=UTC)
    sheet = Sheet("audit", [Column("When", is_time=True)], [(at,)], BERLIN)

    assert written_csv(sheet, has_bom=False) == "When (Europe/Berlin)\r\n2025-06-15 10:00:07\r\n"
    assert read_xlsx(sheet)[0][0].value == datetime(2025, 6, 15, 10, 0, 7)  # noqa: DTZ001
    assert file_name(sheet, "csv", at) == "audit 2025-06-15 1000 Europe-Berlin.csv"


def test_rows_are_read_only_as_they_are_written():
    read = []

    def rows():
        for n in range(20_000):
            read.append(n)
            yield (f"a text of some length {n}",)

    pieces = csv_bytes(Sheet("rows", [Column("text")], rows(), BERLIN))
    next(pieces)

    assert 0 < len(read) < 5_000
    assert sum(1 for _ in pieces) > 0 and len(read) == 20_000


def test_what_is_too_much_for_one_page_goes_on_in_another(monkeypatch):
    monkeypatch.setattr(sheets, "ROWS_PER_SHEET", 3)

    book = load_workbook(xlsx(of([(n,) for n in range(7)])))

    assert book.sheetnames == ["rows", "rows 2", "rows 3"]
    assert [[row[0] for row in page.values] for page in book.worksheets] == [
        ["c0", 0, 1, 2],
        ["c0", 3, 4, 5],
        ["c0", 6],
    ]


def test_an_empty_sheet_has_its_titles():
    sheet = Sheet("rows", [Column("Name")], [], BERLIN)

    assert [list(page.values) for page in load_workbook(xlsx(sheet)).worksheets] == [[("Name",)]]
    assert written_csv(sheet, has_bom=False) == "Name\r\n"


def test_a_text_that_no_cell_can_hold_is_cut_visibly_and_what_xml_lacks_is_marked():
    rows = read_xlsx(of([("x" * 40_000,), ("a\x00b\x1bc",)]))

    assert (len(rows[0][0].value), rows[0][0].value[-2:]) == (32_767, "x…")
    assert rows[1][0].value == "a�b�c"


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "2025-01-15", "12", "TRUE", "http://x"])
def test_a_text_is_a_text_whatever_it_looks_like(text):
    cell = read_xlsx(of([(text,)]))[0][0]

    assert (cell.value, cell.data_type) == (text, "s")


def test_a_text_that_looks_like_an_escape_is_not_taken_for_one():
    page = zipfile.ZipFile(xlsx(of([("a_x003D_1",)]))).read("xl/worksheets/sheet1.xml").decode()

    assert "a_x005F_x003D_1" in page


@pytest.mark.django_db  # what is sent whole ends a request, which closes old connections
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_download_is_saved_and_not_shown(format):
    at = datetime(2025, 6, 15, 8, 0, tzinfo=UTC)

    answer = download(of([("Acme",)]), format, at=at)

    assert answer["Content-Disposition"] == (
        f'attachment; filename="rows 2025-06-15 1000 Europe-Berlin.{format}"'
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert isinstance(answer, StreamingHttpResponse)  # a file is one, too
    body = b"".join(cast(Iterator[bytes], answer.streaming_content))
    assert body[:2] == (b"PK" if format == "xlsx" else b"\xef\xbb")
    answer.close()
