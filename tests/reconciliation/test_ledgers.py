"""Ledger files: they balance to nothing, keep every digit, and no text breaks them.

beancount (GPL-2.0) is run as a process of its own and never imported. There is no hledger here:
its files are held against a strict reader written after its published grammar.
"""

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from organizations.models import Organization
from payouts.models import Settlement
from reconciliation.ledgers.entries import Accounts, Entry, entry_of
from reconciliation.ledgers.writing import Heading, amount, beancount, hledger
from tests.reconciliation.rows import AT, a_payout, a_settlement

BERLIN = ZoneInfo("Europe/Berlin")
ACME = Organization(id="org_1", name="Acme")
BEAN_CHECK = Path(sys.executable).with_name("bean-check")

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            '"\n2025-01-01 open Assets:Evil\n',
            "\\",
            '\\" ; x',
            "a  b ; c | d, date:2020-01-01",
            "x\u2028 2025-01-01 * evil\u0085  Assets:Evil  1 USDT\r\n",
            "[2020-01-01] (=1) !",
            "\x00\x1b[31m",
            "*/ comment\nend comment\n",
        ]
    ),
)


@st.composite
def settlements(draw: Any) -> Settlement:
    """A settlement of any kind, with any text wherever people write one."""
    token = draw(st.sampled_from(["USDT", "USDC"]))
    chain = draw(st.sampled_from(["arbitrum", "base", "tron"]))
    atomic = st.integers(1, 9_223_372_036_854_775_807)
    fields: dict[str, Any] = {
        "chain": chain,
        "token": token,
        "amount_atomic": draw(atomic),
        "block_time": AT + timedelta(seconds=draw(st.integers(0, 10**8))),
        "reversed_at": draw(st.sampled_from([None, None, None, AT])),
        "resolved_at": draw(st.sampled_from([None, AT])),
        "resolution_note": draw(HOSTILE),
        "resolution": draw(st.sampled_from(["", "refund", "internal", "written_off"])),
    }
    if draw(st.booleans()):
        return a_settlement(ACME, None, **fields)
    payout = a_payout(
        ACME,
        chain=chain,
        token=token,
        amount_atomic=draw(st.one_of(st.just(fields["amount_atomic"]), atomic)),
        description=draw(HOSTILE),
        reference_id=draw(HOSTILE),
        recipient_name=draw(HOSTILE),
    )
    return a_settlement(ACME, payout, **fields)


def entries_of(rows: Iterable[Settlement]) -> list[Entry]:
    return [entry_of(row, Accounts()) for row in rows]


def heading_of(entries: Iterable[Entry]) -> Heading:
    postings = [posting for entry in entries for posting in entry.postings]
    return Heading("Acme\n2025", {p.account for p in postings}, {p.commodity for p in postings})


@settings(max_examples=200, deadline=None)
@given(settlements())
def test_every_entry_adds_up_to_nothing_and_keeps_every_digit(settlement: Settlement) -> None:
    entry = entry_of(settlement, Accounts())
    assert sum(posting.amount for posting in entry.postings) == 0
    if settlement.reversed_at is not None:
        assert entry.postings == ()
        return
    assert entry.postings[0].amount * 10**6 == -settlement.amount_atomic
    if settlement.payout is not None:
        assert entry.postings[1].amount * 10**6 == settlement.payout.amount_atomic


# As https://hledger.org/hledger.html#journal has it, and nothing else than we write of it.
_DATE = r"\d{4}-\d\d-\d\d"
_TRANSACTION = re.compile(rf"({_DATE}) \* \((stl_\w+)\) ([^;|\n]+) \| ([^;|\n]+)")
_TAG = re.compile(r"    ; ([a-z-]+): ([^,\n]*)")
_POSTING = re.compile(r"    ((?:[A-Z0-9][\w-]*)(?::[A-Z0-9][\w-]*)+)  (-?\d+\.\d{2,6}) (USD[CT])")
_DIRECTIVE = re.compile(
    r"decimal-mark \.|commodity 1000\.000000 USD[CT]|account [A-Z0-9][\w:-]*|; .*"
)


def read_hledger(text: str) -> dict[str, list[tuple[str, Decimal, str]]]:
    """The postings of each transaction by its code; raises for any line the grammar lacks."""
    found: dict[str, list[tuple[str, Decimal, str]]] = {}
    code = ""
    for line in re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text):
        if match := _TRANSACTION.fullmatch(line):
            code = match[2]
            assert code not in found
            found[code] = []
        elif match := _POSTING.fullmatch(line):
            assert f"account {match[1]}" in text, "an account that is not declared"
            found[code].append((match[1], Decimal(match[2]), match[3]))
        else:
            assert not line or _TAG.fullmatch(line) or _DIRECTIVE.fullmatch(line), repr(line)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(settlements(), max_size=4))
def test_no_text_breaks_a_journal(rows: list[Settlement]) -> None:
    entries = entries_of(rows)

    found = read_hledger("".join(hledger(entries, heading_of(entries), BERLIN)))

    assert set(found) == {entry.id for entry in entries if entry.postings}
    for entry in entries:
        if entry.postings:
            assert found[entry.id] == [(p.account, p.amount, p.commodity) for p in entry.postings]
            sums: dict[str, Decimal] = defaultdict(Decimal)
            for _, number, commodity in found[entry.id]:
                sums[commodity] += number
            assert set(sums.values()) == {Decimal(0)}


# Beancount's own reader says what it read, so that what it took for something else is seen.
_SAY = """
import json, sys
from beancount import loader
from beancount.core.data import Transaction
entries, errors, _ = loader.load_file(sys.argv[1])
print(json.dumps({"errors": [str(e.message) for e in errors], "read": [
    [e.meta["settlement"], e.date.isoformat(), e.narration,
     [[p.account, str(p.units.number), p.units.currency] for p in e.postings]]
    for e in entries if isinstance(e, Transaction)]}))
"""


def read_beancount(text: str, path: Path) -> dict[str, Any]:
    import json

    path.write_bytes(text.encode())
    ran = subprocess.run(
        [sys.executable, "-c", _SAY, str(path)], capture_output=True, text=True, check=True
    )
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def test_beancount_loads_what_was_written(tmp_path: Path) -> None:
    rows: list[Settlement] = []

    @settings(max_examples=150, deadline=None, database=None)
    @given(settlements())
    def gather(row: Settlement) -> None:
        rows.append(row)

    gather()
    entries, path = entries_of(rows), tmp_path / "books.beancount"

    said = read_beancount("".join(beancount(entries, heading_of(entries), BERLIN)), path)

    assert said["errors"] == []
    written = {
        entry.id: [[p.account, amount(p.amount), p.commodity] for p in entry.postings]
        for entry in entries
        if entry.postings
    }
    assert {row[0]: row[3] for row in said["read"]} == written
    assert len(written) > 50
    subprocess.run([BEAN_CHECK, str(path)], check=True)


def test_the_day_is_the_readers() -> None:
    late = datetime(2025, 1, 31, 23, 30, tzinfo=UTC)
    entries = entries_of([a_settlement(ACME, a_payout(ACME), block_time=late)])

    text = "".join(beancount(entries, heading_of(entries), BERLIN))

    assert "Dates are those of Europe/Berlin." in text
    assert '\n2025-02-01 * "' in text
    assert 'time: "2025-02-01T00:30:00+01:00"' in text
