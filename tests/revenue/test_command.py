"""manage.py export_revenue: CSV for people, JSON for programs, and what its exit status says."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from events.models import Event
from revenue.models import BackFill
from tests.revenue.lines import put

USD = 1_000_000


@pytest.fixture(autouse=True)
def filled(db) -> None:
    BackFill.objects.create(name="checkouts", passes=1)


def export(*arguments: str) -> tuple[int, str, str]:
    """Run it as from the shell; the exit status, what it printed, what it said on stderr."""
    printed, said = StringIO(), StringIO()
    try:
        call_command("export_revenue", *arguments, stdout=printed, stderr=said)
    except SystemExit as end:
        return int(end.code or 0), printed.getvalue(), said.getvalue()
    return 0, printed.getvalue(), said.getvalue()


@pytest.fixture
def january(acme) -> None:
    put(acme, "checkout_confirmed", 49_990_000, environment="live")
    put(acme, "payout_settled", 7 * USD, environment="live")
    put(acme, "checkout_confirmed", 1 * USD)


def test_periods_are_csv_on_stdout(acme, january):
    status, printed, _ = export(acme.id)

    titles, row = csv.reader(StringIO(printed))
    assert status == 0
    told = dict(zip(titles, row, strict=True))
    assert (told["Period"], told["Gross"], told["Net"], told["Payouts out"]) == (
        "2025-01", "49.99", "49.99", "7",
    )  # fmt: skip
    assert told["Lines: Checkout paid"] == "1"


def test_it_is_told_as_an_event(acme, january):
    export(acme.name, "--period", "weekly", "--environment", "sandbox")

    event = Event.objects.get(type="export.made")
    assert (event.organization_id, event.environment, event.actor_id) == (
        acme.id, "sandbox", "system",
    )  # fmt: skip
    assert event.payload["data"]["filters"] == {"period": "weekly", "time_zone": "UTC"}


def test_json_is_what_the_api_answers(acme, api, january):
    status, printed, _ = export(acme.id, "--json", "--time-zone", "Europe/Berlin")

    answer = api(acme, "live").get("/v1/revenue/accounting", {"time_zone": "Europe/Berlin"})
    assert status == 0
    assert json.loads(printed) == answer.json()
    assert '"gross_revenue":49.99,' in printed


def test_lines_go_into_a_file(acme, january, tmp_path: Path):
    file = tmp_path / "ledger.csv"

    status, printed, _ = export(acme.id, "--lines", "--output", str(file))

    rows = list(csv.reader(StringIO(file.read_text("utf-8-sig"))))
    assert (status, printed) == (0, "")
    assert sorted(row[2] for row in rows[1:]) == ["checkout_confirmed", "payout_settled"]
    assert rows[0][0] == "Occurred (UTC)"


def test_a_range_is_days_of_the_zone(acme):
    put(acme, "checkout_confirmed", USD, environment="live")

    def gross(*arguments):
        return json.loads(export(acme.id, "--json", *arguments)[1])["total_revenue_usd"]

    assert gross("--from", "2025-01-15", "--to", "2025-01-15") == 1
    assert gross("--from", "2025-01-16") == 0
    assert gross("--to", "2025-01-15", "--time-zone", "Pacific/Auckland") == 0


def test_while_the_past_is_being_written_the_status_is_1(acme, january):
    BackFill.objects.update(passes=0)

    status, printed, said = export(acme.id)

    assert status == 1
    assert "2025-01" in printed
    assert "sums may lack lines" in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["Nobody Inc"], "No such organization: Nobody Inc."),
        (["ACME", "--period", "daily"], "The period must be monthly, weekly"),
        (["ACME", "--time-zone", "Mars"], "There is no time zone 'Mars'"),
        (["ACME", "--json", "--lines"], "Leave out --lines or --json."),
        (["ACME", "--output", "/nowhere/at/all.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_status_2(acme, arguments, why):
    status, _, said = export(*(acme.id if each == "ACME" else each for each in arguments))

    assert status == 2
    assert why in said
