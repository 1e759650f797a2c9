"""What left the wallets by the files of an export, read by the programs that they are for."""

import csv
import io
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from tests.reconciliation.test_ledgers import read_beancount, read_hledger

Sums = dict[str, Decimal]  # by token
WALLETS = "Assets:Wallets:"


def rows_of(content: bytes) -> list[dict[str, Any]]:
    """The rows of a CSV by their titles."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def left_by(format_: str, content: bytes, scratch: Path) -> Sums:
    """How much left, token by token. `scratch` is a file that may be written."""
    if format_ in ("csv", "xlsx"):
        rows = rows_of(content) if format_ == "csv" else _rows_of_xlsx(content)
        return _added_up((row["Token"], Decimal(str(row["Amount"]))) for row in rows)
    if format_ == "journal":
        entries = list(read_hledger(content.decode()).values())
    else:
        read = read_beancount(content.decode(), scratch)
        assert read["errors"] == []
        entries = [postings for _, _, _, postings in read["read"]]
    return _added_up(
        (token, -Decimal(amount))
        for postings in entries
        for account, amount, token in postings
        if account.startswith(WALLETS)
    )


def _rows_of_xlsx(content: bytes) -> list[dict[str, Any]]:
    page = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    titles, *rows = page.iter_rows(values_only=True)
    return [dict(zip(map(str, titles), row, strict=True)) for row in rows]


def _added_up(pairs: Any) -> Sums:
    sums: Counter[str] = Counter()
    for token, amount in pairs:
        sums[token] += amount
    return {token: Decimal(amount) for token, amount in sums.items()}
