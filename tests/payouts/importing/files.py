"""Files as people and enemies make them."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from tests.payouts.making import RECIPIENT

TITLES = "recipient_address,chain,token,amount"
GOOD = f"{RECIPIENT},arbitrum,USDC"


def csv_of(*rows: str, titles: str = TITLES, end: str = "\n") -> bytes:
    return (end.join([titles, *rows]) + end).encode()


def many(count: int, *, first: int = 1, recipient: str = RECIPIENT) -> bytes:
    """So many good lines, each with its own amount, reference and external id."""
    titles = f"{TITLES},reference_type,reference_id,external_id"
    rows = (
        f"{recipient},arbitrum,USDC,{100 + n}.25,invoice,inv_{n},ext_{n}"
        for n in range(first, first + count)
    )
    return csv_of(*rows, titles=titles)


def xlsx_of(*rows: Sequence[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same XLSX with one part of its zip replaced or added."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
        new.writestr(name, part)
    return file.getvalue()
