"""Files into lines: what people send, and what an enemy would."""

import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from payouts.importing.errors import UnreadableFile
from payouts.importing.reading import MOST_LINES, read
from tests.payouts.importing.files import GOOD, TITLES, csv_of, many, with_part, xlsx_of

SHEET = "xl/worksheets/sheet1.xml"
NAMES = TITLES.split(",")
A_DAY = datetime(2025, 1, 2, tzinfo=UTC).replace(tzinfo=None)  # cells have no zone


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_usual_csv_is_read(separator: str, end: str, mark: bytes) -> None:
    rows = [f"{GOOD},1.50".replace(",", separator), f"{GOOD},2".replace(",", separator)]
    content = mark + csv_of(*rows, titles=TITLES.replace(",", separator), end=end)

    lines = read(content)

    assert [line.number for line in lines] == [2, 3]
    assert [line.values["amount"] for line in lines] == ["1.50", "2"]
    assert not any(line.findings for line in lines)


def test_titles_are_known_whatever_their_case_and_order() -> None:
    titles = "Amount,TOKEN,Chain,Recipient Address,metadata.Cost Centre"

    (line,) = read(csv_of("5,USDC,base,0xabc,K-7", titles=titles))

    assert line.values == {
        "amount": "5", "token": "USDC", "chain": "base", "recipient_address": "0xabc",
        "metadata.Cost Centre": "K-7",
    }  # fmt: skip


def test_a_line_has_the_number_it_begins_on_and_empty_ones_are_no_lines() -> None:
    titles = f"{TITLES},description"
    rows = ['a,b,c,1,"two\nlines"', "", ",,,,", "a,b,c,2,x"]

    assert [line.number for line in read(csv_of(*rows, titles=titles))] == [2, 6]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no payouts"),
        (b"\n\n", "no payouts"),
        (TITLES.encode(), "no payouts"),
        (b"iban,amount\nDE1,5\n", 'no column "iban"'),
        (csv_of("a", titles="chain,token,amount"), "recipient_address (or recipient)"),
        (csv_of("a", titles="recipient,token,amount"), "names no column chain"),
        (csv_of("a", titles=f"{TITLES},Amount"), "twice"),
        (csv_of("a", titles=f"{TITLES},metadata."), 'no column "metadata."'),
        (TITLES.encode("utf-16"), "UTF-16"),
        (csv_of("a,b,c,5", "ä,y,z,1").decode().encode("latin-1"), "Line 3 is not in UTF-8"),
        (csv_of(f'"{GOOD},5', f"{GOOD},5"), "line 2"),
        (csv_of(*['"' + "x" * 200_000 + '",a,b,c']), "line 2"),
        (b"PK\x03\x04 and no zip", "no XLSX"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        (csv_of(*["a,b,c,1"] * (MOST_LINES + 1)), "more than 15,000 lines"),
        (csv_of("a", titles=f"{TITLES}," + ",".join(f"metadata.{n}" for n in range(40))), "40"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_in_words(content: bytes, word: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(content)

    assert word in refusal.value.message


def test_cells_that_look_like_formulas_are_texts_in_csv() -> None:
    texts = ["=1+1", "+49", "-1", "@SUM(A1)", "=HYPERLINK(x)"]
    rows = [f"{GOOD},1,{text}" for text in texts]

    lines = read(csv_of(*rows, titles=f"{TITLES},description"))

    assert [line.values["description"] for line in lines] == texts


def test_a_cell_beyond_the_columns_and_a_huge_one_are_errors_of_their_line() -> None:
    lines = read(csv_of(f"{GOOD},1250,50", f"{GOOD},1", f"{'x' * 5_000},base,USDC,2"))

    assert [bool(line.findings) for line in lines] == [True, False, True]
    assert len(lines[2].findings[0].value) <= 80


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (49.99, "49.99"),
        (0.1 + 0.2, "0.3"),
        (1250, "1250"),
        (1e-6, "0.000001"),
        ("0.30", "0.30"),
        (10**14, "100000000000000"),
    ],
)
def test_a_spreadsheets_number_is_what_it_shows(cell: Any, text: str) -> None:
    (line,) = read(xlsx_of(NAMES, ["0xabc", "base", "USDC", cell]))

    assert line.values["amount"] == text


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ("=1+1", "formula"),
        ('=HYPERLINK("http://example.com")', "formula"),
        ("#N/A", "error of the spreadsheet"),
        (True, "true or false"),
        (1234567890123456789, "15 digits"),
        (A_DAY, "date"),
    ],
)
def test_what_a_spreadsheet_computes_or_alters_is_an_error_of_its_line(
    cell: Any, word: str
) -> None:
    lines = read(xlsx_of(NAMES, ["0xabc", "base", "USDC", cell], ["0xabc", "base", "USDC", 1]))

    assert [word in f.message for f in lines[0].findings] == [True]
    assert "amount" not in lines[0].values
    assert not lines[1].findings


def test_a_date_is_a_date_where_one_is_asked() -> None:
    rows = [A_DAY, A_DAY.replace(hour=9, minute=30)]
    lines = read(xlsx_of([*NAMES, "due_date"], *(["0xabc", "base", "USDC", 1, d] for d in rows)))

    assert [line.values["due_date"] for line in lines] == ["2025-01-02", "2025-01-02 09:30:00"]


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    good = xlsx_of(NAMES, ["0xabc", "base", "USDC", 1])
    bombs = [
        with_part(good, SHEET, b" " * (60 * 1024 * 1024)),
        with_part(good, "xl/styles.xml", b" " * (2 * 1024 * 1024)),
    ]
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(UnreadableFile, match="unpacks to more"):
            read(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 5 * 1024 * 1024


ENTITIES = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))


@pytest.mark.parametrize(
    "sheet",
    [
        b"<worksheet>",
        b"",
        b"no xml",
        b'<!DOCTYPE x [<!ENTITY a0 "lol">' + ENTITIES + b"]><worksheet>&a9;</worksheet>",
        b'<worksheet><sheetData><row r="x"><c r="A1"><v>1</v></c></row></sheetData></worksheet>',
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>NaN</v></c></row></sheetData></worksheet>',
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="999999999999"><c r="A1"><v>1</v></c></row></sheetData></worksheet>',
    ],
)
def test_a_broken_sheet_is_refused_in_words(sheet: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(with_part(xlsx_of(NAMES, ["a"]), SHEET, sheet))


def test_what_the_library_made_of_a_broken_sheet_stands_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(UnreadableFile):
        read(with_part(xlsx_of(NAMES, ["a"]), SHEET, b"no xml"))

    said = caplog.records[-1]
    assert said.getMessage() == "xlsx not read error=ParseError"
    assert said.exc_info


def test_as_many_lines_as_may_be_take_little_memory() -> None:
    content = many(MOST_LINES)
    tracemalloc.start()

    lines = read(content)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(lines) == MOST_LINES
    assert peak < 60 * 1024 * 1024
