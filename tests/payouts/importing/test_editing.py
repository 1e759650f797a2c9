"""Lines corrected and confirmed in the page: the file stays, what is edited is told for good."""

from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.terms import RuleTerms
from billing.errors import BillingError, InsufficientScope, NotFound
from events.models import Event
from organizations.models import Organization, User
from payouts import services
from payouts.importing import acts
from payouts.importing.editing import LONGEST_EDIT, MOST_EDITS, Cells
from payouts.models import PayoutImport, PayoutIntent
from tests.approvals.making import published
from tests.payouts.importing.files import GOOD, TITLES, csv_of, xlsx_of
from tests.payouts.importing.making import codes_of, confirmed_all, started
from tests.payouts.making import OTHER_RECIPIENT, RECIPIENT, People, a_draft
from tests.payouts.test_races import at_once

ROUNDS = 5
pytestmark = pytest.mark.django_db


def edited(people: People, imported: PayoutImport, cells: Cells) -> PayoutImport:
    imported.refresh_from_db()
    return acts.edit(people.preparer, imported.id, cells, revision=imported.revision)


def refused(people: People, imported: PayoutImport, cells: Cells) -> str:
    with pytest.raises(BillingError) as refusal:
        edited(people, imported, cells)
    return refusal.value.message


def test_a_bad_cell_is_corrected_and_the_event_says_so(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},1", f"{GOOD},12,5", f"{GOOD},NaN"))
    digest = imported.sha256
    assert imported.lines_wrong == 2

    edited(people, imported, {3: {"": "", "amount": "12.5"}})
    imported.refresh_from_db()
    assert (imported.lines_wrong, imported.sha256) == (1, digest)
    edited(people, imported, {4: {"amount": " 3\n"}})
    acts.confirm(people.preparer, imported.id)

    amounts = PayoutIntent.objects.values_list("amount_atomic", flat=True)
    assert sorted(amounts) == [1_000_000, 3_000_000, 12_500_000]
    told = Event.objects.get(type="payout_import.completed").payload["data"]
    assert told["sha256"] == digest
    who = {"edited_by": people.preparer.actor_id, "edited_by_name": "Mara"}
    assert told["edits"] == [
        {"line": 3, "column": "", "file": "5", "edited": "", **who},
        {"line": 3, "column": "amount", "file": "12", "edited": "12.5", **who},
        {"line": 4, "column": "amount", "file": "NaN", "edited": "3", **who},
    ]


def test_what_a_spreadsheet_computed_is_typed_in_its_place(people: People) -> None:
    row = [RECIPIENT, "arbitrum", "USDC"]
    imported = started(people, xlsx_of(TITLES.split(","), [*row, "=1+1"], [*row, 7]))
    assert imported.lines_wrong == 1

    edited(people, imported, {2: {"amount": "2"}})
    acts.confirm(people.preparer, imported.id)

    assert PayoutIntent.objects.count() == 2


def test_an_edit_is_checked_against_the_whole_file_and_an_old_cell_is_remembered(
    people: People,
) -> None:
    titles = f"{TITLES},external_id"
    imported = started(people, csv_of(f"{GOOD},1,a", f"{GOOD},x,b", titles=titles))

    edited(people, imported, {3: {"amount": "2", "external_id": "a"}})
    assert codes_of(imported) == ["external_id_taken"]
    edited(people, imported, {3: {"external_id": "c"}})

    row = imported.found.get(number=3)
    assert row.file_cells == {"amount": "x", "external_id": "b"}
    assert (row.cells["external_id"], row.is_wrong) == ("c", False)


def test_nothing_else_can_be_edited(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},1", f"{GOOD},x"))

    assert "Nothing was said of line 2" in refused(people, imported, {2: {"amount": "2"}})
    assert 'no column "metadata.a"' in refused(people, imported, {3: {"metadata.a": "2"}})
    assert 'no column ""' in refused(people, imported, {3: {"": "2"}})
    long = "9" * (LONGEST_EDIT + 1)
    assert "more than 1,000 characters" in refused(people, imported, {3: {"amount": long}})
    edited(people, imported, {3: {"amount": "\x00"}})
    assert codes_of(imported) == ["missing_required_field"]
    assert "amount" not in imported.found.get().cells


def test_a_cell_that_the_database_cannot_hold_is_shown_as_what_it_is(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},1\x00"))

    assert imported.found.get().cells["amount"] == "1\N{SYMBOL FOR NULL}"
    edited(people, imported, {2: {"amount": "1"}})
    acts.confirm(people.preparer, imported.id)


def test_only_a_few_lines_are_corrected_here(people: People) -> None:
    rows = [f"{RECIPIENT},arbitrum,USDC,x" for _ in range(MOST_EDITS // 2 + 1)]
    imported = started(people, csv_of(*rows))
    cells = {n: {"amount": f"{n}.5", "token": "USDT"} for n in range(2, len(rows) + 2)}

    assert "Correct the file" in refused(people, imported, cells)
    assert not imported.found.exclude(file_cells={}).exists()


def test_whoever_looked_at_something_else_is_told(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},1", f"{GOOD},1", f"{GOOD},x"))
    old = imported.revision
    edited(people, imported, {4: {"amount": "2"}})

    for act in (
        partial(acts.edit, people.preparer, imported.id, {3: {"amount": "9"}}),
        partial(acts.confirm_lines, people.preparer, imported.id, None),
    ):
        with pytest.raises(BillingError) as refusal:
            act(revision=old)
        assert refusal.value.code == "import_changed"
    assert imported.found.get(number=3).cells["amount"] == "1"


def test_who_may_not_create_may_not_correct(
    people: People, strangers: People, acme: Organization, vera: User
) -> None:
    viewer = People.of(acme, "live", *[vera] * 4).admin
    imported = started(people, csv_of(f"{GOOD},x"))

    for act in (
        partial(acts.edit, cells={2: {"amount": "2"}}),
        partial(acts.confirm_lines, lines=None),
    ):
        with pytest.raises(NotFound):
            act(strangers.admin, imported.id, revision=imported.revision)
        with pytest.raises(InsufficientScope):
            act(viewer, imported.id, revision=imported.revision)


def test_warnings_are_confirmed_line_by_line(people: People) -> None:
    imported = started(people, csv_of(*[f"{GOOD},1"] * 3))
    assert (imported.lines_doubtful, imported.lines_unconfirmed) == (2, 2)

    acts.confirm_lines(people.preparer, imported.id, {3}, revision=imported.revision)
    with pytest.raises(BillingError) as refusal:
        acts.confirm(people.preparer, imported.id)
    assert refusal.value.code == "import_not_confirmed"
    assert not PayoutIntent.objects.exists()
    imported.refresh_from_db()
    assert imported.lines_unconfirmed == 1
    acts.confirm_lines(people.admin, imported.id, {3, 4}, revision=imported.revision)
    acts.confirm(people.preparer, imported.id)

    assert PayoutIntent.objects.count() == 3
    by = imported.found.values_list("number", "confirmed_by")
    assert [*by] == [(3, people.preparer.actor_id), (4, people.admin.actor_id)]


def test_a_line_that_says_something_new_asks_once_more(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},1", f"{GOOD},1", f"{GOOD},2", f"{GOOD},2"))
    acts.confirm_lines(people.preparer, imported.id, None, revision=imported.revision)

    edited(people, imported, {3: {"amount": "1.250"}})

    confirmed = imported.found.values_list("number", "is_confirmed")
    assert [*confirmed] == [(3, False), (5, True)]


def test_a_rule_can_ask_two_approvals_of_what_was_imported(people: People) -> None:
    published(people.admin, RuleTerms("imports", created_via="import", needed=2))
    confirmed_all(people, started(people, csv_of(f"{GOOD},500")))
    imported = PayoutIntent.objects.get()
    typed = services.create(people.preparer, a_draft(recipient_address=OTHER_RECIPIENT))

    assert services.approve(people.approver, typed.id).status == "approved"
    assert services.approve(people.approver, imported.id).status == "draft"
    assert services.approve(people.admin, imported.id).status == "approved"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_edit_at_once_one_is_told(people: People) -> None:
    for number in range(ROUNDS):
        imported = started(people, csv_of(f"{GOOD},x", f"{GOOD},{number + 1}"))
        texts = ["5", "6", "7", "8"]
        acts_ = [
            partial(
                acts.edit,
                people.preparer,
                imported.id,
                {2: {"amount": text}},
                revision=imported.revision,
            )
            for text in texts
        ]

        answers = at_once(acts_)

        assert answers.count("done") == 1
        assert set(answers) <= {"done", "import_changed", "import_closed"}
        imported.refresh_from_db()
        assert imported.state == "checked"
        assert imported.found.get(number=2).cells["amount"] == texts[answers.index("done")]


AMOUNTS = st.sampled_from(["1", "2.5", "x", "", "1.250", "0.001", "1,5"])
CHAINS = st.sampled_from(["arbitrum", "base", "ethereum", ""])
IDS = st.sampled_from(["", "a", "b", "c"])
ADDRESSES = st.sampled_from([RECIPIENT, OTHER_RECIPIENT, "0x12", ""])
ROWS = st.lists(st.tuples(ADDRESSES, CHAINS, AMOUNTS, IDS), min_size=1, max_size=6)
COLUMNS = ("recipient_address", "chain", "amount", "external_id")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS, wanted=ROWS)
def test_an_edited_file_is_as_the_corrected_file(
    people: People, rows: list[tuple[str, ...]], wanted: list[tuple[str, ...]]
) -> None:
    """Whatever is wrong and whatever is typed: the same drafts, the same findings."""
    imported = started(people, file_of(rows))
    cells = {
        row.number: dict(zip(COLUMNS, wanted[row.number - 2], strict=True))
        for row in imported.found.exclude(number=0)
        if row.number - 2 < len(wanted)
    }
    corrected = [
        tuple(cells[place + 2].values()) if place + 2 in cells else row
        for place, row in enumerate(rows)
    ]

    edited(people, imported, cells)

    should = acts.check_file(people.preparer, file_of(corrected), ZoneInfo("UTC"))
    imported.refresh_from_db()
    assert imported.report["totals"] == should.totals
    said = [
        (f["line"], f["code"], f["message"])
        for row in imported.found.all()
        for f in row.findings
    ]  # fmt: skip
    assert sorted(said) == sorted((f.line, f.code, f.message) for f in should.findings)
    acts.abandon(people.preparer, imported.id)


def file_of(rows: list[tuple[str, ...]]) -> bytes:
    """The rows, each with a cell that is always there, so that none is empty."""
    lines = (",".join(['"' + cell + '"' for cell in row] + ["USDC"]) for row in rows)
    return csv_of(*lines, titles=",".join([*COLUMNS, "token"]))
