"""manage.py import_payouts: what it prints, what it leaves, and its exit status."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from organizations.models import Organization
from payouts.models import PayoutImport, PayoutImportFile, PayoutIntent
from tests.payouts.importing.files import GOOD, TITLES, csv_of, xlsx_of

pytestmark = pytest.mark.django_db


def ran(acme: Organization, path: Path, *options: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command(
            "import_payouts", str(path), "--organization", acme.id, *options, stdout=out, stderr=err
        )
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def as_json(acme: Organization, path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    status, out, _ = ran(acme, path, "--json", *options)
    return status, json.loads(out)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "may.csv"
    path.write_bytes(csv_of(f"{GOOD},1250.50", f"{GOOD},2"))
    return path


def test_a_good_file_becomes_drafts(acme: Organization, good: Path) -> None:
    status, out, _ = ran(acme, good)

    assert status == 0
    assert "1252.5 USDC on arbitrum: 2 payouts" in out
    assert "Created 2 drafts as imp_" in out
    assert set(PayoutIntent.objects.values_list("environment", "status")) == {("sandbox", "draft")}


def test_a_dry_run_writes_nothing(acme: Organization, good: Path) -> None:
    status, data = as_json(acme, good, "--dry-run")

    assert (status, data["created"], data["payouts"]) == (0, 0, 2)
    assert not PayoutIntent.objects.exists()
    assert not PayoutImport.objects.exists()


def test_a_bad_line_is_named_and_nothing_is_created(acme: Organization, tmp_path: Path) -> None:
    path = tmp_path / "may.csv"
    path.write_bytes(csv_of(f"{GOOD},1", f"{GOOD},NaN"))

    for options in ([], ["--dry-run"], ["--confirm-warnings"]):
        status, out, _ = ran(acme, path, *options)
        assert status == 1
        assert "error: line 3, amount: Write the amount in digits" in out
        assert not PayoutIntent.objects.exists()
    assert not PayoutImportFile.objects.exists()


def test_warnings_ask_to_be_confirmed(acme: Organization, tmp_path: Path) -> None:
    path = tmp_path / "may.xlsx"
    row = [*GOOD.split(","), 5.25]
    path.write_bytes(xlsx_of(TITLES.split(","), row, row))

    status, data = as_json(acme, path)
    assert (status, data["created"]) == (1, 0)
    assert [(w["line"], w["code"]) for w in data["warnings"]] == [(3, "same_amount")]
    assert as_json(acme, path, "--dry-run")[0] == 1
    assert as_json(acme, path, "--dry-run", "--confirm-warnings")[0] == 0
    status, data = as_json(acme, path, "--confirm-warnings")

    assert (status, data["created"]) == (0, 2)
    assert PayoutIntent.objects.count() == 2


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_a_file_that_cannot_be_read_is_status_2(
    acme: Organization, tmp_path: Path, name: str
) -> None:
    status, _, err = ran(acme, tmp_path / name)

    assert status == 2
    assert "cannot be read" in err


def test_a_file_that_is_no_table_is_status_2(acme: Organization, tmp_path: Path) -> None:
    path = tmp_path / "may.pdf"
    path.write_bytes(b"%PDF-1.7")

    status, out, err = ran(acme, path)

    assert (status, out) == (2, "")
    assert "no column" in err
