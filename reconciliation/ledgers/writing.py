"""Entries in the words of beancount and of hledger. No text in them can end its line or its string.

Both name every account and commodity they use, and the zone of their dates. Amounts have all their
digits.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from reconciliation.ledgers.entries import Entry, Posting

Ledger = Callable[[Iterable[Entry], "Heading", ZoneInfo], Iterator[str]]
LONGEST_TEXT = 500
_SPACES = re.compile(r"\s+")


class Heading:
    """What stands at the top of a file: what it is, and the names that it uses."""

    def __init__(self, title: str, accounts: Iterable[str], commodities: Iterable[str]) -> None:
        self.title = title
        self.accounts = sorted(set(accounts))
        self.commodities = sorted(set(commodities))


def one_line(text: str) -> str:
    """`text` on one line, without what controls a terminal or turns the direction of writing."""
    kept = (" " if unicodedata.category(c) in _CONTROLS else c for c in text)
    return _SPACES.sub(" ", "".join(kept)).strip()[:LONGEST_TEXT]


_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def beancount(entries: Iterable[Entry], heading: Heading, zone: ZoneInfo) -> Iterator[str]:
    """As beancount reads it (bean-check loads it): https://beancount.github.io/docs/"""
    yield f";; {one_line(heading.title)}\n;; Dates are those of {zone.key}.\n\n"
    for commodity in heading.commodities:
        yield f"1970-01-01 commodity {commodity}\n"
    for account in heading.accounts:
        yield f"1970-01-01 open {account}\n"
    for entry in entries:
        local = entry.at.astimezone(zone)
        if not entry.postings:
            yield f"\n;; {entry.id} of {local:%Y-%m-%d} left the chain: nothing is booked\n"
            continue
        yield f"\n{local:%Y-%m-%d} * {_quoted(entry.payee)} {_quoted(entry.text)}\n"
        yield f"  time: {_quoted(local.isoformat())}\n"
        for key, value in entry.facts.items():
            yield f"  {key}: {_quoted(value)}\n"
        yield from (_posting(each) for each in entry.postings)


def hledger(entries: Iterable[Entry], heading: Heading, zone: ZoneInfo) -> Iterator[str]:
    """As hledger reads a journal: https://hledger.org/hledger.html#journal"""
    yield f"; {one_line(heading.title)}\n; Dates are those of {zone.key}.\n\ndecimal-mark .\n"
    for commodity in heading.commodities:
        yield f"commodity 1000.000000 {commodity}\n"
    for account in heading.accounts:
        yield f"account {account}\n"
    for entry in entries:
        local = entry.at.astimezone(zone)
        if not entry.postings:
            yield f"\n; {entry.id} of {local:%Y-%m-%d} left the chain, nothing is booked\n"
            continue
        said = f"{_described(entry.payee)} | {_described(entry.text)}"
        yield f"\n{local:%Y-%m-%d} * ({entry.id}) {said}\n"
        yield f"    ; time: {local.isoformat()}\n"
        for key, value in entry.facts.items():
            yield f"    ; {key}: {_tag(value)}\n"
        yield from (f"  {_posting(each)}" for each in entry.postings)


_CENT = Decimal("0.01")
LEDGERS: dict[str, Ledger] = {"beancount": beancount, "journal": hledger}


def amount(number: Decimal) -> str:
    """All digits, two at least behind the point, and never an exponent."""
    return f"{number:.2f}" if number == number.quantize(_CENT) else f"{number:f}"


def _posting(posting: Posting) -> str:
    return f"  {posting.account}  {amount(posting.amount)} {posting.commodity}\n"


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _described(text: str) -> str:
    """A part of a description: there `;` begins a remark, and `|` ends the payee."""
    return one_line(text).replace(";", ",").replace("|", "/") or "-"


def _tag(text: str) -> str:
    """The value of a tag, which a comma ends."""
    return one_line(text).replace(",", " ")
