"""The check of a file: what the create call would say of each line, for all lines at once."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.callers import Caller
from payouts import services
from payouts.importing.acts import check_file
from payouts.importing.checking import Checked
from payouts.models import PayoutIntent
from tests.payouts.importing.files import GOOD, TITLES, csv_of, many
from tests.payouts.making import (
    NOBODY,
    OTHER_RECIPIENT,
    RECIPIENT,
    USDC,
    People,
    a_draft,
    make_payout,
)

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
LOOKALIKE = f"0x8617{'0' * 32}070d"


def checked(caller: Caller, *rows: str, more: str = "") -> Checked:
    titles = f"{TITLES},{more}" if more else TITLES
    return check_file(caller, csv_of(*rows, titles=titles), BERLIN)


def said(found: Checked) -> list[tuple[int, str, bool]]:
    return [(finding.line, finding.code, finding.is_error) for finding in found.findings]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (f"{RECIPIENT},arbitrum,USDC,", "missing_required_field"),
        (",arbitrum,USDC,5", "missing_required_field"),
        (f"{RECIPIENT},ethereum,USDC,5", "invalid_chain"),
        (f"{RECIPIENT},arbitrum,DAI,5", "invalid_token"),
        (f"{RECIPIENT},tron,USDT,5", "chain_not_configured"),
        (f"{RECIPIENT[:-1]}d,arbitrum,USDC,5", "invalid_address"),
        ("=HYPERLINK(1),arbitrum,USDC,5", "invalid_address"),
        (f"{NOBODY},arbitrum,USDC,5", "invalid_recipient"),
        (f"{USDC},arbitrum,USDC,5", "invalid_recipient"),
        (f"{RECIPIENT}\x00,arbitrum,USDC,5", "invalid_field_value"),
        (f"{GOOD},0.009", "amount_too_small"),
        (f"{GOOD},-5", "amount_too_small"),
        (f"{GOOD},9999999999999", "amount_too_large"),
        *(
            (f"{GOOD},{amount}", "invalid_field_value")
            for amount in (
                "NaN", "Infinity", "1e5", "1.1234567", "=5", "+5", "٤٩", "５", "1_000", "0x10",
                '"1.250,50"', '"1,250.50"', '"12,5"', "1 250", "1'250", "5 USDC", "$5", "5.", ".5",
                "1\x00", "99999999999999",
            )
        ),
    ],
)  # fmt: skip
def test_a_bad_cell_is_an_error_of_its_line_alone(people: People, row: str, code: str) -> None:
    found = checked(people.preparer, f"{GOOD},1", row, f"{GOOD},2")

    assert said(found) == [(3, code, True)]
    assert len(found.payouts) == 2


def test_every_error_of_a_line_is_said_at_once(people: People) -> None:
    found = checked(people.preparer, "x,ethereum,DAI,1:5")

    assert {finding.column for finding in found.findings} == {"chain", "token", "amount"}


def test_cells_are_read_as_the_fields_of_a_create(people: People) -> None:
    more = "reference_type,reference_id,description,due_date,external_id,metadata.Team"
    row = f"{RECIPIENT.lower()},Arbitrum,usdc,1250.50,Invoice,inv_1,=1+1,2030-01-15,e1,Sales"

    (payout,) = checked(people.preparer, row, more=more).payouts

    assert (payout.recipient_address, payout.amount_atomic) == (RECIPIENT, 1_250_500_000)
    assert (payout.chain, payout.token) == ("arbitrum", "USDC")
    assert (payout.reference_type, payout.reference_id) == ("invoice", "inv_1")
    assert (payout.external_id, payout.metadata) == ("e1", {"Team": "Sales"})
    assert payout.description == "=1+1"
    assert payout.due_date == datetime(2030, 1, 15, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "hour"),
    [
        ("2030-01-15 12:00", 11),
        ("2030-07-15T12:00:00", 10),
        ("2030-01-15T12:00:00Z", 12),
        ("15.01.2030", None),
        ("01/15/2030", None),
        ("2030-02-30", None),
        ("2030-01-15 25:00", None),
    ],
)
def test_a_due_date_without_an_offset_is_the_readers(
    people: People, due: str, hour: int | None
) -> None:
    found = checked(people.preparer, f"{GOOD},1,{due}", more="due_date")

    if hour is None:
        assert said(found) == [(2, "invalid_field_value", True)]
    else:
        assert [p.due_date and p.due_date.hour for p in found.payouts] == [hour]


def test_lines_are_compared_with_the_books(people: People) -> None:
    make_payout(people, "settled", recipient_address=RECIPIENT)
    services.create(people.preparer, a_draft(external_id="taken", reference_id="inv_7"))

    found = checked(
        people.preparer,
        f"{GOOD},500,,manual,",
        f"{GOOD},1,taken,manual,",
        f"{GOOD},2,,manual,inv_7",
        f"{LOOKALIKE},arbitrum,USDC,3,,manual,",
        more="external_id,reference_type,reference_id",
    )

    assert said(found) == [
        (2, "same_amount", False),
        (3, "external_id_taken", True),
        (4, "same_reference", False),
        (5, "lookalike_address", False),
    ]
    assert found.payouts[0].warnings


def test_lines_are_compared_with_one_another(people: People) -> None:
    row = f"{GOOD},5,ext,invoice,inv"
    found = checked(
        people.preparer,
        row,
        row,
        f"{OTHER_RECIPIENT},arbitrum,USDC,5,,invoice,other",
        more="external_id,reference_type,reference_id",
    )

    assert said(found) == [
        (3, "external_id_taken", True),
        (3, "same_amount", False),
        (3, "same_reference", False),
    ]


def test_three_decimals_could_be_thousands(people: People) -> None:
    found = checked(people.preparer, f"{GOOD},1.250", f"{GOOD},0.125", f"{GOOD},1.75")

    assert said(found) == [(2, "amount_ambiguous", False)]
    assert found.payouts[0].amount_atomic == 1_250_000


def test_totals_are_per_chain_and_token_and_exact(people: People) -> None:
    found = checked(people.preparer, f"{GOOD},0.1", f"{GOOD},0.2", f"{RECIPIENT},base,USDT,7")

    assert [(t["chain"], t["token"], t["payouts"], t["amount"]) for t in found.totals] == [
        ("arbitrum", "USDC", 2, "0.3"),
        ("base", "USDT", 1, "7"),
    ]
    assert found.new_recipients == 2


@pytest.mark.parametrize("lines", [3, 300])
def test_a_check_asks_as_much_for_many_lines_as_for_few(people: People, lines: int) -> None:
    content = many(lines)

    with CaptureQueriesContext(connection) as queries:
        found = check_file(people.preparer, content, BERLIN)

    assert len(found.payouts) == lines
    assert len(queries) <= 6
    assert not PayoutIntent.objects.exists()
