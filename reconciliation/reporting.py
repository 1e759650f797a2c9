"""The report of a run for people at a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from billing.chains import decimals
from billing.money import display
from billing.times import iso
from reconciliation.books import Discrepancy, Line, Summary
from reconciliation.freshness import Unreadable

# What stands in the report, in this order; a verdict without rows is left out.
_TITLES = {
    "matched": "matched",
    "unmatched": "on their way",
    "unexpected": "unexpected, money that left without a payout",
    "discrepancy": "discrepancies, not as intended",
    "unknown": "failed, and nobody knows whether the money moved",
    "resolved": "unexpected, resolved",
}
SHOWN = 20


def report_lines(books: Summary) -> Iterator[str]:
    """One organization's books: a line per verdict, chain and token, then what is open."""
    asked = f" from {iso(books.since)}" if books.since else ""
    asked += f" to {iso(books.until)}" if books.until else ""
    yield f"{books.organization_id} {books.environment}{asked}"
    if not books.lines:
        yield "  no payouts and no settlements"
    for verdict, title in _TITLES.items():
        for line in books.lines:
            if line.verdict == verdict:
                yield f"  {line.count:>9,}  {_amount(line)}  {title}"
    for one in books.discrepancies[:SHOWN]:
        yield f"  {_difference(one)}"
    if books.discrepancies_count > SHOWN:
        yield f"  and {books.discrepancies_count - SHOWN:,} more discrepancies"
    yield "  clean" if books.is_clean else "  not clean: a person must look"


def unreadable_lines(unreadable: Sequence[Unreadable]) -> Iterable[str]:
    """What keeps the report from being trusted."""
    for one in unreadable:
        last = f"last read {iso(one.read_at)}" if one.read_at else "never read"
        yield f"{one.chain} cannot be read: {last}. {one.why}".rstrip()


def _amount(line: Line) -> str:
    shown = display(line.amount_atomic, decimals(line.chain, line.token))
    return f"{shown:>18} {line.token} on {line.chain}"


def _difference(one: Discrepancy) -> str:
    places = decimals(one.chain, one.token)
    expected, actual = display(one.expected_atomic, places), display(one.actual_atomic, places)
    return (
        f"{one.payout_id} {one.settlement_id} {'+'.join(one.kinds)}: "
        f"expected {expected}, actual {actual} {one.token} on {one.chain}"
    )
